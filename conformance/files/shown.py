"""What some frames show of what a format takes for granted: counts or amplitudes, middle or corner (FIL-023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.quantity import quantity_of
from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.masks import shifted
from conformance.files.formats.values import Computed, Stored
from conformance.files.unfit import UnfitFile

_MOST_FRAMES = 48
_TELLING, _NEAR = 0.3, 0.25
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
    if part.quantity not in (*_OPTIONS, Quantity.UNSAID) or len(part.values.shape) != 3 or 0 in part.values.shape:
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
    if part.quantity is Quantity.UNSAID:
        return replace(part, quantity=shown), f"the frames are {shown}: {evidence}"
    return replace(part, quantity=shown), f"{evidence}: {_WORDS[shown]}; say {_OPTIONS[shown]}"


def centre_shown(frames: NDArray[Any]) -> str:
    """Where the light of some frames (m, N, N) lies: ``middle``, ``corner``, or empty where it does not tell.

    Pixels that hold one value in all frames are markers and no light.
    """
    values = np.nan_to_num(np.asarray(frames, dtype=np.float64), posinf=0.0).clip(0)
    steady = (values == values[:1]).all(axis=0) & (len(values) > 1)
    mean = np.where(steady, 0.0, values.mean(axis=0))
    if not mean.any():
        return ""
    found = set()
    for axis, side in enumerate(mean.shape):
        line = mean.sum(axis=1 - axis)
        moment = (line * np.exp(2j * np.pi * np.arange(side) / side)).sum() / line.sum()
        near = np.abs(np.angle(moment)) / np.pi
        telling = abs(moment) > _TELLING
        found.add("corner" if telling and near < _NEAR else "middle" if telling and near > 1 - _NEAR else "")
    return found.pop() if len(found) == 1 else ""


def with_centre(parts: Mapping[str, Part], stated: str | None) -> dict[str, Part]:
    """Parts whose frames have the zero frequency at [N/2, N/2], by the user's word, or else by their layout.

    Parameters
    ----------
    parts : Mapping[str, Part]
    stated : str or None
        ``middle`` or ``corner``, where it stands in the frames as they are stored; None: nothing.
    """
    frames = parts["diff3d"]
    if stated is None or (stated == "corner") == frames.corner:
        return dict(parts)
    what = "moved back: it stands in the middle" if frames.corner else "zero frequency moved from the corner"
    said = (*frames.changes, f"{what}, as stated")
    moved = Computed(frames.values.name, frames.values, frames.values.shape, frames.values.dtype, _centred)
    found = {**parts, "diff3d": replace(frames, values=moved, corner=stated == "corner", changes=said)}
    if "bad_pixels" in parts:
        found["bad_pixels"] = replace(parts["bad_pixels"], values=shifted(parts["bad_pixels"].values))
    return found


def require_centre(frames: Stored, corner: bool) -> None:
    """Refuse frames whose light lies in the corner after all.

    Parameters
    ----------
    frames : Stored
        (M, N, N) as they would be written.
    corner : bool
        Whether their zero frequency was moved from the corner.

    Raises
    ------
    UnfitFile
        It was moved from the middle, or not moved from the corner (FIL-023).
    """
    if centre_shown(some_frames(frames)) == "corner":
        where, shown = ("corner", "middle") if corner else ("middle", "corner")
        problem = (
            f"this layout has the zero frequency in the {where}, and the light of these frames lies in the {shown}: "
            "say --centre middle or --centre corner"
        )
        raise UnfitFile("FIL-023", "diff3d", problem)


def _centred(block: NDArray[Any]) -> NDArray[Any]:
    return np.fft.fftshift(block, axes=(-2, -1))


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
    if part.quantity is Quantity.UNSAID:
        if shown is Quantity.UNKNOWN:
            problem = "nothing says whether these are counts or amplitudes: say --counts or --amplitudes"
            raise UnfitFile("FIL-023", part.source, problem)
        return shown is Quantity.COUNTS
    if shown is not Quantity.UNKNOWN:
        problem = f"this layout holds {part.quantity}, and {evidence}, as of {shown}: say --counts or --amplitudes"
        raise UnfitFile("FIL-023", part.source, problem)
    return part.quantity is Quantity.COUNTS


_WORDS = {
    Quantity.COUNTS: "counts, where this layout has amplitudes",
    Quantity.AMPLITUDE: "amplitudes, where this layout has counts",
}
