"""Positions that were counted in too few bits: where the counter ran over, an axis jumps and the scan goes on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length

_FEWEST, _JUMP, _STEPS = 16, 0.5, 4.0
"""Points below which nothing is told; parts of an axis, and its steps, that a jump is longer than."""

_FROM_THE_END, _ALIKE, _MOST = 1.6, 0.5, 0.8
"""Steps from either end of an axis between which it jumps; steps within which it goes on; part of the jumps."""

_BITS, _EXACT = (8, 16, 24, 32), 0.15
"""Of counters, and steps within which jumps between lines are of as many counts as so many bits hold."""


@dataclass(frozen=True)
class Overflow:
    """An axis whose counter ran over.

    Attributes
    ----------
    axis : int
        0 for x, 1 for y.
    period : float
        What is lost at each jump, in the unit of the positions.
    at : (j,) int64
        Points before which it jumps.
    lost : (M,) int64
        Periods that each point has lost.
    """

    axis: int
    period: float
    at: NDArray[np.int64]
    lost: NDArray[np.int64]

    @property
    def sentence(self) -> str:
        """What is seen."""
        many = f"{len(self.at)} times, " if len(self.at) > 1 else ""
        bits = _bits_of(self.period)
        counts = f"{self.period:.0f}, all that {bits} bits hold" if bits else f"{self.period:.5g}, as a counter does"
        return (
            f"{'xy'[self.axis]} jumps from one end of its range to the other while the scan goes on ({many}first at "
            f"point {self.at[0]}): it ran over at {counts}"
        )

    @property
    def remedy(self) -> str:
        """What would mend it."""
        return f"add {self.period:.5g} to {'xy'[self.axis]} from each jump on, or read the counter in a wider type"


def overflows(points: NDArray[np.float64]) -> tuple[Overflow, ...]:
    """The axes of positions (M, 2) [x, y] that ran over, in the order of the scan."""
    if len(points) < _FEWEST or not np.isfinite(points).all():
        return ()
    found = (_along_lines(points, axis) or _between_lines(points, axis) for axis in (0, 1))
    return tuple(one for one in found if one is not None)


def continued(points: NDArray[np.float64], found: tuple[Overflow, ...]) -> NDArray[np.float64]:
    """Positions (M, 2) [x, y] with what their counters lost given back."""
    points = points.copy()
    for one in found:
        points[:, one.axis] += one.period * one.lost
    return points


def _bits_of(period: float, within: float = 1.0) -> int | None:
    return next((bits for bits in _BITS if abs(2.0**bits - period) <= within), None)


def _jumps(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Numbers of the steps over a good part of an axis, and its typical step."""
    steps = np.abs(np.diff(values))
    step = float(np.median(steps))
    return np.flatnonzero(steps > max(_JUMP * np.ptp(values), _STEPS * step)), step


def _from_end_to_end(values: NDArray[np.float64], jumps: NDArray[np.int64], step: float) -> bool:
    ends = np.sort(np.stack([values[jumps], values[jumps + 1]]), axis=0)
    reach = _FROM_THE_END * step
    return bool((ends[0] <= values.min() + reach).all() and (ends[1] >= values.max() - reach).all())


def _along_lines(points: NDArray[np.float64], axis: int) -> Overflow | None:
    """An axis that jumps in the midst of lines, where the other one goes on as before."""
    along, across = points[:, axis], points[:, 1 - axis]
    every, step = _jumps(along)
    every = every[(every >= 1) & (every <= len(along) - 3)]
    steps, aside = np.diff(along), np.abs(np.diff(across))
    against = (steps[every - 1] * steps[every] < 0) & (steps[every + 1] * steps[every] < 0)
    jumps = every[against]
    if len(jumps) < 2 or not _from_end_to_end(along, jumps, step):
        return None
    before, after = steps[jumps - 1], steps[jumps + 1]
    breaks = np.array([i + 1 + int(aside[i + 1 : j].argmax()) for i, j in pairwise(jumps) if j > i + 1], np.int64)
    if len(breaks) < len(jumps) - 1:
        return None
    # A line may run over twice: then there is no other line in between.
    between = float(np.quantile(aside[breaks], 0.9))
    breaks = breaks[aside[breaks] > _ALIKE * between]
    # A line that ends beyond the jump goes back over it.
    if (~np.isin(every[~against], breaks)).sum() > 1:
        return None
    on = np.abs(before - after) < 2 * _ALIKE * step
    on &= np.abs(aside[jumps] - (aside[jumps - 1] + aside[jumps + 1]) / 2) < _ALIKE * between
    periods = np.abs(steps[jumps]) + np.abs(before + after) / 2
    period = float(np.median(periods))
    if on.mean() < _MOST or (np.abs(periods - period) > _ALIKE * 2 * step).any():
        return None
    lost = _lost(-np.sign(steps[jumps]).astype(np.int64), jumps + 1, breaks + 1, len(along))
    return Overflow(axis, _rounded(period, step), jumps + 1, lost)


def _lost(back: NDArray[np.int64], at: NDArray[np.int64], begins: NDArray[np.int64], M: int) -> NDArray[np.int64]:
    """Periods (M,) that each point has lost, who lose one at some points; every line begins where the first does."""
    change = np.zeros(M, np.int64)
    change[at] = back
    lost = np.cumsum(change)
    if not (back == back[0]).all():
        # To and fro: what is lost on the way there is found on the way back.
        return lost
    number = np.searchsorted(begins, np.arange(M), "right")
    first = np.concatenate([[0], lost[begins - 1]])
    return np.asarray(lost - first[number] if len(begins) else lost)


def _between_lines(points: NDArray[np.float64], axis: int) -> Overflow | None:
    """An axis along which lines follow each other, that jumps by as many counts as so many bits hold."""
    n = line_length(points)
    if n is None or len(points) < 4 * n:
        return None
    lines = np.median(points[: len(points) // n * n, axis].reshape(-1, n), axis=1)
    jumps, step = _jumps(lines)
    if not _from_end_to_end(lines, jumps, step):
        return None
    forward = np.delete(np.diff(lines), jumps)
    if not 0 < len(jumps) <= 3 or not step > 0 or not (np.abs(forward - np.median(forward)) < _ALIKE * step).all():
        return None
    going = float(np.mean(forward))
    period = float(np.median(np.abs(np.diff(lines)[jumps]))) + abs(going)
    bits = _bits_of(period, _EXACT * step)
    if bits is None or (np.diff(lines)[jumps] * going > 0).any():
        return None
    period, lowest = 2.0**bits, float(lines.min())
    if min(abs(lowest), abs(lowest + period / 2)) > _FROM_THE_END * step:
        return None
    expected = lines[0] + going * (np.arange(len(points)) // n)
    lost = np.rint((expected - points[:, axis]) / period).astype(np.int64)
    return Overflow(axis, period, np.flatnonzero(np.diff(lost)) + 1, lost)


def _rounded(period: float, step: float) -> float:
    bits = _bits_of(period, _ALIKE * step)
    return 2.0**bits if bits else period
