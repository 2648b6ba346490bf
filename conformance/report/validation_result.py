"""What ``validate --json`` prints: what was found in each file, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity
from conformance.files.fix import Grade
from conformance.files.fixing.mending import Mending
from conformance.report.published import Published
from conformance.report.validation import fit


class FixResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What would mend a finding.

    Attributes
    ----------
    op : str
        Name of the operation.
    grade : str
        ``exact``, ``declared`` by an option, or ``diagnosed``.
    array : str
        Name of the array that is changed.
    clause : str
        Clause that the file keeps better afterwards.
    before, after : dict
        What is changed: a name, a shape, a dtype, a number of frames.
    option : str
        Option of ``validate`` by which it is asked for; empty where it needs none.
    arguments : dict
        What the operation is given.
    """

    op: str
    grade: Grade
    array: str
    clause: str
    before: dict[str, Any]
    after: dict[str, Any]
    option: str
    arguments: dict[str, Any]


class FindingResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding about one array of a file.

    Attributes
    ----------
    clause : str
        Clause of the contract that speaks about it.
    array : str
        Contract name of the array, or ``archive``.
    index : tuple of int or None
        Where in the array, in its own axes; null means all of it.
    problem : str
        What is wrong, with the numbers that show it.
    remedy : str
        What to do; empty for a note, which asks for nothing.
    fix : FixResult or None
        What would mend it, where that is known.
    """

    clause: str
    severity: Severity
    array: str
    index: tuple[int, ...] | None
    problem: str
    remedy: str
    fix: FixResult | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sizes of a scan, as far as the headers give them.

    Attributes
    ----------
    members : tuple of str
        Names of the arrays in the archive.
    M : int
        Number of frames.
    N : int
        Pixels along each side of a frame.
    sides : tuple of int
        Pixels along both sides of a frame.
    dtype : str
        That of the stack of frames.
    modes : int
        Number of probe modes.
    format : str
        That of another tool, in which the file is written.
    """

    members: tuple[str, ...] = ()
    M: int | msgspec.UnsetType = msgspec.UNSET
    N: int | msgspec.UnsetType = msgspec.UNSET
    sides: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    dtype: str | msgspec.UnsetType = msgspec.UNSET
    modes: int | msgspec.UnsetType = msgspec.UNSET
    format: str | msgspec.UnsetType = msgspec.UNSET


class FileResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found in one scan file.

    Attributes
    ----------
    fit : bool
        Whether it may be trained from.
    findings : tuple of FindingResult
        Violations first.
    """

    file: str
    fit: bool
    facts: Facts
    findings: tuple[FindingResult, ...]


class ValidationResult(Published, frozen=True, kw_only=True, tag_field="schema", tag="ptycho-conformance.validate/1"):
    """What was found in scan files.

    Attributes
    ----------
    unread : tuple of str
        A sentence for each path that is missing or cannot be read.
    fixed : dict
        What ``--fix`` did; the file is then the one that was written.
    """

    files: tuple[FileResult, ...]
    unread: tuple[str, ...]
    fixed: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


def validation_result(
    reports: Sequence[ScanReport],
    unread: Sequence[str],
    *,
    strict: bool,
    fixed: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET,
) -> ValidationResult:
    """Return what is printed of reports.

    Parameters
    ----------
    reports : sequence of ScanReport
    unread : sequence of str
        A sentence for each path of which there is none.
    strict : bool
        Whether warnings count as violations.
    fixed : dict, optional
        What ``--fix`` did.
    """
    return ValidationResult(
        version=__version__,
        contract=contract_version(),
        files=tuple(_file(report, strict) for report in reports),
        unread=tuple(unread),
        fixed=fixed,
    )


def _file(report: ScanReport, strict: bool) -> FileResult:
    return FileResult(
        file=str(report.path),
        fit=fit(report, strict),
        facts=msgspec.convert(report.facts, Facts),
        findings=tuple(finding_result(one) for one in report.findings),
    )


def finding_result(finding: Finding) -> FindingResult:
    """Return what is printed of a finding."""
    return msgspec.convert(finding, FindingResult, from_attributes=True)


def fixed_result(before: ScanReport, out: Path, done: Mending | None) -> dict[str, Any]:
    """Return what was done, and what was found before, in plain JSON types.

    Parameters
    ----------
    before : ScanReport
        What was found in the file that was read.
    out : Path
        The file that was to be written.
    done : Mending or None
        None where the file is none that can be mended.
    """
    return {
        "file": str(before.path),
        "out": str(out),
        "written": done is not None and done.written,
        "fixes": [] if done is None else [fix.as_json() for fix in done.fixes],
        "notes": [] if done is None else list(done.notes),
        "findings_before": [msgspec.to_builtins(finding_result(one)) for one in before.findings],
    }


def report_of(document: dict[str, Any] | None) -> ScanReport | None:
    """Return the report that is printed first in a document of ``validate --json``; None where it holds none."""
    files = (document or {}).get("files", ())
    if not files:
        return None
    held = msgspec.convert(files[0], FileResult)
    facts = {name: value for name, value in msgspec.structs.asdict(held.facts).items() if value is not msgspec.UNSET}
    findings = tuple(msgspec.convert(one, Finding, from_attributes=True) for one in held.findings)
    return ScanReport(Path(held.file), findings, facts)
