"""Shows what was found in scan files: sentences for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from conformance import __version__
from conformance.files.examine import ScanReport
from conformance.files.finding import Severity

_STYLE = {Severity.VIOLATION: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def fit(report: ScanReport, strict: bool) -> bool:
    """Whether a file may be trained from; ``strict`` counts warnings as violations."""
    return not report.of(Severity.VIOLATION) and not (strict and report.of(Severity.WARNING))


def as_json(reports: Sequence[ScanReport], strict: bool) -> dict[str, Any]:
    """Return the reports in plain JSON types."""
    return {
        "schema": "ptycho-conformance.validate/1",
        "version": __version__,
        "files": [
            {
                "file": str(report.path),
                "fit": fit(report, strict),
                "facts": dict(report.facts),
                "findings": [finding.as_json() for finding in report.findings],
            }
            for report in reports
        ],
    }


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
    size = f" · {facts['M']} frames {facts['N']} x {facts['N']} {facts['dtype']}" if "M" in facts else ""
    modes = f" · {facts['modes']} probe mode{'s' * (facts['modes'] != 1)}" if "modes" in facts else ""
    verdict = "fit for training" if fit(report, strict) else "not fit for training"
    _print(console, Text(f"{report.path}: {verdict}{size}{modes}", style="bold"))
    for finding in report.findings:
        where = f"{finding.array}{list(finding.index)}" if finding.index is not None else finding.array
        kind = (f"{finding.severity}  ", _STYLE[finding.severity])
        _print(console, Text.assemble(kind, f"{finding.clause}  {where}: {finding.problem}"), indent=2)
        if finding.remedy:
            _print(console, Text(f"Remedy: {finding.remedy}"), indent=6)


def _print(console: Console, text: Text, indent: int = 0) -> None:
    """Print one line; on a terminal it is broken between words, and goes on under its own beginning."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True)
