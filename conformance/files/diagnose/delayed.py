"""Positions of another moment than the frames: read at the trigger and not in the middle, or late by part of a step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.fitting import few_of
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.lines import line_directions, line_length
from conformance.files.diagnose.repairs import Repair

DELAYED = "positions of another moment"
"""Name of the repair."""

_STEPS = (-1.5, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.5)
_FINER, _LEAST, _BETTER, _FEWEST = (0.12, 0.06), 0.1, 0.9, 12
"""Steps of the scan by which the best is sought further, the least that is said, part of the misfit that may be left,
and points of a path."""


def delayed(state: Forward, s_all: NDArray[np.float64]) -> Iterator[Repair]:
    """Every frame a part of a step further along the path; none where the path has lines, along which that is a shift.

    Parameters
    ----------
    state : Forward
    s_all : (M, 2)
        All positions, in their order.
    """
    if len(s_all) < _FEWEST or line_length(s_all) is not None or line_directions(s_all) is not None:
        return
    if not np.isfinite(s_all).all() or not np.array_equal(state.s, s_all[state.index]):
        return
    few = state.part(few_of(state, 2))
    left = {0.0: float(few.missed(few.s).mean())}

    def tried(at: float) -> float:
        if at not in left:
            left[at] = float(few.missed(along(s_all, at)[few.index]).mean())
        return left[at]

    best = min((0.0, *_STEPS), key=tried)
    for finer in _FINER:
        best = min((best, best - finer, best + finer), key=tried)
    if abs(best) < _LEAST or left[best] > _BETTER * left[0.0]:
        return
    way = "on" if best > 0 else "back"
    what = (
        f"move every position by {abs(best):.2g} of a step {way} along the path: take the positions in the middle of "
        "the exposures, by one clock"
    )
    yield Repair(DELAYED, "path", what, along(s_all, best)[state.index], state.amplitude)


def along(s_all: NDArray[np.float64], steps: float) -> NDArray[np.float64]:
    """Positions (M, 2) so many steps further along the path, which goes on evenly beyond its ends."""
    number, last = np.arange(len(s_all), dtype=np.float64) + steps, len(s_all) - 1
    first = np.clip(np.floor(number).astype(np.int64), 0, last - 1)
    part = (number - first)[:, np.newaxis]
    return np.asarray((1 - part) * s_all[first] + part * s_all[first + 1])
