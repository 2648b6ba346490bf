"""Everything works, or says what it skipped, with PyTorch or TensorFlow missing, whatever is installed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.backends.discovery import AdapterNotFound, select

HIDE = """
import os, sys
from importlib.machinery import PathFinder
class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in os.environ["HIDDEN_PACKAGES"].split(",")
        return None if hidden else super().find_spec(name, path, target)
sys.meta_path[:] = [Hiding if finder is PathFinder else finder for finder in sys.meta_path]
"""
TORCH, TENSORFLOW = "torch,tensordict", "tensorflow"


def python(folder: Path, hidden: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder where some packages cannot be imported."""
    (folder / "sitecustomize.py").write_text(HIDE, encoding="utf-8")
    search = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": search, "HIDDEN_PACKAGES": hidden}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def outcomes(folder: Path, adapter: str) -> dict[str, int]:
    """Counts of one adapter in the result that a run wrote."""
    found = json.loads((folder / "result.json").read_text())["denominators"]
    return next(one["counts"] for one in found if one["adapter"].startswith(adapter))


def test_importing_the_torch_backend_ends_in_one_error_that_helps(tmp_path: Path) -> None:
    code = (
        "try:\n import ptycho_torch\n"
        "except ImportError as error:\n assert isinstance(error, RuntimeError)\n print(error)"
    )
    done = python(tmp_path, TORCH, "-c", code)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("PyTorch is required by ptycho_torch: pip install 'ptycho-conformance[torch]'")


@pytest.mark.torch
@pytest.mark.parametrize(
    "package", ["tensordict", *(pytest.param(name, marks=pytest.mark.night) for name in ("tqdm", "filelock"))]
)
def test_the_package_that_is_missing_is_named(package: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    code = (
        "from conformance.backends.discovery import select\n"
        "(one,) = select(['torch'])\n"
        "assert one.adapter is None and one.framework == 'torch'\n"
        "print(one.missing)"
    )
    done = python(tmp_path, package, "-c", code)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{package} is required by ptycho_torch: pip install 'ptycho-conformance[torch]'")
    assert "PyTorch" not in line


@pytest.mark.parametrize(("package", "title"), [("tensorflow", "TensorFlow"), ("keras", "keras")])
def test_tensors_name_the_package_that_is_missing(package: str, title: str, tmp_path: Path) -> None:
    """A TensorFlow that lacks a package of its own is not the one that is missing."""
    (tmp_path / "tensorflow.py").write_text("import keras\n", encoding="utf-8")
    code = (
        "from ptycho_ref.tensors import as_tensors\n"
        "try:\n as_tensors({})\n"
        "except ImportError as error:\n assert isinstance(error, RuntimeError)\n print(error.name, error)"
    )
    done = python(tmp_path, package, "-c", code)
    assert done.returncode == 0, done.stderr
    said = f"{package} {title} is required to make tensors: pip install 'ptycho-conformance[tensorflow]'"
    assert done.stdout.startswith(said)


def test_an_adapter_that_lacks_a_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own name begins like that of the package, and is not taken for it."""
    (tmp_path / "scanfast_adapter.py").write_text("import scanfast.io\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (one,) = select(["scanfast_adapter:Mine"])
    assert one.adapter is None
    assert one.missing == "the package scanfast is missing (No module named 'scanfast')"
    with pytest.raises(AdapterNotFound):
        select(["scanfast_adaptor:Mine"])


def test_layout_snapshots_say_what_they_need(tmp_path: Path) -> None:
    done = python(tmp_path, "syrupy", "-c", "import conformance.pytest_plugin.snapshot")
    assert done.returncode == 1
    assert "syrupy is required by layout snapshots: pip install 'ptycho-conformance[snapshots]'" in done.stderr


def test_the_reference_needs_no_extra(tmp_path: Path) -> None:
    """What the extras bring is missing, and every clause about caches and files is decided all the same."""
    hidden = f"{TORCH},{TENSORFLOW},tqdm,filelock,syrupy,h5py"
    arguments = ("--adapter", "ref", "--stage", "cache", "--stage", "config", "--json", "result.json")
    done = python(tmp_path, hidden, "-m", "conformance", "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(tmp_path, "ref")["ERROR"] == 0
    assert outcomes(tmp_path, "ref")["PASS"] >= 20


def test_without_torch_the_reference_is_judged_and_the_rest_says_why_not(tmp_path: Path) -> None:
    arguments = ("--adapter", "ref", "--adapter", "torch", "--stage", "config", "--json", "result.json")
    done = python(tmp_path, TORCH, "-m", "conformance", "run", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert outcomes(tmp_path, "ref")["PASS"] >= 12
    assert outcomes(tmp_path, "torch")["PASS"] == 0
    assert "torch could not be judged: PyTorch is required" in done.stdout + done.stderr
    assert "pip install 'ptycho-conformance[torch]'" in done.stdout


def test_without_torch_its_mark_says_what_it_skipped(tmp_path: Path) -> None:
    arguments = ("--pyargs", "conformance.checks.patches.test_windows", "-p", "no:cacheprovider")
    done = python(tmp_path, TORCH, "-m", "pytest", "-m", "torch", "-rs", *arguments)
    assert done.returncode == 0, done.stdout
    assert "PyTorch is required by ptycho_torch: pip install" in done.stdout
    assert "passed 0 · failed 0" in done.stdout


def test_without_torch_files_are_validated_and_layouts_say_what_is_missing(tmp_path: Path) -> None:
    made = python(tmp_path, TORCH, "-m", "conformance", "simulate", "scan.npz", "--points", "9", "--side", "8")
    assert made.returncode == 0, made.stderr
    assert python(tmp_path, TORCH, "-m", "conformance", "validate", "scan.npz").returncode == 0
    layout = python(tmp_path, TORCH, "-m", "conformance", "layout", "--adapter", "torch")
    assert layout.returncode == 2
    assert "PyTorch is required" in layout.stderr


def test_without_tensorflow_nothing_failed_and_nothing_is_kept(tmp_path: Path) -> None:
    arguments = ("--adapter", "ref", "--stage", "container", "--json", "result.json")
    done = python(tmp_path, TENSORFLOW, "-m", "conformance", "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(tmp_path, "ref")["NOT-APPLICABLE"] == 1
    assert not (tmp_path / "capsules").exists()


@pytest.mark.torch
def test_without_tensorflow_the_torch_backend_is_judged(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    arguments = ("--adapter", "torch", "--torch-device", "cpu", "--stage", "config", "--json", "result.json")
    done = python(tmp_path, TENSORFLOW, "-m", "conformance", "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = outcomes(tmp_path, "torch")
    assert counts["PASS"] == sum(counts.values()) >= 16
