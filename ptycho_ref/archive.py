"""NPZ archives: read without trust, written whole."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptycho_ref.atomic import written_whole
from ptycho_ref.errors import FileRefusal

_REMEDY = "Copy the file again from its source; if that does not help, write it anew."
# Measured frames compress by less than 100; a small file that claims far more is made to exhaust memory.
_MOST_COMPRESSION, _LARGE = 300, 1 << 27
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def read_members(path: Path, names: Collection[str]) -> dict[str, NDArray[Any] | None]:
    """Read members of an NPZ by exact name; nothing else is opened and nothing unpickled.

    Parameters
    ----------
    path : Path
    names : collection of str
        Names wanted; those the archive lacks are left out.

    Returns
    -------
    dict
        Arrays by name; None for a member that only unpickling could read (NPZ-031).

    Raises
    ------
    FileNotFoundError
        There is no such file.
    FileRefusal
        The file is no archive, is damaged, or a header promises other data than its member holds (NPZ-033).
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such scan file")
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [info for info in archive.infolist() if info.filename.removesuffix(".npy") in names]
            twice = {info.filename for info in listed if [i.filename for i in listed].count(info.filename) > 1}
            if twice:
                raise ValueError(f"the member {sorted(twice)[0]} occurs twice")
            return {info.filename.removesuffix(".npy"): _member(archive, info) for info in listed}
    except _DAMAGE as error:
        raise FileRefusal(
            f"the archive cannot be read: {error or type(error).__name__}",
            clause="NPZ-033",
            file=path,
            array="archive",
            remedy=_REMEDY,
        ) from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any] | None:
    with archive.open(info) as stream:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"{info.filename}: NPY version {version} is unknown")
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject:
            return None
        promised = int(np.prod(shape, dtype=object)) * dtype.itemsize
        held = info.file_size - stream.tell()
        if promised != held:
            raise ValueError(f"{info.filename}: the header promises {promised} bytes, the member holds {held}")
        if held > _LARGE and held > _MOST_COMPRESSION * info.compress_size:
            raise ValueError(f"{info.filename}: {info.compress_size} bytes claim to unpack to {held}")
        content = _exactly(stream, promised, info.filename)
    array = np.frombuffer(content, dtype=dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _exactly(stream: Any, count: int, name: str) -> bytearray:
    """Read ``count`` bytes in pieces, so that a false size never reserves memory that no data fills."""
    content = bytearray()
    while len(content) < count:
        piece = stream.read(min(1 << 24, count - len(content)))
        if not piece:
            raise ValueError(f"{name}: the data end after {len(content)} of {count} bytes")
        content += piece
    if stream.read(1):
        raise ValueError(f"{name}: data follow after the {count} bytes that the header promises")
    return content


def write_archive(path: Path, members: Mapping[str, NDArray[Any]], *, compress: bool = False) -> None:
    """Write an NPZ beside its place, sync it, and rename it: readers see the old file or the new one (RAW-006).

    Parameters
    ----------
    path : Path
        Where the archive lies when it is whole.
    members : Mapping
        Arrays by member name; none of object dtype.
    compress : bool
        Whether members are deflated.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    with written_whole(path) as stream:
        _write_members(stream, members, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)


def _write_members(stream: IO[bytes], members: Mapping[str, NDArray[Any]], compression: int) -> None:
    """Do what ``np.savez`` does, but pickle nothing, which NumPy before 2.1 cannot be told."""
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, values in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(values), allow_pickle=False)
