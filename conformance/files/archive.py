"""NPZ archives read without trust: headers first, values in blocks, nothing unpickled."""

from __future__ import annotations

import copy
import errno
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.npy_header import Header, read_header
from conformance.files.pace import told
from conformance.files.regular import open_regular
from conformance.files.unpacking import Unpacking
from conformance.files.zip_directory import DamagedArchive, Entry, entries_of

__all__ = ["Archive", "DamagedArchive", "Header", "Member"]

_BLOCK_VALUES, _BLOCK_BYTES = 1 << 20, 1 << 24
# Measured frames compress by less than 100; a file that claims far more is made to exhaust memory.
_MOST_COMPRESSION, _LARGE = 300, 1 << 26
_NARROWEST = 4


class Member:
    """One array of an archive.

    Parameters
    ----------
    archive : Archive
    name : str
        Of the array.
    entry : Entry
        Where and how it lies in the file.

    Attributes
    ----------
    name : str
    header : Header
    """

    def __init__(self, archive: Archive, name: str, entry: Entry) -> None:
        self.name = name
        self._archive, self._entry = archive, entry
        with archive.blamed(name):
            self.header, self._start = read_header(archive.unpacking(entry).read, entry.unpacked)

    @property
    def needs_unpickling(self) -> bool:
        """Whether the values are Python objects, which are never read."""
        return self.dtype.hasobject

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

        A single value larger than a block, which no array of the contract holds, is read and not yielded.

        Raises
        ------
        DamagedArchive
            The data end early, or their checksum is wrong.
        OSError
            The machine cannot read them.
        """
        stored = self.header.stored_shape
        slice_values = math.prod(stored[1:])
        most = min(_BLOCK_VALUES, _BLOCK_BYTES // max(1, self.dtype.itemsize))
        step = max(1, most // max(1, slice_values))
        with self._archive.blamed(self.name):
            self._require_values()
            unpacking = self._archive.unpacking(self._entry)
            unpacking.read(self._start)
            if self.dtype.itemsize > _BLOCK_BYTES:
                unpacking.skip(math.prod(stored) * self.dtype.itemsize)
                stored = (0,)
            for first in range(0, stored[0], step) if stored and slice_values else ():
                count = min(step, stored[0] - first)
                yield self._block(unpacking, (count, *stored[1:]))
                told(self.name, first + count, stored[0])
            if not stored or 0 in stored:
                yield self._block(unpacking, stored)
            unpacking.finish()

    def reshaped(self, shape: tuple[int, ...]) -> Member:
        """Return the same values under a shape without some, or all, of the axes of length one."""
        same = copy.copy(self)
        same.header = replace(self.header, shape=shape)
        return same

    def array(self) -> NDArray[Any]:
        """Return all values, in the shape of the header."""
        with self._archive.blamed(self.name):
            self._require_values()
            whole = np.empty(self.header.stored_shape, dtype=self.dtype)
            unpacking = self._archive.unpacking(self._entry)
            unpacking.read(self._start)
            unpacking.fill(whole)
            unpacking.finish()
        return whole.T if self.header.fortran else whole

    def _require_values(self) -> None:
        if self.needs_unpickling:
            raise DamagedArchive("the values are Python objects, which are never read")

    def _block(self, unpacking: Unpacking, shape: tuple[int, ...]) -> NDArray[Any]:
        content = unpacking.read(math.prod(shape) * self.header.dtype.itemsize)
        return np.frombuffer(content, dtype=self.header.dtype).reshape(shape)


class Archive:
    """An NPZ archive, opened for reading; whatever a stranger's bytes do to their reader is a damaged archive here.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Names of all members, in the order of the archive.

    Raises
    ------
    DamagedArchive
        It is no archive (NPZ-033), or its directory and its members contradict each other in a size (NPZ-040).
    OSError
        It is no regular file, or the machine cannot read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = open_regular(path)
        try:
            with self.blamed(""):
                entries = entries_of(self._stream)
                self._entries = {entry.filename.removesuffix(".npy"): entry for entry in entries}
                if len(self._entries) != len(entries):
                    raise DamagedArchive("a member occurs twice")
        except BaseException:
            self._stream.close()
            raise
        self.names = tuple(self._entries)
        self._members: dict[str, Member] = {}

    def member(self, name: str) -> Member:
        """Open one member by its exact name.

        Raises
        ------
        KeyError
            There is no such member.
        DamagedArchive
            Its header cannot be read, or does not fit what the member holds; or all that were opened claim to unpack
            to far more than an honest archive of this size.
        """
        if name not in self._members:
            self._members[name] = Member(self, name, self._entries[name])
            try:
                self._require_honest_sizes()
            except DamagedArchive:
                del self._members[name]
                raise
        return self._members[name]

    def _require_honest_sizes(self) -> None:
        held = [member for member in self._members.values() if not member.needs_unpickling]
        values = sum(math.prod(one.shape) * max(one.dtype.itemsize, _NARROWEST) for one in held)
        packed, unpacked = (sum(getattr(self._entries[one.name], n) for one in held) for n in ("packed", "unpacked"))
        if values > _LARGE and unpacked > _MOST_COMPRESSION * packed:
            raise DamagedArchive(f"{packed} bytes claim to unpack to {unpacked}")

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield all bytes of a member, its header too, as they are when unpacked; the checksum is compared.

        Raises
        ------
        DamagedArchive, OSError
            As :meth:`Member.blocks`.
        """
        entry = self._entries[name]
        with self.blamed(name):
            unpacking = self.unpacking(entry)
            for first in range(0, entry.unpacked, _BLOCK_BYTES):
                yield bytes(unpacking.read(min(_BLOCK_BYTES, entry.unpacked - first)))
            unpacking.finish()

    def entry(self, name: str) -> Entry:
        """Return where and how a member lies in the file."""
        return self._entries[name]

    def unpacking(self, entry: Entry) -> Unpacking:
        """Begin to read a member."""
        return Unpacking(self._stream, entry)

    @contextmanager
    def blamed(self, name: str) -> Iterator[None]:
        """Turn what a stranger's bytes raise into a damaged archive; the machine's trouble stays the machine's.

        Parameters
        ----------
        name : str
            The member being read; empty for the directory.
        """
        try:
            yield
        except MemoryError as error:
            raise OSError(errno.ENOMEM, "there is not enough memory to read it", str(self.path)) from error
        except OSError:
            raise
        except Exception as error:
            told = str(error) if isinstance(error, DamagedArchive) else f"{type(error).__name__}: {error}"
            raise DamagedArchive(told if not name or told.startswith(name) else f"{name}: {told}") from error

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
