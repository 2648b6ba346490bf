"""Files without names: raw frames of an EMPAD, TIFF stacks, single NumPy arrays, frames split over several files."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.commands.test_convert import moved
from tests.files.scans import N, sound
from tests.files.written import counts_of

SCAN = sound(22)
COUNTS, PROBE = counts_of(SCAN), SCAN["probeGuess"]
XY = np.stack([SCAN["xcoords"], SCAN["ycoords"]], axis=1)
WORDS = ("--positions-order", "xy", "--positions-unit", "px")


@pytest.fixture
def partners(tmp_path: Path) -> tuple[str, str]:
    """Files that hold the positions and the probe."""
    (tmp_path / "p.csv").write_text("\n".join(f"{x},{y}" for x, y in XY))
    np.save(tmp_path / "probe.npy", PROBE)
    return "p.csv", "probe.npy"


def _is_the_scan(call: Call, folder: Path, *arguments: str) -> None:
    done = call("convert", *arguments, "out.npz", *WORDS)
    assert done.exit_code == 0, done.stderr
    with np.load(folder / "out.npz") as found:
        np.testing.assert_allclose(found["diff3d"], SCAN["diff3d"], atol=2e-3)
        assert moved(dict(found), SCAN) < 1e-6
        np.testing.assert_array_equal(found["probeGuess"], PROBE)


# TIFF


def _tiff(path: Path, frames: Any, order: str = "<", rows: int = N, packed: bool = False, big: bool = False) -> None:
    """Write a stack with strips of some rows, by the text of the TIFF specification."""
    kind = {"u": 1, "i": 2, "f": 3}[frames.dtype.kind]
    word, place = ("Q", 8) if big else ("I", 4)
    head = b"II" if order == "<" else b"MM"
    out = bytearray(head + (struct.pack(f"{order}HHHQ", 43, 8, 0, 0) if big else struct.pack(f"{order}HI", 42, 0)))
    link = len(out) - place
    for frame in frames.astype(frames.dtype.newbyteorder(order)):
        strips = [frame[k : k + rows].tobytes() for k in range(0, len(frame), rows)]
        strips = [zlib.compress(one) for one in strips] if packed else strips
        places = []
        for one in strips:
            places.append(len(out))
            out += one
        lists = []
        for values in (places, [len(one) for one in strips]):
            lists.append(len(out))
            out += struct.pack(f"{order}{len(values)}{word}", *values)
        count = len(strips)
        at = [
            values[0] if count == 1 else where
            for values, where in zip((places, [len(s) for s in strips]), lists, strict=True)
        ]
        tags = [
            (256, frame.shape[1]), (257, frame.shape[0]), (258, 8 * frame.itemsize), (259, 8 if packed else 1),
            (262, 1), (273, at[0]), (277, 1), (278, rows), (279, at[1]), (339, kind),
        ]  # fmt: skip
        out[link : link + place] = struct.pack(f"{order}{word}", len(out))
        out += struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
        for tag, value in tags:
            number = count if tag in (273, 279) else 1
            out += struct.pack(f"{order}HH{word}{word}", tag, 16 if big else 4, number, value)
        link = len(out)
        out += bytes(place)
    path.write_bytes(out)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"order": ">"},
        {"rows": 5},
        {"packed": True, "rows": 7},
        {"big": True},
        {"big": True, "order": ">", "packed": True},
    ],
)
@pytest.mark.parametrize("dtype", ["u2", "i4", "f4"])
def test_stacks_of_tiff(dtype: str, options: Any, call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    _tiff(tmp_path / "night.tif", COUNTS.astype(dtype), **options)
    _is_the_scan(call, tmp_path, "night.tif", *partners)


@pytest.mark.parametrize("packing", [None, "tiff_deflate", "tiff_lzw", "packbits"])
def test_stacks_that_pillow_writes(packing: str | None, call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    if packing in ("tiff_lzw", "packbits"):
        pytest.importorskip("imagecodecs", reason="LZW and PackBits need imagecodecs")
    image = pytest.importorskip("PIL.Image", reason="no Pillow that writes TIFF files")
    pages = [image.fromarray(one.astype(np.int32)) for one in COUNTS]
    pages[0].save(tmp_path / "night.tiff", save_all=True, append_images=pages[1:], compression=packing)
    _is_the_scan(call, tmp_path, "night.tiff", *partners)


def test_an_image_a_file(call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    names = [f"night_{k:04d}.tif" for k in range(len(COUNTS))]
    for name, frame in zip(names, COUNTS, strict=True):
        _tiff(tmp_path / name, frame[None])
    _is_the_scan(call, tmp_path, *names, *partners)


def test_what_unpacks_is_named_where_it_is_missing(
    call: Call, tmp_path: Path, partners: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    image = pytest.importorskip("PIL.Image", reason="no Pillow that writes TIFF files")
    pages = [image.fromarray(one.astype(np.int32)) for one in COUNTS]
    pages[0].save(tmp_path / "night.tiff", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    done = call("convert", "night.tiff", *partners, "out.npz", *WORDS)
    assert done.exit_code == 2
    assert "LZW" in done.stderr
    assert "pip install 'ptycho-conformance[formats]'" in done.stderr


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_cut_stack_is_no_shorter_scan(keep: float, call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    _tiff(tmp_path / "night.tif", COUNTS)
    content = (tmp_path / "night.tif").read_bytes()
    (tmp_path / "night.tif").write_bytes(content[: int(keep * len(content))])
    assert call("convert", "night.tif", *partners, "out.npz", *WORDS).exit_code == 2
    assert not (tmp_path / "out.npz").exists()


# single arrays


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", ["frames first", "frames last", "a raster", "ones"])
def test_single_arrays(shape: str, order: Any, call: Call, tmp_path: Path) -> None:
    stack = {
        "frames first": COUNTS,
        "frames last": np.moveaxis(COUNTS, 0, -1),
        "a raster": COUNTS.reshape(8, 10, N, N),
        "ones": COUNTS[None],
    }[shape]
    if (shape, order) == ("a raster", "F"):
        pytest.skip("a raster in Fortran order is refused")
    np.save(tmp_path / "frames.npy", np.array(stack, order=order))
    np.save(tmp_path / "where.npy", XY.T)
    np.save(tmp_path / "probe.npy", np.array(PROBE[None, None], order=order))
    _is_the_scan(call, tmp_path, "frames.npy", "where.npy", "probe.npy")


def test_frames_split_over_several_files(call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    for k, part in enumerate(np.array_split(COUNTS, [7, 50])):
        np.save(tmp_path / f"part{k}.npy", part)
    _is_the_scan(call, tmp_path, "part0.npy", "part1.npy", "part2.npy", *partners)


def test_parts_that_differ_are_no_scan(call: Call, tmp_path: Path, partners: tuple[str, str]) -> None:
    np.save(tmp_path / "a.npy", COUNTS[:40])
    np.save(tmp_path / "b.npy", SCAN["diff3d"][40:])
    done = call("convert", "a.npy", "b.npy", *partners, "out.npz", *WORDS)
    assert done.exit_code == 2
    assert "differ" in done.stderr


# EMPAD


def _large() -> Any:
    """(80, 128, 128) counts whose middle is the scan."""
    frames = np.zeros((80, 128, 128), np.float32)
    frames[:, 48:80, 48:80] = COUNTS
    return frames


def _empad(path: Path, frames: Any) -> None:
    rows = np.random.default_rng(3).normal(7, 2, (len(frames), 2, 128))
    path.write_bytes(np.concatenate([frames, rows], axis=1).astype("<f4").tobytes())


def _xml(path: Path, raw: str, points: tuple[int, int], view: str = "") -> None:
    rows, columns = points
    path.write_text(
        f'<?xml version="1.0"?>\n<root><raw_file filename="C:\\data\\{raw}"/>'
        f'<scan_parameters mode="search"><scan_resolution_x>512</scan_resolution_x>'
        f"<scan_resolution_y>512</scan_resolution_y></scan_parameters>"
        f'<scan_parameters mode="acquire"><scan_resolution_x>{columns}</scan_resolution_x>'
        f"<scan_resolution_y>{rows}</scan_resolution_y></scan_parameters>{view}</root>"
    )


@pytest.fixture
def large_probe(tmp_path: Path) -> str:
    np.save(tmp_path / "large.npy", np.pad(PROBE, 48))
    return "large.npy"


def _frames_of(path: Path) -> Any:
    with np.load(path) as found:
        return found["diff3d"], found["xcoords"], found["ycoords"]


def test_raw_frames_with_a_list(call: Call, tmp_path: Path, large_probe: str, partners: tuple[str, str]) -> None:
    _empad(tmp_path / "night.raw", _large())
    done = call("convert", "night.raw", partners[0], large_probe, "out.npz", *WORDS)
    assert done.exit_code in (0, 1), done.stderr
    np.testing.assert_allclose(_frames_of(tmp_path / "out.npz")[0] ** 2, _large(), atol=1e-2)


@pytest.mark.parametrize("given", ["night.raw", "night.xml"])
def test_the_raster_of_its_xml(given: str, call: Call, tmp_path: Path, large_probe: str) -> None:
    _empad(tmp_path / "night.raw", _large())
    view = "<iom><optics.get_full_scan_field_of_view>[5.0e-09, 8.0e-09]</optics.get_full_scan_field_of_view></iom>"
    _xml(tmp_path / "night.xml", "night.raw", (8, 10), view)
    done = call("convert", given, large_probe, "out.npz", "--object-pixel", "1e-10")
    assert done.exit_code in (0, 1), done.stderr
    _, x, y = _frames_of(tmp_path / "out.npz")
    rows, columns = np.indices((8, 10)).reshape(2, -1)
    np.testing.assert_allclose(x - x[0], 5 * columns, atol=1e-6)
    np.testing.assert_allclose(y - y[0], 10 * rows, atol=1e-6)


def test_an_xml_without_its_frames(call: Call, tmp_path: Path, large_probe: str) -> None:
    _xml(tmp_path / "night.xml", "night.raw", (8, 10))
    done = call("convert", "night.xml", large_probe, "out.npz")
    assert done.exit_code == 2
    assert "night.raw" in done.stderr


def test_other_raw_files_are_none_of_an_empad(call: Call, tmp_path: Path) -> None:
    (tmp_path / "night.raw").write_bytes(np.random.default_rng(1).poisson(40, (2, 130, 256)).astype("<u2").tobytes())
    said = " ".join(call("validate", "night.raw").stdout.split())
    assert "EMPAD" not in said
    assert "raw numbers" in said
