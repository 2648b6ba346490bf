"""Which position belongs to which frame: by numbers that both files give, and by what columns are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.commands.test_convert import moved
from tests.files import written
from tests.files.scans import Arrays, sound
from tests.files.written import STEP

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.fixture
def scan() -> Arrays:
    return sound(2, columns=9, rows=7)


@pytest.mark.parametrize("order", ["diffraction first", "product first"])
@pytest.mark.parametrize("number", [63, 40])
def test_frames_of_ptychodus_go_with_the_positions_of_their_number(
    number: int, order: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    rows = np.random.default_rng(1).permutation(63)[:number]
    np.savez(tmp_path / "diffraction.npz", patterns=written.counts_of(scan)[rows], indexes=rows)
    written.product(tmp_path / "product.h5", scan)
    files = ["diffraction.npz", "product.h5"]
    done = call("convert", *(files if order == "diffraction first" else files[::-1]), "out.npz")
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], scan["diff3d"][rows], atol=2e-3)
        np.testing.assert_allclose(found["xcoords"], scan["xcoords"][rows], atol=1e-6)
        np.testing.assert_allclose(found["ycoords"], scan["ycoords"][rows], atol=1e-6)


def test_numbers_that_no_position_has_are_named(call: Call, tmp_path: Path, scan: Arrays) -> None:
    np.savez(tmp_path / "diffraction.npz", patterns=written.counts_of(scan), indexes=np.arange(63) + 1)
    written.product(tmp_path / "product.h5", scan)
    done = call("convert", "diffraction.npz", "product.h5", "out.npz")
    assert done.exit_code == 2
    assert "[63]" in done.stderr


LISTS = {
    "decimal commas": ("y [µm];x [µm]", ";", "yx", lambda word: word.replace(".", ",")),
    "a line of units": ('"X","Y"\n"um","um"', ",", "xy", lambda word: f'"{word}"'),
    "a column of words": ("time\tx_um\ty_um", "\t", "txy", lambda word: word),
    "commas and blanks": ("# x_um y_um", "  ", "xy", lambda word: word.replace(".", ",")),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_as_people_write_them(case: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    head, sign, columns, told = LISTS[case]
    held = {axis: [told(f"{v:.8f}") for v in scan[f"{axis}coords"] * STEP * 1e6] for axis in "xy"}
    held["t"] = [f"12:00:{k % 60:02d}" for k in range(63)]
    rows = zip(*(held[name] for name in columns), strict=True)
    (tmp_path / "p.csv").write_text("\n".join([head, *(sign.join(row) for row in rows)]), encoding="utf-8")
    np.savez(tmp_path / "frames.npz", diff3d=scan["diff3d"], probeGuess=scan["probeGuess"])
    done = call("convert", "frames.npz", "p.csv", "out.npz", "--object-pixel", str(STEP))
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert moved(dict(found), scan) < 1e-3


def _list(path: Path, scan: Arrays, head: str, columns: str) -> None:
    held = {"x": scan["xcoords"] * STEP * 1e6, "y": scan["ycoords"] * STEP * 1e6, "k": np.arange(63), "z": np.zeros(63)}
    rows = zip(*(held[name] for name in columns), strict=True)
    path.write_text("\n".join([*([head] if head else []), *(",".join(map(str, row)) for row in rows)]))
    np.savez(path.with_name("frames.npz"), diff3d=scan["diff3d"], probeGuess=scan["probeGuess"])


GEOMETRY = ("--object-pixel", str(STEP))
UM = ("--positions-unit", "um")


@pytest.mark.parametrize(
    ("head", "columns", "options"),
    [
        ("", "xy", ("--positions-order", "xy", *UM)),
        ("x,y", "xy", UM),
        ("y,x", "yx", UM),
        ("y,x", "yx", ("--positions-order", "yx", *UM)),
        ("# index,x_um,y_um", "kxy", ()),
        ("z,row,col", "zyx", UM),
        ("pos_x,pos_y,pos_z", "xyz", UM),
    ],
)
def test_columns_by_their_names(
    head: str, columns: str, options: tuple[str, ...], call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _list(tmp_path / "p.csv", scan, head, columns)
    done = call("convert", "frames.npz", "p.csv", "out.npz", *options, *GEOMETRY)
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert moved(dict(found), scan) < 1e-6


@pytest.mark.parametrize(
    ("head", "columns", "order", "word"),
    [
        ("y,x", "yx", "xy", "called y, x"),
        ("", "kxy", "xy", "3 columns without names"),
        ("a,b,c", "kxy", "xy", "3 columns without names"),
    ],
)
def test_columns_that_are_not_known_are_asked_about(
    head: str, columns: str, order: str, word: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    _list(tmp_path / "p.csv", scan, head, columns)
    done = call("convert", "frames.npz", "p.csv", "out.npz", "--positions-order", order, *UM, *GEOMETRY)
    assert done.exit_code == 2
    assert word in done.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_lists_in_any_encoding(encoding: str, call: Call, tmp_path: Path, scan: Arrays) -> None:
    _list(tmp_path / "p.csv", scan, "y (µm),x (µm)", "yx")
    text = (tmp_path / "p.csv").read_text(encoding="utf-8")
    (tmp_path / "p.csv").write_text(text, encoding=encoding)
    done = call("convert", "frames.npz", "p.csv", "out.npz", "--positions-order", "yx", *UM, *GEOMETRY)
    assert done.exit_code == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert moved(dict(found), scan) < 1e-6


def test_positions_of_ptychoshelves_without_their_frames(call: Call, tmp_path: Path, scan: Arrays) -> None:
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file["ppX"], file["ppY"] = -scan["xcoords"] * STEP, -scan["ycoords"] * STEP
    np.savez(tmp_path / "frames.npz", diff3d=scan["diff3d"], probeGuess=scan["probeGuess"])
    done = call("convert", "frames.npz", "p.h5", "out.npz", "--positions-unit", "m", *GEOMETRY)
    assert done.exit_code == 2
    assert "as /dp" in done.stderr


def test_positions_of_ptychoshelves_in_a_file_of_their_own(call: Call, tmp_path: Path, scan: Arrays) -> None:
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file["ppX"], file["ppY"] = -scan["xcoords"] * STEP, -scan["ycoords"] * STEP
    with h5py.File(tmp_path / "data_dp.hdf5", "w") as file:
        file["dp"] = written.counts_of(scan).transpose(0, 2, 1)
    np.save(tmp_path / "probe.npy", scan["probeGuess"])
    done = call("convert", "data_dp.hdf5", "p.h5", "probe.npy", "out.npz", *GEOMETRY)
    assert done.exit_code == 0, done.stderr
    assert "which diagnose tells" not in done.stdout
    with np.load(tmp_path / "out.npz") as found:
        assert moved(dict(found), scan) < 1e-6
        np.testing.assert_allclose(found["diff3d"], scan["diff3d"], rtol=1e-6)


def test_frames_without_a_position_of_their_number_are_left_out_and_told(
    call: Call, tmp_path: Path, scan: Arrays
) -> None:
    rows = np.random.default_rng(4).permutation(63)[:50]
    np.savez(tmp_path / "diffraction.npz", patterns=written.counts_of(scan), indexes=np.arange(63))
    fewer = scan | {name: scan[name][rows] for name in ("xcoords", "ycoords")}
    written.product(tmp_path / "product.h5", fewer)
    with h5py.File(tmp_path / "product.h5", "a") as file:
        del file["probe_position_indexes"]
        file["probe_position_indexes"] = rows
    done = call("convert", "diffraction.npz", "product.h5", "out.npz")
    assert done.exit_code == 0, done.stderr
    assert "13 of 63 frames left out" in done.stdout
    kept = np.sort(rows)
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], scan["diff3d"][kept], atol=2e-3)
        np.testing.assert_allclose(found["xcoords"], scan["xcoords"][kept], atol=1e-6)


@pytest.mark.parametrize("name", ["frame", "frame_index", "Image No", "index"])
def test_a_list_that_numbers_its_rows_is_read_in_that_order(
    name: str, call: Call, tmp_path: Path, scan: Arrays
) -> None:
    order = np.random.default_rng(3).permutation(63)
    rows = [f"{k + 1},{scan['xcoords'][k]:.6f},{scan['ycoords'][k]:.6f}" for k in order]
    (tmp_path / "p.csv").write_text("\n".join([f"{name},x_px,y_px", *rows]))
    np.savez(tmp_path / "frames.npz", diff3d=scan["diff3d"], probeGuess=scan["probeGuess"])
    done = call("convert", "frames.npz", "p.csv", "out.npz", "--positions-unit", "px")
    if name == "index":
        assert done.exit_code == 2
        assert "in the order of these numbers, or of the rows?" in done.stderr
        return
    assert done.exit_code == 0, done.stderr
    assert f"in the order of the numbers of its column {name}" in done.stdout
    with np.load(tmp_path / "out.npz") as found:
        assert moved(dict(found), scan) < 1e-3


def test_a_distance_below_zero_turns_no_positions(call: Call, tmp_path: Path, scan: Arrays) -> None:
    written.cxi(tmp_path / "scan.cxi", scan)
    np.save(tmp_path / "probe.npy", scan["probeGuess"])
    assert call("convert", "scan.cxi", "probe.npy", "right.npz").exit_code == 0
    with h5py.File(tmp_path / "scan.cxi", "a") as stream:
        held = stream["entry_1/instrument_1/detector_1/distance"]
        held[...] = -held[()]
    done = call("convert", "scan.cxi", "probe.npy", "out.npz")
    assert "is below zero; its size was taken" in done.stdout
    with np.load(tmp_path / "right.npz") as right, np.load(tmp_path / "out.npz") as found:
        np.testing.assert_allclose(found["xcoords"], right["xcoords"])
