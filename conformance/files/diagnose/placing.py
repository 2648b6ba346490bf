"""Where single frames want to lie, and what they have in common there: a shift, a scale, a turn, a line's way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward

REACH = 2.0
"""Pixels to each side within which a frame is moved."""


def wishes(forward: Forward, reach: float = REACH) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move (m, 2) in pixels at which each frame by itself fits best, and the misfit (m,) there."""
    best = forward.missed(forward.s)
    move = np.zeros_like(forward.s)
    step = 1.0
    start = np.arange(-reach, reach + 0.1, step)
    around = [(a, b) for a in start for b in start if a or b]
    while step >= 0.25:
        origin = move.copy()
        for one in around:
            tried = origin + one
            misfit = forward.missed(forward.s + tried)
            better = misfit < best
            move[better], best = tried[better], np.minimum(misfit, best)
        step /= 2
        around = [(a * step, b * step) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
    return move, best


@dataclass(frozen=True)
class Wish:
    """A motion that all frames share.

    Attributes
    ----------
    name : str
        ``shift``, ``affine``, ``lines``.
    moves : (m, 2) float64
        In pixels.
    shift : (2,) float64
        Rows and columns.
    matrix : (2, 2) float64
        Factor on positions about their middle.
    along : float
        Pixels along the direction in which the scan moves.
    """

    name: str
    moves: NDArray[np.float64]
    shift: NDArray[np.float64]
    matrix: NDArray[np.float64]
    along: float = 0.0


def common(s: NDArray[np.float64], moves: NDArray[np.float64], directions: NDArray[np.float64] | None) -> list[Wish]:
    """Fit what the moves of frames may have in common, the simplest first.

    Parameters
    ----------
    s : (m, 2)
        Positions of the frames.
    moves : (m, 2)
        What each wants.
    directions : (m, 2) or None
        Unit vectors along which the scan moves at each frame, where they alternate.
    """
    shift = np.median(moves, axis=0)
    found = [Wish("shift", np.broadcast_to(shift, moves.shape), shift, np.eye(2))]
    middle = s.mean(axis=0)
    terms = np.column_stack([np.ones(len(s)), s - middle])
    fit = _robust(terms, moves)
    found.append(Wish("affine", terms @ fit, fit[0], np.eye(2) + fit[1:].T))
    if directions is not None:
        beside, along = _along(moves, directions)
        found.append(Wish("lines", beside + along * directions, beside, np.eye(2), along))
    return found


def _along(moves: NDArray[np.float64], directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The shift (2,) and the way along the lines that moves (m, 2) share: of two kinds of them a median is but one."""
    weights = np.ones(len(moves))
    shift, along = np.zeros(2), 0.0
    for _ in range(10):
        middle, tilt = np.average(moves, 0, weights), np.average(directions, 0, weights)
        power = (weights * ((directions - tilt) ** 2).sum(axis=1)).sum()
        along = float((weights * ((moves - middle) * (directions - tilt)).sum(axis=1)).sum() / max(power, 1e-12))
        shift = middle - along * tilt
        weights = _tukey(np.hypot(*(moves - shift - along * directions).T))
    return shift, along


def _robust(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with Tukey's weights, (n, k) terms to (n, 2) values."""
    weights = np.ones(len(terms))
    fit = np.zeros((terms.shape[1], 2))
    for _ in range(10):
        root = np.sqrt(weights)[:, np.newaxis]
        fit = np.asarray(np.linalg.lstsq(terms * root, values * root, rcond=None)[0], dtype=np.float64)
        weights = _tukey(np.hypot(*(values - terms @ fit).T))
    return fit


def _tukey(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(1 - (residual / (5 * max(float(np.median(residual)), 0.1))) ** 2, 0, None) ** 2 + 1e-6
