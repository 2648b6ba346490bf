"""Pairings of frames and positions other than one by one.

A constant lag, extra frames or positions in every line, an order that is reversed, in every second line too, or that
runs down the columns of a raster in place of along its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LAGS = (-3, -2, -1, 1, 2, 3)
PAIRINGS = frozenset({"lag", "flyback", "reversed frames", "reversed lines", "rows for columns"})
EXTRA = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which position each frame belongs to.

    Attributes
    ----------
    name : str
        ``lag``, ``flyback``, ``reversed frames``, ``reversed lines`` or ``rows for columns``.
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
    yield Pairing("reversed frames", "reverse the order of the frames, or of the positions", number[::-1].copy())
    n = line_length(positions)
    if n is None:
        return
    yield from _by_lines(number, n)
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


def _by_lines(number: NDArray[np.int64], n: int) -> Iterator[Pairing]:
    """Lines of n points that run the other way, and frames that run across them."""
    line, place = np.divmod(number, n)
    for odd in (1, 0):
        owner = np.where(line % 2 == odd, line * n + n - 1 - place, number)
        which = "second" if odd else "first, third, fifth"
        what = f"reverse the order of the frames in every {which} line of {n}: the scan went to and fro, or did not"
        yield Pairing("reversed lines", what, _within(owner, len(number)))
    lines = len(number) // n
    if lines * n == len(number) and lines > 1:
        across = np.arange(len(number)).reshape(lines, n).T.ravel()
        what = f"frames run down the {n} columns of the raster, positions along its {lines} rows: transpose the raster"
        yield Pairing("rows for columns", what, across)


def _within(owner: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    return np.where((owner >= 0) & (owner < M), owner, -1)
