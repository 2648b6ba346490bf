"""Files of nobody's layout, and of MATLAB: told by names and shapes, or asked about, and never read the wrong way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from tests.commands.calling import Call
from tests.commands.test_convert import moved
from tests.files.scans import N, sound
from tests.files.written import DISTANCE, PIXEL, STEP, counts_of

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")

SCAN = sound(22)
COUNTS, PROBE = counts_of(SCAN), SCAN["probeGuess"]
X, Y = SCAN["xcoords"], SCAN["ycoords"]
XY = np.stack([X, Y], axis=1)
LAST = np.moveaxis(COUNTS, 0, -1)
COLUMN_MAJOR = LAST.reshape(N, N, 10, 8, order="F")
MODES = np.stack([PROBE, 0.1 * PROBE], axis=-1)

Tree = dict[str, Any]
WORDS = ("--positions-order", "xy", "--positions-unit", "px")
IN_PIXELS = ("--positions-unit", "px")

MATLAB: dict[str, tuple[Tree, tuple[str, ...]]] = {
    "as MATLAB has them": ({"dp": LAST, "probe": PROBE, "positions": XY}, WORDS),
    "frames first": ({"dp": COUNTS, "probe": PROBE, "positions": XY.T}, WORDS),
    "doubles": ({"I": LAST.astype(float), "probe": PROBE, "xy": XY}, IN_PIXELS),
    "a raster": (
        {"cbed": COLUMN_MAJOR, "probe": MODES, "x": X.reshape(10, 8, order="F"), "y": Y.reshape(10, 8, order="F")},
        IN_PIXELS,
    ),
    "columns": (
        {
            "data": LAST,
            "probe": MODES,
            "posx_um": X[:, None] * STEP * 1e6,
            "posy_um": Y[:, None] * STEP * 1e6,
            "dx_spec": [STEP, STEP],
        },
        (),
    ),
    "with its geometry": (
        {
            "data": LAST,
            "probe": PROBE,
            "x_m": X * STEP,
            "y_m": Y * STEP,
            "energy_keV": 8.8,
            "distance_m": DISTANCE,
            "det_pixel_size": PIXEL,
        },
        (),
    ),
}

NAMED: dict[str, tuple[Tree, tuple[str, ...]]] = {
    "positions of motors": (
        {"intensity": COUNTS, "pos_x": X * STEP, "pos_y": Y * STEP, "probe": PROBE, "dx_m": STEP},
        ("--positions-unit", "m"),
    ),
    "frames last": ({"data": LAST, "col": X, "row": Y, "probe": PROBE}, IN_PIXELS),
    "a raster": ({"data": COUNTS.reshape(8, 10, N, N), "x": X, "y": Y, "probe": PROBE}, IN_PIXELS),
    "a raster last": ({"data": LAST.reshape(N, N, 8, 10), "x": X, "y": Y, "probe": PROBE}, IN_PIXELS),
    "axes of one": (
        {"data": COUNTS[:, None].astype(">f4"), "x": X[:, None], "y": Y[:, None], "probe": PROBE[None, None]},
        IN_PIXELS,
    ),
    "amplitudes": ({"modulus": SCAN["diff3d"], "positions_yx_px": XY[:, ::-1], "probe": PROBE}, ()),
    "two parts of a probe": (
        {"data": COUNTS, "x": X, "y": Y, "probe_re": PROBE.real, "probe_im": PROBE.imag},
        IN_PIXELS,
    ),
    "planned positions beside": (
        {"data": COUNTS, "x_target": 0 * X, "y_target": 0 * Y, "x": X, "y": Y, "probe": PROBE},
        IN_PIXELS,
    ),
    "more stacks beside": (
        {"frames": COUNTS, "darkframes": np.zeros((200, N, N)), "x": X, "y": Y, "probe": PROBE},
        IN_PIXELS,
    ),
}


def _mat5(path: Path, tree: Tree) -> None:
    scipy.io.savemat(path, tree, do_compression=True)


def _structure(path: Path, tree: Tree) -> None:
    scipy.io.savemat(path, {"night": tree})


def _mat73(path: Path, tree: Tree) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in tree.items():
            values = np.atleast_2d(np.asarray(value)).T
            if np.iscomplexobj(values):
                pair = np.empty(values.shape, np.dtype([("real", "<f8"), ("imag", "<f8")]))
                pair["real"], pair["imag"] = values.real, values.imag
                values = pair
            file[name] = values
            file[name].attrs["MATLAB_class"] = np.bytes_(b"double")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(128))


def _hdf5(path: Path, tree: Tree) -> None:
    with h5py.File(path, "w") as file:
        for name, value in tree.items():
            file[f"scan/measurement/{name}"] = value


def _npz(path: Path, tree: Tree) -> None:
    np.savez(path.with_suffix(".npz"), **tree)
    path.with_suffix(".npz").rename(path)


def _is_the_scan(call: Call, folder: Path, *options: str) -> None:
    done = call("convert", "night", "out.npz", *options)
    assert done.exit_code in (0, 1), done.stderr
    with np.load(folder / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], SCAN["diff3d"], atol=2e-3)
        assert moved(dict(found), SCAN) < 1e-3
        probe = found["probeGuess"]
        np.testing.assert_allclose(probe[0] if probe.ndim == 3 else probe, PROBE, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("write", [_mat5, _structure, _mat73])
@pytest.mark.parametrize("case", MATLAB)
def test_files_of_matlab(case: str, write: Callable[[Path, Tree], None], call: Call, tmp_path: Path) -> None:
    tree, options = MATLAB[case]
    write(tmp_path / "night", tree)
    _is_the_scan(call, tmp_path, *options)


@pytest.mark.parametrize("write", [_hdf5, _npz])
@pytest.mark.parametrize("case", NAMED)
def test_arrays_of_any_name(case: str, write: Callable[[Path, Tree], None], call: Call, tmp_path: Path) -> None:
    tree, options = NAMED[case]
    write(tmp_path / "night", tree)
    _is_the_scan(call, tmp_path, *options)


@pytest.mark.parametrize("name", ["data", "raster"])
def test_the_order_of_storage_is_no_order_of_the_scan(name: str, call: Call, tmp_path: Path) -> None:
    stack = COUNTS if name == "data" else COUNTS.reshape(8, 10, N, N)
    tree = {"data": np.asfortranarray(stack), "x": X, "y": Y, "probe": np.asfortranarray(PROBE)}
    _npz(tmp_path / "night", tree)
    _is_the_scan(call, tmp_path, *IN_PIXELS)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, "--positions-order"),
        ({"positions": None, "x": X, "y": Y}, "--positions-unit"),
        ({"positions": None, "x_px": X, "y_px": Y, "data": COUNTS * 0.37}, "--counts"),
        ({"positions": None, "x_px": X, "y_px": Y, "data": np.fft.ifftshift(COUNTS, axes=(1, 2))}, "--centre"),
        ({"positions": None, "x_px": X[:7], "y_px": Y[:7]}, "positions"),
        ({"positions": None, "x_px": X, "y_px": Y, "probe": np.stack([PROBE[None]] * 3)}, "varies along the scan"),
        ({"positions": None, "x_px": X, "y_px": Y, "probe": None}, "probe"),
    ],
)
def test_what_names_do_not_say_is_asked_for(change: Tree, word: str, call: Call, tmp_path: Path) -> None:
    tree: Tree = {"data": COUNTS, "positions": XY, "probe": PROBE} | change
    _hdf5(tmp_path / "night", {name: value for name, value in tree.items() if value is not None})
    done = call("convert", "night", "out.npz")
    assert done.exit_code == 2
    assert word in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_parts_from_several_files(
    call: Call,
    tmp_path: Path,
) -> None:
    _mat5(tmp_path / "frames.mat", {"frames": LAST})
    _mat73(tmp_path / "recon.mat", {"probe": PROBE, "object": SCAN["objectGuess"]})
    (tmp_path / "p.csv").write_text("\n".join(f"{y},{x}" for x, y in XY))
    options = ("--positions-order", "yx", "--positions-unit", "px")
    assert call("convert", "frames.mat", "recon.mat", "p.csv", "out.npz", *options).exit_code == 0
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], SCAN["diff3d"], atol=2e-3)
        assert moved(dict(found), SCAN) < 1e-6
        np.testing.assert_array_equal(found["probeGuess"], PROBE)
        assert "objectGuess" not in found


def test_validate_says_what_is_what(call: Call, tmp_path: Path) -> None:
    _mat5(tmp_path / "night.mat", {"dp": LAST, "probe": PROBE, "positions": XY})
    done = call("validate", "night.mat")
    assert done.exit_code == 1
    said = " ".join(done.stdout.split())
    assert "a MATLAB file" in said
    assert "dp (32, 32, 80)" in said
    assert "frames, positions and a probe" in said


@pytest.mark.parametrize("keep", [0.4, 0.7, 0.95])
def test_a_cut_file_of_matlab_is_named_for_what_it_is(keep: float, call: Call, tmp_path: Path) -> None:
    _mat5(tmp_path / "whole.mat", {"dp": LAST, "probe": PROBE, "positions": XY})
    content = (tmp_path / "whole.mat").read_bytes()
    (tmp_path / "night.mat").write_bytes(content[: int(keep * len(content))])
    done = call("convert", "night.mat", "out.npz", *WORDS)
    assert done.exit_code == 2
    assert "MATLAB" in done.stderr
    assert "copy it again" in done.stderr
