"""Backends with a file format of their own: the pair of write and read alone is judged, and asked for nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.backends.discovery import taken
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import at_python
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.runs.judgement import judge
from conformance.runs.settings import RunSettings
from tests.zoo.bases.own_files import OwnFiles

PAIR = [one for one in declarations() if set(one.clauses) & {"RAW-015", "RAW-016"}]


class OnlyThePair:
    """Holds scans, and has no other way to a file."""

    name = "only-the-pair"
    stages = ("rawdata",)

    def __init__(self) -> None:
        self._whole = OwnFiles()

    def assemble(self, arrays: Any) -> Any:
        return self._whole.right.assemble(arrays)

    def arrays(self, scan: Any) -> Any:
        return self._whole.right.arrays(scan)

    def write(self, scan: Any, path: Path) -> None:
        self._whole.write(scan, path)

    def read(self, path: Path) -> Any:
        return self._whole.read(path)


class WithFolders(OnlyThePair):
    """Writes a folder of the name."""

    name = "with-folders"

    def write(self, scan: Any, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self._whole.write(scan, path / "scan")

    def read(self, path: Path) -> Any:
        return self._whole.read(path / "scan")


@pytest.mark.parametrize("adapter", [OnlyThePair, WithFolders])
def test_a_right_pair_passes(adapter: type, tmp_path: Path) -> None:
    subject = Subject(taken(adapter()), tmp_path)
    found = [(one.check, one.outcome, one.reason) for check in PAIR for one in attempt(check, subject)]
    assert len(found) == len(PAIR)
    assert {outcome for _, outcome, _ in found} == {Outcome.PASS}, found


def test_a_pair_elsewhere_passes(tmp_path: Path) -> None:
    adapter = RemoteAdapter(at_python(f"{__name__}:OnlyThePair", sys.executable))
    try:
        subject = Subject(taken(adapter), tmp_path)
        # A fresh process finds an adapter by how it was asked for, which nobody did.
        checks = [one for one in PAIR if "another_process" not in one.name]
        found = [(one.check, one.outcome, one.reason) for check in checks for one in attempt(check, subject)]
    finally:
        adapter.end()
    assert {outcome for _, outcome, _ in found} == {Outcome.PASS}, found


def test_who_has_the_pair_alone_is_asked_for_no_canonical_file() -> None:
    settings = RunSettings(adapters=(f"{__name__}:OnlyThePair",), stages=("rawdata",), frameworks=False)
    cells = {one.clause: one for one in judge(settings).cells}
    assert {"RAW-001", "RAW-002", "RAW-008", "RAW-009", "RAW-015", "RAW-016"} <= {
        clause for clause, one in cells.items() if one.outcome is Outcome.PASS
    }
    assert {one.outcome for one in cells.values()} == {Outcome.PASS, Outcome.NOT_APPLICABLE}
    assert cells["RAW-003"].reason == "adapter has no load, save"
