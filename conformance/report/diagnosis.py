"""Shows what convention a scan is in: a sentence for people, JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from conformance import __version__
from conformance.files.diagnose.engine import Diagnosis
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.settings import settings_of
from conformance.files.diagnose.turns import EIGHT, exif_of, name_of
from conformance.files.diagnose.verdict import Word

_STYLE = {Word.CERTAIN: "bold", Word.LIKELY: "yellow", Word.CANNOT_TELL: "dim"}


def as_json(found: Sequence[tuple[Path, Diagnosis]]) -> dict[str, Any]:
    """Return the diagnoses in plain JSON types."""
    return {
        "schema": "ptycho-conformance.diagnose/1",
        "version": __version__,
        "files": [{"file": str(path)} | _one(diagnosis) for path, diagnosis in found],
    }


def print_diagnosis(path: Path, diagnosis: Diagnosis, console: Console) -> None:
    """Print one file: what is said of its orientation, its faults, what each estimator says, settings of other tools.

    Parameters
    ----------
    path : Path
    diagnosis : Diagnosis
    console : rich.console.Console
        Where to print.
    """
    verdict = diagnosis.orientation
    first, *rest = sentences(diagnosis)
    console.print(Text(f"{path}: {first}", style=_STYLE[verdict.word]), soft_wrap=True)
    for one in rest:
        console.print(Text(f"  {one}"), soft_wrap=True)
    for reading in diagnosis.readings:
        console.print(Text(f"  {_read(reading)}", style="dim"), soft_wrap=True)
    turn = None if verdict.turn is None or verdict.general else verdict.turn.quarter
    if turn is not None and turn not in (EIGHT[0], EIGHT[2] if verdict.twin_open else EIGHT[0]):
        for tool, setting in settings_of(turn).items():
            console.print(Text(f"  {tool}: {setting}"), soft_wrap=True)


def _read(reading: Reading) -> str:
    if reading.turn is None:
        return f"{reading.estimator}: {reading.why}"
    mirrored = "mirrored, " if reading.turn.mirrored else ""
    said = f"{reading.estimator}: {mirrored}{reading.turn.degrees:.1f} ± {reading.spread:.1f} degrees"
    return f"{said}, lead {reading.lead:.1f}{'' if reading.decided else ', not decided'}"


def _one(diagnosis: Diagnosis) -> dict[str, Any]:
    verdict = diagnosis.orientation
    return {
        "sentences": sentences(diagnosis),
        "canonical": diagnosis.canonical,
        "frames": diagnosis.frames,
        "quantity": {"name": diagnosis.quantity.name, "evidence": diagnosis.quantity.evidence},
        "orientation": {
            "word": str(verdict.word),
            "mirrored": None if verdict.turn is None else verdict.turn.mirrored,
            "degrees": None if verdict.turn is None else _number(verdict.turn.degrees),
            "spread": _number(verdict.spread),
            "name": None if verdict.turn is None or verdict.general else name_of(verdict.turn.quarter),
            "exif": None if verdict.turn is None or verdict.general else exif_of(verdict.turn.quarter),
            "twin_open": verdict.twin_open,
            "reason": verdict.reason,
        },
        "faults": [
            {
                "name": fault.name,
                "word": str(fault.word),
                "sentence": fault.sentence,
                "remedy": fault.remedy,
                "figures": {name: _number(value) for name, value in fault.figures.items()},
            }
            for fault in diagnosis.faults
        ],
        "readings": [
            {
                "estimator": reading.estimator,
                "mirrored": None if reading.turn is None else reading.turn.mirrored,
                "degrees": None if reading.turn is None else _number(reading.turn.degrees),
                "spread": _number(reading.spread),
                "lead": _number(reading.lead),
                "decided": reading.decided,
                "twin_lead": _number(reading.twin),
                "why": reading.why,
                "figures": {name: _number(value) for name, value in reading.figures.items()},
            }
            for reading in diagnosis.readings
        ],
    }


def _number(value: float) -> float | None:
    """A number that JSON knows."""
    return float(value) if math.isfinite(value) else None
