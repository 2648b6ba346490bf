"""A row a file: what came of many files, for the terminal and for a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.text import Text

from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity
from conformance.report.conversion_result import FileConversion
from conformance.report.diagnosis_result import FileDiagnosis
from conformance.report.lines import print_line
from conformance.report.validation import fit, verdict


class Mark(StrEnum):
    """How a file is to be looked at."""

    FINE = "fine"
    WARNED = "warned"
    BAD = "bad"
    UNDECIDED = "undecided"


_STYLE = {Mark.FINE: "green", Mark.WARNED: "yellow", Mark.BAD: "bold red", Mark.UNDECIDED: "magenta"}


@dataclass(frozen=True)
class Sentence:
    """Something said of a file.

    Attributes
    ----------
    kind : str
        ``violation``, ``warning``, ``note``; empty for what is none of these.
    clause : str
    text : str
    remedy : str
    """

    text: str
    kind: str = ""
    clause: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Row:
    """A file, and what came of it.

    Attributes
    ----------
    file : str
    mark : Mark
    verdict : str
        In a few words.
    size : str
        Of the scan; empty where it is not known.
    sentences : tuple of Sentence
        The gravest first.
    """

    file: str
    mark: Mark
    verdict: str
    size: str = ""
    sentences: tuple[Sentence, ...] = ()


def row_of_report(report: ScanReport, strict: bool) -> Row:
    """Row of a file that was examined."""
    facts = report.facts
    size = f"{facts['M']} x {' x '.join(map(str, facts['sides']))} {facts['dtype']}" if "M" in facts else ""
    mark = Mark.BAD if not fit(report, strict) else Mark.WARNED if report.of(Severity.WARNING) else Mark.FINE
    return Row(str(report.path), mark, verdict(report, strict), size, tuple(map(_sentence, report.findings)))


def _sentence(finding: Finding) -> Sentence:
    where = f"{finding.array}{list(finding.index)}" if finding.index is not None else finding.array
    return Sentence(f"{where}: {finding.problem}", str(finding.severity), finding.clause, finding.remedy)


def row_of_diagnosis(found: FileDiagnosis) -> Row:
    """Row of a scan that was diagnosed."""
    names = ", ".join(one.name for one in found.faults)
    turn = found.orientation.name or ("a general angle" if found.orientation.degrees is not None else "cannot tell")
    if found.canonical:
        mark, said = Mark.FINE, "canonical"
    elif found.wrong:
        mark, said = Mark.BAD, f"not canonical: {names or turn}"
    else:
        mark, said = Mark.UNDECIDED if found.orientation.degrees is None else Mark.WARNED, f"{names or turn}"
        if said == "none":
            said = "as stored, scale not told" if found.orientation.word == "certain" else "as stored, but not certain"
    sentences = tuple(Sentence(one) for one in (*found.sentences, *found.notes))
    return Row(" and ".join((found.file, *found.beside)), mark, said, f"{found.frames} frames looked at", sentences)


def row_of_conversion(found: FileConversion) -> Row:
    """Row of a scan that was converted."""
    bad = any(one.severity is Severity.VIOLATION for one in found.findings)
    warned = any(one.severity is Severity.WARNING for one in found.findings)
    mark = Mark.BAD if bad else Mark.WARNED if warned else Mark.FINE
    said = "written, not fit" if bad else "written, with warnings" if warned else "written"
    frames = next((one for one in found.arrays if one.name == "diff3d"), None)
    size = "" if frames is None else f"{' x '.join(map(str, frames.shape))} {frames.dtype}"
    sentences = [
        Sentence(f"{one.array}: {one.problem}", str(one.severity), one.clause, one.remedy) for one in found.findings
    ]
    sentences += [
        Sentence(f"{one.name} from {one.source}: {'; '.join((one.axes, *one.changes)).strip('; ')}")
        for one in found.arrays
    ]
    sentences += [Sentence(one, "note") for one in found.notes]
    sources = " and ".join(found.sources)
    return Row(f"{sources} -> {' and '.join(found.out)}", mark, said, size, tuple(sentences))


def row_of_lost(line: str) -> Row:
    """Row of a file that nothing came of; the line says which, and why."""
    file, _, why = line.partition(": ")
    return Row(file, Mark.UNDECIDED, "undecided", "", (Sentence(why or line),))


def totals(rows: Sequence[Row]) -> str:
    """How many files there are of each mark, in one line."""
    numbers = Counter(row.mark for row in rows)
    words = {Mark.BAD: "not fine", Mark.UNDECIDED: "undecided", Mark.WARNED: "with warnings", Mark.FINE: "fine"}
    said = ", ".join(f"{numbers[mark]} {word}" for mark, word in words.items() if numbers[mark])
    return f"{len(rows)} file{'s' * (len(rows) != 1)}: {said}"


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print a row a file: verdict, size, file, and the gravest of what is said of it.

    Parameters
    ----------
    rows : sequence of Row
    console : rich.console.Console
        Where to print.
    """
    verdicts = max((len(row.verdict) for row in rows), default=0)
    sizes = max((len(row.size) for row in rows), default=0)
    for row in rows:
        grave = row.sentences[0] if row.sentences and row.mark is not Mark.FINE else None
        more = f" (and {len(row.sentences) - 1} more)" if grave is not None and len(row.sentences) > 1 else ""
        said = "" if grave is None else f"  {grave.clause} {grave.text}{more}".replace("   ", "  ")
        start = (f"{row.verdict:<{verdicts}}", _STYLE[row.mark])
        print_line(console, Text.assemble(start, f"  {row.size:<{sizes}}  {row.file}", (said, "dim")))
