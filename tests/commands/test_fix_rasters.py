"""Frames and coordinates that lie in the raster of the scan, as simulations keep them: laid out by an exact fix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.files.scans import sound

ROWS, COLUMNS = 7, 9


@pytest.mark.parametrize("last", [False, True])
def test_a_raster_is_flattened_row_by_row(last: bool, call: Call, tmp_path: Path) -> None:
    scan = sound(2, columns=COLUMNS, rows=ROWS)
    raster = (ROWS, COLUMNS)
    frames = scan["diff3d"].reshape(*raster, *scan["diff3d"].shape[1:])
    told = {name: scan[name].reshape(raster) for name in ("xcoords", "ycoords")}
    stored = np.ascontiguousarray(np.moveaxis(frames, (2, 3), (0, 1))) if last else frames
    np.savez(tmp_path / "scan.npz", **(scan | told | {"diff3d": stored}))
    said = call("validate", "scan.npz").stdout
    assert f"a raster of {ROWS} x {COLUMNS} points" in said
    done = call("validate", "scan.npz", "--fix", "mended.npz")
    assert done.exit_code == 0, done.stdout
    with np.load(tmp_path / "mended.npz") as found:
        for name in ("diff3d", "xcoords", "ycoords"):
            np.testing.assert_array_equal(found[name], scan[name])


def test_frames_that_run_down_the_columns_are_left_alone(call: Call, tmp_path: Path) -> None:
    scan = sound(2, columns=COLUMNS, rows=ROWS)
    frames = np.asfortranarray(scan["diff3d"].reshape(ROWS, COLUMNS, *scan["diff3d"].shape[1:]))
    told = {name: scan[name].reshape(ROWS, COLUMNS) for name in ("xcoords", "ycoords")}
    np.savez(tmp_path / "scan.npz", **(scan | told | {"diff3d": frames}))
    assert call("validate", "scan.npz", "--fix", "mended.npz").exit_code == 1
