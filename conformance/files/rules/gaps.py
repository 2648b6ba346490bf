"""Dead gaps and modules of a detector, told by their straight edges, and single pixels that outshine all around."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from conformance.files.survey import Floats

Kind = TypeVar("Kind", bound=np.generic)
_BOTH, _ONE, _SHORTEST = 2.5, 3.0, 8
_EDGE_LIT = 0.4
_NARROWEST = 5
_OUTSHINES, _FEWEST_HOT, _MOST_HOT = 100.0, 3, 1e-3


def dead_beyond_edges(counts: Floats, zero: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """(N, N): pixels that never count, behind an edge so long and straight that no pattern ends like this.

    Parameters
    ----------
    counts : numpy.ndarray
        (N, N) counts of each pixel, of all frames together.
    zero : numpy.ndarray
        (N, N) pixels that never count.
    least : float
        Counts from which on a neighbour is lit beyond doubt.
    """
    beyond = _along(counts, zero, least) | _along(counts.T, zero.T, least).T | _corners(counts, zero, least)
    return beyond | _enclosed(counts > least, zero)


def _enclosed(lit: NDArray[np.bool_], zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rectangles that never count, with light along the whole of all four sides: the dark middle of a ring is round."""
    from scipy.ndimage import find_objects, label

    found = np.zeros_like(zero)
    named, _ = label(zero)
    for number, box in enumerate(find_objects(named), 1):
        (top, bottom), (left, right) = ((one.start, one.stop) for one in box)
        if min(bottom - top, right - left) < _NARROWEST or not (named[box] == number).all():
            continue
        if not (top and left and bottom < len(zero) and right < zero.shape[1]):
            continue
        beside = lit[(top - 1, bottom), left:right], lit[top:bottom, (left - 1, right)]
        found[box] = all(edges.all() for edges in beside)
    return found


def _corners(counts: Floats, zero: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Modules at a corner of the frame: rectangles that never count, whose straight lit edges meet at a right angle.

    The edge of a pattern bulges towards the dark; no pattern leaves out a rectangle.
    """
    found = np.zeros_like(zero)
    for rows, columns in product((1, -1), repeat=2):
        flip = (slice(None, None, rows), slice(None, None, columns))
        found[flip] |= _last_corner(counts[flip] > least, zero[flip])
    return found


def _last_corner(lit: NDArray[np.bool_], zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same for the corner of the last row and the last column."""
    found = np.zeros_like(zero)
    empty = np.logical_and.accumulate(np.logical_and.accumulate(zero[::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    first = empty[1:, 1:] & lit[:-1, 1:] & lit[1:, :-1]
    for row, column in np.argwhere(first) + 1:
        above, beside = lit[row - 1, column:], lit[row:, column - 1]
        runs = [int(np.argmin(edge)) if not edge.all() else len(edge) for edge in (above, beside)]
        if min(runs) >= _SHORTEST and sum(runs) >= _ONE * np.sqrt(max(zero.shape)):
            found[row:, column:] = True
    return found


def _along(counts: Floats, zero: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """The same for edges that run along rows."""
    found = np.zeros_like(zero)
    lit = counts > least
    side = max(zero.shape)
    # Per boundary between two rows: where the upper is lit and the lower dead, and the other way round.
    falls, rises = lit[:-1] & zero[1:], zero[:-1] & lit[1:]
    for row in np.flatnonzero(falls.sum(axis=1) >= _SHORTEST):
        columns = falls[row]
        below = zero[row + 1 :, columns].all(axis=1)
        depth = int(np.argmin(below)) if not np.all(below) else len(zero) - row - 1
        last = row + depth
        shared = columns & rises[last] if last < len(rises) else np.zeros_like(columns)
        open_end = last == len(zero) - 1
        long_enough = shared.sum() >= max(_SHORTEST, _BOTH * np.sqrt(side))
        if long_enough or (open_end and _longest_run(columns) >= max(_SHORTEST, _ONE * np.sqrt(side))):
            found[row + 1 : last + 1] |= zero[row + 1 : last + 1]
    for row in np.flatnonzero(rises.sum(axis=1) >= _SHORTEST):
        columns = rises[row]
        if zero[: row + 1, columns].all() and _longest_run(columns) >= max(_SHORTEST, _ONE * np.sqrt(side)):
            found[: row + 1] |= zero[: row + 1] & columns
    return found


def padding_around(counts: Floats, zero: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """(N, N): a rim of one width on all four sides that never counts, with light along most of its inner edge.

    Parameters
    ----------
    counts : numpy.ndarray
        (N, N) counts of each pixel, of all frames together.
    zero : numpy.ndarray
        (N, N) pixels that never count.
    least : float
        Counts from which on a neighbour is lit beyond doubt.
    """
    rim = np.zeros_like(zero)
    lit = [np.flatnonzero(~zero.all(axis=axis)) for axis in (1, 0)]
    if not all(len(lines) >= _SHORTEST for lines in lit):
        return rim
    (top, bottom), (left, right) = ((int(lines[0]), int(lines[-1])) for lines in lit)
    widths = top, len(zero) - 1 - bottom, left, zero.shape[1] - 1 - right
    # Frames of an even side are padded by one line less on one side at most.
    if min(widths) < 1 or max(widths) - min(widths) > 1:
        return rim
    inner = counts[top : bottom + 1, left : right + 1] > least
    edges = [float(edge.mean()) for edge in (inner[0], inner[-1], inner[:, 0], inner[:, -1])]
    rim[:] = sorted(edges)[1] > _EDGE_LIT
    rim[top : bottom + 1, left : right + 1] = False
    return rim


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def outshining_pixels(
    intensity: Floats, usable: NDArray[np.bool_], centre: int = 2, least: float = 0.0
) -> NDArray[np.bool_]:
    """(N, N): single pixels that outshine all their neighbours by far, away from the beam's own spot.

    Parameters
    ----------
    intensity : numpy.ndarray
        (N, N) mean intensity.
    usable : numpy.ndarray
        (N, N) pixels that may be judged.
    centre : int
        Half the side of the square in the middle that is left out.
    least : float
        Mean intensity of one count in all frames, which neighbours that never count may have missed.
    """
    # One after the other: eight copies of a large pattern at once would be most of what a file may cost.
    around = np.maximum(reduce(np.maximum, neighbours(np.where(usable, intensity, 0.0))), least)
    held = reduce(np.add, neighbours(usable.astype(np.uint8)))
    rows, columns = intensity.shape
    found = usable & (held >= 5) & (around > 0) & (intensity > _OUTSHINES * around)
    middle = slice(rows // 2 - centre, rows // 2 + centre + 1), slice(columns // 2 - centre, columns // 2 + centre + 1)
    found[middle] = False
    # A pattern of many sharp spots is a pattern.
    few = found.sum() <= max(_FEWEST_HOT, _MOST_HOT * found.size)
    return found if few else np.zeros_like(found)


def neighbours(image: NDArray[Kind]) -> Iterator[NDArray[Kind]]:
    """Yield the eight neighbours of every pixel of an image (N, N), 0 beyond the border.

    Parameters
    ----------
    image : numpy.ndarray
    """
    padded = np.pad(image, 1)
    rows, columns = image.shape
    for i, j in product(range(3), repeat=2):
        if (i, j) != (1, 1):
            yield padded[i : i + rows, j : j + columns]
