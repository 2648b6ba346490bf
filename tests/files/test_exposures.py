"""Frames of two exposures, halves filled from each other, positions that lost digits, chunks that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.rules.counted import mirrored
from conformance.files.rules.looking import view_of
from conformance.files.survey import Survey
from conformance.scans.specimens import write_scan
from tests.files import written
from tests.files.scans import Arrays, N, sound


def _half_late(stack: Any) -> Any:
    return np.roll(stack.reshape(-1, N), -N // 2, axis=0).reshape(stack.shape)


def _interlaced(step: int) -> Callable[[Any], Any]:
    def change(stack: Any) -> Any:
        changed = stack.copy()
        changed[:, 1::2] = np.roll(stack, step, axis=0)[:, 1::2]
        return changed

    return change


def _filled(rows: slice, point: bool) -> Callable[[Any], Any]:
    def change(stack: Any) -> Any:
        image = np.roll(stack[:, ::-1], 1, axis=1)
        image = np.roll(image[:, :, ::-1], 1, axis=2) if point else image
        changed = stack.copy()
        changed[:, rows] = image[:, rows]
        return changed

    return change


FAULTS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "half a frame late": (_half_late, "FIL-009", "half a frame late"),
    "half a frame aside": (lambda stack: np.roll(stack, N // 2, axis=2), "FIL-009", "left and right border"),
    "odd rows of the next frame": (_interlaced(-1), "FIL-009", "interlaced"),
    "odd rows of the frame before": (_interlaced(1), "FIL-009", "interlaced"),
    "lower half by inversion": (_filled(slice(N // 2 + 1, None), True), "FIL-017", "(point)"),
    "some rows by reflection": (_filled(slice(17, 23), False), "FIL-017", "(rows upside down)"),
}


def _warnings(tmp_path: Path, arrays: Arrays) -> dict[str, str]:
    write_scan(tmp_path / "scan.npz", arrays)
    return {
        one.clause: one.problem for one in examine(tmp_path / "scan.npz").findings if one.severity is not Severity.NOTE
    }


@pytest.mark.parametrize("seed", [3, 8])
@pytest.mark.parametrize("name", FAULTS)
def test_frames_that_are_not_one_exposure(name: str, seed: int, tmp_path: Path) -> None:
    change, clause, words = FAULTS[name]
    arrays = sound(seed)
    arrays["diff3d"] = change(arrays["diff3d"])
    found = _warnings(tmp_path, arrays)
    assert clause in found, found
    assert words in found[clause]
    assert set(found) <= {clause, "FIL-008", "FIL-010"}


def test_symmetric_light_is_counted_twice() -> None:
    # Chance makes some counts equal to those of their mirror image in a few frames of many pixels.
    rng = np.random.default_rng(2)
    r, c = np.mgrid[:128, :128] - 64
    light = 30 * np.exp(-(r**2 + c**2) / 40.0**2)
    for M in (2, 3, 12):
        stack = rng.poisson(light, (M, 128, 128)).astype(np.uint16)
        survey = Survey(M, (128, 128))
        survey.add(stack, slice(0, M), slice(None), slice(None))
        assert not mirrored(view_of({}, survey, "diff3d", stack.dtype, counts=True))


@pytest.mark.parametrize(("metres", "loud"), [(1.3, True), (0.05, False)])
def test_an_offset_takes_digits_of_single_precision(metres: float, loud: bool, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays = sound(22)
    for name in ("xcoords", "ycoords"):
        moved = (metres + arrays[name] * written.STEP).astype(np.float32)
        arrays[name] = moved.astype(np.float64) / written.STEP
    written.ptyd(tmp_path / "scan.ptyd", arrays)
    found = [one.problem for one in examine(tmp_path / "scan.ptyd").findings if one.clause == "FIL-014"]
    assert any("single precision" in one for one in found) == loud


def test_the_chunk_that_does_not_fit_is_named(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    written.ptyd(tmp_path / "scan.ptyd", sound(22), chunks=4)
    with h5py.File(tmp_path / "scan.ptyd", "r+") as file:
        kept = file["chunks/2/positions"][:-1]
        del file["chunks/2/positions"]
        file["chunks/2/positions"] = kept
    said = [one.problem for one in examine(tmp_path / "scan.ptyd").findings if "chunk" in one.problem]
    assert any("chunk 2 holds 20 frames and 19 positions" in one and "frames 40 to 59" in one for one in said)
