"""TIFF stacks in strips and tiles, packed in every way that keeps the values, as tifffile writes them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.formats.sniffing import Kind
from conformance.files.formats.table import format_of, sniff
from conformance.files.unfit import UnfitFile

tifffile = pytest.importorskip("tifffile", reason="TIFF files are written by tifffile")
pytest.importorskip("imagecodecs", reason="TIFF files are packed by imagecodecs")


def _frames(dtype: str) -> NDArray[Any]:
    rng = np.random.default_rng(6)
    counts = rng.poisson(np.linspace(0, 90, 5 * 40 * 56)).reshape(5, 40, 56)
    return (counts * 1.25 if dtype[-2] == "f" else counts).astype(dtype)


def _read(path: Path) -> NDArray[Any]:
    file = sniff(path)
    assert file.kind is Kind.TIFF
    form = format_of(file)
    assert form is not None
    with form.opened(path) as held:
        return np.asarray(held.parts["diff3d"].values.array())


LAYOUTS = {
    "strips": {},
    "short strips": {"rowsperstrip": 7},
    "tiles": {"tile": (16, 32)},
    "tiles that reach over the edge": {"tile": (48, 64)},
}


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<u4", "<i4", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packing", [None, "zlib", "lzw", "packbits", "zstd", "lzma"])
def test_the_values_are_those_that_were_written(packing: str | None, layout: str, dtype: str, tmp_path: Path) -> None:
    frames = _frames(dtype)
    with tifffile.TiffWriter(tmp_path / "f.tif", byteorder=dtype[0]) as file:
        for frame in frames:
            file.write(frame, compression=packing, contiguous=False, **LAYOUTS[layout])
    np.testing.assert_array_equal(_read(tmp_path / "f.tif"), frames)


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<u4", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packing", ["zlib", "lzw", "zstd"])
def test_differences_are_undone(packing: str, layout: str, dtype: str, tmp_path: Path) -> None:
    frames = _frames(dtype)
    with tifffile.TiffWriter(tmp_path / "f.tif", byteorder=dtype[0]) as file:
        for frame in frames:
            file.write(frame, compression=packing, predictor=True, contiguous=False, **LAYOUTS[layout])
    np.testing.assert_array_equal(_read(tmp_path / "f.tif"), frames)


@pytest.mark.parametrize("kind", [{"bigtiff": True}, {"ome": True}, {"imagej": True}])
def test_dialects(kind: dict[str, bool], tmp_path: Path) -> None:
    frames = _frames("<u2")
    dialect = {} if "imagej" in kind else {"tile": (16, 32), "compression": "lzw"}
    tifffile.imwrite(tmp_path / "f.tif", frames, photometric="minisblack", **kind, **dialect)
    np.testing.assert_array_equal(_read(tmp_path / "f.tif"), frames)


@pytest.mark.parametrize("packing", ["lzw", "zstd", "packbits"])
def test_what_is_cut_or_altered_is_said_to_be(packing: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "f.tif", _frames("<u2"), compression=packing, tile=(16, 32))
    whole = (tmp_path / "f.tif").read_bytes()
    rng = np.random.default_rng(8)
    for _ in range(60):
        altered = bytearray(whole)
        altered[int(rng.integers(8, len(whole)))] ^= int(rng.integers(1, 256))
        (tmp_path / "f.tif").write_bytes(altered[: int(rng.integers(len(whole) // 2, len(whole) + 1))])
        try:
            _read(tmp_path / "f.tif")
        except (UnfitFile, AssertionError):
            continue


def test_a_header_that_claims_a_wall_of_pixels_is_refused(tmp_path: Path) -> None:
    tags = [(256, 4, 1, 30000), (257, 4, 1, 30000), (258, 3, 1, 32), (259, 3, 1, 5), (273, 4, 1, 8), (277, 3, 1, 1)]
    tags += [(278, 4, 1, 30000), (279, 4, 1, 10)]
    head = struct.pack("<2sHI", b"II", 42, 18) + bytes(10) + struct.pack("<H", len(tags))
    head += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    (tmp_path / "f.tif").write_bytes(head)
    with pytest.raises(UnfitFile, match="30000 x 30000"):
        _read(tmp_path / "f.tif")
