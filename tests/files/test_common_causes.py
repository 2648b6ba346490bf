"""Causes that look like others: each is named, and not the one that it looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose, scan_of
from conformance.files.diagnose.leant import OBLIQUE
from conformance.files.diagnose.quantity import intensity_of
from conformance.files.diagnose.sample import take
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.shape_hints import in_one_array, stack_hint
from conformance.scans.beamline import Setup, beamtime
from conformance.scans.specimens import write_scan
from tests.files.scans import Arrays, sound


def _scan(seed: int) -> Arrays:
    return sound(seed, columns=12, rows=9, photons=1e5, pitch=3.0)


def _measured(path: str = "jittered") -> Arrays:
    made = beamtime(Setup(beam="defocused", matter="strong", path=path, M=121, N=32, photons=2e5, seed=4))
    x, y = made.positions.T
    frames = np.sqrt(made.counts).astype(np.float32)
    return {"diff3d": frames, "xcoords": x, "ycoords": y, "probeGuess": made.probe, "objectGuess": made.object}


def _told(arrays: Arrays) -> Diagnosis:
    return diagnose(scan_of(arrays), np.random.default_rng(0))


def _warned(tmp_path: Path, arrays: Arrays) -> dict[str, str]:
    write_scan(tmp_path / "scan.npz", arrays)
    found = examine(tmp_path / "scan.npz").findings
    return {one.clause: one.problem for one in found if one.severity is not Severity.NOTE}


def test_afterglow_moves_no_position() -> None:
    arrays = _measured("raster")
    counts = np.square(arrays["diff3d"], dtype=np.float64)
    arrays["diff3d"] = np.sqrt(np.concatenate([counts[:1], 0.65 * counts[1:] + 0.35 * counts[:-1]]))
    found = _told(arrays)
    assert {one.name for one in found.faults if one.sure} == {"left-over"}, found.faults
    assert any("afterglow" in one.sentence for one in found.faults), found.faults


def test_axes_that_lean_are_no_turn() -> None:
    arrays = _measured()
    arrays["xcoords"] += np.tan(np.radians(12)) * (arrays["ycoords"] - arrays["ycoords"].mean())
    found = _told(arrays)
    assert found.orientation.turn is None or found.stored, found.orientation
    assert [one.name for one in found.faults if one.sure][:1] in ([OBLIQUE], ["shear"]), found.faults


def test_pixels_that_are_struck_once_say_nothing() -> None:
    arrays, rng = _measured(), np.random.default_rng(4)
    rows = rng.choice(len(arrays["diff3d"]), 30, replace=False)
    plain = take(scan_of(arrays), intensity_of("amplitude"), np.random.default_rng(0)).intensity
    struck = {name: one.copy() for name, one in arrays.items()}
    struck["diff3d"][rows[0], 0, 0] = struck["diff3d"][rows[0], 31, 31] = 2000
    for frame in rows[1:]:
        row, column = rng.integers(0, 32, 2)
        struck["diff3d"][frame, row, column] = 2000
    mended = take(scan_of(struck), intensity_of("amplitude"), np.random.default_rng(0)).intensity
    assert float(np.abs(mended - plain).max()) <= float(plain.max())
    found = _told(struck)
    assert not any(one.sure for one in found.faults), found.faults
    assert found.stored


@pytest.mark.parametrize(("axis", "lower"), [(1, True), (2, False)])
def test_a_half_that_is_upside_down_is_not_interleaved(axis: int, lower: bool, tmp_path: Path) -> None:
    arrays = _scan(5)
    frames = np.moveaxis(arrays["diff3d"], axis, 1).copy()
    half = slice(16, 32) if lower else slice(0, 16)
    frames[:, half] = frames[:, half][:, ::-1]
    arrays["diff3d"] = np.moveaxis(frames, 1, axis)
    found = _warned(tmp_path, arrays)
    assert "interleave" not in found["FIL-009"], found
    assert "half" in found["FIL-009"] or "do not join" in found["FIL-009"], found


@pytest.mark.parametrize("shift", [-7, 6])
def test_frames_cut_out_aside_are_no_wider(shift: int, tmp_path: Path) -> None:
    arrays = _scan(6)
    frames = np.roll(arrays["diff3d"], shift, 2)
    frames[:, :, slice(0, shift) if shift > 0 else slice(shift, None)] = 0
    arrays["diff3d"] = frames
    found = _warned(tmp_path, arrays)
    assert "FIL-011" not in found, found
    assert f"{shift:+d} columns" in found["FIL-010"], found


def test_arrays_under_other_shapes_are_recognised() -> None:
    assert "colour" in stack_hint((144, 48, 48, 3), 144)
    assert "colour" not in stack_hint((64, 64, 12, 12), 144)
    assert "coords (90, 2)" in in_one_array({"probeGuess": (64, 64), "coords": (90, 2)}, (90, 64, 64))
    assert not in_one_array({"coords": (91, 2)}, (90, 64, 64))
