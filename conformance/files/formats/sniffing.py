"""What a file is, told by its first bytes and the names of its members; its own name is not believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from conformance.files.regular import open_regular

HEAD_BYTES = 4096
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LFS = b"version https://git-lfs"
_SIZE = re.compile(rb"^size (\d+)$", re.MULTILINE)
_TAR_AT = 257


class Kind(StrEnum):
    """What the bytes of a file are."""

    ZIP = "zip archive"
    HDF5 = "HDF5 file"
    LFS = "git-lfs pointer"
    HTML = "HTML page"
    NPY = "single NumPy array"
    TIFF = "TIFF image"
    EDF = "EDF image"
    CBF = "CBF image"
    MRC = "MRC image stack"
    PNG = "PNG image"
    JPEG = "JPEG image"
    GZIP = "gzip file"
    BZIP2 = "bzip2 file"
    XZ = "xz file"
    ZSTD = "zstd file"
    RAR = "RAR archive"
    SEVEN_ZIP = "7z archive"
    TAR = "tar archive"
    MATLAB = "MATLAB file of version 5"
    PICKLE = "Python pickle"
    PDF = "PDF document"
    JSON = "JSON text"
    XML = "XML text"
    NUMBERS = "text with numbers"
    TEXT = "text"
    EMPTY = "empty file"
    ZEROS = "file of zeros"
    BINARY = "binary file of no known kind"


_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (_LFS, Kind.LFS),
    (b"\x93NUMPY", Kind.NPY),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"###CBF", Kind.CBF),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"MATLAB 5.0 MAT-file", Kind.MATLAB),
    (b"%PDF-", Kind.PDF),
)


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
    """

    path: Path
    head: bytes
    kind: Kind
    members: frozenset[str] = frozenset()


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
        for magic, kind in _MAGIC:
            if head.startswith(magic):
                return kind, head
        if _holds_hdf5(head):
            return Kind.HDF5, head
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return Kind.TAR, head
    if not head.strip(b"\x00"):
        return Kind.ZEROS, head
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return Kind.PICKLE, head
    if head[208:212] == b"MAP ":
        return Kind.MRC, head
    return _kind_of_text(head), head


def lfs_size(head: bytes) -> int | None:
    """Bytes of the data that a git-lfs pointer stands for; None where it does not say."""
    found = _SIZE.search(head.replace(b"\r\n", b"\n"))
    return int(found[1]) if found else None


def _holds_hdf5(head: bytes) -> bool:
    """Whether the signature stands at byte 0, 512, 1024, 2048: a block of the user's may stand before it."""
    return any(head[at : at + 8] == _HDF5 for at in (0, 512, 1024, 2048))


def _kind_of_text(head: bytes) -> Kind:
    try:
        text = head.removeprefix(b"\xef\xbb\xbf")[:-4].decode("utf-8") if len(head) == HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        return Kind.BINARY
    if "\x00" in text:
        return Kind.BINARY
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<head")) or "<html" in start[:500]:
        return Kind.HTML
    if start.startswith("{") and "headerid" in start[:200]:
        return Kind.EDF
    if start.startswith("<"):
        return Kind.XML
    if start.startswith(("{", "[")):
        return Kind.JSON
    return Kind.NUMBERS if _mostly_numbers(text) else Kind.TEXT


def _mostly_numbers(text: str) -> bool:
    """Whether the lines that are no comments, a line of names apart, hold nothing but numbers."""
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] not in "#%"]
    # The last line may be cut where the text was.
    rows = [_is_row(line) for line in (lines[:-1] if len(text) > HEAD_BYTES // 2 else lines)]
    return any(rows) and all(rows[1:])


def _is_row(line: str) -> bool:
    words = line.replace(",", " ").replace(";", " ").split()
    try:
        return bool([float(word) for word in words])
    except ValueError:
        return False
