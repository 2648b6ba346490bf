"""One capsule a cause: which are kept when a run is over, and how many there may be."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.engine.causes import Cause
from conformance.engine.outcome import Cell, Decision
from conformance.runs.judgement import Judgement

MOST = 32
"""Capsules that a run leaves at most, those of the gravest causes."""
MOST_BYTES = 1 << 28
"""Bytes of all of them together."""


@dataclass(frozen=True)
class KeptCapsules:
    """What a run has left in its folder of capsules.

    Attributes
    ----------
    folder : Path
    number : int
    size : int
        Bytes of all of them.
    left_out : int
        Causes of which none was kept, because there are too many or they are too large.
    """

    folder: Path
    number: int
    size: int
    left_out: int


def one_a_cause(judgement: Judgement, folder: Path) -> tuple[Judgement, KeptCapsules]:
    """Keep one capsule a cause, the gravest causes first, and remove the others that this run has written.

    Parameters
    ----------
    judgement : Judgement
        Its decisions name the capsules.
    folder : Path
        Where they lie; nothing is removed elsewhere.

    Returns
    -------
    Judgement
        In which no decision names a capsule that is gone.
    KeptCapsules
    """
    kept, size, left_out = _chosen(judgement.causes)
    for path in {one.capsule for cell in judgement.cells for one in cell.decisions if one.capsule} - kept:
        if Path(path).parent == folder:
            shutil.rmtree(path, ignore_errors=True)
    cells = tuple(_without(cell, kept) for cell in judgement.cells)
    return replace(judgement, cells=cells), KeptCapsules(folder, len(kept), size, left_out)


def _chosen(causes: tuple[Cause, ...]) -> tuple[set[str], int, int]:
    kept: set[str] = set()
    total, left_out = 0, 0
    for path in dict.fromkeys(cause.speaker.capsule for cause in causes if cause.speaker.capsule):
        size = _size(Path(path))
        if len(kept) < MOST and total + size <= MOST_BYTES:
            kept.add(path)
            total += size
        else:
            left_out += 1
    return kept, total, left_out


def _without(cell: Cell, kept: set[str]) -> Cell:
    if not any(one.capsule for one in cell.decisions):
        return cell
    return replace(cell, decisions=tuple(_stripped(one, kept) for one in cell.decisions))


def _stripped(decision: Decision, kept: set[str]) -> Decision:
    gone = decision.capsule and decision.capsule not in kept
    return replace(decision, capsule="", replay="") if gone else decision


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
