"""``convert --to``: a scan file leaves in the layout of another tool, and comes back as it was."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.commands.test_convert import loaded
from tests.files import written
from tests.files.scans import Arrays, N, sound

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")

GEOMETRY = ("--energy", "8800", "--distance", "1.92", "--detector-pixel", "75e-6")
WRITTEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "ptychodus": ("out.h5", ("out_diffraction.h5", "out_product.h5")),
    "cxi": ("out.cxi", ("out.cxi",)),
    "ptyd": ("out.ptyd", ("out.ptyd",)),
    "tike": ("out.npz", ("out.npz",)),
    "dp-para": ("out.hdf5", ("out_dp.hdf5", "out_para.hdf5")),
}
NO_PROBE = ("ptyd",)
MASKED = ("ptychodus", "cxi", "ptyd")


@pytest.fixture
def scan() -> Arrays:
    return sound(3, columns=9, rows=7)


def leave(call: Call, to: str, *options: str) -> Any:
    return call("convert", "scan.npz", WRITTEN[to][0], "--to", to, *options)


def came_back(call: Call, tmp_path: Path, to: str, scan: Arrays) -> Arrays:
    np.savez(tmp_path / "scan.npz", **scan)
    done = leave(call, to, *(() if to == "tike" else GEOMETRY))
    assert done.exit_code == 0, done.stderr
    np.savez(tmp_path / "probe.npz", probeGuess=scan["probeGuess"])
    partner = ("probe.npz",) if to in NO_PROBE else ()
    back = call("convert", *WRITTEN[to][1], *partner, "back.npz")
    assert back.exit_code == 0, back.stderr
    return loaded(tmp_path / "back.npz")


@pytest.mark.parametrize("with_object", [True, False])
@pytest.mark.parametrize("to", WRITTEN)
def test_there_and_back(to: str, with_object: bool, call: Call, tmp_path: Path, scan: Arrays) -> None:
    if not with_object:
        del scan["objectGuess"]
    found = came_back(call, tmp_path, to, scan)
    np.testing.assert_array_equal(found["diff3d"], scan["diff3d"])
    np.testing.assert_array_equal(found["probeGuess"], scan["probeGuess"])
    holds_object = with_object and to not in NO_PROBE
    assert ("objectGuess" in found) == holds_object
    if holds_object:
        np.testing.assert_array_equal(found["objectGuess"], scan["objectGuess"])
    for name in ("xcoords", "ycoords"):
        shift = 0.0 if holds_object else np.round(found[name][0] - scan[name][0])
        np.testing.assert_allclose(found[name] - shift, scan[name], rtol=0, atol=1e-9)


@pytest.mark.parametrize("to", WRITTEN)
def test_amplitudes_that_are_no_roots_keep_their_bits(to: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    scan["diff3d"] = scan["diff3d"] * np.float32(0.7311)
    scan["diff3d"][3, 4, 5] = np.float32(1e-12)
    found = came_back(call, tmp_path, to, scan)
    np.testing.assert_array_equal(found["diff3d"], scan["diff3d"])


@pytest.mark.parametrize("to", MASKED)
def test_masks_come_back(to: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    scan["bad_pixels"] = np.zeros((N, N), bool)
    scan["bad_pixels"][3, 5:] = scan["bad_pixels"][20, 11] = True
    scan["diff3d"][:, scan["bad_pixels"]] = 0
    found = came_back(call, tmp_path, to, scan)
    np.testing.assert_array_equal(found["bad_pixels"], scan["bad_pixels"])
    np.testing.assert_array_equal(found["diff3d"], scan["diff3d"])


@pytest.mark.parametrize("to", sorted(set(WRITTEN) - set(NO_PROBE)))
def test_modes_come_back(to: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    scan["probeGuess"] = np.stack([scan["probeGuess"], 0.3 * scan["probeGuess"].T[::-1], 1j * scan["probeGuess"]])
    np.testing.assert_array_equal(came_back(call, tmp_path, to, scan)["probeGuess"], scan["probeGuess"])


@pytest.mark.parametrize("layout", ["fortran", "legacy", "legacy fortran"])
def test_frames_in_any_order_of_storage(layout: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    stack = scan["diff3d"]
    given = stack if layout == "fortran" else np.moveaxis(stack, 0, -1)
    given = np.asfortranarray(given) if "fortran" in layout else np.ascontiguousarray(given)
    found = came_back(call, tmp_path, "cxi", scan | {"diff3d": given})
    np.testing.assert_array_equal(found["diff3d"], stack)


@pytest.mark.parametrize(("largest", "dtype"), [(65535, "uint16"), (65536, "uint32"), (2**32, "float32")])
def test_counts_take_the_narrowest_type_that_holds_them(
    largest: int, dtype: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    scan["diff3d"][7, 3, 9] = np.sqrt(np.float32(largest))
    np.savez(tmp_path / "scan.npz", **scan)
    assert leave(call, "dp-para", *GEOMETRY, "--packed").exit_code == 0
    with h5py.File(tmp_path / "out_dp.hdf5") as file:
        assert file["dp"].dtype == dtype
        assert file["dp"].compression == "gzip"
        assert file["dp"][7, 3, 9] == largest


@pytest.mark.parametrize("to", sorted(set(WRITTEN) - {"tike"}))
def test_metres_are_asked_for_by_name(to: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    np.savez(tmp_path / "scan.npz", **scan)
    done = leave(call, to, "--energy", "8800")
    assert done.exit_code == 2
    assert "--distance, --detector-pixel" in done.stderr
    assert "--energy" not in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["scan.npz"]


def test_geometry_and_orientation_travel_with_the_file(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.cxi(tmp_path / "night.cxi", scan)
    with h5py.File(tmp_path / "night.cxi", "a") as file:
        group = file.create_group("entry_1/instrument_1/detector_1/orientation")
        group["transpose"], group["rot90"] = 1, 3
    written.tike(tmp_path / "probe.npz", scan)
    assert call("convert", "night.cxi", "probe.npz", "scan.npz").exit_code in (0, 1)
    for to, (out, names) in WRITTEN.items():
        assert leave(call, to, "--force" if to == "tike" else "--packed").exit_code == 0, to
        partner = ["probe.npz"] if to in NO_PROBE else []
        call("convert", *names, *partner, f"{to}.npz")
        said = json.loads(str(loaded(tmp_path / f"{to}.npz")["_metadata"]))["orientation"]
        assert said == {"exif": 2, "rotation": 0.0, "said_by": "file"}, out


@pytest.mark.parametrize(("value", "clause"), [(np.nan, "NPZ-017"), (-1.0, "NPZ-018")])
def test_what_has_no_counts_is_refused(value: float, clause: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    scan["diff3d"][5, 1, 2] = value
    np.savez(tmp_path / "scan.npz", **scan)
    done = leave(call, "tike")
    assert done.exit_code == 2
    assert clause in done.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("to", WRITTEN)
def test_a_full_disk_leaves_what_was_there(
    to: str, call: Call, tmp_path: Path, scan: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "scan.npz", **scan)
    for name in WRITTEN[to][1]:
        (tmp_path / name).write_bytes(b"old")
    before = sorted(one.name for one in tmp_path.iterdir())

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("conformance.files.atomic.os.fsync", full)
    done = leave(call, to, *GEOMETRY, "--force")
    assert done.exit_code == 2
    assert "No space left" in done.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == before
    assert all((tmp_path / name).read_bytes() == b"old" for name in WRITTEN[to][1])


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("scan.npz out.h5 --to zarr", "zarr"),
        ("scan.npz out.npz --to cxi", "out.npz"),
        ("scan.npz taken.h5 --to ptychodus", "taken_product.h5 exists"),
    ],
)
def test_wrong_usage_writes_nothing(arguments: str, value: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    np.savez(tmp_path / "scan.npz", **scan)
    (tmp_path / "taken_product.h5").touch()
    call("convert", *arguments.split()).refuses(value)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["scan.npz", "taken_product.h5"]


def test_ptychodus_reads_what_is_written(call: Call, tmp_path: Path, scan: Arrays) -> None:
    real = pytest.importorskip("ptychodus.api.io", reason="ptychodus is not installed", exc_type=ImportError)
    np.savez(tmp_path / "scan.npz", **scan)
    assert leave(call, "ptychodus", *GEOMETRY).exit_code == 0
    product = real.load_product(tmp_path / "out_product.h5")
    data = real.load_diffraction_data(tmp_path / "out_diffraction.h5")
    np.testing.assert_array_equal(product.probes.get_probe_no_opr().get_array()[0], scan["probeGuess"])
    np.testing.assert_array_equal(product.object_.get_array()[0], scan["objectGuess"])
    # Half a pixel lies between its pixel positions and the contract's.
    centre = product.object_.get_geometry()
    half = [(one.x_m, one.y_m) for one in product.probe_positions]
    x = [x / centre.pixel_width_m + (centre.width_px - 1) / 2 + 0.5 for x, _ in half]
    np.testing.assert_allclose(x, scan["xcoords"], atol=1e-9)
    np.testing.assert_array_equal(data.get_patterns(), written.counts_of(scan))


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_cdtools_reads_what_is_written(call: Call, tmp_path: Path, scan: Arrays) -> None:
    real = pytest.importorskip("cdtools.tools.data", reason="cdtools-py is not installed")
    scan["bad_pixels"] = np.zeros((N, N), bool)
    scan["bad_pixels"][3, 5:] = True
    np.savez(tmp_path / "scan.npz", **scan)
    assert leave(call, "cxi", *GEOMETRY).exit_code == 0
    with h5py.File(tmp_path / "out.cxi") as file:
        frames, _ = real.get_data(file)
        moved = np.asarray(real.get_ptycho_translations(file))
        basis = np.asarray(real.get_detector_geometry(file)[1])
        mask = np.asarray(real.get_mask(file))
    np.testing.assert_array_equal(np.asarray(frames)[:, ~scan["bad_pixels"]], written.counts_of(scan)[:, mask])
    np.testing.assert_allclose(moved @ basis[:, 1] / written.PIXEL / written.STEP, scan["xcoords"], atol=1e-3)
    np.testing.assert_allclose(moved @ basis[:, 0] / written.PIXEL / written.STEP, scan["ycoords"], atol=1e-3)


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_the_forward_model_of_cdtools_explains_what_is_written(call: Call, tmp_path: Path, scan: Arrays) -> None:
    """In the orientation in which it is written, and in no mirrored or transposed one."""
    datasets = pytest.importorskip("cdtools.datasets", reason="cdtools-py is not installed")
    torch, tools = pytest.importorskip("torch"), pytest.importorskip("cdtools.tools")
    np.savez(tmp_path / "scan.npz", **scan)
    assert leave(call, "cxi", *GEOMETRY).exit_code == 0
    held = datasets.Ptycho2DDataset.from_cxi(tmp_path / "out.cxi")
    geometry = held.detector_geometry
    basis = tools.initializers.exit_wave_geometry(
        geometry["basis"], held.patterns.shape[-2:], held.wavelength, geometry["distance"]
    )
    moved = np.asarray(tools.interactions.translations_to_pixel(torch.as_tensor(np.asarray(basis)), held.translations))
    # The corner of a patch, as the file's whole-pixel patches were cut.
    corner = np.floor(moved + np.mean(np.stack([scan["ycoords"], scan["xcoords"]], 1) - moved, axis=0) + 1e-6) - N // 2
    probe, obj = (torch.as_tensor(scan[name]) for name in ("probeGuess", "objectGuess"))
    errors = np.zeros(5)
    for at, counts in zip(corner, np.asarray(held.patterns), strict=True):
        wave = tools.interactions.ptycho_2D_round(probe, obj, torch.as_tensor(at))
        told = np.abs(np.asarray(tools.propagators.far_field(wave)))
        for k, one in enumerate((told, told[::-1], told[:, ::-1], told[::-1, ::-1], told.T)):
            errors[k] += ((one - np.sqrt(counts)) ** 2).sum() / counts.sum()
    assert errors[0] < 0.2 * errors[1:].min()
