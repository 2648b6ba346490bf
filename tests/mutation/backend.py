"""The backends that are mutated, and a copy of one with a single module changed."""

from __future__ import annotations

import compileall
import importlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from conformance.backends.discovery import Selected
from conformance.contract.stages import Stage
from conformance.engine.outcome import Outcome

BAD = frozenset({Outcome.FAIL, Outcome.VACUOUS})


@dataclass(frozen=True)
class Backend:
    """A package whose modules are mutated.

    Attributes
    ----------
    package : str
    adapter : str
        Class of ``package.adapter``.
    modules : tuple of str
        Modules whose mutants are judged, those where wrong numbers are most silent first.
    unreached : dict of str to str
        Modules left out, and why.
    stages : dict of str to tuple of str
        Stages, or modules of checks, that a module serves, where it does not carry the name of one.
    """

    package: str
    adapter: str
    modules: tuple[str, ...]
    unreached: dict[str, str]
    stages: dict[str, tuple[str, ...]]

    def checks_of(self, module: str) -> tuple[str, ...]:
        """Beginnings of the names of the checks whose subject a module is; they run first, and all of them."""
        return tuple(one if "/" in one else f"{one}/" for one in self.stages.get(module, (module,)))

    def source(self, package: Path, module: str) -> Path:
        """File of a module, named in full or by its last part, in a folder that holds the package."""
        return package / f"{module.rpartition('.')[2]}.py"


_GLUE = "glue between the suite and the backend: its mutants say nothing about the contract"
_WORDS = "classes of errors: wording"

REF = Backend(
    "ptycho_ref",
    "RefAdapter",
    (
        "coordinates",
        "grouping",
        "patches",
        "physics",
        "normalization",
        "reassembly",
        "transforms",
        "container",
        "rawdata",
        "scan_rules",
        "splits",
        "dataset",
        "simulation",
        "cache",
        "npz",
        "archive",
        "config",
        "bridge",
        "legacy",
    ),
    {"adapter": _GLUE, "errors": _WORDS, "tensors": "needs TensorFlow; its checks run where that is installed"},
    {
        "scan_rules": ("npz", "rawdata", "conduct/test_errors.py", "dataset"),
        "npz": ("npz", "rawdata"),
        "archive": ("npz", "rawdata", "cache"),
        "grouping": ("grouping", "cache"),
        "splits": ("dataset",),
        "simulation": ("rawdata", "physics"),
        "bridge": ("config",),
        "legacy": ("config",),
        "rawdata": ("rawdata", "grouping", "coordinates", "patches", "normalization", "cache"),
    },
)
TORCH = Backend(
    "ptycho_torch",
    "TorchAdapter",
    (
        "coordinates",
        "grouping",
        "grouped",
        "patches",
        "physics",
        "normalization",
        "reassembly",
        "transforms",
        "container",
        "scan_arrays",
        "scan",
        "npz",
        "splits",
        "simulation",
        "dataset",
        "cache",
        "config",
        "settings",
        "store",
        "building",
        "manifest",
        "blocks",
        "mapped",
        "batch",
    ),
    {
        "adapter": _GLUE,
        "errors": _WORDS,
        "neighbours": "the contract does not speak of these rules of grouping; the backend's own tests judge them",
    },
    {
        "grouping": ("grouping", "cache"),
        "grouped": ("grouping", "coordinates", "patches", "normalization", "cache"),
        "scan": ("npz", "rawdata", "dataset"),
        "scan_arrays": ("npz", "rawdata", "conduct/test_errors.py"),
        "npz": ("npz", "rawdata", "cache", "dataset"),
        "splits": ("dataset",),
        "simulation": ("rawdata", "physics"),
        "settings": ("config",),
        "store": ("dataset",),
        "building": ("dataset",),
        "manifest": ("dataset",),
        "mapped": ("npz", "rawdata", "dataset"),
        "batch": ("dataset",),
        "blocks": ("dataset", "grouping"),
    },
)
BACKENDS = (REF, TORCH)


def selected(backend: Backend) -> Selected:
    """Import the adapter from wherever the path leads first, and make it."""
    module = importlib.import_module(f"{backend.package}.adapter")
    adapter = getattr(module, backend.adapter)()
    return Selected(adapter.name, adapter, frozenset(Stage), framework=adapter.framework)


def frozen_copy(package: Path, folder: Path) -> Path:
    """Copy a package with its bytecode, so that editing the original changes nothing during a run."""
    copy = folder / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(copy, quiet=2)
    return copy


def changed_copy(original: Path, folder: Path, module: str, source: str) -> None:
    """Make a package of links to a frozen copy, with one module of its own."""
    package = folder / original.name
    (package / "__pycache__").mkdir(parents=True)
    for file in original.glob("*.py"):
        if file.stem != module:
            (package / file.name).symlink_to(file)
    for file in (original / "__pycache__").iterdir():
        if file.name.partition(".")[0] != module:
            (package / "__pycache__" / file.name).symlink_to(file)
    (package / f"{module}.py").write_text(source, encoding="utf-8")


def put_first(folder: Path) -> None:
    """Make a folder the first place where this process, and those it starts, look for modules."""
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    importlib.invalidate_caches()
