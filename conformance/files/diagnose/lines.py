"""Lines of a scan: how long they are, and which way they go, where they do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def line_length(positions: NDArray[np.float64]) -> int | None:
    """Points in a line of a raster; None where the scan has no lines of equal length."""
    steps = np.diff(positions, axis=0)
    length = np.hypot(*steps.T)
    typical = np.median(length)
    if len(steps) < 12 or not typical > 0:
        return None
    unit = steps / np.maximum(length, 1e-12)[:, np.newaxis]
    turns = (unit[1:] * unit[:-1]).sum(axis=1) < 0.5
    breaks = np.flatnonzero((length[1:] > 2.5 * typical) | (turns & (length[1:] > 0.3 * typical))) + 1
    # Both the step between two lines and the one after it turn; the first of each pair ends a line.
    ends = breaks[np.insert(np.diff(breaks) > 1, 0, True)] if len(breaks) else breaks
    apart = np.diff(ends)
    if len(apart) < 2:
        return None
    common = int(np.median(apart))
    return common if common > 3 and (np.abs(apart - common) <= 0).mean() > 0.6 else None


def line_directions(positions: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Unit vectors (M, 2) along the lines of a scan that goes to and fro; None where it does not.

    Parameters
    ----------
    positions : (M, 2)
        All positions of the scan, in their order.
    """
    steps = np.diff(positions, axis=0)
    length = np.hypot(*steps.T)
    typical = np.median(length)
    if len(steps) < 8 or not typical > 0:
        return None
    unit = steps / np.maximum(length, 1e-12)[:, np.newaxis]
    ordinary = (length < 2.5 * typical) & (length > 0.3 * typical)
    axis = np.linalg.eigh(unit[ordinary].T @ unit[ordinary])[1][:, 1] if ordinary.any() else np.zeros(2)
    side = unit @ axis
    straight = np.abs(side) > 0.8
    forth, back = (straight & (side > 0)).mean(), (straight & (side < 0)).mean()
    if straight.mean() < 0.6 or min(forth, back) < 0.2:
        return None
    # A point belongs to the line of the step that ends there, or, the first of a line, of the one that begins there.
    sign = np.sign(side) * straight
    before, after = np.append([0], sign), np.append(sign, [0])
    chosen = np.where(before == 0, after, before)
    runs = np.abs(np.diff(chosen[chosen != 0])).sum() / 2
    if runs > len(positions) / 3:
        return None
    return np.asarray(chosen[:, np.newaxis] * axis)


def exact_raster(positions: NDArray[np.float64]) -> bool:
    """Whether positions (M, 2) lie on an exact raster, as planned ones do."""
    counts = []
    for axis in (0, 1):
        extent = float(np.ptp(positions[:, axis]))
        counts.append(len(np.unique(np.round(positions[:, axis] / max(extent, 1e-300), 7))))
    return counts[0] * counts[1] <= 1.2 * len(positions) and min(counts) > 1
