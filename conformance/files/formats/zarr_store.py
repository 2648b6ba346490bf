"""Zarr stores in folders, of versions 2 and 3: arrays in chunks, a file each."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.held import Held
from conformance.files.formats.sniffing import Kind
from conformance.files.formats.values import Stored
from conformance.files.pace import told
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_OLD, _NEW, _BESIDE = ".zarray", "zarr.json", ".zattrs"
_MARKS = (".zgroup", _OLD, _NEW, _BESIDE)
_MOST_ARRAYS, _MOST_ROW, _MOST_JSON = 4096, 1 << 30, 1 << 20
_KINDS = "biufc"


@dataclass(frozen=True)
class ZarrValues:
    """An array of a store, read in rows of chunks.

    Attributes
    ----------
    folder : Path
    name : str
    shape, chunks : tuple of int
        Lengths of the axes, and of those of a chunk.
    dtype : numpy.dtype
    packing : str
        Name of what packs the chunks; empty where nothing does.
    prefix, separator : str
        How the file of a chunk is called.
    order : str
        ``C`` or ``F``, within a chunk.
    fill : float
        Value of chunks that are absent.
    """

    folder: Path
    name: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    packing: str
    prefix: str
    separator: str
    order: str
    fill: complex
    fortran: bool = False
    needs_unpickling: bool = False

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values, the chunks of one row at a time.

        Raises
        ------
        UnfitFile
            A chunk cannot be unpacked, or is of another size (FIL-021).
        OSError
            The machine cannot read it.
        """
        for first in range(0, self.shape[0], self.chunks[0]):
            count = min(self.chunks[0], self.shape[0] - first)
            block = np.empty((count, *self.shape[1:]), self.dtype)
            grid = [math.ceil(n / size) for n, size in zip(self.shape[1:], self.chunks[1:], strict=True)]
            for place in np.ndindex(*grid):
                start = [k * size for k, size in zip(place, self.chunks[1:], strict=True)]
                within = tuple(slice(a, a + size) for a, size in zip(start, self.chunks[1:], strict=True))
                part = block[(slice(None), *within)]
                chunk = self._chunk((first // self.chunks[0], *place))
                part[...] = self.fill if chunk is None else chunk[tuple(slice(n) for n in part.shape)]
            yield block
            told(self.name, first + count, self.shape[0])

    def _chunk(self, place: tuple[int, ...]) -> NDArray[Any] | None:
        path = self.folder / (self.prefix + self.separator.join(map(str, place)))
        if path.is_symlink():
            raise UnfitFile("FIL-020", self.name, f"its chunk {path.name} is a link, which is not followed")
        if not path.exists():
            return None
        size = math.prod(self.chunks) * self.dtype.itemsize
        with open_regular(path) as stream:
            content = unpacked(stream.read(2 * size + _MOST_JSON), self.packing, size)
        if content is None or len(content) != size:
            problem = (
                f"its chunk {path.name} holds no {size} bytes packed by {self.packing or 'nothing'}: copy it again"
            )
            raise UnfitFile("FIL-021", self.name, problem)
        return np.frombuffer(content, self.dtype).reshape(self.chunks, order="F" if self.order == "F" else "C")

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate(list(self.blocks())) if self.shape[0] else np.empty(self.shape, self.dtype)


def unpacked(content: bytes, packing: str, size: int) -> bytes | None:
    """Bytes of a chunk as they were before packing, no more than so many; None where that cannot be done.

    Parameters
    ----------
    content : bytes
    packing : str
        ``zlib``, ``gzip``, ``blosc``, ``zstd``, or empty.
    size : int
        What is expected of it.
    """
    if not packing:
        return content
    try:
        if packing in ("zlib", "gzip"):
            return zlib.decompressobj(zlib.MAX_WBITS | (16 if packing == "gzip" else 0)).decompress(content, size + 1)
        import imagecodecs

        if packing == "blosc" and int.from_bytes(content[4:8], "little") != size:
            return None
        return bytes(getattr(imagecodecs, f"{packing}_decode")(content, out=size))
    except ImportError as error:
        raise UnfitFile("FIL-021", "file", f"it is packed by {packing}: pip install imagecodecs") from error
    except (zlib.error, RuntimeError, ValueError):
        return None


def is_store(folder: Path) -> bool:
    """Whether a folder is a Zarr store."""
    return any((folder / name).is_file() for name in _MARKS)


def held_in_store(folder: Path) -> Held:
    """Return the arrays of numbers of a store by their path in it, with what stands beside them.

    Raises
    ------
    UnfitFile
        One of them is stored in a way that is not read here (FIL-021).
    OSError
        The machine cannot read it.
    """
    arrays: dict[str, Stored] = {}
    beside: dict[str, Mapping[str, Any]] = {}
    for place, folders, files in os.walk(folder):
        folders.sort()
        here = Path(place)
        name = "/" + "/".join(here.relative_to(folder).parts)
        said = _json(here / _NEW) if _NEW in files else _json(here / _OLD) if _OLD in files else {}
        beside[name] = (_json(here / _BESIDE) if _BESIDE in files else {}) | dict(said.get("attributes") or {})
        if "shape" in said and len(arrays) < _MOST_ARRAYS:
            # Chunks may lie in folders, which hold no arrays.
            folders.clear()
            one = _array(here, name, said)
            arrays |= {} if one is None else {name: one}
    return Held(Kind.ZARR, arrays, beside, matlab=False)


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _MOST_JSON:
        return {}
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UnfitFile("FIL-022", "file", f"{path.name} of the Zarr store is no JSON: copy it again")
    return found


def _array(folder: Path, name: str, said: Mapping[str, Any]) -> ZarrValues | None:
    """The array that a header describes; None where it holds no numbers."""
    try:
        dtype, chunks, packing, prefix, separator, order = _old(said) if said.get("zarr_format") == 2 else _new(said)
        shape = tuple(int(n) for n in said["shape"])
        fill = said.get("fill_value") or 0
        filled = complex(fill) if isinstance(fill, int | float) else complex("nan" if fill == "NaN" else 0)
        dimensions = len(chunks) == len(shape) and all(0 <= n < 1 << 40 for n in shape)
        row = math.prod((*chunks[:1], *shape[1:])) * dtype.itemsize
        fits = dimensions and all(n > 0 for n in chunks) and max(row, math.prod(chunks) * dtype.itemsize) <= _MOST_ROW
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnfitFile("FIL-022", name, f"the header of its array cannot be read: {error}") from error
    if dtype.kind not in _KINDS or not shape:
        return None
    if not fits:
        raise UnfitFile("FIL-022", name, f"its chunks {chunks} do not fit its shape {shape}, or are too large")
    return ZarrValues(folder, name, shape, chunks, dtype, packing, prefix, separator, order, _of(dtype, filled))


def _of(dtype: np.dtype[Any], fill: complex) -> complex:
    return fill if dtype.kind == "c" else fill.real


_Laid = tuple[np.dtype[Any], tuple[int, ...], str, str, str, str]


def _old(said: Mapping[str, Any]) -> _Laid:
    if said.get("filters"):
        raise UnfitFile("FIL-021", "file", f"its arrays have filters ({said['filters']}), which are not read here")
    packing = str((said.get("compressor") or {}).get("id", ""))
    chunks = tuple(int(n) for n in said["chunks"])
    separator = str(said.get("dimension_separator", "."))
    return np.dtype(str(said["dtype"])), chunks, _known(packing), "", separator, str(said.get("order", "C"))


def _new(said: Mapping[str, Any]) -> _Laid:
    names = [str(one.get("name", "")) for one in said["codecs"]]
    if names[:1] != ["bytes"] or len(names) > 2:
        raise UnfitFile("FIL-021", "file", f"its arrays are written by {', '.join(names)}, which is not read here")
    big = said["codecs"][0].get("configuration", {}).get("endian") == "big"
    dtype = np.dtype(str(said["data_type"])).newbyteorder(">" if big else "<")
    chunks = tuple(int(n) for n in said["chunk_grid"]["configuration"]["chunk_shape"])
    key = said.get("chunk_key_encoding", {})
    old = key.get("name") == "v2"
    separator = str(key.get("configuration", {}).get("separator", "." if old else "/"))
    return dtype, chunks, _known(names[1] if len(names) > 1 else ""), "" if old else f"c{separator}", separator, "C"


def _known(packing: str) -> str:
    if packing not in ("", "zlib", "gzip", "blosc", "zstd"):
        problem = f"its arrays are packed by {packing}, which is not read here: store them by zlib, zstd or Blosc"
        raise UnfitFile("FIL-021", "file", problem)
    return packing
