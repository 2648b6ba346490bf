"""Frames that probe and object explain at another place of the object: a counter that ran over, or lost places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.placing import wishes
from conformance.files.diagnose.repairs import Repair

RAN_OVER, MISPLACED = "a counter that ran over", "other places for a part of them"
"""Names of the repairs."""

_MOST_PLACES, _FINEST, _MOST_PIXELS, _AT_ONCE = 4000, 3.0, 4096, 64
"""Places that are tried, pixels between them at least, pixels of a frame that are compared, and places at a time."""

_FAR, _NEAR, _ALIKE, _TIMES = 5.0, 2.0, 3.0, 3.0
"""Pixels beyond which a frame is elsewhere, within which it is where it is stated, and within which moves are alike;
times by which the other place leaves less."""

_SHARE, _FEWEST, _FOLLOW, _LEAST, _TOLD = 0.1, 3, 0.9, 32.0, 3
"""Part of the frames, and frames, that must be elsewhere; part that must follow a period, and the shortest one; frames
that are named."""


def misplaced(forward: Forward) -> Repair | None:
    """Give frames the place of the object that they fit; None where most fit their own, or none.

    Parameters
    ----------
    forward : Forward
        Some frames as stored.
    """
    moves, far = _elsewhere(forward)
    if far.sum() < max(_FEWEST, _SHARE * len(far)):
        return None
    own = np.hypot(*moves.T) < _NEAR
    # A counter runs over wherever the scan goes on; what all stands at one place was put there.
    together = bool(np.ptp(forward.s[far], axis=0).max() < _NEAR)
    if not together and (counted := _counted(forward, moves, far | own)) is not None:
        return counted
    if own.sum() < max(_FEWEST, 2 * _SHARE * len(far)) or (far | own).mean() < _FOLLOW:
        return None
    if together:
        row, column = np.median(forward.s[far], axis=0)
        what = (
            f"leave out, or find the places of, the {int(far.sum())} of {len(far)} frames looked at that all stand at "
            f"x = {column:.5g}, y = {row:.5g}, where none of them belongs: places that were filled in, or a stage that "
            "went home"
        )
        return Repair(MISPLACED, "order", what, forward.s + moves * far[:, np.newaxis], forward.amplitude)
    told = ", ".join(
        f"frame {forward.index[k]} by {moves[k][1]:+.0f}, {moves[k][0]:+.0f}" for k in np.flatnonzero(far)[:3]
    )
    what = (
        f"find the places of {int(far.sum())} of {len(far)} frames that were looked at: the object explains them far "
        f"from where they are stated (x, y of {told}, ...)"
    )
    return Repair(MISPLACED, "order", what, forward.s + moves * far[:, np.newaxis], forward.amplitude)


def _elsewhere(forward: Forward) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Moves (m, 2) to where each frame fits best on the object, and whether it lies far from where it is stated."""
    best, step = _places(forward)
    moved, left = wishes(replace(forward, s=best), float(np.ceil(step / 2)))
    near, stored = wishes(forward, _NEAR)
    moves = best + moved - forward.s
    far = (left * _TIMES < stored) & (np.hypot(*moves.T) > _FAR)
    return np.where(far[:, np.newaxis], moves, near), far


def _places(forward: Forward) -> tuple[NDArray[np.float64], float]:
    """The place (m, 2) of a lattice over the object at which the pattern is most like each frame, and its spacing."""
    sides = [max(side - forward.N, 0) for side in forward.object.shape]
    step = max(_FINEST, float(np.sqrt(np.prod([side + 1.0 for side in sides]) / _MOST_PLACES)))
    rows, columns = (np.arange(forward.N / 2, forward.N / 2 + side + 0.5, step) for side in sides)
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    measured = (forward.amplitude * forward.good).reshape(len(forward.s), -1)
    bright = np.argsort(-measured.mean(axis=0))[:_MOST_PIXELS]
    most, best = np.zeros(len(measured)), np.zeros(len(measured), np.int64)
    for first in range(0, len(places), _AT_ONCE):
        made = forward.simulated(places[first : first + _AT_ONCE]).reshape(-1, forward.N**2)[:, bright]
        made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-30)
        alike = measured[:, bright] @ made.T
        better = alike.max(axis=1) > most
        best[better], most[better] = first + alike.argmax(axis=1)[better], alike.max(axis=1)[better]
    return places[best], step


def _counted(forward: Forward, moves: NDArray[np.float64], told: NDArray[np.bool_]) -> Repair | None:
    """Every frame some periods further along an axis, or along both; None where they are not so."""
    if told.mean() < _FOLLOW:
        return None
    moved, words = np.zeros_like(moves), list[str]()
    for axis, name in ((1, "x"), (0, "y")):
        period, begin, times = _periods(moves[told, axis])
        moved[told, axis] = begin + period * times
        if (np.abs(moves[told, axis] - moved[told, axis]) > _ALIKE).mean() > 1 - _FOLLOW:
            return None
        if period:
            also = f", and {begin:.4g}" if abs(begin) > _NEAR else ""
            words.append(
                f"to {name} multiples of {period:.5g}{also}, as {int((times > 0).sum())} of {len(times)} frames that "
                "were looked at ask"
            )
    if not words:
        return None
    what = f"add {' and '.join(words)}: read the counter in a wider type"
    return Repair(RAN_OVER, "order", what, forward.s + moved, forward.amplitude)


def _periods(moves: NDArray[np.float64]) -> tuple[float, float, NDArray[np.float64]]:
    """The period of moves (m,) that lie in heaps, where they begin, and how many periods each is; 0 of one heap."""
    ordered = np.sort(moves)
    heaps = [one for one in np.split(ordered, np.flatnonzero(np.diff(ordered) > _ALIKE) + 1) if len(one) >= _FEWEST]
    begin = float(np.median(heaps[0] if heaps else ordered))
    # Places that are stated rightly are so to a part of a pixel.
    begin = 0.0 if abs(begin) < _NEAR else begin
    still = float(np.median(moves)), np.zeros(len(moves))
    if len(heaps) < 2:
        return 0.0, *still
    measured = float(np.median(heaps[1])) - begin
    for period in (2.0 ** round(np.log2(measured)), measured):
        times = np.rint((moves - begin) / period)
        if period >= _LEAST and (np.abs(moves - begin - period * times) < _ALIKE).mean() > _FOLLOW:
            return period, begin, times
    return 0.0, *still
