"""Zarr stores in folders are read by the names of their arrays; what cannot be read is named."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.formats.zarr_store import held_in_store, unpacked
from conformance.files.unfit import UnfitFile
from tests.files.scans import Arrays, sound

_OLD = {"zarr_format": 2, "fill_value": 0, "order": "C", "filters": None}


def _stored(folder: Path, array: Any, sizes: tuple[int, ...], *, new: bool, packed: bool = True, **said: Any) -> None:
    """Write an array as one of the two versions has it; chunks without values are left out."""
    folder.mkdir(parents=True)
    if new:
        grid = {"name": "regular", "configuration": {"chunk_shape": sizes}}
        codecs: list[dict[str, Any]] = [{"name": "bytes", "configuration": {"endian": "little"}}]
        codecs += [{"name": "gzip", "configuration": {"level": 1}}] if packed else []
        header: dict[str, Any] = {"zarr_format": 3, "node_type": "array", "chunk_grid": grid, "codecs": codecs}
        header |= {"data_type": array.dtype.name, "fill_value": 0, "chunk_key_encoding": {"name": "default"}}
    else:
        header = {**_OLD, "dtype": array.dtype.str, "chunks": sizes, "compressor": {"id": "zlib"} if packed else None}
    (folder / ("zarr.json" if new else ".zarray")).write_text(json.dumps(header | {"shape": array.shape} | said))
    counts = [-(-n // size) for n, size in zip(array.shape, sizes, strict=True)]
    for place in np.ndindex(*counts):
        chunk = np.zeros(sizes, array.dtype)
        part = array[tuple(slice(k * size, (k + 1) * size) for k, size in zip(place, sizes, strict=True))]
        if not part.any():
            continue
        chunk[tuple(slice(n) for n in part.shape)] = part
        path = folder / ("/".join(["c", *map(str, place)]) if new else ".".join(map(str, place)))
        path.parent.mkdir(parents=True, exist_ok=True)
        squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | (16 if new else 0))
        content = chunk.tobytes()
        path.write_bytes(squeeze.compress(content) + squeeze.flush() if packed else content)


def _scan(folder: Path, *, new: bool) -> Arrays:
    arrays = sound(5)
    _stored(folder / "frames", np.rint(arrays["diff3d"] ** 2).astype(np.uint16), (30, 20, 32), new=new)
    _stored(
        folder / "positions_xy", np.stack([arrays["xcoords"], arrays["ycoords"]], 1), (80, 2), new=new, packed=False
    )
    _stored(folder / "probe", arrays["probeGuess"], (32, 32), new=new)
    return arrays


@pytest.mark.parametrize("new", [False, True])
def test_a_store_is_converted(tmp_path: Path, new: bool, call: Any) -> None:
    arrays = _scan(tmp_path / "scan.zarr", new=new)
    (tmp_path / "scan.zarr" / (".zgroup" if not new else "zarr.json")).write_text('{"zarr_format": 2}')
    store, out = str(tmp_path / "scan.zarr"), tmp_path / "out.npz"
    done = call("convert", store, str(out), "--positions-unit", "px")
    assert done.exit_code == 0, done.stderr
    with np.load(out) as written:
        np.testing.assert_allclose(written["diff3d"], arrays["diff3d"], atol=1e-3)
        np.testing.assert_allclose(np.diff(written["xcoords"]), np.diff(arrays["xcoords"]))
    assert "a Zarr store: ptycho-conformance convert" in call("validate", store).stderr


def test_absent_chunks_hold_the_fill_value(tmp_path: Path) -> None:
    array = np.zeros((6, 4))
    array[4:] = 7.0
    _stored(tmp_path / "s" / "a", array, (2, 4), new=False)
    np.testing.assert_array_equal(held_in_store(tmp_path / "s").arrays["/a"].array(), array)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"filters": [{"id": "delta"}]}, "filters"),
        ({"compressor": {"id": "lzma"}}, "packed by lzma"),
        ({"chunks": [0, 4]}, "do not fit"),
        ({"chunks": [1 << 40, 4]}, "too large"),
        ({"dtype": 5}, "header"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, said: dict[str, Any], why: str) -> None:
    _stored(tmp_path / "s" / "a", np.ones((6, 4)), (2, 4), new=False, **said)
    with pytest.raises(UnfitFile, match=why):
        held_in_store(tmp_path / "s")


def test_a_chunk_is_never_larger_than_it_says(tmp_path: Path) -> None:
    _stored(tmp_path / "s" / "a", np.ones((6, 4)), (2, 4), new=False)
    (tmp_path / "s" / "a" / "1.0").write_bytes(zlib.compress(bytes(1 << 24)))
    with pytest.raises(UnfitFile, match="copy it again"):
        held_in_store(tmp_path / "s").arrays["/a"].array()
    (tmp_path / "s" / "a" / "1.0").unlink()
    (tmp_path / "s" / "a" / "1.0").symlink_to("/etc/hostname")
    with pytest.raises(UnfitFile, match="link"):
        held_in_store(tmp_path / "s").arrays["/a"].array()


def test_blosc_and_zstd_are_unpacked() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    content = np.arange(100.0).tobytes()
    assert unpacked(imagecodecs.blosc_encode(content), "blosc", len(content)) == content
    assert unpacked(imagecodecs.zstd_encode(content), "zstd", len(content)) == content
    assert unpacked(imagecodecs.blosc_encode(content), "blosc", len(content) + 8) is None
