"""Archives of one scan as other programs write them: the same members, stored in other words."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, cast

import numpy as np

from conformance.contract.types import Array, Arrays


class _Pipe(io.RawIOBase):
    """A file in which nobody goes back, as a pipe or a socket is.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        return self._file.write(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def _in_one_stream(path: Path, arrays: Arrays) -> None:
    """Lengths stand behind the members, whose heads say nothing of them."""
    with _Pipe(path) as pipe, zipfile.ZipFile(cast("IO[bytes]", pipe), "w") as archive:
        for name, values in arrays.items():
            archive.writestr(f"{name}.npy", _member(values))


def _with_a_comment(path: Path, arrays: Arrays) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            archive.writestr(f"{name}.npy", _member(values))
        archive.comment = b"beamline 12, run 7"


def _with_other_headers(path: Path, arrays: Arrays) -> None:
    """Entries of the header of a member in another order, and more room behind them."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            header = f"{{'shape': {values.shape}, 'descr': {values.dtype.str!r}, 'fortran_order': False}}"
            header = header.ljust(117 + 64) + "\n"
            start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
            archive.writestr(f"{name}.npy", start + header.encode() + np.ascontiguousarray(values).tobytes())


def _member(values: Array) -> bytes:
    held = io.BytesIO()
    np.save(held, values, allow_pickle=False)
    return held.getvalue()


ARCHIVERS: Mapping[str, Callable[[Path, Arrays], None]] = {
    "written in one stream, as to a pipe": _in_one_stream,
    "of an archive with a comment": _with_a_comment,
    "whose members have the entries of their headers in another order": _with_other_headers,
}
"""How other programs write an archive."""
