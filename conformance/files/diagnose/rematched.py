"""Frames and positions in no order that is known: which position each frame fits, by probe and object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import paired_frames
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.order import owners
from conformance.files.diagnose.repairs import Repair

SHUFFLED, SLIPPED = "shuffled", "lost or doubled frames"
"""Names of the repairs: in no order that is known, and later by more and more frames."""

_MOST_POSITIONS, _MOST_PIXELS, _AT_ONCE = 4000, 4096, 64
_OTHERS, _DISTINCT, _FAR = 0.5, 0.8, 0.5
_TOLD = 3
_AGREEING, _FEWEST_SLIPPED, _MOST_PIECES, _APART = 0.9, 5, 4, 1.0
"""Share of the frames that must follow an order, frames that it must move, frames a piece, and pixels by which one
of its moves differs from the others, as no common shift of the positions does."""


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
    if (ordered := _ordered(forward, s_all, found)) is not None:
        return ordered
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


def _ordered(forward: Forward, s_all: NDArray[np.float64], found: NDArray[np.int64]) -> Repair | None:
    """A lag of all frames, or one that grows where frames were lost or written twice; None where there is neither.

    Frames in no order fall on such steps by no chance: each of them has all positions to fall on.
    """
    M, late = len(s_all), found - forward.index
    lag = int(np.bincount(late % M).argmax())
    alike = late % M == lag
    if lag and alike.mean() >= _AGREEING and _scattered(forward, s_all, found, alike):
        return _lagging(forward, s_all, lag if lag <= M // 2 else lag - M, bool((late[alike] != late[alike][0]).any()))
    for sign in (1, -1):
        agreeing = _rising(sign * late)
        moved = agreeing & (late != 0)
        pieces = np.flatnonzero(np.diff(late[agreeing], prepend=0))
        if agreeing.mean() < _AGREEING or moved.sum() < _FEWEST_SLIPPED or len(pieces) * _MOST_PIECES > len(found):
            continue
        if _scattered(forward, s_all, found, moved):
            return _slipped(forward, s_all, late, agreeing)
    return None


def _scattered(
    forward: Forward, s_all: NDArray[np.float64], found: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> bool:
    """Whether some chosen frames move otherwise than the rest, as none do where positions have another origin."""
    moves = (s_all[found] - forward.s)[chosen]
    return bool(np.sqrt(((moves - np.median(moves, axis=0)) ** 2).sum(axis=1)).max() > _APART)


def _rising(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A longest part of some numbers that never falls, as a choice among them."""
    length, before = np.ones(len(values), int), np.full(len(values), -1)
    for k in range(1, len(values)):
        fits = np.flatnonzero(values[:k] <= values[k])
        if len(fits):
            before[k] = fits[length[fits].argmax()]
            length[k] = length[before[k]] + 1
    chosen, k = np.zeros(len(values), bool), int(length.argmax())
    while k >= 0:
        chosen[k] = True
        k = int(before[k])
    return chosen


def _lagging(forward: Forward, s_all: NDArray[np.float64], lag: int, wraps: bool) -> Repair:
    kind = "rolled" if wraps else "lag"
    owner = owners(len(s_all), kind, lag)
    own = owner[forward.index]
    said = f"frame i belongs to position i {'+' if lag > 0 else '-'} {abs(lag)}"
    what = f"{said}, counted round the end of the scan" if wraps else f"{said}: drop the first frames or positions"
    s = np.where(own[:, np.newaxis] >= 0, s_all[own], forward.s)
    fixes = (paired_frames({"kind": kind, "by": lag, "line": 0}),)
    return Repair("lag", "order", what, s, forward.amplitude, fixes=fixes, owner=owner)


def _slipped(
    forward: Forward, s_all: NDArray[np.float64], late: NDArray[np.int64], agreeing: NDArray[np.bool_]
) -> Repair:
    """Frames at their positions, each as late as the nearest one before it that fits the order."""
    known = np.flatnonzero(agreeing)
    by = late[known[np.maximum(np.searchsorted(known, np.arange(len(late)), "right") - 1, 0)]]
    steps = [k for k in range(len(by)) if by[k] != (by[k - 1] if k else 0)]
    index = forward.index
    told = ", ".join(
        f"{f'from frame {index[k - 1] + 1} to {index[k]} on' if k else 'from the first on'} "
        f"to position i {'+' if by[k] > 0 else '-'} {abs(by[k])}"
        for k in steps[:_TOLD]
    )
    more = f", and so on by {len(steps)} steps" if len(steps) > _TOLD else ""
    why = "frames were lost" if by[-1] > 0 else "frames were written twice, or flown back over"
    what = f"frame i belongs {told}{more}: {why} there; take out what has no partner, and pair the rest one by one"
    return Repair(SLIPPED, "order", what, s_all[np.clip(index + by, 0, len(s_all) - 1)], forward.amplitude)
