"""What came of each seed, one JSON line a seed and adapter, so that a long run can be taken up where it stopped."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

import conformance
from conformance import __version__
from conformance.backends.discovery import Selected
from conformance.contract.specification import specification_folder
from conformance.failures.typed import typed
from conformance.runs.appended import append_line, results_in

SCHEMA = "ptycho-conformance.seed/1"


class Oddity(msgspec.Struct, frozen=True):
    """An outcome that a correct backend never has.

    Attributes
    ----------
    clause, check : str
    outcome : str
        ``FAIL``, ``ERROR``, ``VACUOUS``, ``NOT-RUN``; ``CHANGED`` for a clause that applies to some seeds only;
        ``DIVERGE`` where two backends part.
    sentence : str
        What is wrong, for a person.
    replay : str
        The command that replays its capsule, or why there is none; empty when none was asked for.
    """

    clause: str
    check: str
    outcome: str
    sentence: str
    replay: str = ""


class SeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """All checks on one adapter under one seed.

    Attributes
    ----------
    seed : int
    adapter : str
    whole : bool
        Whether the checks that neither draw nor look at the gallery took part.
    counts : Mapping[str, int]
        Decisions by outcome.
    comparisons : int
        Values compared.
    not_applicable : tuple of str
        Clauses of which no check applied.
    unexpected : tuple of Oddity
    seconds : float
    """

    seed: int
    adapter: str
    whole: bool
    counts: Mapping[str, int]
    comparisons: int
    not_applicable: tuple[str, ...]
    unexpected: tuple[Oddity, ...]
    seconds: float


class _Terms(msgspec.Struct):
    """The part of a line that says whether the rest is asked for."""

    schema: Literal["ptycho-conformance.seed/1"]
    adapter: str
    terms: dict[str, str]


class SeedLine(SeedResult, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag=SCHEMA):
    """A line of a ledger: what came of a seed, and under what it holds.

    Attributes
    ----------
    terms : dict of str to str
        Digests of the suite, the contract and the backend, and the settings of the series.
    """

    terms: Mapping[str, str]


class Ledger:
    """A file of results, to which lines are added and none is ever changed.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.
    terms : Mapping[str, Mapping[str, str]]
        By adapter: under what the results hold, see :func:`terms_of`. Lines under other terms are passed over.

    Raises
    ------
    LedgerError
        The file holds something else.
    """

    def __init__(self, path: Path | None, terms: Mapping[str, Mapping[str, str]]) -> None:
        self.path, self.terms = path, terms
        self.known = {(one.seed, one.adapter): one for one in results_in(path, SCHEMA, self._result, "a seed")}

    def _result(self, record: Any) -> SeedResult | None:
        head = typed(record, _Terms)
        return typed(record, SeedResult) if head.terms == self.terms.get(head.adapter) else None

    def add(self, result: SeedResult) -> None:
        """Append a result, and bring it to the disk.

        Raises
        ------
        OSError
            It cannot be written; the file is as it was.
        """
        self.known[result.seed, result.adapter] = result
        if self.path is None:
            return
        record = SeedLine(**msgspec.structs.asdict(result), terms=self.terms[result.adapter])
        line = json.dumps(msgspec.to_builtins(record)).encode() + b"\n"
        append_line(self.path, line)


def terms_of(selected: Selected, **settings: str) -> dict[str, str]:
    """Return what a result depends on: the suite, the contract and the adapter by their sources, and the settings."""
    return {**suite_terms(), "backend": _backend(selected), **settings}


def suite_terms() -> dict[str, str]:
    """Return what every result depends on: the suite and the contract, by their sources."""
    suite = Path(conformance.__file__).parent
    return {
        "version": __version__,
        "suite": _digest(sorted(suite.rglob("*.py")), suite),
        "contract": _digest(sorted(specification_folder().glob("*.md")), specification_folder()),
    }


def _backend(selected: Selected) -> str:
    """Digest of the package that an adapter comes from; its name where there is no such folder."""
    package = type(selected.adapter).__module__.partition(".")[0]
    places: Iterable[str] = getattr(importlib.import_module(package), "__path__", ())
    folders = [Path(place) for place in places]
    files = [(path, folder) for folder in folders for path in sorted(folder.rglob("*.py"))]
    return _digest([path for path, _ in files], folders[0]) if files else package


def _digest(files: Iterable[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(folder) if path.is_relative_to(folder) else path.name).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
