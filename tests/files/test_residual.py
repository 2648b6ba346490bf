"""What is left over between frames and what probe and object make: its reason is named, and none of a sound scan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.reasons import reason_of
from conformance.files.diagnose.residual import residual_of
from conformance.scans.beamline import Setup, beamtime

MADE = beamtime(Setup(beam="defocused", matter="strong", path="jittered", M=100, N=32, photons=2e5, seed=4))
S = MADE.positions[:, ::-1]
Frames = np.ndarray


def told(change: Callable[[Frames, np.random.Generator], Frames]) -> str:
    rng = np.random.default_rng(1)
    counts = change(MADE.counts.astype(np.float64), rng)
    forward = Forward(
        np.sqrt(counts).astype(np.float32),
        S,
        MADE.probe[np.newaxis],
        MADE.object,
        np.ones((32, 32), bool),
        np.arange(len(S)),
    )
    return reason_of(residual_of(forward, S))[0]


def one_quarter(counts: Frames, rng: np.random.Generator) -> Frames:
    counts[:, :16, 16:] = np.rint(counts[:, :16, 16:] * 1.4)
    return counts


def centred(counts: Frames, rng: np.random.Generator) -> Frames:
    return np.stack([np.roll(one, tuple(rng.integers(-3, 4, 2)), (0, 1)) for one in counts])


def drifting(counts: Frames, rng: np.random.Generator) -> Frames:
    return np.stack([np.roll(one, k // 18, 1) for k, one in enumerate(counts)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda counts, rng: counts + rng.poisson(30.0, counts.shape), "a background was left in"),
        (lambda counts, rng: counts + np.rint(0.15 * np.roll(counts, 1, 0)), "of the frame before it"),
        (lambda counts, rng: np.rint((counts + np.roll(counts, -1, 0)) / 2), "of the frame after it"),
        (one_quarter, "rows 0 to 15, columns 16 to 31 hold 1.4"),
        (centred, "in no order of their number or position"),
        (drifting, "with the number of the frame"),
        (lambda counts, rng: np.rint(counts / (1 + counts / counts.max())), "counts are lost at high rates"),
    ],
)
def test_a_reason_is_named(change: Callable[[Frames, np.random.Generator], Frames], words: str) -> None:
    assert words in told(change)


@pytest.mark.parametrize("part", [1.0, 0.1, 0.01])
def test_a_sound_scan_has_none(part: float) -> None:
    assert not told(lambda counts, rng: rng.binomial(counts.astype(np.int64), part).astype(np.float64))


def test_a_permutation_has_none() -> None:
    assert not told(lambda counts, rng: rng.permutation(counts))
