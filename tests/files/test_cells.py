"""Cells and structures of MATLAB, which keep frames one by one, are read as the arrays that they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from conformance.files.formats.cells import in_nodes, in_variables
from conformance.files.formats.table import readable_as, sniff
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile
from tests.files.scans import Arrays, sound


def _parts(path: Path) -> dict[str, Any]:
    form = readable_as(sniff(path))
    assert form is not None
    with form.opened(path) as found:
        return {name: part.values.array() for name, part in found.parts.items()}


def _require_same(found: dict[str, Any], arrays: Arrays) -> None:
    stack = found["diff3d"]
    frames = stack if stack.shape == arrays["diff3d"].shape else np.moveaxis(stack, -1, 0)
    assert np.array_equal(frames, arrays["diff3d"])
    assert np.array_equal(found["xcoords"], arrays["xcoords"])
    assert np.array_equal(found["ycoords"], arrays["ycoords"])
    assert np.array_equal(np.squeeze(found["probeGuess"]), arrays["probeGuess"])


def test_cells_of_frames_are_a_stack(tmp_path: Path) -> None:
    arrays = sound()
    cell = np.empty((len(arrays["diff3d"]), 1), object)
    cell[:, 0] = list(arrays["diff3d"])
    held = {"x": arrays["xcoords"], "y": arrays["ycoords"]}
    scipy.io.savemat(tmp_path / "scan.mat", {"patterns": cell, "scan": held, "probe": arrays["probeGuess"]})
    _require_same(_parts(tmp_path / "scan.mat"), arrays)


def test_cells_of_hdf5_are_a_stack(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays, path = sound(), tmp_path / "scan.mat"
    with h5py.File(path, "w") as file:
        pointers = np.empty((len(arrays["diff3d"]), 1), h5py.ref_dtype)
        for k, frame in enumerate(arrays["diff3d"]):
            # Names of a person's choice would sort the frames otherwise.
            pointers[k, 0] = file.create_dataset(f"#refs#/cell{(k * 37) % 80}", data=frame.T).ref
        cell = file.create_dataset("patterns", data=pointers, dtype=h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
        file["scan/x"], file["scan/y"] = arrays["xcoords"][:, None], arrays["ycoords"][:, None]
        one = file.create_dataset("#refs#/probe", data=arrays["probeGuess"].T).ref
        file.create_dataset("probe", data=np.array([[one]], h5py.ref_dtype), dtype=h5py.ref_dtype)
    _require_same(_parts(path), arrays)


def test_cells_of_several_shapes_and_structures_keep_their_numbers() -> None:
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = np.ones((2, 3)), np.zeros((4, 5))
    inside = np.zeros((1, 1), [("field", object)])
    inside[0, 0]["field"] = cell
    found = in_variables({"held": inside, "words": np.array(["no number"])})
    assert {name: one.shape for name, one in found.items()} == {"held/field/1": (2, 3), "held/field/2": (4, 5)}


def test_cells_that_point_in_circles_end(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    path = tmp_path / "circle.mat"
    with h5py.File(path, "w") as file:
        for name in "ab":
            file.create_dataset(name, (30, 1), dtype=h5py.ref_dtype)
        for name, other in ("ab", "ba"):
            file[name][...] = np.array([[file[other].ref]] * 30, h5py.ref_dtype)
        file["number"] = 3.0
    with OpenedHdf5(path) as opened:
        assert set(in_nodes(opened)) == {"/number"}


@pytest.mark.parametrize("version", [5, 7])
def test_an_array_of_structures_with_a_stack_each_is_several_scans(version: int, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    scans, path = [sound(seed) for seed in (1, 2)], tmp_path / "scans.mat"
    fields = {"dp": "diff3d", "x": "xcoords", "y": "ycoords"}
    if version == 5:
        held = np.zeros((1, 2), [(field, object) for field in fields])
        for k, arrays in enumerate(scans):
            held[0, k] = (np.moveaxis(arrays["diff3d"], 0, -1), arrays["xcoords"], arrays["ycoords"])
        scipy.io.savemat(path, {"scans": held})
    else:
        with h5py.File(path, "w") as file:
            for field, name in fields.items():
                sets = [file.create_dataset(f"#refs#/{field}{k}", data=one[name]) for k, one in enumerate(scans)]
                file.create_dataset(f"scans/{field}", data=np.array([[one.ref for one in sets]], h5py.ref_dtype))
                file[f"scans/{field}"].attrs["MATLAB_class"] = np.bytes_("cell")
    with pytest.raises(UnfitFile, match="it holds 2 scans"):
        _parts(path)
