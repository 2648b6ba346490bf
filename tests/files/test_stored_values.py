"""What stored values are, by the numbers that they fall on."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.quantity import quantity_of


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (np.arange(400), "counts"),
        (np.sqrt(np.arange(400)), "amplitude"),
        (np.log1p(np.arange(400)), "log"),
        (np.random.default_rng(0).uniform(0, 9, 400), "unknown"),
        (np.zeros(400), "unknown"),
    ],
)
def test_values_are_told_apart(values: np.ndarray, name: str) -> None:
    assert quantity_of(values.astype(np.float32).reshape(1, 20, 20)).name == name


@pytest.mark.parametrize("base", [float(np.e), 10.0, 2.0])
@pytest.mark.parametrize("added", [1.0, 0.1, 1e-3])
def test_logarithms_are_taken_back(base: float, added: float) -> None:
    counts = np.random.default_rng(2).poisson(np.geomspace(0.1, 3e4, 1024)).reshape(4, 16, 16)
    stored = (np.log(counts + added) / np.log(base)).astype(np.float32)
    found = quantity_of(stored - min(0.0, float(stored.min())))
    assert found.name == "log"
    intensity = found.intensity(stored - min(0.0, float(stored.min()))) / found.unit
    np.testing.assert_allclose(intensity, counts, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("seed", range(8))
def test_amplitudes_of_any_scale_are_no_logarithms(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(np.geomspace(0.1, 3e4, 1024)).reshape(4, 16, 16)
    for stored in (np.sqrt(counts) * rng.uniform(0.01, 3), np.sqrt(counts + rng.normal(0, 0.4, counts.shape) ** 2)):
        assert quantity_of(stored.astype(np.float32)).name != "log"
