"""Frames of which a part was not read: runs of lit pixels that hold nothing, or what the frame before held there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_PIXELS, _MOST_LIT, _FIRST = 1 << 13, 1 << 10, 16
_OFTEN, _COUNTS, _CHANGES = 0.75, 8.0, 0.7
"""Part of the first frames in which a pixel holds light, how many counts, and part of the steps at which it changes."""


class Runs:
    """The longest runs of some lit pixels, in the order of memory, that are odd in each frame.

    Attributes
    ----------
    lit : int
        How many pixels are looked at; none where frames are not stored one after the other, or hold few counts.
    nothing, repeats : numpy.ndarray
        (M,) pixels of the longest run that holds nothing, and that holds what the frame before held.
    alike : numpy.ndarray
        (M,) pixels that hold what the frame before held, in runs or not, light or nothing.

    Parameters
    ----------
    M : int
    """

    def __init__(self, M: int) -> None:
        self.lit = 0
        self.nothing, self.repeats, self.alike = (np.zeros(M, np.int32) for _ in range(3))
        self._at: NDArray[np.intp] | None = None
        self._before: NDArray[Any] | None = None

    def add(self, block: NDArray[Any], first: int) -> None:
        """Take in the next whole frames (m, N, N), the first of them that of a number."""
        flat = block.reshape(len(block), -1)
        if self._at is None:
            self._at = _lit_pixels(flat)
            self.lit = len(self._at)
        if not self.lit:
            return
        values = flat[:, self._at]
        before = values[:1] if self._before is None else self._before
        here = slice(first, first + len(values))
        self.nothing[here] = _longest(values == 0)
        same = values == np.concatenate([before, values[:-1]])
        if self._before is None:
            same[0] = False
        self.repeats[here] = _longest(same & (values != 0))
        self.alike[here] = same.sum(axis=1)
        self._before = values[-1:].copy()


def _lit_pixels(flat: NDArray[Any]) -> NDArray[np.intp]:
    """Numbers of some pixels of frames (m, n) that hold counts in most of the first frames, and seldom the same."""
    some = np.unique(np.linspace(0, flat.shape[1] - 1, min(flat.shape[1], _MOST_PIXELS)).astype(np.intp))
    values = flat[:_FIRST, some].astype(np.float64)
    if len(values) < _FIRST // 2:
        return some[:0]
    with np.errstate(invalid="ignore", over="ignore"):
        whole = bool((values == np.rint(values)).all())
        counts = values if whole else values**2
        least = counts[counts > 0].min(initial=np.inf)
        lit = ((counts > 0).mean(axis=0) > _OFTEN) & (np.median(counts, axis=0) > _COUNTS * least)
        lit &= (values[1:] != values[:-1]).mean(axis=0) > _CHANGES
    found = some[lit]
    evenly = np.linspace(0, len(found) - 1, min(len(found), _MOST_LIT)).astype(np.intp)
    return np.asarray(found[np.unique(evenly)], np.intp)


def _longest(odd: NDArray[np.bool_]) -> NDArray[np.int32]:
    """(m,) longest run in each row of flags (m, n)."""
    number = np.arange(1, odd.shape[1] + 1, dtype=np.int32)
    last = np.maximum.accumulate(np.where(odd, np.int32(0), number), axis=1)
    return np.asarray((number - last).max(axis=1), np.int32)
