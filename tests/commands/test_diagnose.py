"""What ``diagnose`` says of a file, and what it exits with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from conformance.scans.beamline import Setup, beamtime
from tests.commands.calling import Call
from tests.files.diagnosed import DATA

MADE = beamtime(Setup(path="jittered", M=100, N=32, pitch=0.2, photons=2e4, seed=4))


def write(path: Path, x_sign: int = 1) -> None:
    x, y = MADE.positions.T
    frames = np.sqrt(MADE.counts).astype(np.float32)
    np.savez(path, xcoords=x_sign * x, ycoords=y, diff3d=frames, probeGuess=MADE.probe, objectGuess=MADE.object)


def test_a_canonical_file_ends_with_zero(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "scan.npz")
    done = call("diagnose", "scan.npz")
    assert done.exit_code == 0
    assert "scan.npz: The positions go with the frames as stored (certain" in done.stdout


def test_a_flipped_file_ends_with_one_and_says_what_to_do(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "scan.npz", -1)
    done = call("diagnose", "scan.npz", "--json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["files"]
    assert found["orientation"]["name"] == "x flipped"
    assert found["orientation"]["exif"] == 2
    assert not found["canonical"]
    assert {one["estimator"][0] for one in found["readings"]} == {"A", "B", "F", "O"}


def test_a_file_that_tells_nothing_ends_with_two(call: Call, tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).permutation(MADE.positions).T
    np.savez(tmp_path / "scan.npz", xcoords=x, ycoords=y, diff3d=np.sqrt(MADE.counts), probeGuess=MADE.probe)
    done = call("diagnose", "scan.npz")
    assert done.exit_code == 2
    assert "cannot be told" in done.stdout


def test_a_file_without_a_probe_is_diagnosed(call: Call, tmp_path: Path) -> None:
    x, y = MADE.positions.T
    np.savez(tmp_path / "scan.npz", xcoords=-x, ycoords=y, diff3d=np.sqrt(MADE.counts).astype(np.float32))
    done = call("diagnose", "scan.npz")
    assert done.exit_code == 1
    assert "X flipped" in done.stdout


def test_parts_in_files_of_other_tools_are_one_scan(call: Call, tmp_path: Path) -> None:
    """Frames of a detector, and a list of positions whose columns the user tells."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "frames_dp.hdf5", "w") as stream:
        stream["dp"] = MADE.counts.astype(np.uint32)
    np.savetxt(tmp_path / "positions.csv", MADE.positions[:, ::-1] * (1, -1), delimiter=",")
    call("diagnose", "frames_dp.hdf5", "positions.csv").refuses("--positions-order")
    listed = ("--positions-order", "yx", "--positions-unit", "px")
    done = call("diagnose", "frames_dp.hdf5", "positions.csv", *listed, "--json")
    assert done.exit_code == 1, done.stdout + done.stderr
    (found,) = json.loads(done.stdout)["files"]
    assert found["orientation"]["name"] == "x flipped"
    assert found["orientation"]["settings"]["EXIF"] == "2"
    assert found["beside"] == ["positions.csv"]
    assert "the frames are counts" in found["notes"]


def test_what_is_lacking_is_said(call: Call, tmp_path: Path) -> None:
    np.savez(tmp_path / "frames.npz", diff3d=np.sqrt(MADE.counts).astype(np.float32))
    done = call("diagnose", "frames.npz")
    assert done.exit_code == 2
    assert "positions missing" in done.stderr


@pytest.mark.parametrize("data", ["petra_near_field.cxi", "siemens_tike_layout.npz"])
@pytest.mark.night
def test_measured_files_of_other_tools(call: Call, data: str) -> None:
    if not (DATA / data).is_file():
        pytest.skip(f"the measured scan is not there: {data}")
    done = call("diagnose", str(DATA / data), "--json")
    (found,) = json.loads(done.stdout)["files"]
    near = [one["word"] for one in found["faults"] if one["name"] == "near-field"]
    assert near == (["certain"] if "near" in data else []), found["sentences"]
    assert found["orientation"]["word"] == "certain"


def test_a_picture_is_drawn(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write(tmp_path / "scan.npz", -1)
    assert call("diagnose", "scan.npz", "--out", "seen.png").exit_code == 1
    assert (tmp_path / "seen.png").read_bytes().startswith(b"\x89PNG")
    call("diagnose", "scan.npz", "--out", "scan.npz").refuses("--out")


def test_what_is_no_scan_file_is_said(call: Call, tmp_path: Path) -> None:
    (tmp_path / "scan.npz").write_bytes(b"no scan")
    done = call("diagnose", "scan.npz")
    assert done.exit_code == 2
    assert "scan.npz" in done.stderr
    call("diagnose", "absent.npz").refuses("absent.npz")
