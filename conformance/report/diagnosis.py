"""Shows people what convention a scan is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from conformance.files.diagnose.engine import Diagnosis
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.settings import settings_of
from conformance.files.diagnose.verdict import Word
from conformance.report.lines import print_line

_STYLE = {Word.CERTAIN: "bold", Word.LIKELY: "yellow", Word.CANNOT_TELL: "dim"}


def print_diagnosis(paths: Sequence[Path], diagnosis: Diagnosis, notes: Sequence[str], console: Console) -> None:
    """Print one scan: what is said of its orientation, its faults, what each estimator says, settings of other tools.

    Parameters
    ----------
    paths : sequence of Path
        The files that hold its parts.
    diagnosis : Diagnosis
    notes : sequence of str
        What was taken for granted as they were read.
    console : rich.console.Console
        Where to print.
    """
    verdict = diagnosis.orientation
    first, *rest = sentences(diagnosis)
    print_line(console, Text(f"{' and '.join(map(str, paths))}: {first}", style=_STYLE[verdict.word]))
    for one in (*rest, *(f"Note: {note}" for note in notes)):
        print_line(console, Text(one), indent=2)
    for reading in diagnosis.readings:
        print_line(console, Text(_read(reading), style="dim"), indent=2)
    turn = verdict.quarter
    if turn is not None and not diagnosis.stored:
        for tool, setting in settings_of(turn).items():
            print_line(console, Text(f"{tool}: {setting}"), indent=2)


def _read(reading: Reading) -> str:
    if reading.turn is None:
        return f"{reading.estimator}: {reading.why}"
    mirrored = "mirrored, " if reading.turn.mirrored else ""
    said = f"{reading.estimator}: {mirrored}{reading.turn.degrees:.1f} ± {reading.spread:.1f} degrees"
    return f"{said}, lead {reading.lead:.1f}{'' if reading.decided else ', not decided'}"
