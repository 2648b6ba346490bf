"""Frames and positions in no order that is known: which position each frame fits, by probe and object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.repairs import Repair

SHUFFLED = "shuffled"
"""Name of the repair."""

_MOST_POSITIONS, _MOST_PIXELS, _AT_ONCE = 4000, 4096, 64
_OTHERS, _DISTINCT, _FAR = 0.5, 0.8, 0.5
_TOLD = 3


def rematched(forward: Forward, s_all: NDArray[np.float64]) -> Repair | None:
    """Give each frame the position that it fits best; None where most fit their own, or many the same one.

    Parameters
    ----------
    forward : Forward
        Some frames as stored.
    s_all : (M, 2)
        All positions.
    """
    if len(s_all) > _MOST_POSITIONS:
        return None
    measured = (forward.amplitude * forward.good).reshape(len(forward.s), -1)
    bright = np.argsort(-measured.mean(axis=0))[:_MOST_PIXELS]
    measured = measured[:, bright]
    alike = np.empty((len(forward.s), len(s_all)))
    for first in range(0, len(s_all), _AT_ONCE):
        made = forward.simulated(s_all[first : first + _AT_ONCE]).reshape(-1, forward.N**2)[:, bright]
        made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-30)
        alike[:, first : first + _AT_ONCE] = measured @ made.T
    found = alike.argmax(axis=1)
    others = np.flatnonzero(found != forward.index)
    if len(others) < _OTHERS * len(found) or len(np.unique(found)) < _DISTINCT * len(found):
        return None
    away = np.sqrt(((s_all[found] - forward.s) ** 2).sum(axis=1))[others]
    if np.median(away) < _FAR * np.sqrt(s_all.var(axis=0).sum()):
        # What stands a step or two aside was moved there.
        return None
    told = ", ".join(f"frame {forward.index[k]} to position {found[k]}" for k in others[:_TOLD])
    what = (
        f"pair frames and positions anew: {len(others)} of {len(found)} frames that were looked at belong to another "
        f"position than that of their number, in no order that is known ({told}, ...)"
    )
    return Repair(SHUFFLED, "order", what, s_all[found], forward.amplitude)
