"""NPZ archives: members read with their checksums, or mapped in place; nothing is unpickled."""

from __future__ import annotations

import errno
import math
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptycho_torch.atomic import written_whole
from ptycho_torch.errors import Refusal, refuse
from ptycho_torch.npy_header import Header, read_header
from ptycho_torch.regular import open_regular
from ptycho_torch.unpacking import Unpacking
from ptycho_torch.zip_directory import STORED, Damaged, Entry, entries_of

_PIECE = 1 << 22
# Measured frames compress by less than 100.
_GENEROUS, _RATIO, _NARROWEST = 1 << 26, 300, 4


@dataclass(frozen=True)
class Member:
    """A member whose header has been read and believed only as far as the archive bears it out.

    Attributes
    ----------
    name : str
        Of the array.
    header : Header
    start : int
        Bytes of the member before its values.
    entry : Entry
        Where and how the member lies in the file.
    """

    name: str
    header: Header
    start: int
    entry: Entry

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self.header.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the values."""
        return self.header.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return self.header.nbytes

    @property
    def objects(self) -> bool:
        """Whether only unpickling could read the values."""
        return bool(self.dtype.hasobject)

    @property
    def can_be_mapped(self) -> bool:
        """Whether the values lie in the file as they are."""
        return self.entry.method == STORED and self.nbytes > 0

    @property
    def order(self) -> Literal["C", "F"]:
        """Memory order of the values."""
        return "F" if self.header.fortran else "C"


class Archive:
    """An NPZ file; whatever a stranger's bytes do to their reader ends here as a refusal.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        There is no such file.
    Refusal
        It is no archive, its directory contradicts its members, or a header does not fit its member (NPZ-033); or it
        is no regular file (NPZ-045).
    OSError
        The machine cannot read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such scan file")
        self._stream = open_regular(path)
        try:
            with self._blamed():
                entries = entries_of(self._stream)
                self._entries = {one.filename.removesuffix(".npy"): one for one in entries}
                if len(self._entries) != len(entries):
                    raise Damaged("a member is there twice")
        except BaseException:
            self._stream.close()
            raise

    @contextmanager
    def _blamed(self, name: str = "") -> Iterator[None]:
        """Blame the file for what its bytes raise, and the machine for its own trouble."""
        try:
            yield
        except MemoryError as error:
            raise OSError(errno.ENOMEM, "there is not enough memory to read it", str(self.path)) from error
        except (OSError, Refusal):
            raise
        except Exception as error:  # noqa: BLE001 - nobody can list what a stranger's bytes raise
            told = str(error) if isinstance(error, Damaged) else f"{type(error).__name__}: {error}"
            told = told if not name or told.startswith(name) else f"{name}: {told}"
            problem = f"the file is damaged or no NPZ: {told}"
            refuse("NPZ-033", "archive", problem, "Fetch the file again, or write it anew.", self.path)

    def members(self, names: Iterable[str], light: Collection[str] = ()) -> dict[str, Member]:
        """Headers of the members with exactly these names, as far as they are there.

        Parameters
        ----------
        names : iterable of str
        light : collection of str
            Those of the names whose values together do not outgrow the rest, once they are large.
        """
        found = {name: self._member(name) for name in names if name in self._entries}
        with self._blamed():
            _require_honest_sizes([member for member in found.values() if not member.objects], light)
        return found

    def _member(self, name: str) -> Member:
        entry = self._entries[name]
        with self._blamed(name):
            header, start = read_header(Unpacking(self._stream, entry).read, entry.unpacked)
            return Member(name, header, start, entry)

    def read(self, member: Member) -> NDArray[Any]:
        """Values of a member, with its checksum compared."""
        with self._blamed(member.name):
            if member.objects:
                raise Damaged("the values are Python objects, which are never read")
            values = np.empty(member.header.stored_shape, dtype=member.dtype)
            unpacking = self._at_values(member)
            unpacking.fill(values)
            unpacking.finish()
        return values.T if member.header.fortran else values

    def _at_values(self, member: Member) -> Unpacking:
        unpacking = Unpacking(self._stream, member.entry)
        unpacking.read(member.start)
        return unpacking

    def _pieces(self, member: Member) -> Iterator[bytes]:
        """All values in pieces, with the checksum compared behind the last."""
        with self._blamed(member.name):
            unpacking = self._at_values(member)
            for first in range(0, member.nbytes, _PIECE):
                yield bytes(unpacking.read(min(_PIECE, member.nbytes - first)))
            unpacking.finish()

    def spilled(self, member: Member, into: Path) -> NDArray[Any]:
        """Values of a member mapped from an unpacked copy, an NPY file, whose size memory need not hold.

        Raises
        ------
        Refusal
            The member is damaged.
        OSError
            The copy cannot be written.
        """
        with into.open("xb") as copy:
            described = {"descr": member.dtype.str, "fortran_order": member.header.fortran, "shape": member.shape}
            npy.write_array_header_2_0(copy, described)
            start = copy.tell()
            for piece in self._pieces(member):
                copy.write(piece)
        return np.memmap(into, dtype=member.dtype, mode="r", offset=start, shape=member.shape, order=member.order)

    def mapped(self, member: Member) -> NDArray[Any]:
        """Values of a member mapped in place, read-only; the checksum is compared first."""
        for _ in self._pieces(member):
            pass
        offset = member.entry.start + member.start
        return np.memmap(self.path, dtype=member.dtype, mode="r", offset=offset, shape=member.shape, order=member.order)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _require_honest_sizes(members: Sequence[Member], light: Collection[str]) -> None:
    """Refuse an archive that claims to hold far more than one of its size does, or whose small arrays are no such."""
    held = sum(math.prod(one.shape) * max(one.dtype.itemsize, _NARROWEST) for one in members)
    packed, unpacked = sum(one.entry.packed for one in members), sum(one.entry.unpacked for one in members)
    if held > _GENEROUS and unpacked > _RATIO * packed:
        raise Damaged(f"{packed} bytes claim to hold {unpacked}")
    slight = sum(one.nbytes for one in members if one.name in light)
    if slight > max(_GENEROUS, unpacked - slight):
        raise Damaged(f"coordinates, labels and texts claim {slight} bytes of {unpacked}")


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
