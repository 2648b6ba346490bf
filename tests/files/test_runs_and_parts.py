"""Faults of a run of frames, of a part of the scan, of one axis, or of a mask: seen, and told from sound scans."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from conformance.files.diagnose.engine import diagnose, scan_of
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.neighbours import tied_parts
from conformance.files.rules.steps import run_in
from conformance.report.diagnosis import print_diagnosis
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.commands.conftest import call as call
from tests.files.scans import Arrays, N, counts, sound


def loud(path: Path) -> dict[str, str]:
    return {one.clause: one.problem for one in examine(path).findings if one.severity is not Severity.NOTE}


def of(tmp_path: Path, arrays: Arrays) -> dict[str, str]:
    write_scan(tmp_path / "scan.npz", arrays)
    return loud(tmp_path / "scan.npz")


def beam_lost(arrays: Arrays) -> None:
    dim = np.random.default_rng(1).binomial(np.rint(arrays["diff3d"][33:58] ** 2).astype(np.int64), 0.15)
    arrays["diff3d"][33:58] = np.sqrt(dim)


def mask_as_before_the_shift(arrays: Arrays) -> None:
    bad = np.zeros((N, N), bool)
    bad[:, 5:7] = bad[20] = True
    arrays["diff3d"][:, bad] = 255.99805
    arrays["bad_pixels"] = np.fft.fftshift(bad)


def lines_apart(arrays: Arrays) -> None:
    grid = np.stack(np.meshgrid(np.arange(16), np.arange(5)), -1).reshape(-1, 2)
    arrays["xcoords"], arrays["ycoords"] = (N / 2 + 2 + grid * (3.0, 26.0)).T
    del arrays["objectGuess"]


def y_in_other_units(arrays: Arrays) -> None:
    arrays["ycoords"] = 20 + 0.07 * arrays["ycoords"]
    del arrays["objectGuess"]


def flashing_in_the_dark(arrays: Arrays) -> None:
    arrays["diff3d"][:, :4, :4] = 0
    arrays["diff3d"][::3, 1, 1] = 30


def further_frame_a_line(arrays: Arrays) -> None:
    lines = arrays["diff3d"].reshape(8, 10, N, N)
    arrays["diff3d"] = np.concatenate([lines, lines[:, :1] + 1], axis=1).reshape(-1, N, N)


@pytest.mark.parametrize(
    ("fault", "clause", "words"),
    [
        (beam_lost, "FIL-004", "frames 33 to 57 are"),
        (mask_as_before_the_shift, "FIL-024", "shifted by half its side"),
        (lines_apart, "FIL-013", "in 5 parts, of 16 points"),
        (y_in_other_units, "FIL-014", "is y in another unit"),
        (flashing_in_the_dark, "FIL-006", "(1, 1)"),
        (further_frame_a_line, "NPZ-019", "a further frame for each of 8 lines of 10 points"),
    ],
)
def test_a_fault_of_a_part_is_told(fault: Callable[[Arrays], None], clause: str, words: str, tmp_path: Path) -> None:
    arrays = sound(3)
    fault(arrays)
    assert words in of(tmp_path, arrays)[clause]


@pytest.mark.parametrize("edges", ["gradual", "often"])
def test_what_the_object_absorbs_is_no_lost_beam(edges: str) -> None:
    power = np.random.default_rng(2).normal(0, 0.02, 130)
    along = np.arange(130)
    if edges == "gradual":
        power += -1.5 / (1 + np.exp((np.abs(along - 60) - 20) / 3.0))
    else:
        power += np.where((along // 11) % 3 == 1, -1.5, 0.0)
    assert run_in(power) is None


def test_points_in_reach_of_one_another_are_one_part() -> None:
    places = np.random.default_rng(3).uniform(0, 40, (400, 2))
    assert tied_parts(places, 8.0).tolist() == [400]
    assert tied_parts(np.concatenate([places, places[:100] + 90]), 20.0).tolist() == [400, 100]


def test_points_in_the_order_of_text_are_none_that_lie_alone(tmp_path: Path) -> None:
    arrays = sound(3, columns=13, rows=11)
    order = sorted(range(len(arrays["xcoords"])), key=str)
    assert not of(tmp_path, arrays | {name: arrays[name][order] for name in ("xcoords", "ycoords", "diff3d")})


def test_points_nowhere_are_dropped_with_their_frames(call: Call, tmp_path: Path) -> None:
    arrays = sound(3)
    lost = [3, 4, 50]
    arrays["ycoords"][lost] = np.nan
    write_scan(tmp_path / "scan.npz", arrays)
    assert "1 with --drop-points" in call("validate", "scan.npz").stdout
    assert call("validate", "scan.npz", "--fix", "out.npz", "--drop-points").exit_code == 0
    with np.load(tmp_path / "out.npz") as held:
        np.testing.assert_array_equal(held["ycoords"], np.delete(arrays["ycoords"], lost))
        np.testing.assert_array_equal(held["diff3d"], np.delete(arrays["diff3d"], lost, axis=0))


def test_what_stands_in_the_way_of_a_diagnosis_is_mended_first(call: Call, tmp_path: Path) -> None:
    arrays = sound(3)
    probe = arrays["probeGuess"]
    arrays["probeGuess"] = np.stack([probe.real, probe.imag], axis=-1)
    write_scan(tmp_path / "scan.npz", arrays)
    done = call("validate", "scan.npz", "--fix", "out.npz", "--as-diagnosed")
    assert done.exit_code == 2
    assert "first mend it without --as-diagnosed" in done.stderr


def test_a_pattern_that_drifts_is_told_as_such(tmp_path: Path) -> None:
    arrays = sound(3, columns=12, rows=12, photons=1e5)
    M = len(arrays["diff3d"])
    frames = [np.roll(one, round(8 * m / M) - 4, axis=0) for m, one in enumerate(arrays["diff3d"])]
    del arrays["objectGuess"]
    frames = [np.roll(one, 4, axis=0) for one in frames]
    assert "but the patterns move on by" in of(tmp_path, arrays | {"diff3d": np.stack(frames)})["FIL-010"]
    found = diagnose(scan_of(arrays | {"diff3d": np.stack(frames)}), np.random.default_rng(0))
    assert any("the mean frame drifts over the scan" in one.sentence for one in found.faults)


def test_a_diagnosis_is_broken_between_words_on_a_terminal() -> None:
    arrays = sound(3)
    found = diagnose(scan_of(arrays | {"xcoords": arrays["xcoords"] + 3}), np.random.default_rng(0))
    screen = io.StringIO()
    print_diagnosis(
        [Path("scan.npz")], found, (), Console(file=screen, width=80, force_terminal=True, color_system=None)
    )
    assert max(len(line.rstrip()) for line in screen.getvalue().splitlines()) <= 80


def test_positions_that_are_no_metres_are_told_in_the_unit_that_fits(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays = sound(3)
    with h5py.File(tmp_path / "scan.cxi", "w") as file:
        file["cxi_version"] = 160
        instrument = file.create_group("entry_1/instrument_1")
        instrument["detector_1/data"] = np.rint(arrays["diff3d"] ** 2).astype(np.uint32)
        instrument["detector_1/distance"], instrument["source_1/energy"] = 2.0, 1.41e-15
        instrument["detector_1/x_pixel_size"] = instrument["detector_1/y_pixel_size"] = 7.5e-5
        instrument["detector_1/basis_vectors"] = np.array([[0, -7.5e-5, 0], [-7.5e-5, 0, 0]])
        pixel = 1.409e-10 * 2.0 / (N * 7.5e-5) * 1e6
        places = np.stack([arrays["xcoords"], arrays["ycoords"], 0 * arrays["xcoords"]], axis=1)
        file["entry_1/sample_1/geometry_1/translation"] = places * pixel
    found = loud(tmp_path / "scan.cxi")
    assert "in micrometres these are" in found["FIL-023"]
    assert "FIL-014" not in found


def test_frames_sampled_unlike_in_rows_and_columns_are_to_be_resampled(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays = sound(3)
    obj, probe, x, y = (arrays[name] for name in ("objectGuess", "probeGuess", "xcoords", "ycoords"))
    cube = counts(np.random.default_rng(1), obj, probe, x, y, 1e4)
    with h5py.File(tmp_path / "scan.emd", "w") as file:
        group = file.create_group("root/datacube")
        group["data"] = cube.reshape(8, 10, N, N)[..., 4:-4].astype(np.uint16)
        for axis, (name, step, unit) in enumerate(
            (("Rx", 3.0, "A"), ("Ry", 3.0, "A"), ("Qx", 0.02, "A^-1"), ("Qy", 0.0267, "A^-1"))
        ):
            group[f"dim{axis}"] = np.array([0, step])
            group[f"dim{axis}"].attrs.update(name=name, units=unit)
    found = loud(tmp_path / "scan.emd")
    assert "resample the columns 1.33 times as finely" in found["FIL-023"]
    assert "not square" in found["NPZ-013"]


@pytest.mark.parametrize("flicker", [0.0, 0.3])
def test_places_that_are_exposed_twice_are_no_positions_that_were_held(flicker: float, tmp_path: Path) -> None:
    arrays, rng = sound(4, photons=1e5), np.random.default_rng(2)
    again = np.repeat(arrays["diff3d"].astype(np.float64) ** 2, 2, axis=0)
    again *= 1 + flicker * rng.uniform(size=(len(again), 1, 1))
    arrays |= {name: np.repeat(arrays[name], 2) for name in ("xcoords", "ycoords")}
    arrays["diff3d"] = np.sqrt(rng.poisson(again)).astype(np.float32)
    for name in ("xcoords_start", "ycoords_start", "scan_index", "Y"):
        arrays.pop(name, None)
    write_scan(tmp_path / "scan.npz", arrays)
    said = [one for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-014"]
    assert [one.severity for one in said] == [Severity.NOTE]


@pytest.mark.parametrize("part", [0.06, 0.1, 0.15, 0.2, 0.25])
@pytest.mark.parametrize("photons", [5e3, 2e4])
def test_brighter_amplitudes_are_no_counts(part: float, photons: float, tmp_path: Path) -> None:
    arrays = sound(4, photons=photons)
    dim = np.random.default_rng(1).binomial(np.rint(arrays["diff3d"][33:58] ** 2).astype(np.int64), part)
    arrays["diff3d"][33:58] = np.sqrt(dim)
    said = of(tmp_path, arrays)
    assert "darker" in said["FIL-004"]
    assert "are counts" not in said["FIL-004"]
