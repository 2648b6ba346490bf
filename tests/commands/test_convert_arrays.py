"""Arrays that bear no names of a scan: told by the user, or by what stands beside them; and two more layouts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.files.scans import Arrays, sound
from tests.files.written import DISTANCE, ENERGY, PIXEL, STEP, counts_of

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
GEOMETRY = ("--energy", str(ENERGY), "--distance", str(DISTANCE), "--detector-pixel", str(PIXEL))


@pytest.fixture
def scan(tmp_path: Path) -> Arrays:
    found = sound(2, columns=9, rows=7)
    np.save(tmp_path / "probe.npy", found["probeGuess"])
    np.save(tmp_path / "frames.npy", counts_of(found).astype(np.uint16))
    return found


def _hdf5(path: Path, held: Mapping[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        for name, values in held.items():
            file[name] = values


def _beamline(path: Path, scan: Arrays, **others: Any) -> None:
    """Names that mean nothing, and counters beside the motors."""
    held = {"scan/data_03": counts_of(scan), "scan/data_01": np.arange(63.0), "scan/data_02": np.arange(63.0) ** 2}
    motors = {"scan/actuator_1_1": scan["xcoords"] * STEP * 1e3, "scan/actuator_2_1": scan["ycoords"] * STEP * 1e3}
    _hdf5(path, held | motors | others)


def _same(path: Path, scan: Arrays) -> None:
    with np.load(path) as found:
        np.testing.assert_allclose(found["diff3d"], scan["diff3d"], atol=2e-3)
        for axis in ("xcoords", "ycoords"):
            moved = found[axis] - scan[axis]
            np.testing.assert_allclose(moved, moved[0], atol=1e-3)


def test_arrays_are_taken_as_they_are_told(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _beamline(tmp_path / "a.nxs", scan)
    asked = call("convert", "a.nxs", "probe.npy", "out.npz", *GEOMETRY, "--counts", "--positions-unit", "mm")
    assert asked.exit_code == 2
    assert "--positions-order" in asked.stderr
    told = ("--array", "x=actuator_1_1", "--array", "y=scan/actuator_2_1", "--array", "frames=/scan/data_03")
    done = call("convert", "a.nxs", "probe.npy", "out.npz", *GEOMETRY, "--counts", "--positions-unit", "mm", *told)
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


def test_what_has_a_value_a_frame_is_named_where_positions_are_missing(
    call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _beamline(tmp_path / "a.nxs", scan, **{"scan/actuator_3_1": np.arange(63.0)})
    done = call("convert", "a.nxs", "probe.npy", "out.npz", *GEOMETRY)
    assert done.exit_code == 2
    assert "/scan/actuator_3_1" in done.stderr
    assert "--array x=NAME" in done.stderr


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        (("x=actuator_1_1",), 3, "x and y"),
        (("x=data_01", "y=data_01", "x=data_02"), 3, "twice"),
        (("motor=data_01",), 3, "frames=NAME"),
        (("probe=none",), 3, "none of the files"),
        (("frames=data_01",), 2, "frames are"),
        (("positions=data_01",), 2, "a table of positions"),
    ],
)
def test_what_cannot_be_told_is_refused(
    told: tuple[str, ...], code: int, words: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _beamline(tmp_path / "a.nxs", scan)
    options = [part for one in told for part in ("--array", one)]
    done = call("convert", "a.nxs", "probe.npy", "out.npz", *GEOMETRY, *options)
    assert done.exit_code == code, done.stderr
    assert words in done.stderr


def _v5(path: Path, held: Mapping[str, Any]) -> None:
    from scipy.io import savemat

    savemat(path, dict(held))


def _v73(path: Path, held: Mapping[str, Any]) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in held.items():
            if isinstance(values, dict):
                for field, value in values.items():
                    text = isinstance(value, str)
                    stored = np.array([[ord(one)] for one in value], np.uint16) if text else np.atleast_2d(value).T
                    file[f"{name}/{field}"] = stored
                    file[f"{name}/{field}"].attrs["MATLAB_class"] = np.bytes_("char" if text else "double")
            else:
                file[name] = np.asarray(values).T


@pytest.mark.parametrize(("write", "unit", "metres"), [(_v5, "um", 1e-6), (_v73, "nm", 1e-9)])
def test_a_unit_that_stands_as_text_in_a_structure_is_read(
    write: Callable[..., None], unit: str, metres: float, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    places = {"x": scan["xcoords"] * STEP / metres, "y": scan["ycoords"] * STEP / metres, "units": unit}
    write(tmp_path / "a.mat", {"dp": np.moveaxis(counts_of(scan), 0, -1), "positions": places})
    done = call("convert", "a.mat", "probe.npy", "out.npz", *GEOMETRY, "--counts")
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


def test_frames_in_groups_of_their_own_are_joined_by_number(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _hdf5(tmp_path / "a.h5", {f"run_7/tag_{95 + k}/detector_data": one for k, one in enumerate(counts_of(scan))})
    table = np.stack([scan["ycoords"], scan["xcoords"]], axis=1) * STEP * 1e6
    np.savetxt(tmp_path / "p.txt", table, header="y(um) x(um)", fmt="%.8f")
    assert "joins them in the order of their numbers" in call("validate", "a.h5").stdout
    assert "of which x(um) and y(um) are read" in call("validate", "p.txt").stdout
    done = call("convert", "a.h5", "p.txt", "probe.npy", "out.npz", *GEOMETRY, "--counts")
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


def test_a_stack_a_line_is_joined_by_number_and_stacks_with_positions_are_not(
    call: Call, tmp_path: Path, scan: Arrays
) -> None:
    lines = {f"scan/line_{k + 8}/image": counts_of(scan)[9 * k : 9 * k + 9] for k in range(7)}
    _hdf5(tmp_path / "a.h5", lines)
    np.savez(tmp_path / "p.npz", x=scan["xcoords"], y=scan["ycoords"])
    asked = ("--counts", "--positions-unit", "px", "--force")
    done = call("convert", "a.h5", "p.npz", "probe.npy", "out.npz", *asked)
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)
    _hdf5(tmp_path / "b.h5", lines | {"x": np.arange(9.0), "y": np.arange(9.0)})
    assert "/scan/line_*" not in call("convert", "b.h5", "probe.npy", "b.npz", *asked).stdout


def test_columns_of_spec_are_read_by_their_labels(call: Call, tmp_path: Path, scan: Arrays) -> None:
    rows = [f"{k} {x} {y} 0.1" for k, (x, y) in enumerate(zip(scan["xcoords"], scan["ycoords"], strict=True))]
    one = ["#S 12 mesh samx 0 1 9 samy 0 1 7", "#L Pt No  samx  samy  Seconds", *rows]
    (tmp_path / "a.spec").write_text("\n".join(["#F a.spec", *one]))
    done = call("convert", "frames.npy", "a.spec", "probe.npy", "out.npz", "--counts", "--positions-unit", "px",
                "--positions-order", "xy")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)
    (tmp_path / "a.spec").write_text("\n".join(["#F a.spec", *one, *one]).replace("#S 12", "#S 13", 1))
    done = call("convert", "frames.npy", "a.spec", "probe.npy", "o.npz", "--counts", "--positions-unit", "px")
    assert done.exit_code == 2
    assert "2 scans of SPEC (13, 12)" in done.stderr


def test_the_measured_columns_are_taken_and_not_the_planned_or_their_spread(
    call: Call, tmp_path: Path, scan: Arrays
) -> None:
    names = "Point Target_x Average_x_st Stdev_x_st Target_y Average_y_st Stdev_y_st"
    x, y, none = scan["xcoords"], scan["ycoords"], np.zeros(63)
    table = np.stack([np.arange(63), np.rint(x), x, none, np.rint(y), y, none], axis=1)
    np.savetxt(tmp_path / "p.dat", table, header=f"Scan 12\n{names}", comments="")
    done = call("convert", "frames.npy", "p.dat", "probe.npy", "out.npz", "--counts", "--positions-unit", "px")
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


def test_records_of_x_and_y_and_words_beside_a_table_are_read(call: Call, tmp_path: Path, scan: Arrays) -> None:
    x, y = (scan[axis] * STEP * 1e6 for axis in ("xcoords", "ycoords"))
    records = np.zeros(63, [("x", "f8"), ("y", "f8"), ("t", "f8")])
    records["x"], records["y"] = x, y
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["frames"] = counts_of(scan)
        file["positions"] = records
        file["positions"].attrs["units"] = "um"
    words = {"places_units": np.array("um"), "places_order": np.array("y, x")}
    np.savez(tmp_path / "b.npz", frames=counts_of(scan), places=np.stack([y, x], 1), **words)
    assert "frames and positions, no probe" in call("validate", "a.h5").stdout
    for name in ("a.h5", "b.npz"):
        done = call("convert", name, "probe.npy", "out.npz", *GEOMETRY, "--counts", "--force")
        assert done.exit_code == 0, done.stderr
        _same(tmp_path / "out.npz", scan)


PLACES_OF_GEOMETRY = {
    "by the definition": {
        "instrument/detector/distance": (DISTANCE * 1e3, "mm"),
        "instrument/detector/x_pixel_size": (PIXEL * 1e3, "mm"),
        "instrument/detector/y_pixel_size": (PIXEL * 1e3, "mm"),
        "instrument/beam/incident_wavelength": (12398.41984 / ENERGY, "angstrom"),
    },
    "by their names": {
        "instrument/source/energy": (3.0, "GeV"),
        "instrument/energy": (ENERGY * 1e-3, "keV"),
        "instrument/sample_detector_distance": (DISTANCE, "m"),
        "instrument/detector/x_pixel_size": (PIXEL * 1e6, "um"),
    },
}


@pytest.mark.parametrize("places", PLACES_OF_GEOMETRY)
def test_nexus_without_a_motion_has_its_positions_by_name_and_its_geometry(
    places: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    with h5py.File(tmp_path / "a.nxs", "w") as file:
        held = PLACES_OF_GEOMETRY[places] | {
            "instrument/detector/data": (counts_of(scan), ""),
            "sample/x_positions": (scan["xcoords"] * STEP * 1e3, "mm"),
            "sample/y_positions": (scan["ycoords"] * STEP * 1e3, "mm"),
        }
        for name, (values, unit) in held.items():
            file[f"entry/{name}"] = values
            file[f"entry/{name}"].attrs["units"] = unit
    done = call("convert", "a.nxs", "probe.npy", "out.npz", "--counts")
    assert done.exit_code == 0, done.stderr
    assert "nothing says how the sample was moved" in done.stdout
    assert places == "by the definition" or "x_pixel_size = 75 was taken for the detector pixel" in done.stdout
    _same(tmp_path / "out.npz", scan)


def test_coordinates_whose_names_end_in_a_unit_are_divided_by_the_pixel(
    call: Call, tmp_path: Path, scan: Arrays
) -> None:
    rest = {name: values for name, values in scan.items() if not name.endswith("coords")}
    np.savez(tmp_path / "a.npz", **rest, **{f"{one}_nm": scan[one] * STEP * 1e9 for one in ("xcoords", "ycoords")})
    assert "xcoords_nm has another unit" in call("validate", "a.npz").stdout
    done = call("convert", "a.npz", "out.npz", *GEOMETRY)
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


def _ptylab(scan: Arrays) -> dict[str, Any]:
    places = np.stack([scan["ycoords"], scan["xcoords"]], axis=1) * STEP
    return {
        "ptychogram": counts_of(scan), "encoder": places - places.mean(axis=0), "wavelength": 1.239841984e-6 / ENERGY,
        "zo": DISTANCE, "dxd": PIXEL,
    }  # fmt: skip


def test_ptylab_needs_a_probe_and_no_option(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _hdf5(tmp_path / "a.hdf5", _ptylab(scan))
    assert "the HDF5 file of PtyLab" in call("validate", "a.hdf5").stdout
    done = call("convert", "a.hdf5", "probe.npy", "out.npz", "--counts")
    assert done.exit_code == 0, done.stderr
    _same(tmp_path / "out.npz", scan)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zled": 0.06}, "Fourier ptychography"),
        ({"encoder": np.zeros((62, 2))}, "(62, 2)"),
        ({"ptychogram": np.zeros((63, 16))}, "(63, 16)"),
    ],
)
def test_what_is_no_far_field_scan_of_ptylab_is_refused(
    change: dict[str, Any], words: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _hdf5(tmp_path / "a.hdf5", _ptylab(scan) | change)
    assert words in call("validate", "a.hdf5").stdout


def _calibrations(unit: str = "nm", frames: str = "1/nm") -> dict[str, Any]:
    size = 1 / (32 * STEP * 1e9)
    pairs = ((3 * STEP * 1e9, unit), (2 * STEP * 1e9, unit), (size, frames), (size, frames))
    return {"dimensional_calibrations": [{"offset": 0, "scale": scale, "units": said} for scale, said in pairs]}


def _ndata(path: Path, values: Any, said: str) -> None:
    held = io.BytesIO()
    np.save(held, values)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", held.getvalue())
        archive.writestr("metadata.json", said)


def _ndata1(path: Path, values: Any, said: str) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = values
        file["data"].attrs["properties"] = said


@pytest.mark.parametrize("write", [_ndata, _ndata1])
def test_a_raster_of_nion_swift_has_its_steps_and_its_pixel(
    write: Callable[..., None], call: Call, tmp_path: Path, scan: Arrays
) -> None:
    write(tmp_path / "a.ndata", counts_of(scan).reshape(7, 9, 32, 32), json.dumps(_calibrations()))
    assert "a data item of Nion Swift" in call("validate", "a.ndata").stdout
    done = call("convert", "a.ndata", "probe.npy", "out.npz", "--counts")
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], scan["diff3d"], atol=2e-3)
        np.testing.assert_allclose(np.diff(found["xcoords"].reshape(7, 9), axis=1), 2, rtol=1e-6)
        np.testing.assert_allclose(np.diff(found["ycoords"].reshape(7, 9), axis=0), 3, rtol=1e-6)


UNREADABLE = ("{", "[" * 5000, json.dumps(_calibrations()) + " " * (1 << 25), "[1, 2]", '{"spatial_calibrations": [7]}')


@pytest.mark.parametrize("said", UNREADABLE, ids=["cut", "deep", "a bomb", "a list", "no axes"])
def test_calibrations_that_cannot_be_read_give_no_positions(
    said: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _ndata(tmp_path / "a.ndata", counts_of(scan).reshape(7, 9, 32, 32), said)
    done = call("convert", "a.ndata", "probe.npy", "out.npz", "--counts")
    assert done.exit_code == 2
    assert "positions" in done.stderr or "calibrations" in done.stderr
    assert not (tmp_path / "out.npz").exists()
