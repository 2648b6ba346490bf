"""Pairings of frames and positions other than one by one: a constant lag, extra frames or positions in every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LAGS = (-3, -2, -1, 1, 2, 3)
EXTRA = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which position each frame belongs to.

    Attributes
    ----------
    name : str
        ``lag`` or ``flyback``.
    what : str
        As a remedy.
    position_of : (M,) int64
        Number of the position of each frame; -1 where it has none.
    """

    name: str
    what: str
    position_of: NDArray[np.int64]


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


def pairings(positions: NDArray[np.float64]) -> Iterator[Pairing]:
    """The pairings that are worth a try, for all positions (M, 2) of a scan in their order."""
    M = len(positions)
    number = np.arange(M)
    for lag in LAGS:
        said = f"frame i belongs to position i {'+' if lag > 0 else '-'} {abs(lag)}"
        yield Pairing("lag", f"{said}: drop the first frames or positions", _within(number + lag, M))
    n = line_length(positions)
    if n is None:
        return
    for extra in EXTRA:
        if extra > 0:
            line, place = np.divmod(number, n + extra)
            owner = np.where(place < n, line * n + place, -1)
            what = f"drop {extra} extra frame{'s' * (extra > 1)} after every {n}"
        else:
            line, place = np.divmod(number, n + extra)
            owner = line * n + place
            what = f"drop {-extra} extra position{'s' * (extra < -1)} at the end of every {n}"
        yield Pairing("flyback", what, _within(owner, M))


def _within(owner: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    return np.where((owner >= 0) & (owner < M), owner, -1)
