"""Reconstructions of PtyPy: named for what they are, and the probe of a scan whose frames lie elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.files import written
from tests.files.scans import Arrays, sound
from tests.files.written import STEP

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.fixture
def scan() -> Arrays:
    return sound(2, columns=9, rows=7)


def _reconstruction(path: Path, scan: Arrays, storages: tuple[str, ...] = ("Sscan00G00",)) -> None:
    with h5py.File(path, "w") as file:
        for storage in storages:
            probe = np.asarray(scan["probeGuess"])[None]
            file[f"content/probe/{storage}/data"] = probe
            file[f"content/probe/{storage}/_psize"] = [STEP, STEP]
            file[f"content/probe/{storage}/_energy"] = 8.8
            file[f"content/obj/{storage}/data"] = np.asarray(scan["objectGuess"])[None]
            file[f"content/positions/{storage}"] = np.stack([scan["ycoords"], scan["xcoords"]], axis=1) * STEP
        file["header/kind"] = "minimal"


def test_it_is_named(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _reconstruction(tmp_path / "a.ptyr", scan)
    said = call("validate", "a.ptyr").stdout
    assert "a reconstruction of PtyPy (.ptyr)" in said
    assert "no frames" in said


def test_probe_and_positions_go_with_frames_of_another_file(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _reconstruction(tmp_path / "a.ptyr", scan)
    np.save(tmp_path / "frames.npy", written.counts_of(scan).astype(np.uint16))
    done = call("convert", "frames.npy", "a.ptyr", "out.npz", "--counts")
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["probeGuess"], scan["probeGuess"])
        for axis in ("xcoords", "ycoords"):
            moved = found[axis] - scan[axis]
            np.testing.assert_allclose(moved, moved[0], atol=1e-6)


def test_one_of_several_storages_is_chosen(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _reconstruction(tmp_path / "a.ptyr", scan, ("Sscan00G00", "Sscan01G00"))
    np.save(tmp_path / "frames.npy", written.counts_of(scan).astype(np.uint16))
    refused = call("convert", "frames.npy", "a.ptyr", "out.npz", "--counts")
    assert refused.exit_code == 2
    assert "Sscan01G00" in refused.stderr
    assert call("convert", "frames.npy", "a.ptyr", "out.npz", "--counts", "--scan-name", "Sscan01G00").exit_code == 0
