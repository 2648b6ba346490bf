"""Archives written field by field, so that any of them can lie."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LOCAL = {
    "signature": "4s",
    "needed": "H",
    "flags": "H",
    "method": "H",
    "time": "H",
    "date": "H",
    "crc": "L",
    "packed": "L",
    "size": "L",
    "name": "H",
    "extra": "H",
}
LISTED = {
    "signature": "4s",
    "made": "H",
    "needed": "H",
    "flags": "H",
    "method": "H",
    "time": "H",
    "date": "H",
    "crc": "L",
    "packed": "L",
    "size": "L",
    "name": "H",
    "extra": "H",
    "comment": "H",
    "disk": "H",
    "internal": "H",
    "external": "L",
    "offset": "L",
}
END = {
    "signature": "4s",
    "disk": "H",
    "first": "H",
    "here": "H",
    "count": "H",
    "size": "L",
    "offset": "L",
    "comment": "H",
}
"""Fields of the records of an archive, in their order, with their widths."""


@dataclass(frozen=True)
class Part:
    """A member, and what its two headers say in place of the truth.

    Attributes
    ----------
    name : str or bytes
    content : bytes
        Unpacked.
    method : int
        0 stored, else deflated, whatever the number says.
    local, listed : Mapping[str, Any]
        Fields of the local header and of the directory's entry.
    packed : bytes or None
        In place of the packed content.
    behind : bytes
        Between this member and the next.
    extra, further : bytes
        Extra field of the local header, and what follows the name in the directory.
    """

    name: str | bytes
    content: bytes
    method: int = 0
    local: Mapping[str, Any] = field(default_factory=dict)
    listed: Mapping[str, Any] = field(default_factory=dict)
    packed: bytes | None = None
    behind: bytes = b""
    extra: bytes = b""
    further: bytes = b""


def record(fields: Mapping[str, str], values: Mapping[str, Any]) -> bytes:
    """Pack a record; fields that are not given are zero."""
    filled = [values.get(name, b"" if kind == "4s" else 0) for name, kind in fields.items()]
    return struct.pack("<" + "".join(fields.values()), *filled)


def deflated(content: bytes) -> bytes:
    """Raw deflated bytes."""
    packing = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


def build(
    parts: Sequence[Part], end: Mapping[str, Any] | None = None, before: bytes = b"", comment: bytes = b""
) -> bytes:
    """Write an archive.

    Parameters
    ----------
    parts : sequence of Part
    end : Mapping, optional
        Fields of the end record in place of the truth.
    before : bytes
        In front of the first member.
    comment : bytes
        Of the archive.
    """
    out, listing = bytearray(before), bytearray()
    for part in parts:
        packed = part.packed if part.packed is not None else part.content if not part.method else deflated(part.content)
        name = part.name if isinstance(part.name, bytes) else part.name.encode()
        truth = {
            "needed": 20,
            "method": part.method,
            "crc": zlib.crc32(part.content),
            "packed": len(packed),
            "size": len(part.content),
            "name": len(name),
            "flags": 0x800 if not isinstance(part.name, bytes) else 0,
        }
        offset = len(out)
        local = truth | {"signature": b"PK\x03\x04", "extra": len(part.extra)} | dict(part.local)
        out += record(LOCAL, local) + name + part.extra + packed + part.behind
        listed = truth | {"signature": b"PK\x01\x02", "offset": offset} | dict(part.listed)
        listing += record(LISTED, listed) + name + part.further
    told = {
        "signature": b"PK\x05\x06",
        "here": len(parts),
        "count": len(parts),
        "size": len(listing),
        "offset": len(out),
        "comment": len(comment),
    }
    return bytes(out + listing + record(END, told | dict(end or {})) + comment)


def npy(values: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    """Bytes of a member as NumPy writes it."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(values), version=version, allow_pickle=True)
    return stream.getvalue()


def npy_of(header: str | bytes, content: bytes, version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    """Bytes of a member with any header.

    Parameters
    ----------
    header : str or bytes
    content : bytes
        Of the values.
    version : tuple of int
    length : int, optional
        What the header's length says, where that is no truth.
    """
    text = header if isinstance(header, bytes) else header.encode("latin-1", "replace")
    width = "<H" if version[0] == 1 else "<L"
    told = len(text) if length is None else length
    return b"\x93NUMPY" + bytes(version) + struct.pack(width, told) + text + content


def parts_of(arrays: Mapping[str, Any], method: int = 0) -> list[Part]:
    """Members of a scan as NumPy writes them; values that are bytes are taken as they are."""
    return [
        Part(f"{name}.npy", values if isinstance(values, bytes) else npy(values), method)
        for name, values in arrays.items()
        if values is not None
    ]


def scan(**changes: Any) -> dict[str, Any]:
    """Arrays of a small sound scan that holds everything; None leaves one out."""
    rng = np.random.default_rng(9)
    M, N = 12, 8
    arrays: dict[str, Any] = {
        "xcoords": rng.uniform(5, 20, M),
        "ycoords": rng.uniform(5, 30, M),
        "diff3d": np.sqrt(rng.gamma(2.0, 3.0, (M, N, N))).astype(np.float32),
        "probeGuess": (rng.random((2, N, N)) + 1j * rng.random((2, N, N))).astype(np.complex64),
        "xcoords_start": rng.uniform(5, 20, M),
        "ycoords_start": rng.uniform(5, 30, M),
        "scan_index": rng.integers(0, 3, M),
        "objectGuess": (rng.random((40, 33)) + 1j * rng.random((40, 33))).astype(np.complex64),
        "Y": (rng.random((M, N, N)) + 1j).astype(np.complex64),
        "_metadata": np.array('{"energy": 8.0}'),
    }
    return {name: values for name, values in (arrays | changes).items() if values is not None}
