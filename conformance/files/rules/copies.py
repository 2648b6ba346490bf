"""Frames that are copies of others: the same sums and moments, digit by digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.rules.view import View
from conformance.files.survey import Floats, is_whole

_SAME, _LIT, _ALIKE = 1e-9, 1e-3, 1e-4
_KEY = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])
_FEWEST_ALIKE, _FEWEST_RUNS = 6, 3


def copies(view: View) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of the frames that show the same sums and moments as an earlier one: elsewhere, and at its place.

    Without noise, frames at one place are alike.
    """
    survey = view.survey
    values, squares = survey.flux
    rows, columns = survey.moments
    shown = np.stack([values, squares, rows.real, rows.imag, columns.real, columns.imag], axis=1)
    lit = np.flatnonzero((view.flux > _LIT * np.median(view.flux)) & np.isfinite(shown).all(axis=1))
    if len(lit) < 2 or survey.steady.all():
        return np.arange(0), np.arange(0)
    scale = np.maximum(1e-300, np.array([values.max(), squares.max(), *[np.abs(values).max()] * 4]))
    # Copies have one key, and stand side by side in its order.
    order = lit[np.argsort((shown[lit] / scale) @ _KEY, kind="stable")]
    near = (np.abs(np.diff(shown[order], axis=0)) <= _SAME * scale).all(axis=1)
    if view.x is None or view.y is None:
        return np.sort(order[1:][near]), np.arange(0)
    moved = (np.diff(view.x[order]) != 0) | (np.diff(view.y[order]) != 0)
    noisy = is_whole(survey.sample) or is_whole(survey.sample**2)
    elsewhere = order[1:][near & moved]
    if not noisy:
        elsewhere = np.setdiff1d(elsewhere, _beside_the_sample(view, shown, order, near))
    return np.sort(elsewhere), np.sort(order[1:][near & ~moved & noisy])


def left_and_found_again(numbers: NDArray[np.integer]) -> bool:
    """Whether frames that are alike are so many, in so many runs, that no buffer was written again and again.

    Parameters
    ----------
    numbers : (n,) int
        Of the frames, rising.
    """
    runs = int((np.diff(numbers) > 1).sum()) + 1
    return len(numbers) >= _FEWEST_ALIKE and runs >= _FEWEST_RUNS


def _beside_the_sample(view: View, shown: Floats, order: NDArray[np.intp], near: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Numbers of the frames without noise that show the beam alone, which is the same wherever no sample is.

    Parameters
    ----------
    view : View
    shown : (M, 6) float64
        Sums and moments of each frame.
    order : (m,)
        Numbers of lit frames, copies side by side.
    near : (m - 1,) bool
        Whether each is a copy of the one before it in that order.
    """
    found = [np.arange(0)]
    beam = _of_the_beam(view)
    for group in np.split(order, np.flatnonzero(~near) + 1):
        returns = left_and_found_again(np.sort(group))
        own = shown[group[0]] / shown[group[0], 0]
        if len(group) > 1 and (returns or (beam is not None and bool((np.abs(own - beam) < _ALIKE).all()))):
            found.append(group)
    return np.concatenate(found)


def _of_the_beam(view: View) -> Floats | None:
    """(6,): sums and moments of the far field of the probe, on the scale of a frame; None where they tell nothing."""
    if view.probe is None or view.counts or view.probe.shape[-2:] != view.survey.sides or not view.measured.all():
        return None
    far = np.fft.fftshift(np.fft.fft2(view.probe, norm="ortho"), axes=(-2, -1))
    beam = np.sqrt((np.abs(far) ** 2).sum(axis=0))
    power = float((beam**2).sum())
    if not np.isfinite(power) or power <= 0:
        return None
    waves = [np.exp(2j * np.pi * np.arange(side) / side) for side in view.survey.sides]
    rows, columns = waves[0] @ beam.sum(axis=1), beam.sum(axis=0) @ waves[1]
    total = float(beam.sum())
    return np.array([total, power, rows.real, rows.imag, columns.real, columns.imag]) / total
