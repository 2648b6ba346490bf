"""Decides the clauses about scan files (NPZ): for ``validate``, and to read a user's scan for judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.contract.crossing import Crossing
from conformance.files.archive import Archive, DamagedArchive
from conformance.files.finding import Finding, Severity
from conformance.files.regular import kind_of_path, open_regular
from conformance.files.scan_rules import Rules
from conformance.scans.specimens import Specimen


class UnreadableScan(Crossing, ValueError):
    """The file breaks the file contract.

    Attributes
    ----------
    findings : tuple of Finding
        What is wrong; the first is in the message.
    remedy : str
        Remedy of the first.
    """

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        self.remedy = findings[0].remedy
        super().__init__(f"{path}: {findings[0].sentence()}")


@dataclass(frozen=True)
class ScanReport:
    """What was found in a scan file.

    Attributes
    ----------
    path : Path
    findings : tuple of Finding
        Violations first.
    facts : Mapping[str, Any]
        M, N, probe modes, stack dtype and the like, as far as they could be read.
    """

    path: Path
    findings: tuple[Finding, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Findings of one severity."""
        return tuple(one for one in self.findings if one.severity is severity)


def examine(path: Path) -> ScanReport:
    """Decide every clause about scan files for one file; memory does not grow with the stack.

    Parameters
    ----------
    path : Path
        An existing file; it is never unpickled, and never written to.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    if kind := kind_of_path(path.stat().st_mode):
        return ScanReport(path, (Finding("NPZ-045", Severity.VIOLATION, "archive", f"this is {kind}, no file"),))
    found: list[Finding] = []
    facts: Mapping[str, Any] = {}
    try:
        with Archive(path) as archive:
            rules = Rules(archive)
            facts = rules.facts()
            found.extend(rules.findings())
    except DamagedArchive as error:
        found.append(_damaged(path, error))
    found.sort(key=lambda one: list(Severity).index(one.severity))
    return ScanReport(path, tuple(found), facts)


def read_scan(path: Path) -> dict[str, NDArray[Any]]:
    """Read a scan file into canonical arrays; optional ones that it lacks are left out.

    Raises
    ------
    OSError
        The file cannot be opened.
    UnreadableScan
        It breaks the file contract.
    """
    report = examine(path)
    violations = report.of(Severity.VIOLATION)
    if violations:
        raise UnreadableScan(path, violations)
    try:
        with Archive(path) as archive:
            return Rules(archive).arrays()
    except DamagedArchive as error:
        raise UnreadableScan(path, (_damaged(path, error),)) from error


def specimen_from_file(path: Path) -> Specimen:
    """Read a scan file as something to judge backends on.

    Raises
    ------
    OSError, UnreadableScan
        As :func:`read_scan`.
    """
    return Specimen(path.stem, read_scan(path), consistent=False, path=path.resolve())


def _damaged(path: Path, error: DamagedArchive) -> Finding:
    with open_regular(path) as stream:
        magic = stream.read(4)
    hdf = "this is no NPZ archive but an HDF5 file, as CXI, NeXus and PtyPy write"
    problem = hdf if magic == b"\x89HDF" else f"the archive cannot be read: {error}"
    return Finding("NPZ-033", Severity.VIOLATION, "archive", problem)
