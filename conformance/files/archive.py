"""NPZ archives read without trust: headers first, values in blocks, nothing unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from conformance.contract.crossing import Crossing

BLOCK_BYTES = 1 << 24
# Measured frames compress by less than 100; a large member that claims far more is made to exhaust memory.
_MOST_COMPRESSION, _LARGE = 300, 1 << 27
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, ValueError)


class DamagedArchive(Crossing, ValueError):
    """The file is no NPZ archive, or is damaged; the message says how."""


@dataclass(frozen=True)
class Header:
    """What a member promises.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    fortran : bool
        Whether the values are stored with the first axis fastest.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Shape in which the values lie on disk, the last axis fastest."""
        return self.shape[::-1] if self.fortran else self.shape


class Member:
    """One array of an archive.

    Attributes
    ----------
    name : str
    header : Header
    """

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self.name = info.filename.removesuffix(".npy")
        self._archive, self._info = archive, info
        with self._opened() as stream:
            self.header = _header(stream)
            self._start = stream.tell()
        self._require_honest_size()

    def _require_honest_size(self) -> None:
        if self.needs_unpickling:
            return
        promised = math.prod(self.header.shape) * self.header.dtype.itemsize
        held = self._info.file_size - self._start
        if promised != held:
            raise DamagedArchive(f"{self.name}: the header promises {promised} bytes, the member holds {held}")
        if held > _LARGE and held > _MOST_COMPRESSION * self._info.compress_size:
            raise DamagedArchive(f"{self.name}: {self._info.compress_size} bytes claim to unpack to {held}")

    @property
    def needs_unpickling(self) -> bool:
        """Whether the values are Python objects, which are never read."""
        return self.header.dtype.hasobject

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape that the header gives."""
        return self.header.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type that the header gives."""
        return self.header.dtype

    @property
    def fortran(self) -> bool:
        """Whether the values are stored with the first axis fastest."""
        return self.header.fortran

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values in the order in which they are stored, some slices of the first stored axis at a time.

        Raises
        ------
        DamagedArchive
            The data end early, or their checksum is wrong.
        """
        stored = self.header.stored_shape
        if not stored or 0 in stored:
            yield self._block(self._whole(), stored)
            return
        slice_bytes = math.prod(stored[1:]) * self.header.dtype.itemsize
        step = max(1, BLOCK_BYTES // max(1, slice_bytes))
        with self._opened() as stream:
            self._exactly(stream, self._start)
            for first in range(0, stored[0], step):
                count = min(step, stored[0] - first)
                yield self._block(self._exactly(stream, count * slice_bytes), (count, *stored[1:]))
            # Reading past the end makes zipfile compare the checksum.
            self._exactly(stream, 0, and_no_more=True)

    def array(self) -> NDArray[Any]:
        """Return all values, in the shape of the header."""
        parts = list(self.blocks())
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return whole.T if self.header.fortran else whole

    def _whole(self) -> bytearray:
        with self._opened() as stream:
            self._exactly(stream, self._start)
            return self._exactly(stream, math.prod(self.header.shape) * self.header.dtype.itemsize, and_no_more=True)

    def _block(self, content: bytearray, shape: tuple[int, ...]) -> NDArray[Any]:
        return np.frombuffer(content, dtype=self.header.dtype).reshape(shape)

    def _opened(self) -> IO[bytes]:
        try:
            return self._archive.open(self._info)
        except (*_DAMAGE, OSError) as error:
            raise DamagedArchive(f"{self.name}: {error or type(error).__name__}") from error

    def _exactly(self, stream: IO[bytes], count: int, and_no_more: bool = False) -> bytearray:
        content = bytearray()
        try:
            while len(content) < count:
                piece = stream.read(min(BLOCK_BYTES, count - len(content)))
                if not piece:
                    raise DamagedArchive(f"{self.name}: the data end after {len(content)} of {count} bytes")
                content += piece
            if and_no_more and stream.read(1):
                raise DamagedArchive(f"{self.name}: more data follow than the header promises")
        except (*_DAMAGE, OSError) as error:
            if isinstance(error, DamagedArchive):
                raise
            raise DamagedArchive(f"{self.name}: {error or type(error).__name__}") from error
        return content


def _header(stream: IO[bytes]) -> Header:
    try:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise DamagedArchive(f"NPY version {version} is unknown")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (*_DAMAGE, OSError) as error:
        raise DamagedArchive(f"a member is no array: {error or type(error).__name__}") from error
    return Header(tuple(int(n) for n in shape), dtype, bool(fortran))


class Archive:
    """An NPZ archive, opened for reading.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Names of all members, in the order of the archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise DamagedArchive(str(error) or type(error).__name__) from error
        self._infos = {info.filename.removesuffix(".npy"): info for info in self._zip.infolist()}
        if len(self._infos) != len(self._zip.infolist()):
            self._zip.close()
            raise DamagedArchive("a member occurs twice")
        self.names = tuple(self._infos)

    def member(self, name: str) -> Member:
        """Open one member by its exact name.

        Raises
        ------
        KeyError
            There is no such member.
        DamagedArchive
            Its header cannot be read, or does not fit what the member holds.
        """
        return Member(self._zip, self._infos[name])

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
