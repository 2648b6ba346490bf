"""An object that is not of its frames, or on other pixels, and positions of another scale beside no object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose, scan_of
from conformance.files.diagnose.quantity import intensity_of
from conformance.files.diagnose.rescaled import rescaled
from conformance.files.diagnose.sample import Sample, take
from tests.files.scans import Arrays, smooth_object, sound


def _scan(seed: int) -> Arrays:
    return sound(seed, columns=9, rows=8, photons=1e5, pitch=3.0)


def _told(arrays: Arrays) -> Diagnosis:
    return diagnose(scan_of(arrays), np.random.default_rng(0))


@pytest.mark.parametrize("seed", [pytest.param(1, marks=pytest.mark.night), 2])
def test_an_object_of_another_sample(seed: int) -> None:
    arrays = _scan(seed)
    assert not [one for one in _told(arrays).faults if one.name in ("object", "none")]
    arrays["objectGuess"] = smooth_object(np.random.default_rng(99), arrays["objectGuess"].shape).astype(np.complex64)
    (fault,) = (one for one in _told(arrays).faults if one.name in ("object", "none"))
    assert "another sample" in fault.sentence
    # Frames in no order make no object either: that one is not to blame alone.
    arrays["diff3d"] = arrays["diff3d"][np.random.default_rng(seed).permutation(len(arrays["diff3d"]))]
    assert "object" not in {one.name for one in _told(arrays).faults}


def test_an_object_on_finer_pixels() -> None:
    arrays = _scan(3)
    arrays["objectGuess"] = np.kron(arrays["objectGuess"], np.ones((2, 2))).astype(np.complex64)
    assert "object on pixels twice as large" in {one.name for one in _told(arrays).faults}


def _sample(arrays: Arrays) -> Sample:
    return take(scan_of(arrays), intensity_of("amplitude"), np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(4))
def test_frames_left_out_tell_the_scale(seed: int) -> None:
    arrays = _scan(seed)
    sample = _sample(arrays)
    stored = rescaled(sample, arrays["probeGuess"])
    assert stored is not None
    assert not stored.clear
    told = rescaled(replace(sample, s=sample.s / 1.25), arrays["probeGuess"])
    assert told is not None
    assert told.clear
    assert told.factor == pytest.approx(1.25, abs=0.12)
