"""Files that hold several scans: named, chosen by --scan-name, and never mixed or taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.files import written
from tests.files.scans import Arrays, sound

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.fixture
def scans() -> tuple[Arrays, Arrays]:
    return sound(2, columns=9, rows=7), sound(5, columns=6, rows=8)


def _folders(path: Path, scans: tuple[Arrays, Arrays]) -> None:
    np.savez(path, **{f"run_{k}/{name}": held for k, scan in enumerate(scans, 3) for name, held in scan.items()})


def _views(path: Path, scans: tuple[Arrays, Arrays]) -> None:
    """As tike keeps views: as many points in each."""
    few = [{name: held[:48] if len(held) > 47 else held for name, held in scan.items()} for scan in scans]
    np.savez(
        path,
        data=np.stack([np.fft.ifftshift(written.counts_of(one), axes=(1, 2)) for one in few]),
        scan=np.stack([np.stack([one["ycoords"], one["xcoords"]], axis=-1) for one in few]),
        probe=np.stack([one["probeGuess"] for one in few])[:, None, None, None],
    )


def _entries(path: Path, scans: tuple[Arrays, Arrays]) -> None:
    with h5py.File(path, "w") as file:
        for k, scan in enumerate(scans, 1):
            entry = file.create_group(f"entry_{k}")
            detector = entry.create_group("instrument_1/detector_1")
            detector["data"] = written.counts_of(scan)
            for name in ("x_pixel_size", "y_pixel_size"):
                detector[name] = 75e-6
            detector["distance"] = 2.0
            entry["instrument_1/source_1/energy"] = 1.6e-15
            moved = np.stack([scan["xcoords"], scan["ycoords"], 0 * scan["xcoords"]], axis=1)
            entry["sample_1/geometry_1/translation"] = moved * 1e-7


FILES = {
    "folders of an NPZ": ("scan.npz", _folders, ("run_3", "run_4"), ("--positions-unit", "px")),
    "views of tike": ("scan.npz", _views, ("0", "1"), ()),
    "entries of CXI": ("scan.cxi", _entries, ("entry_1", "entry_2"), ("--object-pixel", "1e-7")),
}


@pytest.mark.parametrize("case", FILES)
def test_each_scan_is_named_and_chosen(case: str, call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]) -> None:
    name, write, called, options = FILES[case]
    write(tmp_path / name, scans)
    np.save(tmp_path / "probe.npy", scans[0]["probeGuess"])
    said = call("validate", name).stdout
    assert all(one in said for one in (*called, "2 scans", "--scan-name"))
    refused = call("convert", name, "probe.npy", "out.npz", *options)
    assert refused.exit_code == 2
    assert all(one in refused.stderr for one in called)
    for one, scan in zip(called, scans, strict=True):
        done = call("convert", name, "probe.npy", "out.npz", *options, "--scan-name", one, "--force")
        assert done.exit_code == 0, done.stderr
        with np.load(tmp_path / "out.npz") as found:
            M = len(found["diff3d"])
            np.testing.assert_allclose(found["diff3d"], scan["diff3d"][:M], atol=2e-3)
            for axis in ("xcoords", "ycoords"):
                moved = found[axis] - scan[axis][:M]
                np.testing.assert_allclose(moved, moved[0], atol=1e-4)


def test_a_name_of_no_scan_is_refused(call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]) -> None:
    _folders(tmp_path / "scan.npz", scans)
    done = call("convert", "scan.npz", "out.npz", "--scan-name", "run_9")
    assert done.exit_code == 2
    assert "none is called run_9" in done.stderr


def test_a_name_where_there_is_one_scan_is_wrong_usage(
    call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]
) -> None:
    np.savez(tmp_path / "scan.npz", **scans[0])
    done = call("convert", "scan.npz", "out.npz", "--scan-name", "run_3")
    assert done.exit_code == 3
    assert "--scan-name run_3" in done.stderr


def test_diagnose_takes_the_name_too(call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]) -> None:
    _folders(tmp_path / "scan.npz", scans)
    assert "--scan-name run_3" in call("diagnose", "scan.npz").stderr
    assert "2 scans" not in call("diagnose", "scan.npz", "--scan-name", "run_4", "--positions-unit", "px").stderr


def test_validate_and_show_look_at_the_scan_that_is_named(
    call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]
) -> None:
    _folders(tmp_path / "scan.npz", scans)
    assert "63 frames" in call("validate", "scan.npz", "--scan-name", "run_3", "--jobs", "0").stdout
    assert "none is called run_9" in call("validate", "scan.npz", "--scan-name", "run_9").stdout
    assert "2 scans" in call("validate", "scan.npz").stdout
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    assert call("show", "scan.npz", "--scan-name", "run_4", "--out", "a.html").exit_code == 0
    assert "2 scans" not in (tmp_path / "a.html").read_text()


@pytest.mark.night
def test_workers_are_told_the_name(call: Call, tmp_path: Path, scans: tuple[Arrays, Arrays]) -> None:
    _folders(tmp_path / "scan.npz", scans)
    assert "63 frames" in call("validate", "scan.npz", "--scan-name", "run_3", "--jobs", "1").stdout
