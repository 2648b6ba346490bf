"""What ``validate`` does with many files: examine them wherever it is asked to, compare them, and write reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.commands.cli import console, say, write
from conformance.commands.each import done_on_each

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.files.examine import ScanReport
    from conformance.files.policy import Policy
    from conformance.runs.fleet import Fleet
    from conformance.runs.fleet_task import Done


def judged(
    files: Sequence[Path],
    fleet: Fleet,
    allowed: Policy | None,
    *,
    strict: bool,
    physics: bool,
    shown: Console | None,
) -> tuple[list[ScanReport], list[str]]:
    """Return the reports of files, and a sentence for each that cannot be read.

    Parameters
    ----------
    files : sequence of Path
    fleet : Fleet
        Who examines them.
    allowed : Policy or None
        What is known and allowed.
    strict : bool
        Whether warnings count as violations, for what is shown on the way.
    physics : bool
        Whether to ask if each file explains itself.
    shown : rich.console.Console or None
        Where reports are printed as they come.
    """
    from conformance.report import validation

    reports: list[ScanReport] = []
    unread: list[str] = []
    for path, report in examined(files, fleet, strict=strict, physics=physics):
        if isinstance(report, str):
            unread.append(f"{path}: {report}")
            continue
        reports.append(report if allowed is None else allowed.over(report))
        if shown is not None:
            validation.print_report(reports[-1], strict, shown)
    compare(reports, shown, allowed)
    return reports, unread


def tell(reports: Sequence[ScanReport], *, rows: bool, several: bool, strict: bool) -> None:
    """Print what stands under the reports: a row a file where that is asked for, and a line on several.

    Parameters
    ----------
    reports : sequence of ScanReport
    rows : bool
        Whether a row a file is wanted.
    several : bool
        Whether several files were asked about.
    strict : bool
        Whether warnings count as violations.
    """
    if rows:
        from conformance.report.rows import print_rows, row_of_report

        print_rows([row_of_report(report, strict) for report in reports], console())
    if several:
        from conformance.report import validation

        say(validation.summary(reports))


def all_fit(reports: Sequence[ScanReport], strict: bool) -> bool:
    """Whether every file is fit for training."""
    from conformance.report import validation

    return all(validation.fit(report, strict) for report in reports)


def examined(
    files: Sequence[Path], fleet: Fleet, *, strict: bool, physics: bool
) -> Iterator[tuple[Path, ScanReport | str]]:
    """Examine files, in their order; of one that cannot be read, a sentence says why.

    Parameters
    ----------
    files : sequence of Path
    fleet : Fleet
        Who examines them.
    strict : bool
        Whether warnings count as violations, for what is shown on the way.
    physics : bool
        Whether to ask if each file explains itself.
    """
    if not (fleet.jobs or fleet.scheduler or fleet.resume):
        yield from ((path, _examined_here(path, physics)) for path in files)
        return
    from conformance.files.formats.choice import name_said
    from conformance.report import validation
    from conformance.report.validation_result import report_of
    from conformance.runs.fleet_task import FleetTask

    def bad(done: Done) -> bool:
        report = report_of(done.document)
        return report is None or not validation.fit(report, strict)

    name = name_said()
    options = ("--json", *["--physics"] * physics, *([] if name is None else [f"--scan-name={name}"]))
    tasks = [FleetTask("validate", (str(path),), options) for path in files]
    for path, done in zip(files, done_on_each(fleet, tasks, bad), strict=True):
        said = next(iter((done.document or {}).get("unread", ())), done.said)
        yield path, report_of(done.document) or said.removeprefix(f"{path}: ")


def _examined_here(path: Path, physics: bool) -> ScanReport | str:
    from dataclasses import replace

    from conformance.files.examine import examine
    from conformance.report.progress import reading

    try:
        with reading():
            report = replace(examine(path), view=None)
            if not physics:
                return report
            from conformance.files.physics import with_physics

            return with_physics(report)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"


def write_reports(
    reports: Sequence[ScanReport],
    unread: Sequence[str],
    *,
    strict: bool,
    junit: Path | None,
    sarif: Path | None,
    html: Path | None,
) -> None:
    """Write what was found as files.

    Parameters
    ----------
    reports : sequence of ScanReport
    unread : sequence of str
        A sentence for each file that could not be read.
    strict : bool
        Whether warnings count as violations.
    junit, sarif, html : Path or None
        The file of each kind.
    """
    if junit is not None:
        from conformance.report.junit import junit as as_junit

        write(junit, as_junit(reports, unread, strict))
    if sarif is not None:
        from conformance.report.sarif import sarif as as_sarif

        write(sarif, as_sarif(reports, unread))
    if html is not None:
        from conformance.report.rows import row_of_lost, row_of_report
        from conformance.report.rows_page import page_of_rows

        rows = [*(row_of_report(report, strict) for report in reports), *map(row_of_lost, unread)]
        write(html, page_of_rows("Are these scan files fit for training?", rows))


def compare(reports: list[ScanReport], shown: Console | None, allowed: Policy | None) -> None:
    """Add what is found between files of one scan to their reports, and show it.

    Parameters
    ----------
    reports : list of ScanReport
        They are replaced where something is added.
    shown : rich.console.Console or None
        Where to print it.
    allowed : Policy or None
    """
    from dataclasses import replace

    from conformance.files.splits import leaks
    from conformance.report import validation

    read = [one.path for one in reports if "M" in one.facts and "format" not in one.facts]
    found = leaks(read) if len(read) > 1 else {}
    for number, report in enumerate(reports):
        if report.path in found:
            finding = found[report.path]
            finding = finding if allowed is None else allowed.of(report.path, finding)
            reports[number] = replace(report, findings=(*report.findings, finding))
            if shown is not None:
                validation.print_finding(finding, shown, str(report.path))
