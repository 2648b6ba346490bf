"""NPZ archives: read without trust, written whole."""

from __future__ import annotations

import errno
import math
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptycho_ref.atomic import written_whole
from ptycho_ref.errors import FileRefusal
from ptycho_ref.npy_header import Header, read_header
from ptycho_ref.regular import open_regular
from ptycho_ref.unpacking import Unpacking
from ptycho_ref.zip_directory import Damaged, Entry, entries_of

_REMEDY = "Copy the file again from its source; if that does not help, write it anew."
# Measured frames compress by less than 100; a small file that claims far more is made to exhaust memory.
_MOST_COMPRESSION, _LARGE, _NARROWEST = 300, 1 << 26, 4


def read_members(path: Path, names: Collection[str], light: Collection[str] = ()) -> dict[str, NDArray[Any] | None]:
    """Read members of an NPZ by exact name; nothing else is unpacked and nothing unpickled.

    Parameters
    ----------
    path : Path
    names : collection of str
        Names wanted; those the archive lacks are left out.
    light : collection of str
        Those of the names whose values together do not outgrow the rest, once they are large.

    Returns
    -------
    dict
        Arrays by name; None for a member that only unpickling could read (NPZ-031).

    Raises
    ------
    FileNotFoundError
        There is no such file.
    FileRefusal
        The file is no archive, is damaged, or a header promises other data than its member holds (NPZ-033); or it is
        no regular file (NPZ-045).
    OSError
        The machine cannot read it.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such scan file")
    with open_regular(path) as stream:
        try:
            entries = _by_name(entries_of(stream))
            found = {name: _headed(stream, entries[name]) for name in names if name in entries}
            _require_honest_sizes({name: (entries[name], one) for name, one in found.items()}, light)
            return {name: _values(stream, entries[name], one) for name, one in found.items()}
        except MemoryError as error:
            raise OSError(errno.ENOMEM, "there is not enough memory to read it", str(path)) from error
        except OSError:
            raise
        # Whatever a stranger's bytes do to their reader is damage.
        except Exception as error:
            told = str(error) if isinstance(error, Damaged) else f"{type(error).__name__}: {error}"
            raise FileRefusal(
                f"the archive cannot be read: {told}", clause="NPZ-033", file=path, array="archive", remedy=_REMEDY
            ) from error


def _by_name(entries: Sequence[Entry]) -> dict[str, Entry]:
    found = {entry.filename.removesuffix(".npy"): entry for entry in entries}
    if len(found) != len(entries):
        raise Damaged("a member occurs twice")
    return found


def _headed(stream: BinaryIO, entry: Entry) -> Header:
    try:
        header, _ = read_header(Unpacking(stream, entry).read, entry.unpacked)
        return header
    except Damaged as error:
        raise Damaged(f"{entry.filename}: {error}") from error


def _require_honest_sizes(found: Mapping[str, tuple[Entry, Header]], light: Collection[str]) -> None:
    """Refuse an archive that claims to hold far more than one of its size does, or whose small arrays are no such."""
    plain = {name: (entry, header) for name, (entry, header) in found.items() if not header.dtype.hasobject}
    held = sum(math.prod(header.shape) * max(header.dtype.itemsize, _NARROWEST) for _, header in plain.values())
    packed, unpacked = (sum(getattr(entry, n) for entry, _ in plain.values()) for n in ("packed", "unpacked"))
    if held > _LARGE and unpacked > _MOST_COMPRESSION * packed:
        raise Damaged(f"{packed} bytes claim to unpack to {unpacked}")
    slight = sum(header.nbytes for name, (_, header) in plain.items() if name in light)
    if slight > max(_LARGE, unpacked - slight):
        raise Damaged(f"{', '.join(name for name in light if name in plain)} claim {slight} bytes of {unpacked}")


def _values(stream: BinaryIO, entry: Entry, header: Header) -> NDArray[Any] | None:
    if header.dtype.hasobject:
        return None
    values = np.empty(header.stored_shape, dtype=header.dtype)
    unpacking = Unpacking(stream, entry)
    unpacking.read(entry.unpacked - header.nbytes)
    unpacking.fill(values)
    unpacking.finish()
    return values.T if header.fortran else values


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
