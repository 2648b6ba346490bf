"""What frames show by the place where they were taken: patterns that go with the scan, light that neighbours lack."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.steps import centres
from conformance.files.rules.view import View
from conformance.files.survey import Floats, sketched

_FEWEST, _FAR, _EXPLAINED, _BEYOND, _APART = 40, 2.0, 0.75, 3.0, 0.5
_LARGEST = 1e100
_AS_WHOLE, _BY_WHOLE = 0.65, 0.6
"""Part of how the patterns change with the place that a motion as a whole explains, and of how far their centre moves
that it must move them: an object that shades the beam moves the centre, and leaves the rim where it is."""

_SHARED, _UNLIKE, _UNSTEADY, _OF_NOISE = 0.8, 0.6, 0.08, 3.0


def descanned(view: View) -> Iterator[Finding]:
    """FIL-009: patterns that move over the detector as the beam moves over the sample.

    Along the slow axis of a raster that is a drift as well, which moves the mean pattern: one axis tells them apart.

    Parameters
    ----------
    view : View
    """
    places = centres(view)
    if places is None or view.x is None or view.y is None or view.M < _FEWEST:
        return
    points = np.stack([view.x, view.y], axis=1)
    spans = np.ptp(points, axis=0)
    if not spans.all():
        return
    plane = np.column_stack([np.ones(view.M), (points - points.mean(axis=0)) / spans])
    in_time = np.column_stack([np.ones(view.M), np.linspace(-1, 1, view.M)])
    whole = _moved_as_a_whole(view, plane[:, 1:])
    moves, told_apart = [], False
    for values, word, by in zip(places, ("row", "column"), whole, strict=True):
        slopes = np.linalg.lstsq(plane, values, rcond=None)[0]
        fitted = plane @ slopes
        rest = values - fitted
        drifting = values - in_time @ np.linalg.lstsq(in_time, values, rcond=None)[0]
        most = int(np.abs(slopes[1:]).argmax())
        moves_all = by[most] * np.sign(slopes[1 + most]) > _BY_WHOLE * abs(slopes[1 + most])
        if abs(slopes[1 + most]) > _FAR and moves_all and _is_plane(values, rest, points):
            told_apart |= bool(rest.var() < _APART * drifting.var())
            moves += [
                f"{slope:+.2g} {word}s along {axis}"
                for slope, axis in zip(slopes[1:], "xy", strict=True)
                if abs(slope) > _FAR / 2
            ]
    if moves and told_apart:
        problem = (
            f"the patterns move over the detector with the place of the beam, {', '.join(moves)} over the scan: the "
            "beam is tilted as it is moved (descan), unless the sample as a whole is a lens; centre each frame by the "
            "plane that fits the centres"
        )
        yield Finding("FIL-009", Severity.WARNING, view.stack, problem)


def _moved_as_a_whole(view: View, places: Floats) -> Floats:
    """How far patterns move as a whole, (2, 2): along rows and columns, over the spans of x and y; 0 where they do not.

    Parameters
    ----------
    view : View
    places : numpy.ndarray
        (M, 2) x and y in parts of their spans, without a mean.
    """
    sketches = view.survey.sketches
    totals = sketches.sum(axis=1, keepdims=True)
    if not max(float(np.abs(one).max(initial=0.0)) for one in (sketches, view.survey.sums)) < _LARGEST:
        return np.zeros((2, 2))
    mean = view.survey.sums / max(float(view.survey.sums.sum()), 1e-300)
    plane = np.column_stack([np.ones(len(sketches)), places[: len(sketches)]])
    changes = np.linalg.lstsq(plane, sketches / np.where(totals > 0, totals, 1.0), rcond=None)[0][1:]
    shifted = [(np.roll(mean, 1, axis) - np.roll(mean, -1, axis)) / 2 for axis in (0, 1)]
    steps = np.stack([sketched(one).ravel() for one in shifted], axis=1)
    moves = np.linalg.lstsq(steps, changes.T, rcond=None)[0]
    left = ((changes.T - steps @ moves) ** 2).sum(axis=0) / np.maximum((changes**2).sum(axis=1), 1e-300)
    return np.asarray(moves * (left < 1 - _AS_WHOLE))


def _is_plane(values: Floats, rest: Floats, points: Floats) -> bool:
    """Whether a plane explains values, in each quarter of the scan as well: an object moves patterns here and there."""
    if float(rest.var()) > (1 - _EXPLAINED) * float(values.var()):
        return False
    middle = np.median(points, axis=0)
    quarters = (points[:, 0] > middle[0]) * 2 + (points[:, 1] > middle[1])
    means = [float(rest[quarters == one].mean()) for one in range(4) if (quarters == one).any()]
    return max(map(abs, means)) < float(values.std()) / _BEYOND


def flickering(view: View, quantum: float) -> Iterator[Finding]:
    """FIL-004: light that goes up and down over the scan by more than the object makes it, and counting.

    What the object absorbs is nearly one for frames that lie side by side, so that their power is, too. Where the
    object is known, :func:`~conformance.files.rules.flux.unsteady` knows more.

    Parameters
    ----------
    view : View
    quantum : float
        Intensity of one count.
    """
    if view.expected is not None or view.places is None or view.probe is None or not (view.flux > 0).all():
        return
    level = np.log(view.flux)
    varies = _spread(level - np.median(level))
    noise = float(np.sqrt(quantum / np.median(view.flux)))
    if varies < max(_UNSTEADY, _OF_NOISE * noise):
        return
    there, other = level[view.places.last], view.places.others
    shared = _shared(view.probe, view.places.points[other] - view.places.points)
    near = shared > _SHARED
    if near.sum() < _FEWEST:
        return
    apart = _spread((there[other] - there)[near]) / np.sqrt(2)
    after = _spread(np.diff(level)) / np.sqrt(2)
    # Frames in another order than their points are still like those that follow them.
    if min(apart, after) ** 2 > _UNLIKE * varies**2:
        problem = (
            f"the power of the frames goes up and down by {varies:.0%}, and by as much where two of them see "
            f"{float(np.median(shared[near])):.0%} of one part of the object: the beam flickers from frame to "
            "frame (pulses, an unsteady source), or frames and positions are not paired"
        )
        yield Finding("FIL-004", Severity.WARNING, view.stack, problem)


def _shared(probe: NDArray[np.complex128], moves: Floats) -> Floats:
    """(m,) share of the illumination that two beams (m, 2) apart, x first, have in common."""
    light = (np.abs(probe) ** 2).sum(axis=0)
    side = len(light)
    like = np.fft.irfft2(np.abs(np.fft.rfft2(light, (2 * side, 2 * side))) ** 2) / max(float((light**2).sum()), 1e-300)
    columns, rows = np.clip(np.rint(moves), -side, side).astype(np.int64).T
    return np.asarray(like[rows, columns])


def _spread(values: Floats) -> float:
    """Standard deviation of values, but for those that lie far aside."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
