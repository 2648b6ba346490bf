"""Pairings of frames and positions other than one by one.

A constant lag, extra frames or positions in every line, an order that is reversed, in every second line too, or that
runs down the columns of a raster in place of along its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length

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
    rule : dict
        What :func:`owners` makes it of.
    position_of : (M,) int64
        Number of the position of each frame; -1 where it has none.
    """

    name: str
    what: str
    rule: dict[str, int]
    position_of: NDArray[np.int64]


def owners(M: int, lag: int = 0, line: int = 0, extra: int = 0) -> NDArray[np.int64]:
    """Number (M,) of the position that each frame belongs to; -1 where it has none.

    Parameters
    ----------
    M : int
        Frames, and positions.
    lag : int
        Positions by which a frame's own comes later than its number.
    line, extra : int
        Points of a line, and frames beyond them in every line; negative: positions beyond the frames.
    """
    number = np.arange(M)
    if not line:
        return _within(number + lag, M)
    row, place = np.divmod(number, line + extra)
    return _within(np.where(place < line, row * line + place, -1), M)


def pairings(positions: NDArray[np.float64]) -> Iterator[Pairing]:
    """The pairings that are worth a try, for all positions (M, 2) of a scan in their order."""
    M = len(positions)
    for lag in LAGS:
        said = f"frame i belongs to position i {'+' if lag > 0 else '-'} {abs(lag)}"
        rule = {"lag": lag}
        yield Pairing("lag", f"{said}: drop the first frames or positions", rule, owners(M, **rule))
    n = line_length(positions)
    if n is None:
        return
    for extra in EXTRA:
        what = f"drop {extra} extra frame{'s' * (extra > 1)} after every {n}"
        if extra < 0:
            what = f"drop {-extra} extra position{'s' * (extra < -1)} at the end of every {n}"
        rule = {"line": n, "extra": extra}
        yield Pairing("flyback", what, rule, owners(M, **rule))


def _within(owner: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    return np.where((owner >= 0) & (owner < M), owner, -1)
