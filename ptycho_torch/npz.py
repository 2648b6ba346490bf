"""NPZ archives: members read with their checksums, or mapped in place; nothing is unpickled."""

from __future__ import annotations

import math
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptycho_torch.atomic import written_whole
from ptycho_torch.errors import refuse

_PIECE = 1 << 24
_GENEROUS, _RATIO = 1 << 26, 400
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    MemoryError,
)


@dataclass(frozen=True)
class Entry:
    """A member whose header has been read and believed only as far as the archive bears it out.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    fortran : bool
    start : int
        Bytes of the member before its values.
    info : zipfile.ZipInfo
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int
    info: zipfile.ZipInfo

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def objects(self) -> bool:
        """Whether only unpickling could read the values."""
        return bool(self.dtype.hasobject)

    @property
    def can_be_mapped(self) -> bool:
        """Whether the values lie in the file as they are."""
        return self.info.compress_type == zipfile.ZIP_STORED and self.nbytes > 0

    @property
    def order(self) -> Literal["C", "F"]:
        """Memory order of the values."""
        return "F" if self.fortran else "C"


class Archive:
    """An NPZ file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        There is no such file.
    Refusal
        It is no archive, or a header does not fit its member (NPZ-033).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such scan file")
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            self._refuse(error)

    def _refuse(self, reason: object) -> Any:
        refuse(
            "NPZ-033",
            "archive",
            f"the file is damaged or no NPZ: {reason or type(reason).__name__}",
            "Fetch the file again, or write it anew.",
            self.path,
        )

    def entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """Headers of the members with exactly these names, as far as they are there."""
        wanted = {f"{name}.npy": name for name in names} | {name: name for name in names}
        found: dict[str, Entry] = {}
        for info in self._zip.infolist():
            name = wanted.get(info.filename)
            if name is None:
                continue
            if name in found:
                self._refuse(f"{name} is there twice")
            found[name] = self._entry(name, info)
        return found

    def _entry(self, name: str, info: zipfile.ZipInfo) -> Entry:
        try:
            with self._zip.open(info) as stream:
                major, _ = npy.read_magic(stream)
                read = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
                shape, fortran, dtype = read(stream)
                entry = Entry(name, tuple(shape), dtype, fortran, stream.tell(), info)
        except _BROKEN as error:
            return self._refuse(f"{name}: {error}")  # type: ignore[no-any-return]
        if not entry.objects:
            self._believe(entry)
        return entry

    def _believe(self, entry: Entry) -> None:
        held = entry.info.file_size - entry.start
        if entry.nbytes != held:
            self._refuse(f"{entry.name}: {entry.nbytes} bytes are promised, {held} are there")
        if entry.info.compress_size > self.path.stat().st_size:
            self._refuse(f"{entry.name}: larger than the file")
        if held > _GENEROUS and held > _RATIO * entry.info.compress_size:
            self._refuse(f"{entry.name}: {entry.info.compress_size} bytes claim to hold {held}")

    def read(self, entry: Entry) -> NDArray[Any]:
        """Values of a member, with its checksum compared."""
        content = bytearray()
        try:
            with self._zip.open(entry.info) as stream:
                self._drain(stream, content)
        except _BROKEN as error:
            self._refuse(f"{entry.name}: {error}")
        if len(content) != entry.start + entry.nbytes:
            self._refuse(f"{entry.name}: the data end early")
        flat = np.frombuffer(content, dtype=entry.dtype, offset=entry.start)
        return flat.reshape(entry.shape, order=entry.order)

    @staticmethod
    def _drain(stream: IO[bytes], content: bytearray | None) -> None:
        while piece := stream.read(_PIECE):
            if content is not None:
                content += piece

    def spilled(self, entry: Entry, into: Path) -> NDArray[Any]:
        """Values of a member mapped from an unpacked copy, an NPY file, whose size memory need not hold."""
        try:
            with self._zip.open(entry.info) as stream, into.open("xb") as copy:
                shutil.copyfileobj(stream, copy, _PIECE)
        except _BROKEN as error:
            self._refuse(f"{entry.name}: {error}")
        if into.stat().st_size != entry.start + entry.nbytes:
            self._refuse(f"{entry.name}: the data end early")
        return np.memmap(into, dtype=entry.dtype, mode="r", offset=entry.start, shape=entry.shape, order=entry.order)

    def mapped(self, entry: Entry) -> NDArray[Any]:
        """Values of a member mapped in place, read-only; the checksum is compared first."""
        try:
            with self._zip.open(entry.info) as stream:
                self._drain(stream, None)
            with self.path.open("rb") as raw:
                raw.seek(entry.info.header_offset)
                fields = _LOCAL_HEADER.unpack(raw.read(_LOCAL_HEADER.size))
        except _BROKEN as error:
            self._refuse(f"{entry.name}: {error}")
        name_length, extra_length = fields[-2:]
        offset = entry.info.header_offset + _LOCAL_HEADER.size + name_length + extra_length + entry.start
        return np.memmap(self.path, dtype=entry.dtype, mode="r", offset=offset, shape=entry.shape, order=entry.order)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


def write_npz(path: Path, members: Mapping[str, NDArray[Any]], compress: bool = False) -> None:
    """Write an archive whole or not at all: beside its place, synced, then renamed (RAW-006).

    Parameters
    ----------
    path : Path
        Where the archive lies when it is whole.
    members : Mapping
        Arrays by member name.
    compress : bool
        Whether members are deflated.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left in it.
    """
    with written_whole(path) as stream:
        _write_members(stream, members, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)


def _write_members(stream: IO[bytes], members: Mapping[str, NDArray[Any]], compression: int) -> None:
    """Do what ``np.savez`` does, but pickle nothing, which NumPy before 2.1 cannot be told."""
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, values in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(values), allow_pickle=False)
