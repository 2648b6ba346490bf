"""Whether ones in a mask mean good or bad: by the frames, else by what is said; never guessed (FIL-024)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.values import Stored, Values
from conformance.files.shown import some_frames
from conformance.files.unfit import UnfitFile

_ALL, _FEW, _MOST_LIGHT = 0.995, 0.02, 0.9
_ODD, _HOT = 0.5, 8.0
MARKS = frozenset({Quantity.BAD, Quantity.GOOD, Quantity.GOOD_OR_BAD, Quantity.BITS})
_MEANT: Mapping[Quantity, bool] = {Quantity.BAD: True, Quantity.BITS: True, Quantity.GOOD: False}
_BY_WORD: Mapping[Quantity, str] = {
    Quantity.BITS: "0 is good, as the layout has it",
    Quantity.BAD: "as its name says",
    Quantity.GOOD: "as its name says",
}


@dataclass(frozen=True)
class Shown:
    """What frames show of a mask.

    Attributes
    ----------
    bad : bool or None
        Whether other numbers than 0 mean bad; None: the frames do not tell.
    evidence : str
        What shows it.
    """

    bad: bool | None
    evidence: str


def shown_by(marked: NDArray[np.bool_], dead: NDArray[np.bool_], mean: NDArray[np.float64]) -> Shown:
    """Tell from frames which pixels of a mask are the bad ones.

    Parameters
    ----------
    marked : numpy.ndarray
        (N, N): where the mask is not 0.
    dead : numpy.ndarray
        (N, N): pixels that hold no light in any frame.
    mean : numpy.ndarray
        (N, N) means over the frames.
    """
    if marked.all() or not marked.any():
        return Shown(False if marked.all() else None, "all pixels hold the same, and nobody masks them all")
    groups = {True: marked, False: ~marked}
    words = {True: "where it is not 0", False: "where it is 0"}
    shares = {side: float(dead[group].mean()) for side, group in groups.items()}
    for side in (True, False):
        if shares[side] >= _ALL and shares[not side] < _ALL:
            return Shown(side, f"no pixel ever counts {words[side]}")
    odd = _odd(mean, dead)
    strange = {side: float(odd[group].mean()) for side, group in groups.items()}
    for side in (True, False):
        if strange[side] >= _ODD and strange[not side] <= _FEW:
            return Shown(side, f"pixels stand out from their neighbours {words[side]}")
    light = np.where(dead | odd, 0.0, mean)
    share = float(light[marked].sum()) / max(float(light.sum()), 1e-300)
    if share > _MOST_LIGHT and marked.mean() > 0.5:
        return Shown(False, f"{share:.0%} of the light falls {words[True]}")
    if share < 1 - _MOST_LIGHT and marked.mean() < 0.5:
        return Shown(True, f"{1 - share:.0%} of the light falls {words[False]}")
    return Shown(None, "the frames are alike under it and beside it")


def decided(part: Part, frames: Stored, stated: bool | None) -> Part:
    """A mask as boolean, True for what was not measured; a part that is one already is returned as it is.

    Parameters
    ----------
    part : Part
        (N, N) or (M, N, N), of one of the quantities of :data:`MARKS`.
    frames : Stored
        (M, N, N)
    stated : bool or None
        Whether the user says that other numbers than 0 mean bad; None: nothing.

    Raises
    ------
    UnfitFile
        It cannot be told what its numbers mean, or frames and name contradict each other (FIL-024).
    """
    if part.quantity not in MARKS:
        return part
    values = part.values.array()
    if values.shape[-2:] != frames.shape[1:] or not _marks(values):
        problem = f"a mask is {frames.shape[1:]} of a few numbers, not {values.dtype} {values.shape}"
        raise UnfitFile("FIL-024", part.source, problem)
    bad, why = _meaning(part, values, frames, stated)
    marked = values != 0
    bits = "a bit field: " if part.quantity is Quantity.BITS else ""
    said = f"{bits}other numbers than 0 are bad: {why}" if bad else f"{values.max()} was taken for good: {why}"
    return replace(
        part,
        values=Values(part.values.name, marked if bad else ~marked),
        quantity=Quantity.NUMBER,
        changes=(*part.changes, said),
    )


def meaning(quantity: Quantity, marked: NDArray[np.bool_], shown: Shown) -> tuple[bool | None, str]:
    """Whether other numbers than 0 mean bad in a mask, and why; None where it cannot be told.

    Parameters
    ----------
    quantity : Quantity
        What its name or its layout says, one of :data:`MARKS`.
    marked : numpy.ndarray
        (N, N): where it is not 0.
    shown : Shown
        What the frames show.
    """
    meant = _MEANT.get(quantity)
    if shown.bad is None:
        if marked.any():
            return meant, _BY_WORD.get(quantity, f"ones may mean good or bad, and {shown.evidence}")
        return meant is not False, "it is 0 throughout"
    if quantity is not Quantity.BITS and meant not in (None, shown.bad):
        said = f"its name says that other numbers than 0 are {'bad' if meant else 'good'}"
        return None, f"{said}, but {shown.evidence}"
    return shown.bad, shown.evidence


def _meaning(part: Part, values: NDArray[Any], frames: Stored, stated: bool | None) -> tuple[bool, str]:
    if stated is not None:
        return stated, "as stated"
    marked, some = flat(values), some_frames(frames)
    mean = np.nan_to_num(np.asarray(some, np.float64)).mean(axis=0)
    bad, why = meaning(part.quantity, marked, shown_by(marked, _dead(some), mean))
    if bad is None:
        raise UnfitFile("FIL-024", part.source, f"{why}: say --mask-ones good or --mask-ones bad")
    return bad, why


def flat(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """(N, N): where a mask (N, N), or (M, N, N) for most frames, is not 0."""
    return np.asarray((mask != 0).mean(axis=0) > 0.5 if mask.ndim == 3 else mask != 0)


def _marks(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "biu" or (values.dtype.kind == "f" and bool(np.isin(values, (0, 1)).all()))


def _dead(frames: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels that hold no light in any of the frames: zero, one value throughout, a marker, or no number."""
    values = np.asarray(frames, dtype=np.float64)
    top = float(np.iinfo(frames.dtype).max) if frames.dtype.kind in "iu" else np.inf
    lost = (~np.isfinite(values) | (values < 0) | (values >= top)).all(axis=0)
    steady = (values == values[:1]).all(axis=0) if len(values) > 1 else (values == 0).all(axis=0)
    return np.asarray(lost | steady)


def _odd(mean: NDArray[np.float64], dead: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that are dead, far brighter or far darker in the middle of others that are lit and alike."""
    from scipy.ndimage import median_filter

    held = np.where(dead, 0.0, mean)
    around = median_filter(held, 5, mode="nearest")
    far = (held > _HOT * around) | (held < around / _HOT)
    return np.asarray(((around > 0) & (dead | far)) | (held > _HOT * around.max()))
