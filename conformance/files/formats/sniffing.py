"""What a file is, told by its first bytes and the names of its members; its own name is not believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.files.formats.lists import listing_of
from conformance.files.formats.magic import Kind, by_signature, by_words
from conformance.files.regular import open_regular

__all__ = ["HEAD_BYTES", "Kind", "Sniffed", "as_text", "decoded", "kind_of", "lfs_size"]

HEAD_BYTES = 4096
_PIECES = 16
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SIZE = re.compile(rb"^size (\d+)$", re.MULTILINE)
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 1 << 16
_CONTROL, _MOSTLY = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\x9f]"), 0.9
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Sniffed:
    """What is known of a file before it is opened as anything.

    Attributes
    ----------
    path : Path
    head : bytes
        Its first bytes.
    kind : Kind
    members : frozenset of str
        Names of the members of an archive, without ``.npy``; empty for other kinds.
    arrays : frozenset of str
        Those of them that are arrays of NumPy, by the ending of their full names.
    shapes : Mapping[str, tuple of int]
        Shapes of the arrays in an HDF5 or MATLAB file, by name.
    links : tuple of str
        Links of an HDF5 file that are not followed, and where they lead, in words.
    """

    path: Path
    head: bytes
    kind: Kind
    members: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    links: tuple[str, ...] = ()


def kind_of(path: Path) -> tuple[Kind, bytes]:
    """Tell what the bytes of a file are, and return its first ones.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with open_regular(path) as stream:
        head = stream.read(HEAD_BYTES)
        if not head:
            return Kind.EMPTY, head
        if (kind := by_signature(head)) is not None:
            return kind, head
        if _holds_hdf5(head):
            return Kind.HDF5, head
        stream.seek(max(0, path.stat().st_size - _ZIP_TAIL))
        if _ZIP_END in stream.read(_ZIP_TAIL):
            # The directory of an archive stands at its end: this is one whose beginning is lost.
            return Kind.ZIP, head
        if not head.strip(b"\x00"):
            # Frames may begin with pixels without light.
            return (Kind.BINARY if any(one.strip(b"\x00") for one in pieces(path)) else Kind.ZEROS), head
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return Kind.PICKLE, head
    return _kind_of_text(head), head


def pieces(path: Path) -> Iterator[bytes]:
    """Yield some bytes of a file, from places all over it, each a multiple of eight from its beginning.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with open_regular(path) as stream:
        last = max(0, path.stat().st_size - HEAD_BYTES)
        for k in range(_PIECES):
            stream.seek(last * k // (_PIECES - 1) // 8 * 8)
            yield stream.read(HEAD_BYTES)


def lfs_size(head: bytes) -> int | None:
    """Bytes of the data that a git-lfs pointer stands for; None where it does not say."""
    found = _SIZE.search(head.replace(b"\r\n", b"\n"))
    return int(found[1]) if found else None


def _holds_hdf5(head: bytes) -> bool:
    """Whether the signature stands at byte 0, 512, 1024, 2048: a block of the user's may stand before it."""
    return any(head[at : at + 8] == _HDF5 for at in (0, 512, 1024, 2048))


def as_text(head: bytes) -> str | None:
    """First bytes of a file as text, as :func:`decoded`; the last letter may be cut where the bytes were."""
    return decoded(head[:-4] if len(head) == HEAD_BYTES else head)


def decoded(whole: bytes) -> str | None:
    """Bytes as text: UTF-8, UTF-16 with its mark, or Latin-1 without signs of control; None where they are none."""
    wide = whole.startswith(_WIDE)
    try:
        text = whole.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        # What holds a letter of Latin-1 now and then holds no byte that no text has.
        text = "" if wide or _CONTROL.search(whole) else whole.decode("latin-1")
        return text if text and sum(map(str.isascii, text)) > _MOSTLY * len(text) else None
    return None if "\x00" in text else text


def _kind_of_text(head: bytes) -> Kind:
    text = as_text(head)
    if text is None:
        return Kind.BINARY
    return by_words(text) or (Kind.TEXT if listing_of(text, cut=len(head) == HEAD_BYTES) is None else Kind.NUMBERS)
