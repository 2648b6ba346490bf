"""What a layout takes for granted and these files have otherwise: it is seen, asked for, and never done in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.commands.test_convert import moved
from tests.files import written
from tests.files.scans import Arrays, N, sound
from tests.files.variants_of_layouts import _cxi_tree, _hxn, _tike
from tests.files.written import STEP

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.fixture
def scan() -> Arrays:
    return sound(22)


def _hdf5(path: Path, tree: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        for name, value in tree.items():
            values, attributes = value if isinstance(value, tuple) else (value, {})
            file[name] = values
            file[name].attrs.update(attributes)


def _probe(folder: Path, scan: Arrays) -> str:
    np.savez(folder / "probe.npz", probeGuess=scan["probeGuess"])
    return "probe.npz"


def _converted(call: Call, folder: Path, *arguments: str) -> Arrays:
    done = call("convert", *arguments, "out.npz", "--force")
    assert done.exit_code == 0, done.stderr + done.stdout
    with np.load(folder / "out.npz") as held:
        return dict(held)


def _is_the_scan(found: Arrays, scan: Arrays) -> None:
    np.testing.assert_allclose(found["diff3d"], scan["diff3d"], atol=2e-3)
    assert moved(found, scan) < 1e-3


@pytest.mark.parametrize("unit", ["mm", "um", "nm"])
def test_positions_in_a_unit_that_nothing_says(unit: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    factor = {"mm": 1e3, "um": 1e6, "nm": 1e9}[unit]
    where = "entry_1/sample_1/geometry_1/translation"
    tree = _cxi_tree(scan)
    _hdf5(tmp_path / "night.cxi", tree | {where: tree[where] * factor})
    probe = _probe(tmp_path, scan)
    asked = call("convert", "night.cxi", probe, "out.npz")
    assert asked.exit_code == 2
    assert "--positions-unit" in asked.stderr
    _is_the_scan(_converted(call, tmp_path, "night.cxi", probe, "--positions-unit", unit), scan)


def test_points_in_metres_where_micrometres_are_usual(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _hdf5(tmp_path / "night.h5", _hxn(scan, points=np.stack([scan["xcoords"], scan["ycoords"]]) * STEP))
    probe = _probe(tmp_path, scan)
    assert "--positions-unit" in call("convert", "night.h5", probe, "out.npz").stderr
    _is_the_scan(_converted(call, tmp_path, "night.h5", probe, "--positions-unit", "m"), scan)


@pytest.mark.parametrize("layout", ["hxn", "tike"])
def test_the_zero_frequency_in_the_middle_where_the_corner_is_usual(
    layout: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    mask = np.zeros((N, N), np.uint8)
    mask[3, 5:9] = 1
    stack = np.where(mask, 0, written.counts_of(scan))
    if layout == "hxn":
        roots = np.where(mask, 0, scan["diff3d"])
        _hdf5(tmp_path / "night.h5", _hxn(scan, diffamp=roots) | {"mask": mask})
    else:
        np.savez(tmp_path / "night.h5.npz", **_tike(scan, data=stack[None]), mask=mask)
        (tmp_path / "night.h5.npz").rename(tmp_path / "night.h5")
    probe = _probe(tmp_path, scan)
    asked = call("convert", "night.h5", probe, "out.npz")
    assert asked.exit_code == 2
    assert "--centre" in asked.stderr
    found = _converted(call, tmp_path, "night.h5", probe, "--centre", "middle")
    np.testing.assert_array_equal(found["bad_pixels"], mask == 1)
    _is_the_scan(found, scan | {"diff3d": np.where(mask, 0, scan["diff3d"])})


def test_the_zero_frequency_in_the_corner_where_the_middle_is_usual(call: Call, tmp_path: Path, scan: Arrays) -> None:
    _hdf5(tmp_path / "night.cxi", _cxi_tree(scan, **{"D/data": np.fft.ifftshift(written.counts_of(scan), axes=(1, 2))}))
    probe = _probe(tmp_path, scan)
    assert "--centre" in call("convert", "night.cxi", probe, "out.npz").stderr
    _is_the_scan(_converted(call, tmp_path, "night.cxi", probe, "--centre", "corner"), scan)


SHAPES: dict[str, Callable[[Any], Any]] = {
    "(3, M)": lambda table: table.T,
    "raster": lambda table: table.reshape(8, 10, 3),
    "in micrometers": lambda table: (table * 1e6, {"units": "micrometers"}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_translations_of_other_shapes(shape: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    where = "entry_1/sample_1/geometry_1/translation"
    tree = _cxi_tree(scan)
    _hdf5(tmp_path / "night.cxi", tree | {where: SHAPES[shape](tree[where])})
    _is_the_scan(_converted(call, tmp_path, "night.cxi", _probe(tmp_path, scan)), scan)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0)])
def test_axes_of_the_sample_along_vectors(axes: tuple[int, int], call: Call, tmp_path: Path, scan: Arrays) -> None:
    """The first motor of NeXus may move the sample along either direction."""
    tree = {name: value for name, value in _cxi_tree(scan).items() if "translation" not in name}
    for name, axis, coordinate in zip("xy", axes, ("xcoords", "ycoords"), strict=True):
        vector = np.eye(3)[axis]
        values = scan[["xcoords", "ycoords"][axis]] if axes == (1, 0) else scan[coordinate]
        attributes = {"units": "mm", "vector": vector}
        tree[f"entry_1/sample_1/transformations/{name}"] = (values * STEP * 1e3, attributes)
    _hdf5(tmp_path / "night.cxi", tree)
    _is_the_scan(_converted(call, tmp_path, "night.cxi", _probe(tmp_path, scan)), scan)


@pytest.mark.parametrize("ones", [True, False])
def test_arrays_in_fortran_order(ones: bool, call: Call, tmp_path: Path, scan: Arrays) -> None:
    held = _tike(scan)
    data = held["data"] if ones else held["data"][0]
    np.savez(tmp_path / "night.npz", **held | {"data": np.asfortranarray(data)})
    _is_the_scan(_converted(call, tmp_path, "night.npz"), scan)


def test_an_energy_that_nobody_has_is_asked_for(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.ptyd(tmp_path / "night.ptyd", scan)
    with h5py.File(tmp_path / "night.ptyd", "a") as file:
        file["meta/energy"][()] = written.ENERGY
    probe = _probe(tmp_path, scan)
    assert "--energy" in call("convert", "night.ptyd", probe, "out.npz").stderr
    _is_the_scan(_converted(call, tmp_path, "night.ptyd", probe, "--energy", str(written.ENERGY)), scan)
