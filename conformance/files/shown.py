"""What some frames of a scan show of what a format takes for granted: counts or amplitudes (FIL-023)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.quantity import quantity_of
from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.values import Stored
from conformance.files.unfit import UnfitFile

_MOST_FRAMES = 48
_SAYS = {"counts": Quantity.COUNTS, "amplitude": Quantity.AMPLITUDE}
_OPTIONS = {Quantity.COUNTS: "--counts", Quantity.AMPLITUDE: "--amplitudes"}


def some_frames(values: Stored) -> NDArray[Any]:
    """Return (m, rows, columns): some frames of the first block in which there is anything.

    Parameters
    ----------
    values : Stored
        (M, rows, columns) in blocks of frames.
    """
    block = np.zeros((0, *values.shape[1:]), values.dtype)
    for block in values.blocks():
        if len(block) and block.min() != block.max():
            break
    return block[:: max(1, len(block) // _MOST_FRAMES)]


def contradicted(part: Part) -> tuple[Quantity, str]:
    """What the values of frames show against what their format has, and the evidence; UNKNOWN where they do not.

    Parameters
    ----------
    part : Part
        Frames (M, rows, columns).
    """
    if part.quantity not in _OPTIONS or len(part.values.shape) != 3 or 0 in part.values.shape:
        return Quantity.UNKNOWN, ""
    frames = some_frames(part.values)
    # Markers of a detector are whole numbers among amplitudes, too.
    steady = (frames == frames[:1]).all(axis=0)
    found = quantity_of(frames if steady.all() or len(frames) < 2 else frames[:, ~steady])
    shown = _SAYS.get(found.name, Quantity.UNKNOWN)
    return (Quantity.UNKNOWN, "") if shown is part.quantity else (shown, found.evidence)


def as_shown(part: Part) -> tuple[Part, str]:
    """Frames with the quantity that their values show, and a sentence where the format has another.

    Parameters
    ----------
    part : Part
        Frames (M, rows, columns).
    """
    shown, evidence = contradicted(part)
    if shown is Quantity.UNKNOWN:
        return part, ""
    return replace(part, quantity=shown), f"{evidence}: {_WORDS[shown]}; say {_OPTIONS[shown]}"


def are_counts(part: Part, stated: bool | None) -> bool:
    """Whether frames are counts: by the user's word, else by their format, which their values must not contradict.

    Parameters
    ----------
    part : Part
        Frames (M, rows, columns).
    stated : bool or None
        What the user says; None: nothing.

    Raises
    ------
    UnfitFile
        The values contradict the format, and nobody said which is right (FIL-023).
    """
    if stated is not None:
        return stated
    shown, evidence = contradicted(part)
    if shown is not Quantity.UNKNOWN:
        problem = f"this layout holds {part.quantity}, and {evidence}, as of {shown}: say --counts or --amplitudes"
        raise UnfitFile("FIL-023", part.source, problem)
    return part.quantity is Quantity.COUNTS


_WORDS = {
    Quantity.COUNTS: "counts, where this layout has amplitudes",
    Quantity.AMPLITUDE: "amplitudes, where this layout has counts",
}
