"""What came of each seed, one JSON line a seed and adapter, so that a long run can be taken up where it stopped."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import conformance
from conformance import __version__
from conformance.backends.discovery import Selected
from conformance.contract.crossing import Crossing
from conformance.contract.specification import specification_folder

SCHEMA = "ptycho-conformance.seed/1"
_BEGIN = f'{{"schema": "{SCHEMA}"'


class LedgerError(Crossing, ValueError):
    """The file does not hold results of seeds; nothing was written to it."""


@dataclass(frozen=True)
class Oddity:
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


@dataclass(frozen=True)
class SeedResult:
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
    seconds: float = field(compare=False, default=0.0)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> SeedResult:
        """Inverse of :meth:`as_json`; further keys are passed over."""
        known = {name: record[name] for name in cls.__dataclass_fields__}
        oddities = tuple(Oddity(**one) for one in record["unexpected"])
        return cls(**{**known, "not_applicable": tuple(record["not_applicable"]), "unexpected": oddities})


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
        self.known = {(one.seed, one.adapter): one for one in self._read()}

    def _read(self) -> Iterator[SeedResult]:
        if self.path is None or not self.path.exists():
            return
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            record = self._record(line, number, last=number == len(lines))
            if record is not None and record.get("terms") == self.terms.get(record["adapter"]):
                yield SeedResult.from_json(record)

    def _record(self, line: str, number: int, *, last: bool) -> dict[str, Any] | None:
        try:
            record = json.loads(line)
        except ValueError as error:
            # A run that was cut off while it wrote leaves half a line at the end, and only there.
            if last and (line.startswith(_BEGIN) or _BEGIN.startswith(line)):
                return None
            raise LedgerError(f"{self.path}: line {number} is no JSON: {error}") from error
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            raise LedgerError(f"{self.path}: line {number} is no result of a seed")
        return record

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
        record = {"schema": SCHEMA, **result.as_json(), "terms": self.terms[result.adapter]}
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        with self.path.open("ab+", buffering=0) as stream:
            before = stream.tell()
            try:
                self._append(stream, line if not before or self._ends_with_a_line(stream) else b"\n" + line)
            except BaseException:
                stream.truncate(before)
                if not before:
                    self.path.unlink(missing_ok=True)
                raise

    @staticmethod
    def _append(stream: Any, line: bytes) -> None:
        while line:
            line = line[stream.write(line) :]
        os.fsync(stream.fileno())

    @staticmethod
    def _ends_with_a_line(stream: Any) -> bool:
        stream.seek(-1, os.SEEK_END)
        return bool(stream.read(1) == b"\n")


def terms_of(selected: Selected, **settings: str) -> dict[str, str]:
    """Return what a result depends on: the suite, the contract and the adapter by their sources, and the settings."""
    suite = Path(conformance.__file__).parent
    return {
        "version": __version__,
        "suite": _digest(sorted(suite.rglob("*.py")), suite),
        "contract": _digest(sorted(specification_folder().glob("*.md")), specification_folder()),
        "backend": _backend(selected),
        **settings,
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
