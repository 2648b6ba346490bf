"""Whether frames agree where they overlap: positions of another scale, of two origins or rounded are not canonical."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.agreement import Agreement, agreement
from conformance.files.diagnose.disagreement import CLOSE, asked, faults_of, known
from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.orientation import Orientation
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.smaller import smaller
from conformance.files.diagnose.turns import EIGHT
from conformance.files.diagnose.verdict import Verdict, Word
from conformance.files.diagnose.zero import zero_frequency
from conformance.scans.beamline import Beamtime, Setup, beamtime
from tests.files.diagnosed import SOUND

NIGHT = pytest.mark.night
RARER = ("stretched", "rounded")
SETUPS = [
    SOUND,
    pytest.param(Setup("diffuser", "strong", "raster", 100, 48, 0.2, 1e5, 5), marks=NIGHT),
    pytest.param(Setup("far-defocused", "strong", "fly", 100, 40, 0.18, 1e5, 3), marks=NIGHT),
    pytest.param(Setup("defocused", "star", "fermat", 100, 40, 0.18, 1e5, 6), marks=NIGHT),
]


def positions_after(change: str, s: np.ndarray) -> np.ndarray:
    middle, step = s.mean(axis=0), float(np.median(np.hypot(*np.diff(s, axis=0).T)))
    if change in ("larger", "stretched"):
        return np.asarray((s - middle) * {"larger": [1.05, 1.05], "stretched": [1.08, 1.0]}[change] + middle)
    if change == "two origins":
        return np.asarray(s) + step * np.array([2.0, 1.2]) * (np.arange(len(s)) >= len(s) // 2)[:, np.newaxis]
    return np.asarray(np.rint(s / (1.6 * step)) * 1.6 * step) if change == "rounded" else s


def sample_of(made: Beamtime, change: str) -> Sample:
    scan = Scan(made.counts, positions_after(change, made.positions))
    return take(scan, lambda values: values, np.random.default_rng(0))


def told(made: Beamtime, change: str) -> Agreement:
    found = agreement(sample_of(made, change), made.probe[np.newaxis], np.random.default_rng(1))
    assert found is not None
    return found


@pytest.mark.parametrize("setup", SETUPS)
def test_frames_of_a_sound_scan_agree_and_say_how_large_it_is(setup: Setup) -> None:
    found = told(beamtime(setup), "none")
    assert faults_of(found) == []
    assert known(found).closely, found
    assert known(found).within < CLOSE


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize(
    "change",
    ["larger", "two origins", *(pytest.param(one, marks=NIGHT) for one in ("stretched", "rounded"))],
)
def test_frames_at_other_places_do_not(setup: Setup, change: str) -> None:
    found = told(beamtime(setup), change)
    assert faults_of(found) or not known(found).closely, found


def test_positions_that_are_five_percent_larger_are_no_canonical_scan() -> None:
    made = beamtime(SOUND)
    s = positions_after("larger", made.positions)
    found = diagnose(Scan(np.sqrt(made.counts), s, made.probe), np.random.default_rng(0))
    assert [str(one.word) for one in found.faults if one.name == "scale"] == ["cannot tell"]
    assert not found.canonical


@pytest.mark.parametrize("twin_open", [False, True])
def test_without_a_probe_or_a_turn_told_from_its_twin_no_scale_is_claimed(twin_open: bool) -> None:
    made = beamtime(SOUND)
    sample = replace(sample_of(made, "none"), probe=made.probe[np.newaxis])
    zero = zero_frequency(sample.mean(), made.probe[np.newaxis], sample.good) if twin_open else None
    verdict = Verdict(Word.CERTAIN, EIGHT[0], 1.0, twin_open, "")
    found, faults = asked(sample, Orientation(verdict, (), zero), verdict, np.random.default_rng(0))
    assert not found.closely
    assert ("twin" if twin_open else "probe") in found.why
    assert faults == []


@pytest.mark.parametrize(("width", "side"), [(8.0, 40), (1.2, 32)], ids=["cropped", "binned"])
def test_frames_made_smaller_are_those_of_the_probe_that_goes_with_them(width: float, side: int) -> None:
    r = np.arange(64) - 32
    probe = np.exp(-((r[:, np.newaxis] - 1) ** 2 + 1.4 * r**2) / width**2) * np.exp(0.4j * r + 0.01j * r**2)[np.newaxis]
    beam = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(probe)))
    frames = np.abs(beam[np.newaxis]).astype(np.float32) ** 2
    sample = Sample(frames, np.array([[3.0, 5.0]]), np.arange(1), np.ones((64, 64), bool))
    found = smaller(sample, probe[np.newaxis], side)
    assert found is not None
    kept, narrow = found
    assert side == kept.N
    np.testing.assert_allclose(kept.s, sample.s * (side / 64 if side == 40 else 1))
    made = np.abs(np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(narrow[0])))) ** 2
    assert np.corrcoef(made.ravel(), kept.intensity[0].ravel())[0, 1] > 0.9995


def test_frames_that_would_lose_light_are_not_made_smaller() -> None:
    sample = Sample(np.ones((1, 64, 64), np.float32), np.zeros((1, 2)), np.arange(1), np.ones((64, 64), bool))
    assert smaller(sample, np.ones((1, 64, 64), np.complex64), 32) is None
