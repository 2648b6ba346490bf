"""``convert``: a scan in the layout of another tool becomes the scan it was written from."""

from __future__ import annotations

import json
from functools import partial
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


def loaded(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as held:
        return dict(held)


def moved(found: Arrays, scan: Arrays) -> float:
    """Greatest distance of positions after their common shift."""
    shifts = [found[name] - scan[name] for name in ("xcoords", "ycoords")]
    return max(float(np.abs(one - one[0]).max()) for one in shifts)


def same_frames(found: Arrays, scan: Arrays) -> None:
    np.testing.assert_allclose(found["diff3d"], scan["diff3d"], atol=2e-3)
    assert found["diff3d"].dtype == np.float32


def test_tike(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.tike(tmp_path / "night.npz", scan)
    done = call("convert", "night.npz", "out.npz")
    assert done.exit_code == 0, done.stderr
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    assert moved(found, scan) < 1e-4
    np.testing.assert_array_equal(found["probeGuess"], scan["probeGuess"])


@pytest.mark.parametrize("transposed", [False, True])
def test_cxi_with_a_product(transposed: bool, call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.cxi(tmp_path / "night.cxi", scan, transposed_basis=transposed)
    written.product(tmp_path / "product.h5", scan)
    done = call("convert", "night.cxi", "product.h5", "out.npz")
    assert done.exit_code == 0, done.stderr
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    for name in ("xcoords", "ycoords"):
        np.testing.assert_allclose(found[name], scan[name], atol=1e-6)
    np.testing.assert_array_equal(found["objectGuess"], scan["objectGuess"])


@pytest.mark.parametrize(
    "basis",
    [((0, 1, 0), (1, 0, 0)), ((0, -1, 0), (1, 0, 0)), ((-1, 0, 0), (0, -1, 0)), ((0, -0.6, 0.8), (-1, 0, 0))],
)
def test_basis_vectors_are_honoured(basis: Any, call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.cxi(tmp_path / "night.cxi", scan, basis=basis)
    written.tike(tmp_path / "probe.npz", scan)
    assert call("convert", "night.cxi", "probe.npz", "out.npz").exit_code == 0
    assert moved(loaded(tmp_path / "out.npz"), scan) < 1e-6


def test_a_second_whole_scan_is_refused(call: Call, tmp_path: Path, scan: Arrays) -> None:
    for name in ("one.npz", "two.npz"):
        written.tike(tmp_path / name, scan)
    done = call("convert", "one.npz", "two.npz", "out.npz")
    assert done.exit_code != 0
    assert "give one scan at a time" in " ".join(done.stderr.split())


@pytest.mark.parametrize("good", [0, 1])
def test_both_polarities_of_a_mask(good: int, call: Call, tmp_path: Path, scan: Arrays) -> None:
    mask = np.full((written.N, written.N), good, np.uint8)
    mask[:, 3] = 1 - good
    written.cxi(tmp_path / "night.cxi", scan, mask=mask)
    written.product(tmp_path / "product.h5", scan)
    assert call("convert", "night.cxi", "product.h5", "out.npz").exit_code == 0
    found = loaded(tmp_path / "out.npz")
    assert found["bad_pixels"][:, 3].all()
    assert found["bad_pixels"].sum() == written.N
    assert not found["diff3d"][:, :, 3].any()


def test_ptyd_in_chunks(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.ptyd(tmp_path / "night.ptyd", scan, chunks=4)
    written.tike(tmp_path / "probe.npz", scan)
    assert call("convert", "night.ptyd", "probe.npz", "out.npz").exit_code == 0
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    assert moved(found, scan) < 1e-6


@pytest.mark.parametrize("old", [False, True])
def test_a_product_with_its_diffraction(old: bool, call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.diffraction(tmp_path / "diffraction.npz", scan)
    written.product(tmp_path / "product.h5", scan, old=old)
    assert call("convert", "diffraction.npz", "product.h5", "out.npz").exit_code == 0
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    np.testing.assert_allclose(found["xcoords"], scan["xcoords"], atol=1e-6)
    np.testing.assert_allclose(found["ycoords"], scan["ycoords"], atol=1e-6)


def test_amplitudes_of_hxn_keep_their_values(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.hxn(tmp_path / "night.h5", scan)
    written.tike(tmp_path / "probe.npz", scan)
    assert call("convert", "night.h5", "probe.npz", "out.npz").exit_code == 0
    found = loaded(tmp_path / "out.npz")
    np.testing.assert_array_equal(found["diff3d"], scan["diff3d"])
    assert moved(found, scan) < 1e-6


@pytest.mark.parametrize(("name", "order"), [("p.csv", "yx"), ("p.txt", "xy")])
def test_a_master_with_a_list_of_positions(name: str, order: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.master(tmp_path / "m.h5", scan)
    written.positions(tmp_path / name, scan, order)
    written.tike(tmp_path / "probe.npz", scan)
    given = ["convert", "m.h5", name, "probe.npz", "out.npz"]
    asked = call(*given)
    assert asked.exit_code == 3
    assert "--positions-order" in asked.stderr
    known = [*given, "--positions-order", order, "--positions-unit", "m"]
    lacking = call(*known)
    assert lacking.exit_code == 2
    for option in ("--energy", "--distance"):
        assert option in lacking.stderr
    assert "--detector-pixel" not in lacking.stderr
    assert call(*known, "--energy", str(written.ENERGY), "--distance", str(written.DISTANCE)).exit_code == 0
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    assert moved(found, scan) < 1e-5


def test_a_pair_of_fold_slice_is_transposed_back(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.shelves(tmp_path / "dp.h5", scan)
    written.tike(tmp_path / "probe.npz", scan)
    assert call("convert", "dp.h5", "probe.npz", "out.npz", "--object-pixel", str(written.STEP)).exit_code == 0
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    assert moved(found, scan) < 1e-6


@pytest.mark.parametrize("write", [written.emd, written.hspy, partial(written.hspy, signal_first=True)])
def test_a_raster_of_an_electron_microscope(write: Any, call: Call, tmp_path: Path, scan: Arrays) -> None:
    write(tmp_path / "night.h5", scan, 7, 3.2)
    written.tike(tmp_path / "probe.npz", scan)
    done = call("convert", "night.h5", "probe.npz", "out.npz")
    assert done.exit_code in (0, 1), done.stderr
    assert ("QR_rotation" in done.stdout) == (write is written.emd)
    found = loaded(tmp_path / "out.npz")
    same_frames(found, scan)
    rows, columns = np.indices((7, 9)).reshape(2, -1)
    np.testing.assert_allclose(found["xcoords"] - found["xcoords"][0], 3.2 * columns, atol=1e-6)
    np.testing.assert_allclose(found["ycoords"] - found["ycoords"][0], 3.2 * rows, atol=1e-6)


def test_a_list_of_frames_of_an_electron_microscope(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.emd(tmp_path / "night.h5", scan, 7, 3.2, listed=True)
    np.savez(tmp_path / "rest.npz", xcoords=scan["xcoords"], ycoords=scan["ycoords"], probeGuess=scan["probeGuess"])
    done = call("convert", "night.h5", "rest.npz", "out.npz", "--positions-unit", "px")
    assert done.exit_code in (0, 1), done.stderr
    same_frames(loaded(tmp_path / "out.npz"), scan)


def test_axes_of_hyperspy_that_are_mixed_are_refused(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.hspy(tmp_path / "night.h5", scan, 7, 3.2)
    with h5py.File(tmp_path / "night.h5", "r+") as file:
        for number in (1, 2):
            file[f"Experiments/night/axis-{number}"].attrs["navigate"] = number == 2
    written.tike(tmp_path / "probe.npz", scan)
    done = call("convert", "night.h5", "probe.npz", "out.npz")
    assert done.exit_code == 2
    assert "navigate" in done.stderr


def test_what_is_missing_is_named(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.cxi(tmp_path / "night.cxi", scan)
    done = call("convert", "night.cxi", "out.npz")
    assert done.exit_code == 2
    assert "a probe missing" in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_a_varying_probe_is_refused_by_name(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.diffraction(tmp_path / "diffraction.npz", scan)
    written.product(tmp_path / "product.h5", scan, varying=2)
    done = call("convert", "diffraction.npz", "product.h5", "out.npz")
    assert done.exit_code == 2
    assert "varies along the scan" in done.stderr


def test_the_file_says_where_it_came_from(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.tike(tmp_path / "night.npz", scan)
    call("convert", "night.npz", "out.npz")
    told = json.loads(str(loaded(tmp_path / "out.npz")["_metadata"]))
    assert told["sources"] == ["night.npz"]
    assert told["orientation"]["said_by"] == "nobody"
    assert "square root of the counts" in told["arrays"]["diff3d"]["changes"]


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("night.npz", "last the file to write"),
        ("absent.npz out.npz", "absent.npz"),
        ("night.npz out.h5", "out.h5"),
        ("night.npz night.npz", "night.npz exists"),
        ("night.npz night.npz --force", "also read"),
        ("night.npz out.npz --positions-order zx", "zx"),
        ("night.npz out.npz --positions-unit yard", "yard"),
    ],
)
def test_wrong_usage_writes_nothing(arguments: str, value: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.tike(tmp_path / "night.npz", scan)
    before = (tmp_path / "night.npz").read_bytes()
    done = call("convert", *arguments.split())
    assert done.exit_code == 3
    assert value in done.stderr
    assert (tmp_path / "night.npz").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["night.npz"]


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_masks_of_frames_become_one(dtype: Any, call: Call, tmp_path: Path, scan: Arrays) -> None:
    each = np.zeros(scan["diff3d"].shape, dtype)
    each[1, 3, 5:], each[2, 4, 6] = 1, 1
    np.savez(tmp_path / "scan.npz", **scan | {"bad_pixels": each})
    done = call("convert", "scan.npz", "out.npz")
    assert done.exit_code == 0
    assert "bad in any frame is bad in all" in " ".join((done.stdout + done.stderr).split())
    found = loaded(tmp_path / "out.npz")["bad_pixels"]
    assert found.dtype == bool
    assert np.array_equal(found, each.any(axis=0))


def test_a_mask_of_another_side_is_refused(call: Call, tmp_path: Path, scan: Arrays) -> None:
    np.savez(tmp_path / "scan.npz", **scan | {"bad_pixels": np.zeros((5, 7), bool)})
    done = call("convert", "scan.npz", "out.npz")
    assert done.exit_code != 0
    assert "NPZ-047" in (done.stdout + done.stderr)
