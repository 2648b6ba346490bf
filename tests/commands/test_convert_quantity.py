"""Frames are counts or amplitudes by the user's word, or by a format that their values do not contradict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.files import written
from tests.files.scans import Arrays, sound

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.fixture
def scan() -> Arrays:
    return sound(2, columns=9, rows=7)


def _dp(path: Path, scan: Arrays, frames: Any) -> None:
    with h5py.File(path, "w") as file:
        file["dp"] = frames
    written.product(path.with_name("night_para.hdf5"), scan)


def _converted(call: Call, folder: Path, *options: str) -> Any:
    done = call("convert", "night_dp.hdf5", "night_para.hdf5", "out.npz", *options)
    if done.exit_code:
        return done
    with np.load(folder / "out.npz") as held:
        return held["diff3d"]


def test_amplitudes_where_counts_are_usual_are_asked_about(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _dp(tmp_path / "night_dp.hdf5", scan, scan["diff3d"])
    asked = _converted(call, tmp_path)
    assert asked.exit_code == 2
    assert "--amplitudes" in asked.stderr
    assert not (tmp_path / "out.npz").exists()
    np.testing.assert_array_equal(_converted(call, tmp_path, "--amplitudes"), scan["diff3d"])


def test_counts_need_no_word(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _dp(tmp_path / "night_dp.hdf5", scan, written.counts_of(scan))
    np.testing.assert_allclose(_converted(call, tmp_path), scan["diff3d"], atol=1e-5)


def test_the_word_of_the_user_is_followed(call: Call, tmp_path: Path, scan: Arrays) -> None:
    """Values that show neither: counts times a gain."""
    _dp(tmp_path / "night_dp.hdf5", scan, written.counts_of(scan) * np.float32(0.37))
    np.testing.assert_allclose(_converted(call, tmp_path), scan["diff3d"] * np.sqrt(0.37), atol=1e-4)
    (tmp_path / "out.npz").unlink()
    kept = _converted(call, tmp_path, "--amplitudes")
    np.testing.assert_allclose(kept, scan["diff3d"] ** 2 * 0.37, rtol=1e-4, atol=1e-3)


def test_counts_under_the_name_of_amplitudes_are_asked_about(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.hxn(tmp_path / "night.h5", scan | {"diff3d": written.counts_of(scan)})
    np.savez(tmp_path / "probe.npz", probeGuess=scan["probeGuess"])
    asked = call("convert", "night.h5", "probe.npz", "out.npz")
    assert asked.exit_code == 2
    assert "--counts" in asked.stderr
    assert call("convert", "night.h5", "probe.npz", "out.npz", "--counts").exit_code == 0
    with np.load(tmp_path / "out.npz") as held:
        np.testing.assert_allclose(held["diff3d"], scan["diff3d"], atol=1e-5)
