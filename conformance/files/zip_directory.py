"""The members of a ZIP archive, believed only where its directory, its local headers and its length agree.

Members, directory and end record must fill the file to its last byte: what a damaged directory lost would else be
missed in silence, and members that share their bytes would unpack to more than the file can hold.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from conformance.contract.crossing import Crossing

STORED, DEFLATED = 0, 8
_END, _END_SIGNATURE, _LONGEST_COMMENT = struct.Struct("<4s4H2LH"), b"PK\x05\x06", 0xFFFF
_LOCATOR, _LOCATOR_SIGNATURE = struct.Struct("<4sLQL"), b"PK\x06\x07"
_LARGE_END, _LARGE_END_SIGNATURE = struct.Struct("<4sQ2H2L4Q"), b"PK\x06\x06"
_LISTED, _LISTED_SIGNATURE = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02"
_LOCAL, _LOCAL_SIGNATURE = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_ENCRYPTED, _DESCRIBED, _UTF8 = 0x1, 0x8, 0x800
_LARGE_EXTRA, _SATURATED_SHORT, _SATURATED = 1, 0xFFFF, 0xFFFFFFFF
_MOST_MEMBERS, _MOST_DIRECTORY = 1 << 14, 1 << 23


class DamagedArchive(Crossing, ValueError):
    """The file is no NPZ archive, or is damaged; the message says how."""


@dataclass(frozen=True)
class Entry:
    """A member as the directory and its local header describe it.

    Attributes
    ----------
    filename : str
        Its name in the archive.
    method : int
        0 stored, 8 deflated; others are not read.
    encrypted : bool
    checksum : int
        CRC-32 of the unpacked bytes.
    packed, unpacked : int
        Bytes in the file, and bytes that they claim to hold.
    start : int
        Place of its first packed byte in the file.
    """

    filename: str
    method: int
    encrypted: bool
    checksum: int
    packed: int
    unpacked: int
    start: int


@dataclass(frozen=True)
class _Listed:
    """An entry of the directory."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    unpacked: int
    offset: int

    @property
    def shown(self) -> str:
        return self.name.decode("utf-8" if self.flags & _UTF8 else "cp437", "backslashreplace")


def entries_of(stream: BinaryIO) -> tuple[Entry, ...]:
    """Read the directory of an archive, and compare it with the local header of every member.

    Parameters
    ----------
    stream : binary file
        Open for reading, and able to seek.

    Returns
    -------
    tuple of Entry
        In the order of the directory.

    Raises
    ------
    DamagedArchive
        It is no archive; a name, size, method or checksum differs between directory and member; bytes belong to no
        member, or to two.
    """
    length = stream.seek(0, 2)
    count, size, start = _end(stream, length)
    listed = tuple(_listed(_at(stream, start, size), count))
    places: dict[int, Entry] = {}
    expected = 0
    ordered = sorted(listed, key=lambda one: one.offset)
    edges = [one.offset for one in ordered[1:]] + [start]
    for one, edge in zip(ordered, edges, strict=True):
        if one.offset != expected:
            raise DamagedArchive(f"bytes {min(expected, one.offset)} to {max(expected, one.offset)} fit no one member")
        places[one.offset] = _entry(stream, one, edge)
        expected = edge
    if expected != start:
        raise DamagedArchive(f"{start} bytes belong to no member")
    return tuple(places[one.offset] for one in listed)


def _at(stream: BinaryIO, place: int, count: int) -> bytes:
    stream.seek(place)
    content = stream.read(count)
    if len(content) != count:
        raise DamagedArchive("the file ends within its directory")
    return content


def _end(stream: BinaryIO, length: int) -> tuple[int, int, int]:
    """Number of members, and size and place of the directory."""
    tail = _at(stream, length - min(length, _END.size + _LONGEST_COMMENT), min(length, _END.size + _LONGEST_COMMENT))
    found = tail.rfind(_END_SIGNATURE)
    if found < 0 or len(tail) - found < _END.size:
        raise DamagedArchive("File is not a zip file: it has no end record")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, found)
    if found + _END.size + comment != len(tail):
        raise DamagedArchive("the end record is not the end of the file")
    end = length - len(tail) + found
    saturated = _SATURATED_SHORT in (here, count) or _SATURATED in (size, start)
    if saturated or (start + size != end and _has_large_end(stream, end)):
        # Archives of two to four gigabytes have both records, and the sizes in both.
        large = _large_end(stream, end)
        if not _agree((here, count, size, start), (large[0], large[0], large[1], large[2])):
            raise DamagedArchive("the end records differ")
        count, size, start, end = large
    elif (disk, first_disk, here) != (0, 0, count):
        raise DamagedArchive("the archive has several parts, or a damaged end record")
    if start + size != end or count * _LISTED.size > size:
        raise DamagedArchive("the directory does not reach from its beginning to the end record")
    if count > _MOST_MEMBERS or size > _MOST_DIRECTORY:
        raise DamagedArchive(f"the directory claims {count} members in {size} bytes")
    return count, size, start


def _has_large_end(stream: BinaryIO, end: int) -> bool:
    """Whether the locator of an end record of 64 bits stands before the end record."""
    place = end - _LOCATOR.size
    return place >= 0 and _LOCATOR.unpack(_at(stream, place, _LOCATOR.size))[0] == _LOCATOR_SIGNATURE


def _agree(short: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether the numbers of the end record, where they are told, are those of the one of 64 bits."""
    ends = (_SATURATED_SHORT, _SATURATED_SHORT, _SATURATED, _SATURATED)
    return all(told in (end, wide) for told, wide, end in zip(short, large, ends, strict=True))


def _large_end(stream: BinaryIO, end: int) -> tuple[int, int, int, int]:
    """Members, size and place of the directory, and place of the end record, of an archive with 64-bit sizes."""
    place = end - _LOCATOR.size - _LARGE_END.size
    if place < 0:
        raise DamagedArchive("the end record of 64 bits is missing")
    signature, disk, stated, disks = _LOCATOR.unpack(_at(stream, end - _LOCATOR.size, _LOCATOR.size))
    own, _, _, _, here_disk, first_disk, here, count, size, start = _LARGE_END.unpack(
        _at(stream, place, _LARGE_END.size)
    )
    if (signature, own, stated) != (_LOCATOR_SIGNATURE, _LARGE_END_SIGNATURE, place) or here != count:
        raise DamagedArchive("the end record of 64 bits is damaged")
    if disk or here_disk or first_disk or disks > 1:
        raise DamagedArchive("the archive has several parts")
    return count, size, start, place


def _listed(content: bytes, count: int) -> Iterator[_Listed]:
    place = 0
    for _ in range(count):
        if len(content) - place < _LISTED.size:
            raise DamagedArchive("the directory holds fewer members than the end record says")
        fields = _LISTED.unpack_from(content, place)
        signature, _, _, flags, method, _, _, checksum, packed, unpacked, name, extra, comment, disk = fields[:14]
        place += _LISTED.size
        if signature != _LISTED_SIGNATURE or disk or place + name + extra + comment > len(content):
            raise DamagedArchive("an entry of the directory is damaged")
        sizes = (unpacked, packed, fields[16])
        further = content[place + name : place + name + extra]
        unpacked, packed, offset = _widened(sizes, further)
        yield _Listed(content[place : place + name], flags, method, checksum, packed, unpacked, offset)
        place += name + extra + comment
    if place != len(content):
        raise DamagedArchive("the directory holds more than the end record says")


def _widened(sizes: Sequence[int], extra: bytes) -> tuple[int, ...]:
    """Sizes, those that 32 bits cannot hold from the extra field."""
    if _SATURATED not in sizes:
        return tuple(sizes)
    place = 0
    while len(extra) - place >= 4:
        kind, length = struct.unpack_from("<HH", extra, place)
        place += 4
        if kind == _LARGE_EXTRA and length % 8 == 0 and place + length <= len(extra):
            wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, place))
            return tuple(next(wide, size) if size == _SATURATED else size for size in sizes)
        place += length
    return tuple(sizes)


def _entry(stream: BinaryIO, listed: _Listed, edge: int) -> Entry:
    """Compare an entry of the directory with its local header; the member ends where the next one begins."""
    if edge - listed.offset < _LOCAL.size:
        raise DamagedArchive(f"{listed.shown}: there is no place for the member")
    fields = _LOCAL.unpack(_at(stream, listed.offset, _LOCAL.size))
    signature, _, flags, method, _, _, checksum, packed, unpacked, name, extra = fields
    start = listed.offset + _LOCAL.size + name + extra
    if signature != _LOCAL_SIGNATURE or start + listed.packed > edge:
        raise DamagedArchive(f"{listed.shown}: the member is not where the directory says")
    own = _at(stream, listed.offset + _LOCAL.size, name + extra)
    if (own[:name], flags, method) != (listed.name, listed.flags, listed.method):
        raise DamagedArchive(f"{listed.shown}: its local header names another member, or another method")
    unpacked, packed = _widened((unpacked, packed), own[name:])
    told, expected = (checksum, packed, unpacked), (listed.checksum, listed.packed, listed.unpacked)
    behind = _at(stream, start + listed.packed, min(edge - start - listed.packed, 25))
    if told != expected or behind:
        described = flags & _DESCRIBED and told in (expected, (0, 0, 0))
        if not (described and _describes(behind, expected)):
            raise DamagedArchive(f"{listed.shown}: size or checksum differs between directory and member")
    return Entry(listed.shown, method, bool(flags & _ENCRYPTED), listed.checksum, listed.packed, listed.unpacked, start)


def _describes(descriptor: bytes, expected: tuple[int, int, int]) -> bool:
    """Whether what stands behind a member repeats its checksum and sizes, in either width."""
    told = descriptor.removeprefix(_DESCRIPTOR_SIGNATURE)
    wide, narrow = struct.pack("<L2Q", *expected), b""
    if max(expected) <= _SATURATED:
        narrow = struct.pack("<3L", *expected)
    return told in (wide, narrow) and bool(told)
