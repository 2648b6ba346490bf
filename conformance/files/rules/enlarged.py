"""Whether frames were enlarged by interpolation: in between are values that their neighbours make (FIL-017)."""

from __future__ import annotations

import numpy as np

from conformance.files.rules.counted import are_counted
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FEWEST, _SHORTEST, _SMOOTH = 4, 24, 9
_SLOWEST, _PEAK, _CLEAR = 0.12, 0.2, 15.0
_ORDERS = (1, 2, 3)
_LARGEST, _LEAST = 1e100, 1e-3


def enlarged(view: View) -> str:
    """Say that frames were enlarged, and by how much; empty where they were not.

    What lies between two measured pixels is made of them, so that differences of some order rise and fall with the
    period of the pixels that were measured: the first where pixels were repeated, the third where none lies on one.

    Parameters
    ----------
    view : View
    """
    values = np.clip(np.nan_to_num(view.survey.first.astype(np.float64)), 0, _LARGEST)
    if len(values) < _FEWEST or min(values.shape[1:]) < _SHORTEST or not view.measured.all():
        return ""
    light = values if view.counts else values**2
    rows, columns = (max(_period(np.moveaxis(light, axis, 2), order) for order in _ORDERS) for axis in (1, 2))
    # Rings of a beam come in turn as well; what counting makes of each pixel alone no interpolation leaves.
    if not rows or not columns or are_counted(view):
        return ""
    return (
        f"the frames bend in turn, with a period of {rows:.3g} rows and {columns:.3g} columns: they were enlarged by "
        "interpolation (zoomed, resampled), so that neighbours tell the same and their noise is not that of counts; "
        "take the frames as they were measured, and probe and positions on their pixels"
    )


def _period(frames: Floats, order: int) -> float:
    """Period of the differences of an order along the last axis; 0 where they have none."""
    level = np.sqrt(np.abs(np.diff(frames, order, axis=-1)).mean(axis=(0, 1)))
    if not (level > 0).any():
        return 0.0
    level = np.log(level + _LEAST * float(level.max()))
    even = np.convolve(np.pad(level, _SMOOTH // 2, mode="reflect"), np.ones(_SMOOTH) / _SMOOTH, mode="valid")
    wave = np.abs(np.fft.rfft((level - even) * np.hanning(len(level)))) * 4 / len(level)
    slow = int(np.ceil(_SLOWEST * len(level)))
    best = slow + int(wave[slow:].argmax())
    clear = wave[best] > _CLEAR * float(np.median(wave[slow:]))
    return len(level) / best if wave[best] > _PEAK and clear else 0.0
