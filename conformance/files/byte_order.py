"""Numbers whose bytes were read in the wrong order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.survey import Survey

_WHOLE, _BYTE, _FEWEST = 1e-2, 256, 4
_SMOOTHER, _SMOOTH, _HALF = 1.4, 1.0, 0.5
_END, _MOST, _ENOUGH = 1 << 16, 0.995, 4


def exchanged_bytes(survey: Survey) -> str:
    """Say that the bytes of the numbers were read in the wrong order; empty where they were not.

    A pattern is smooth where light falls: neighbours that differ by all they hold, and are alike once their bytes are
    exchanged, were written by a machine of the other order; so were few counts that all are multiples of 256.

    Parameters
    ----------
    survey : Survey
    """
    # A marker of the detector is no light, and as unlike its neighbours in either order.
    frames = _whole(np.where(survey.steady, survey.first.dtype.type(0), survey.first[:_ENOUGH]))
    if frames.dtype.itemsize < 2 or frames.dtype.kind not in "iuf" or not frames.any():
        return ""
    with np.errstate(over="ignore", invalid="ignore"):
        stored, other = (_roughness(one.astype(np.float64)) for one in (frames, frames.byteswap()))
    if not np.isfinite(other) or (np.isinf(stored) and other > _SMOOTH):
        return ""
    multiples = 0.0
    if frames.dtype.kind != "f":
        lit = frames[frames > 0]
        multiples = float((lit % _BYTE == 0).mean()) if len(np.unique(lit)) >= _FEWEST else 0.0
    better = stored > _SMOOTHER * other and _is_full(frames)
    if not better and multiples <= _HALF:
        return ""
    said = f"{multiples:.0%} of the counts are multiples of 256" if multiples > _HALF else "neighbours are unlike"
    smoother = f", and the frames are smooth once bytes are exchanged ({other:.2g}, not {stored:.2g})" if better else ""
    return f"the bytes of the numbers are in the wrong order: {said}{smoother}; read them in the other byte order"


def _is_full(frames: NDArray[Any]) -> bool:
    """Whether numbers reach the upper half of their type, as those do whose low byte was read as their high one."""
    if frames.dtype.kind == "f":
        return True
    return bool((frames < 0).any() or int(frames.max()) > np.iinfo(frames.dtype).max // 2)


def _whole(frames: NDArray[Any]) -> NDArray[Any]:
    """Frames as stored, or the counts of 16 bits that they are the roots of."""
    if frames.dtype.kind != "f" or not frames.size:
        return frames
    with np.errstate(over="ignore", invalid="ignore"):
        for counts in (frames.astype(np.float64), np.square(frames.astype(np.float64))):
            near = np.abs(counts - np.rint(counts)).max() < _WHOLE
            if near and counts.min() >= 0 and counts.max() < _END:
                return np.rint(counts).astype(np.uint16)
    return frames


def _roughness(values: NDArray[np.float64]) -> float:
    """By how much neighbours differ, against what they hold; infinite where something is no light."""
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        return float("inf")
    # What strikes a detector once is no part of a pattern.
    level = np.minimum(values / values.max(), max(float(np.quantile(values, _MOST)) / values.max(), 1e-300))
    apart = sum(float(np.abs(np.diff(level, axis=axis)).sum()) for axis in (-1, -2))
    # What lies under all pixels is smooth in any order of bytes.
    return apart / max(float(np.abs(level - np.median(level)).sum()), 1e-300)
