"""Positions that were counted in too few bits: where the counter ran over, an axis jumps and the scan goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length

_FEWEST, _JUMP, _STEPS = 16, 0.5, 4.0
"""Points below which nothing is told; parts of an axis, and its steps, that a jump is longer than."""

_FROM_THE_END, _ALIKE, _MOST = 1.6, 0.5, 0.8
"""Steps from either end of an axis between which it jumps; steps within which it goes on; part of the jumps."""

_GAPS = 3.0
"""Mean distances of values from which the range of a counter is not filled by them."""

_LONGER, _TAIL, _TWICE, _ON_THE_WAY, _PARTS = 1.5, 0.05, 2.0, 0.2, 6
"""Steps that a jump is longer than; parts of the steps aside that are left out, and how much farther lines lie apart;
part of the jumps that lie within a line; most jumps between lines."""

_BITS, _EXACT = range(7, 33), 0.15
"""Bits of counters, and steps within which jumps between lines are of as many counts as so many bits hold."""


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
        what = "add" if self.lost.sum() > 0 else "subtract"
        where = f"{'to' if what == 'add' else 'from'} {'xy'[self.axis]}"
        return f"{what} {self.period:.5g} {where} wherever it ran over, or read the counter in a wider type"


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


def filled(values: NDArray[np.float64]) -> float:
    """How much so many bits hold, where values (M,) fill just that from zero on, or about zero; else 0.

    Parameters
    ----------
    values : (M,) float64
    """
    gap = max(_GAPS * float(np.ptp(values)) / max(len(values), 1), 1.0)
    for period in (2.0**bits for bits in _BITS):
        for begin in (0.0, -period / 2):
            ends = float(values.min()) - begin, begin + period - float(values.max())
            if min(ends) >= 0 and max(ends) <= gap:
                return period
    return 0.0


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
    along, breaks = points[:, axis], _line_breaks(points[:, 1 - axis])
    if breaks is None:
        return None
    steps, begins = np.diff(along), np.concatenate([[0], breaks + 1])
    ends = np.append(breaks, len(along) - 1)
    line = np.searchsorted(begins, np.arange(len(steps)), "right") - 1
    inside = np.arange(len(steps)) < ends[line]
    forth = [
        float(np.median(steps[one:other])) if other > one else 0.0 for one, other in zip(begins, ends, strict=True)
    ]
    going = np.asarray(forth)[line]
    step = float(np.median(np.abs(steps[inside])))
    back = inside & (steps * going < 0) & (np.abs(steps) > _ALIKE * step)
    jumps = np.flatnonzero(back & (np.abs(steps) > _LONGER * step))
    if len(jumps) < 2 or len(jumps) < _MOST * back.sum() or not _from_end_to_end(along, jumps, step):
        return None
    aside, others = np.abs(np.diff(points[:, 1 - axis])), inside.copy()
    others[jumps] = False
    if np.median(aside[jumps]) > _TWICE * np.quantile(aside[others], 1 - _TAIL):
        return None
    # Where a line ends, points that are late go back; a counter runs over on the way.
    if (np.minimum(jumps - begins[line[jumps]], ends[line[jumps]] - jumps - 1) > 0).mean() < _ON_THE_WAY:
        return None
    periods = np.abs(steps[jumps]) + np.abs(going[jumps])
    period = float(np.median(periods))
    if (np.abs(periods - period) < _ALIKE * 2 * step).mean() < _MOST:
        return None
    lost = _lost(-np.sign(steps[jumps]).astype(np.int64), jumps + 1, breaks + 1, len(along))
    return Overflow(axis, _rounded(period, step), jumps + 1, lost)


def _line_breaks(across: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Steps after which an axis goes on to the next line, by far more than along one; None where it does not."""
    aside = np.abs(np.diff(across))
    far = aside > _JUMP * np.ptp(across)
    near = np.sort(aside[~far])
    if len(near) < _FEWEST // 2 or near[-1] <= 0:
        return None
    count = np.arange(1, len(near))
    low, high = np.cumsum(near)[:-1] / count, np.cumsum(near[::-1])[::-1][1:] / count[::-1]
    split = int((count * count[::-1] * (high - low) ** 2).argmax()) + 1
    if np.quantile(near[split:], _TAIL) < _TWICE * np.quantile(near[:split], 1 - _TAIL):
        return None
    breaks = np.flatnonzero(far | (aside >= near[split]))
    return breaks if 2 <= len(breaks) < len(aside) / 2 else None


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
    across = points[:, axis]
    period = 2.0 ** np.ceil(np.log2(max(float(np.ptp(across)), 1e-300)))
    if np.log2(period) not in _BITS:
        return None
    on = np.unwrap(across, period=period)
    lost = np.rint((on - across) / period).astype(np.int64)
    n, breaks = line_length(points), _line_breaks(on)
    numbers = [] if breaks is None else [np.searchsorted(breaks, np.arange(len(points)))]
    numbers += [] if n is None or len(points) < 4 * n else [np.arange(len(points)) // n]
    if not lost.any() or not any(_goes_on(on, lost, number, period) for number in numbers):
        return None
    return Overflow(axis, period, np.flatnonzero(np.diff(lost)) + 1, lost)


def _goes_on(on: NDArray[np.float64], lost: NDArray[np.int64], number: NDArray[np.int64], period: float) -> bool:
    """Whether lines (M,) of positions that were counted on follow each other evenly, where they ran over too."""
    many = int(number[-1]) + 1
    lines, passed = (np.array([np.median(one[number == k]) for k in range(many)]) for one in (on, lost))
    steps, jumps = np.diff(lines), np.flatnonzero(np.diff(np.rint(passed)))
    going = float(np.median(steps))
    # A line alone before or after a jump may be a point that lost its place.
    if going == 0 or not 0 < len(jumps) <= _PARTS or jumps[0] < 1 or jumps[-1] > many - 3:
        return False
    reach = _FROM_THE_END * abs(going)
    stored = on - period * lost
    begin = min((0.0, -period / 2), key=lambda one: abs(float(stored.min()) - one))
    filled_up = max(abs(float(stored.min()) - begin), abs(float(stored.max()) - begin - period)) < reach
    # Who begins at one end and stops at the other has scanned as often as it jumped.
    ends = (lines[0] - begin) / period, (lines[-1] - begin) / period
    whole = all(abs(one - np.rint(one)) * period < reach for one in ends)
    even = (np.abs(steps - going) > _ALIKE * abs(going)).mean() <= _TAIL
    exact = bool((np.abs(steps[jumps] - going) < _EXACT * abs(going)).all())
    return bool(filled_up and even and exact and not whole and (np.diff(np.rint(passed)) * going >= 0).all())


def _rounded(period: float, step: float) -> float:
    bits = _bits_of(period, _ALIKE * step)
    return 2.0**bits if bits else period
