"""What looks like a fault of another name, or like none: edges of a beam stop, strikes, empty and dark samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.engine import diagnose, scan_of
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.scans.specimens import write_scan
from tests.files.scans import Arrays, N, sound


def loud(tmp_path: Path, arrays: Arrays) -> dict[str, list[str]]:
    write_scan(tmp_path / "scan.npz", arrays)
    told: dict[str, list[str]] = {}
    for one in examine(tmp_path / "scan.npz").findings:
        if one.severity is not Severity.NOTE:
            told.setdefault(one.clause, []).append(one.problem)
    return told


def expected(arrays: Arrays) -> NDArray[np.float64]:
    """Intensities (M, N, N) of probe and object at whole pixels, without noise."""
    half = N // 2
    corners = [(int(y) - half, int(x) - half) for x, y in zip(arrays["xcoords"], arrays["ycoords"], strict=True)]
    patches = np.stack([arrays["objectGuess"][y : y + N, x : x + N] for y, x in corners])
    far = np.fft.fftshift(np.fft.fft2(patches * arrays["probeGuess"], norm="ortho"), axes=(-2, -1))
    return np.asarray(np.abs(far) ** 2, np.float64)


@pytest.mark.parametrize("radius", [2.5, 4.2, 6.0])
@pytest.mark.parametrize("wire", [slice(N // 2, None), slice(None, N // 2)])
def test_edges_of_a_beam_stop_are_no_seams_between_chips(radius: float, wire: slice, tmp_path: Path) -> None:
    arrays = sound(3, photons=3e5)
    row, column = np.mgrid[:N, :N] - N // 2
    stop = np.hypot(row, column) < radius
    stop[wire, N // 2 : N // 2 + 3] = True
    arrays["diff3d"][:, stop] = 0
    told = loud(tmp_path, arrays)
    assert "never count" in told["FIL-006"][0]
    assert "FIL-009" not in told


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_copies_with_dark_pixels_are_whole_frames(seed: int, tmp_path: Path) -> None:
    arrays = sound(seed, photons=4e3)
    for frame in (7, 20, 33, 46, 59):
        arrays["diff3d"][frame] = arrays["diff3d"][frame - 1]
    told = loud(tmp_path, arrays)["FIL-025"]
    assert len(told) == 1
    assert told[0].startswith("5 of 80 frames are copies")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_strikes_where_no_light_falls_are_counted_and_light_no_neighbours(seed: int, tmp_path: Path) -> None:
    arrays, rng = sound(seed, photons=4e3), np.random.default_rng(seed)
    struck = [(int(frame), 2, 4 + 3 * k) for k, frame in enumerate(rng.choice(80, 6, replace=False))]
    for at in struck:
        arrays["diff3d"][at] = rng.uniform(150, 400)
    told = loud(tmp_path, arrays)
    assert set(told) == {"FIL-006"}
    assert [one.partition(",")[0] for one in told["FIL-006"]] == [
        "6 single pixels outshine all around them and all other frames in one frame each"
    ]


@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("at", [31, 44])
def test_a_beam_that_is_topped_up_is_told_beside_what_the_sample_absorbs(at: int, decay: float, tmp_path: Path) -> None:
    arrays = sound(6)
    light = 0.75 * np.exp(-decay * np.arange(80) / 80)
    light[at:] = 1.0
    y, x = np.mgrid[: arrays["objectGuess"].shape[0], : arrays["objectGuess"].shape[1]]
    arrays["objectGuess"] = arrays["objectGuess"] * np.exp(-0.25 * (1 + np.sin(x / 6) * np.cos(y / 7)))
    made = expected(arrays) * light[:, np.newaxis, np.newaxis]
    arrays["diff3d"] = np.sqrt(np.random.default_rng(6).poisson(made)).astype(np.float32)
    told = loud(tmp_path, arrays)["FIL-004"]
    assert len(told) == 1
    assert told[0].startswith(f"from frame {at} on all frames are 1.")


def beside_a_sample(seed: int, shuffled: bool) -> Arrays:
    """A scan without noise whose right half has no sample, in the order of the raster or in none."""
    arrays = sound(seed)
    middle = arrays["objectGuess"].shape[1] // 2
    arrays["objectGuess"][:, middle - 8 :] = 1
    if shuffled:
        order = np.random.default_rng(seed).permutation(80)
        arrays |= {name: arrays[name][order] for name in ("xcoords", "ycoords")}
    arrays["diff3d"] = np.sqrt(expected(arrays)).astype(np.float32)
    return arrays


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_beam_beside_the_sample_is_no_copy(seed: int, shuffled: bool, tmp_path: Path) -> None:
    arrays = beside_a_sample(seed, shuffled)
    assert len(np.unique(arrays["diff3d"], axis=0)) < 70
    assert "FIL-025" not in loud(tmp_path, arrays)
    found = diagnose(scan_of(arrays), np.random.default_rng(0))
    assert "repeated" not in {one.name for one in found.faults}


def test_frames_that_were_written_again_are_copies_without_noise_too(tmp_path: Path) -> None:
    arrays = sound(2)
    arrays["diff3d"] = np.sqrt(expected(arrays)).astype(np.float32)
    arrays["diff3d"][30:38] = arrays["diff3d"][29]
    assert loud(tmp_path, arrays)["FIL-025"][0].startswith("8 of 80 frames are copies")


@pytest.mark.parametrize("depth", [2.0, pytest.param(2.4, marks=pytest.mark.night)])
def test_a_dark_part_of_the_sample_is_no_beam_that_was_lost(depth: float) -> None:
    arrays = sound(5, rows=16, photons=3e5)
    rows = np.arange(arrays["objectGuess"].shape[0])
    arrays["objectGuess"] = arrays["objectGuess"] * np.exp(-depth * (rows[:, np.newaxis] > rows.mean()))
    arrays["diff3d"] = np.sqrt(np.random.default_rng(5).poisson(expected(arrays))).astype(np.float32)
    light = (arrays["diff3d"] ** 2).sum(axis=(1, 2))
    assert (light < 0.05 * np.median(light)).mean() > 0.2
    found = diagnose(scan_of(arrays), np.random.default_rng(0))
    assert "dark" not in {one.name for one in found.faults}


def test_frames_without_a_beam_are_told() -> None:
    arrays = sound(5)
    arrays["diff3d"][10:34] = np.sqrt(np.random.default_rng(5).poisson(0.05, (24, N, N)))
    found = diagnose(scan_of(arrays), np.random.default_rng(0))
    assert "dark" in {one.name for one in found.faults}
