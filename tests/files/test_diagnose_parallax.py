"""Images that pixels of the beam see of the scan: right in every orientation, and silent where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.parallax import parallax
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.shadow import shadow
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.scans.beamline import Setup, beamtime
from tests.files.diagnosed import siemens, sound, stored_so_that

TURNS = (EIGHT[0], EIGHT[5], EIGHT[6], Turn(False, 25.0), Turn(True, 200.0))


def sample_of(scan: Scan) -> Sample:
    return take(scan, lambda values: values, np.random.default_rng(0))


@pytest.mark.parametrize("turn", TURNS)
def test_images_that_move_with_the_pixel_tell_the_turn(turn: Turn) -> None:
    """Analytic: pixel k holds a sum of waves over the scan, read at the canonical position plus 0.4 k."""
    rng = np.random.default_rng(5)
    N, side = 24, np.arange(16.0)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2) + rng.uniform(-0.2, 0.2, (256, 2))
    k = np.indices((N, N)).reshape(2, -1).T - N / 2
    disc = np.hypot(*k.T) < 7
    waves, phases = rng.normal(0, 1.0, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
    at = places[:, np.newaxis] + 0.4 * k
    seen = 1 + 0.03 * np.cos(at @ waves.T + phases).sum(axis=-1)
    frames = (disc * seen).reshape(-1, N, N).astype(np.float32)
    stored = places @ turn.inverse.matrix.T
    found = parallax(Sample(frames, stored, np.arange(256), np.ones((N, N), dtype=bool)), rng)
    assert found.decided
    assert found.turn is not None
    assert found.turn.apart(turn, 180.0) < 4


def test_where_no_frame_shows_a_shadow_pixels_see_one() -> None:
    turn = Turn(True, 70.0)
    made = beamtime(Setup("defocused", "particles", "jittered", 400, 32, 0.2, 3000, 4))
    sample = sample_of(Scan(made.counts, stored_so_that(turn, made.positions)))
    found = parallax(sample, np.random.default_rng(1))
    assert found.decided
    assert found.turn is not None
    assert found.turn.apart(turn, 180.0) < 8
    assert not shadow(sample, np.random.default_rng(1)).decided


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_positions_say_nothing(seed: int) -> None:
    made, rng = sound(), np.random.default_rng(seed)
    assert not parallax(sample_of(Scan(made.counts, rng.permutation(made.positions))), rng).decided


def test_frames_that_are_all_alike_say_nothing() -> None:
    made, rng = sound(), np.random.default_rng(8)
    alike = rng.poisson(np.broadcast_to(made.counts.mean(axis=0), made.counts.shape))
    assert not parallax(sample_of(Scan(alike, made.positions)), rng).decided


def test_few_points_or_points_on_one_place_say_nothing() -> None:
    made, rng = sound(), np.random.default_rng(0)
    assert parallax(sample_of(Scan(made.counts[:20], made.positions[:20])), rng).turn is None
    assert not parallax(sample_of(Scan(made.counts, np.zeros_like(made.positions))), rng).decided


@pytest.mark.parametrize("turn", [EIGHT[0], EIGHT[3], Turn(True, 30.0)])
def test_the_measured_far_field_scan(turn: Turn) -> None:
    scan = siemens()
    stored = Scan(scan.frames, stored_so_that(turn, scan.positions))
    found = parallax(take(stored, np.square, np.random.default_rng(0)), np.random.default_rng(6))
    assert found.decided
    assert found.turn is not None
    assert found.turn.apart(turn, 180.0) < 3


def test_a_beam_of_few_pixels_casts_no_shadow() -> None:
    made = beamtime(Setup("spot", "star", "fly", 120, 32, 0.20923071277801106, 20916.61548027, 1043219056))
    assert not shadow(sample_of(Scan(made.counts, made.positions)), np.random.default_rng(0)).decided
