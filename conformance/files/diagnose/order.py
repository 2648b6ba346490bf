"""Pairings of frames and positions other than one by one.

A constant lag, extra frames or positions in every line, an order that is reversed, in every second line too, that runs
down the columns of a raster in place of along its rows, with its lines interlaced, or that of file names whose numbers
are sorted as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length

LAGS = (-3, -2, -1, 1, 2, 3)
_FEWEST_NAMES, _MANY_NAMES = 12, 100
_FEWEST_LINES = 4
EXTRA = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which position each frame belongs to.

    Attributes
    ----------
    name : str
        One of :data:`PAIRINGS`.
    what : str
        As a remedy.
    rule : dict
        What :func:`owners` makes it of.
    position_of : (M,) int64
        Number of the position of each frame; -1 where it has none.
    """

    name: str
    what: str
    rule: dict[str, Any]
    position_of: NDArray[np.int64]


def owners(M: int, kind: str, by: int, line: int = 0) -> NDArray[np.int64]:
    """Number (M,) of the position that each frame belongs to; -1 where it has none.

    Parameters
    ----------
    M : int
        Frames, and positions.
    kind : str
        One of :data:`PAIRINGS`.
    by : int
        Positions by which a frame's own comes later than its number, round the end or not; frames beyond the points of
        a line, negative: positions beyond the frames; which of two lines is reversed, the first of them 0; the number
        of the first file. Nothing else has one.
    line : int
        Points of a line.
    """
    return _within(_KINDS[kind](np.arange(M), by, max(line, 1)), M)


def _flyback(number: NDArray[np.int64], by: int, line: int) -> NDArray[np.int64]:
    row, place = np.divmod(number, line + by)
    return np.where(place < line, row * line + place, -1)


def _reversed_lines(number: NDArray[np.int64], by: int, line: int) -> NDArray[np.int64]:
    row, place = np.divmod(number, line)
    return np.where(row % 2 == by, row * line + line - 1 - place, number)


def _interlaced(number: NDArray[np.int64], begin: int, line: int) -> NDArray[np.int64]:
    """Lines 0, 2, 4, ... first, then 1, 3, 5, ...; or these first."""
    row = number // line
    lines = np.arange(int(row.max(initial=0)) + 1)
    order = np.concatenate([lines[lines % 2 == begin], lines[lines % 2 != begin]])
    return order[row] * line + number % line


def _as_text(number: NDArray[np.int64], first: int, _: int) -> NDArray[np.int64]:
    """Numbers from ``first`` on in the order of text: 0, 1, 10, 100, 101, 11, ..."""
    return np.array(sorted(range(first, first + len(number)), key=str), np.int64) - first


_KINDS: Mapping[str, Callable[[NDArray[np.int64], int, int], NDArray[np.int64]]] = {
    "lag": lambda number, by, line: number + by,
    "rolled": lambda number, by, line: (number + by) % len(number),
    "flyback": _flyback,
    "reversed frames": lambda number, by, line: number[::-1].copy(),
    "reversed lines": _reversed_lines,
    "backward lines": lambda number, by, line: number - number % line + (line - 1 - number % line),
    "last line first": lambda number, by, line: len(number) - line - (number - number % line) + number % line,
    "interlaced frames": _interlaced,
    "interlaced positions": lambda number, by, line: np.argsort(_interlaced(number, by, line)),
    "rows for columns": lambda number, by, line: number.reshape(-1, line).T.ravel(),
    "every second position": lambda number, by, line: 2 * number,
    "every second frame": lambda number, by, line: np.where(number % 2 == 0, number // 2, -1),
    "frames by name": _as_text,
    "positions by name": lambda number, by, line: np.argsort(_as_text(number, by, line)),
}
PAIRINGS = frozenset(_KINDS)
"""Names of the pairings that are tried."""


def pairings(positions: NDArray[np.float64]) -> Iterator[Pairing]:
    """The pairings that are worth a try, for all positions (M, 2) of a scan in their order."""
    M, n = len(positions), line_length(positions)
    for lag in LAGS:
        said = f"frame i belongs to position i {'+' if lag > 0 else '-'} {abs(lag)}"
        yield _pairing(M, f"{said}: drop the first frames or positions", "lag", lag)
    yield _pairing(M, "reverse the order of the frames, or of the positions", "reversed frames")
    for one, other in (("position", "frames"), ("frame", "positions")):
        what = f"the {other} belong to every second {one}: take {one}s 0, 2, 4, ... of the whole list"
        yield _pairing(M, what, f"every second {one}")
    for first in (0, 1) if M > _FEWEST_NAMES else ():
        for one, other in (("frames", "positions"), ("positions", "frames")):
            like = "1, 10, 100, 2" if M >= _MANY_NAMES else "1, 10, 11, 2"
            what = (
                f"the {one} lie by names from {first} sorted as text ({like}, ...), the {other} by number: sort both so"
            )
            yield _pairing(M, what, f"{one} by name", first)
    if n is None:
        return
    for extra in EXTRA:
        what = f"drop {extra} extra frame{'s' * (extra > 1)} after every {n}"
        if extra < 0:
            what = f"drop {-extra} extra position{'s' * (extra < -1)} at the end of every {n}"
        yield _pairing(M, what, "flyback", extra, n)
    for odd in (1, 0):
        which = "second" if odd else "first, third, fifth"
        what = f"reverse the order of the frames in every {which} line of {n}: the scan went to and fro, or did not"
        yield _pairing(M, what, "reversed lines", odd, n)
    for begin in (0, 1) if M % n == 0 and M // n >= _FEWEST_LINES else ():
        order = "0, 2, 4, ... first, then 1, 3, 5, ..." if begin == 0 else "1, 3, 5, ... first, then 0, 2, 4, ..."
        for one, other in (("frames", "positions"), ("positions", "frames")):
            what = f"the {one} lie interlaced, lines {order}, the {other} line by line: sort both so (lines of {n})"
            yield _pairing(M, what, f"interlaced {one}", begin, n)
    if M % n == 0 and n < M:
        what = f"frames run down the {n} columns of the raster, positions along its {M // n} rows: transpose the raster"
        yield _pairing(M, what, "rows for columns", 0, n)


def turnings(positions: NDArray[np.float64]) -> Iterator[Pairing]:
    """The pairings that look like a turn of a raster, for all positions (M, 2) of a scan in their order."""
    M, n = len(positions), line_length(positions)
    yield _pairing(M, "reverse the order of the frames, or of the positions", "reversed frames")
    if n is None or M % n or n == M:
        return
    yield _pairing(M, f"reverse the order of the frames in every line of {n}", "backward lines", 0, n)
    yield _pairing(M, f"reverse the order of the {M // n} lines of {n} frames", "last line first", 0, n)
    if n * n == M:
        what = f"frames run down the {n} columns of the raster, positions along its rows: transpose the raster"
        yield _pairing(M, what, "rows for columns", 0, n)


def _pairing(M: int, what: str, kind: str, by: int = 0, line: int = 0) -> Pairing:
    rule = {"kind": kind, "by": by, "line": line}
    return Pairing(kind, what, rule, owners(M, kind, by, line))


def _within(owner: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    return np.where((owner >= 0) & (owner < M), owner, -1)
