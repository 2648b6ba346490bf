"""Frames of two scans in one file are not as stored for certain, and those that do not belong are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.halves import halves
from conformance.files.diagnose.sample import Scan, take
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Beamtime, Setup, beamtime, far_field, matter_of_kind
from tests.files.diagnosed import SOUND

NIGHT = pytest.mark.night
SETUPS = [
    SOUND,
    pytest.param(Setup("diffuser", "strong", "raster", 100, 48, 0.2, 3e4, 5), marks=NIGHT),
    pytest.param(Setup("far-defocused", "particles", "fly", 100, 48, 0.18, 1e5, 3), marks=NIGHT),
]


def of_another_sample(made: Beamtime, frames: np.ndarray) -> np.ndarray:
    """Counts, some frames those of another sample at the same place under the same beam."""
    rng = np.random.default_rng(77)
    other = matter_of_kind("strong", made.object.shape, rng)
    counts = made.counts.copy()
    counts[frames] = rng.poisson(far_field(other, made.positions[frames], made.probe))
    return counts


def told(made: Beamtime, counts: np.ndarray, scale: float = 1.0, with_object: bool = False) -> Diagnosis:
    s = (made.positions - made.positions.mean(axis=0)) * scale + made.positions.mean(axis=0)
    scan = Scan(np.sqrt(counts).astype(np.float32), s, made.probe[np.newaxis], made.object if with_object else None)
    return diagnose(scan, np.random.default_rng(0))


@pytest.mark.parametrize("setup", SETUPS)
def test_two_scans_that_are_interleaved_are_named(setup: Setup) -> None:
    made = beamtime(setup)
    found = told(made, of_another_sample(made, np.arange(1, len(made.counts), 2)))
    assert [fault.name for fault in found.faults if fault.sure] == ["interleaved"], found
    assert found.orientation.word is not Word.CERTAIN


@pytest.mark.parametrize("setup", SETUPS)
def test_left_out_frames_fit_all_others_better_than_half_of_them(setup: Setup) -> None:
    made = beamtime(setup)
    rng = np.random.default_rng(0)
    asked = halves(take(Scan(made.counts, made.positions), lambda one: one, rng), made.probe[np.newaxis], rng)
    assert asked is not None
    assert asked.gain < 0
    assert not asked.apart
    assert not asked.doubt


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("axis", [0, 1])
def test_an_axis_of_another_run_is_not_told_by_the_frames(setup: Setup, axis: int) -> None:
    made, rng = beamtime(setup), np.random.default_rng(0)
    positions = made.positions.copy()
    positions[:, axis] = rng.permutation(positions[:, axis])
    sample = take(Scan(made.counts, positions), lambda one: one, rng)
    asked = halves(sample, made.probe[np.newaxis], rng)
    assert asked is not None
    assert asked.doubt, asked


def test_few_frames_are_not_asked() -> None:
    made = beamtime(replace(SOUND, M=16))
    rng = np.random.default_rng(0)
    assert halves(take(Scan(made.counts, made.positions), lambda one: one, rng), made.probe[np.newaxis], rng) is None


@pytest.mark.parametrize(
    ("frames", "said"), [(slice(80, None), "from about 8"), pytest.param(slice(1, None, 2), "odd", marks=NIGHT)]
)
def test_by_the_object_of_the_file_it_is_said_which_frames_do_not_belong(frames: slice, said: str) -> None:
    made = beamtime(SOUND)
    found = told(made, of_another_sample(made, np.arange(len(made.counts))[frames]), with_object=True)
    assert any(fault.sure and said in fault.sentence for fault in found.faults), found


@pytest.mark.night
def test_positions_that_lie_too_close_together_are_of_another_scale() -> None:
    made = beamtime(Setup("far-defocused", "strong", "fly", 120, 48, 0.18, 1e5, 14))
    names = {fault.name for fault in told(made, made.counts, scale=0.8).faults}
    assert "scale" in names, names
    assert not told(made, made.counts).faults
