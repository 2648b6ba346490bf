"""What looks like a fault and is none, and faults that hid behind one another."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from conformance.files import signs
from conformance.files.byte_order import exchanged_bytes
from conformance.files.diagnose.engine import Diagnosis, diagnose, scan_of
from conformance.files.diagnose.quantity import quantity_of
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.rules.gaps import dead_beyond_edges
from conformance.files.survey import Survey
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.commands.conftest import call as call
from tests.files.scans import Arrays, N, sound


def of_whole_pixels(arrays: Arrays) -> Arrays:
    """The scan with the positions of the patches that made its frames."""
    return arrays | {name: np.floor(arrays[name]) for name in ("xcoords", "ycoords")}


def diagnosed(arrays: Arrays) -> Diagnosis:
    return diagnose(scan_of(arrays), np.random.default_rng(0))


def loud(path: Path) -> dict[str, str]:
    return {one.clause: one.problem for one in examine(path).findings if one.severity is not Severity.NOTE}


def survey_of(frames: NDArray[np.generic]) -> Survey:
    M, rows, columns = frames.shape
    survey = Survey(M, (rows, columns))
    survey.add(frames, slice(0, M), slice(None), slice(None))
    return survey


def far_field(seed: int, frames: int, side: int, top: float, stop: float, inner: float) -> NDArray[np.int64]:
    """Counts (frames, side, side) of a defocused beam under a film that is moved on, the largest near ``top``.

    ``stop`` and ``inner`` are the radii of the aperture, in parts of a side.
    """
    rng = np.random.default_rng(seed)
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    beam = np.fft.fftshift(np.fft.ifft2((k < stop) * (k >= inner) * np.exp(-700j * np.pi * k**2)))
    film = gaussian_filter(rng.normal(size=(side + 5 * frames, side)), 2.0)
    sample = np.exp(0.6j * film / film.std())
    patches = np.stack([sample[5 * m : 5 * m + side] for m in range(frames)])
    light = np.abs(np.fft.fftshift(np.fft.fft2(patches * beam), axes=(1, 2))) ** 2
    return np.asarray(rng.poisson(light * top / light.max()))


@pytest.mark.parametrize("photons", [1e3, 3e3])
def test_patches_made_smoother_by_a_shift_are_no_shift(photons: float) -> None:
    found = diagnosed(of_whole_pixels(sound(3, photons=photons, jitter=0.0, pitch=3.0)))
    assert not [one for one in found.faults if one.sure]


def test_dark_speckles_are_no_counts_that_ran_over() -> None:
    alarms = [signs.wrapped(survey_of(far_field(seed, 16, 40, 3950, 0.17, 0.07)))[0] for seed in range(12)]
    assert not any(alarms)


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_few_counts_of_speckles_are_in_the_order_of_their_bytes(seed: int) -> None:
    frames = far_field(seed, 20, 48, 220, 0.3, 0.0)
    frames[:, :24, 24:] = 0
    assert not exchanged_bytes(survey_of(frames.astype(np.float32)))
    assert exchanged_bytes(survey_of(frames.astype(np.uint16).byteswap()))


def test_markers_are_told_though_they_roughen_frames(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frames = rng.poisson(sound(3, photons=1e5)["diff3d"] ** 2).astype(np.uint16)
    frames[:, rng.integers(0, N, 25), rng.integers(0, N, 25)] = 65535
    np.save(tmp_path / "frames.npy", frames)
    found = loud(tmp_path / "frames.npy")
    assert "FIL-007" not in found
    assert "a marker and no light" in found["FIL-005"]


@pytest.mark.parametrize(
    ("dtype", "clause", "words"), [(np.int16, "NPZ-018", "add 65536"), (np.float16, "NPZ-017", "float16 ends at 65504")]
)
def test_a_file_of_another_tool_with_values_that_are_no_light(
    dtype: type[np.generic], clause: str, words: str, tmp_path: Path
) -> None:
    a = sound(3, photons=1e5)
    counts = a["diff3d"].astype(np.float64) ** 2
    # As many as the type takes, and a little more.
    counts = np.rint(counts * (45_000 if dtype is np.int16 else 90_000) / counts.max())
    with np.errstate(over="ignore"):
        stored = counts.astype(np.uint16).view(dtype) if dtype is np.int16 else counts.astype(dtype)
    scan = np.stack([a["ycoords"], a["xcoords"]], axis=1) - N / 2
    data = np.fft.ifftshift(stored, axes=(1, 2))
    np.savez(tmp_path / "tike.npz", data=data[None], scan=scan[None], probe=a["probeGuess"][None, None, None, None])
    assert words in loud(tmp_path / "tike.npz")[clause]
    if dtype is np.int16:
        values = stored.astype(np.float32)
        write_scan(tmp_path / "rooted.npz", a | {"diff3d": np.sqrt(values, out=values.copy(), where=values > 0)})
        assert words in loud(tmp_path / "rooted.npz")[clause]


def test_a_beam_stop_is_told_from_the_dark_middle_of_a_ring() -> None:
    counts = np.full((64, 64), 500.0)
    stop = np.zeros((64, 64), bool)
    stop[27:35, 28:37] = True
    assert np.array_equal(dead_beyond_edges(np.where(stop, 0, counts), stop, 30.0), stop)
    for radius in np.arange(2.0, 24.0, 0.5):
        hole = np.hypot(*(np.mgrid[:64, :64] - 32)) < radius
        if radius > 3:
            assert not dead_beyond_edges(np.where(hole, 0, counts), hole, 30.0).any(), radius


def test_coordinates_of_two_lengths_are_refused_in_words(call: Call, tmp_path: Path) -> None:
    arrays = sound(3)
    write_scan(tmp_path / "scan.npz", arrays | {"ycoords": arrays["ycoords"][:-3]})
    for arguments in (["diagnose", "scan.npz"], ["validate", "scan.npz", "--fix", "out.npz", "--as-diagnosed"]):
        done = call(*arguments)
        assert done.exit_code == 2
        assert "NPZ-021" in done.stderr
        assert "bug" not in done.stderr
    assert "[NPZ-021]" in call("validate", "scan.npz", "--physics", "--jobs", "1").stdout


def test_positions_that_are_no_number_end_in_no_warning_of_numpy() -> None:
    arrays = of_whole_pixels(sound(3, photons=1e5))
    arrays["xcoords"][[3, 4, 50]] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not [one for one in diagnosed(arrays).faults if one.sure]


def test_a_pedestal_is_one_fault(tmp_path: Path) -> None:
    arrays = sound(3)
    noise = np.random.default_rng(4).normal(100, 3, arrays["diff3d"].shape)
    arrays["diff3d"] = np.rint(arrays["diff3d"] ** 2 + noise).astype(np.uint16)
    write_scan(tmp_path / "scan.npz", arrays)
    (said,) = (one.problem for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-017")
    assert "was a background" in said


@pytest.mark.parametrize(("gain", "step", "told"), [(13.4, 1, False), (1, 1, False), (1, 100, True)])
def test_counts_in_other_units_are_not_filtered(gain: float, step: int, told: bool, tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    counts = np.rint(gain * arrays["diff3d"].astype(np.float64) ** 2)
    arrays["diff3d"] = (np.rint(counts / step) * step).astype(np.uint32)
    write_scan(tmp_path / "scan.npz", arrays)
    said = " ".join(one.problem for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-017")
    assert ("took their noise" in said) == told


@pytest.mark.parametrize(("weak", "told"), [(0.0, True), (0.06, False)])
def test_a_weak_sample_is_told_from_none(weak: float, told: bool, tmp_path: Path) -> None:
    arrays = sound(3, columns=20, rows=15, photons=1e5)
    rng = np.random.default_rng(5)
    light = np.mean(arrays["diff3d"].astype(np.float64) ** 2, axis=0)
    changed = light * (1 + weak * gaussian_filter(rng.normal(size=arrays["diff3d"].shape), (0, 1, 1)))
    arrays["diff3d"] = np.sqrt(rng.poisson(changed)).astype(np.float32)
    del arrays["objectGuess"]
    write_scan(tmp_path / "scan.npz", arrays)
    assert ("show one pattern" in loud(tmp_path / "scan.npz").get("FIL-025", "")) == told


def test_noise_about_zero_is_no_amplitude() -> None:
    rng = np.random.default_rng(6)
    values = 3.7 * rng.poisson(4.0, (8, 32, 32)) * (np.arange(32) > 20) + rng.normal(0, 1, (8, 32, 32))
    assert quantity_of(values).name == "intensity"
    assert quantity_of(np.sign(values) * np.sqrt(np.abs(values))).name == "unknown"
    assert quantity_of(np.where(values < 0, 0, values)).name == "unknown"
