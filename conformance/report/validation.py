"""Shows what was found in scan files, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from conformance.contract.clauses import contract
from conformance.files.assembly import Assembled
from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity
from conformance.report.lines import print_line
from conformance.report.mending import offered

_STYLE = {Severity.VIOLATION: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def fit(report: ScanReport, strict: bool) -> bool:
    """Whether a file may be trained from; ``strict`` counts warnings as violations."""
    return not report.of(Severity.VIOLATION) and not (strict and report.of(Severity.WARNING))


def verdict(report: ScanReport, strict: bool) -> str:
    """Return the verdict on a file in words, as its headline says it."""
    if not fit(report, strict):
        return "not fit for training"
    warnings = report.of(Severity.WARNING)
    if any(one.clause == "NPZ-034" for one in warnings):
        return "fit for training, if these are amplitudes"
    return (
        f"fit for training, with {len(warnings)} warning{'s' * (len(warnings) > 1)}" if warnings else "fit for training"
    )


def summary(reports: Sequence[ScanReport]) -> str:
    """Return one line about several files: what was decided, and what was found."""
    clauses = sum(one.stage in ("npz", "files") for one in contract().values())
    numbers = {str(kind): sum(len(one.of(kind)) for one in reports) for kind in (Severity.VIOLATION, Severity.WARNING)}
    found = ", ".join(f"{number} {word}{'s' * (number != 1)}" for word, number in numbers.items())
    files = f"{len(reports)} file{'s' * (len(reports) != 1)}"
    return f"{files}, {clauses} clauses about files each, {found}"


def print_report(report: ScanReport, strict: bool, console: Console) -> None:
    """Print one file: the verdict, then a line for each finding, with its remedy below.

    Parameters
    ----------
    report : ScanReport
        What was found in the file.
    strict : bool
        Whether warnings count as violations.
    console : rich.console.Console
        Where to print.
    """
    facts = report.facts
    size = f" · {facts['M']} frames {' x '.join(map(str, facts['sides']))} {facts['dtype']}" if "M" in facts else ""
    modes = f" · {facts['modes']} probe mode{'s' * (facts['modes'] != 1)}" if "modes" in facts else ""
    print_line(console, Text(f"{report.path}: {verdict(report, strict)}{size}{modes}", style="bold"))
    for finding in report.findings:
        print_finding(finding, console)
    if said := offered(report):
        print_line(console, Text(said, style="bold"), indent=2)


def print_finding(finding: Finding, console: Console, file: str = "") -> None:
    """Print one finding, with its remedy below.

    Parameters
    ----------
    finding : Finding
    console : rich.console.Console
        Where to print.
    file : str
        Name of the file, where the finding does not stand under its headline.
    """
    place = f"{finding.array}{list(finding.index)}" if finding.index is not None else finding.array
    where = f"{file}: {place}" if file else place
    kind = (f"{finding.severity}  ", _STYLE[finding.severity])
    print_line(console, Text.assemble(kind, f"{finding.clause}  {where}: {finding.problem}"), indent=2)
    if finding.remedy:
        print_line(console, Text(f"Remedy: {finding.remedy}"), indent=6)


def print_conversion(scan: Assembled, console: Console, notes: Sequence[str] = ()) -> None:
    """Print where each array of a converted scan came from and what was done to it, then what was assumed.

    Parameters
    ----------
    scan : Assembled
        The scan that was written.
    console : rich.console.Console
        Where to print.
    notes : sequence of str
        What changed when it was written in another layout.
    """
    width = max(map(len, scan.parts))
    for name, part in scan.parts.items():
        shape = " x ".join(map(str, part.values.shape)) or "1"
        said = "; ".join((part.axes, *part.changes) if part.axes else part.changes)
        print_line(console, Text(f"{name:<{width}}  {shape} {part.values.dtype.name} from {part.source}"), indent=2)
        if said:
            print_line(console, Text(said, style="dim"), indent=4 + width)
    for note in (*scan.notes, *notes):
        print_line(console, Text(note, style="dim"), indent=2)
