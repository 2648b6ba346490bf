"""Counts of any light keep a law: whatever mixture of Poisson laws they are, nothing seems cut away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.rules.counted import cut_above, cut_below
from conformance.files.rules.frames import scaled_each
from conformance.files.rules.view import View
from conformance.files.survey import Survey

Light = Callable[[np.random.Generator], NDArray[np.float64]]
SHAPE = (24, 32, 32)
LIGHTS: dict[str, Light] = {
    "a few photons": lambda rng: rng.gamma(0.2, 2.0, SHAPE),
    "dim and bright": lambda rng: rng.lognormal(0, 2, SHAPE),
    "dark, and 40 everywhere else": lambda rng: 40.0 * (rng.uniform(size=SHAPE) > 0.7),
    "one brightness": lambda rng: np.full(SHAPE, 35.0),
    "three brightnesses": lambda rng: rng.choice([0.0, 5.0, 300.0], SHAPE),
    "a flat top": lambda rng: np.minimum(rng.lognormal(3, 1, SHAPE), 60.0),
}


def view_of(values: NDArray[np.float64]) -> View:
    survey = Survey(len(values), SHAPE[1:])
    survey.add(values, slice(0, len(values)), slice(None), slice(None))
    return View(survey, "diff3d", values.dtype, counts=False)


@pytest.mark.parametrize("light", LIGHTS)
def test_what_was_counted_was_not_cut(light: str) -> None:
    for seed in range(25):
        rng = np.random.default_rng(seed)
        counts = rng.poisson(LIGHTS[light](rng))
        for values in (np.sqrt(counts).astype(np.float32), counts.astype(np.uint32), 3.0 * counts):
            view = view_of(np.asarray(values))
            assert (cut_below(view), cut_above(view)) == ("", 0)


@pytest.mark.parametrize("threshold", [2, 3, 5])
def test_few_counts_that_were_taken_for_none_are_missed(threshold: int) -> None:
    rng = np.random.default_rng(threshold)
    counts = rng.poisson(LIGHTS["dim and bright"](rng))
    view = view_of(np.sqrt(np.where(counts < threshold, 0, counts)).astype(np.float32))
    assert f"are {threshold}: of light" in cut_below(view)


@pytest.mark.parametrize("top", [35, 80])
def test_many_counts_that_end_at_one_number_are_missed(top: int) -> None:
    rng = np.random.default_rng(top)
    counts = np.minimum(rng.poisson(LIGHTS["dim and bright"](rng)), top)
    assert cut_above(view_of(np.sqrt(counts).astype(np.float32))) == top


@pytest.mark.parametrize(("gain", "own"), [(1.0, True), (1.3, False)])
def test_pictures_that_end_each_at_the_largest_of_their_type_were_scaled(gain: float, own: bool) -> None:
    rng = np.random.default_rng(3)
    beam = 900 * np.exp(-((np.indices(SHAPE[1:]) - 16.3) ** 2).sum(axis=0) / 30)
    light = np.sqrt(rng.poisson(beam, SHAPE))
    pictures = np.minimum(np.rint(255 * gain * light / light.max(axis=(1, 2), keepdims=True)), 255).astype(np.uint8)
    assert ("scaled by itself" in scaled_each(view_of(pictures))) == own
