"""The arrays of a store beside its frames: small files that are read whole, and verified (DAT-017)."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptycho_torch.errors import StaleStore
from ptycho_torch.fingerprint import Checksum, Count, checksum, checksum_of
from ptycho_torch.regular import open_regular

REBUILD = "Rebuild the store: open it with rebuild=True, or delete its folder."


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a store.

    Attributes
    ----------
    size : int
        Bytes.
    leading : int
        How many bytes from its beginning the checksum is of: all, but for frames, whose chunks have their own.
    blake2b : str
    """

    size: Count
    leading: Count
    blake2b: Checksum

    @classmethod
    def of(cls, file: Path, leading: int | None = None) -> Part:
        """Read a file that is there, or the first bytes of it."""
        size = file.stat().st_size
        return cls(size, size if leading is None else leading, checksum(file, -1 if leading is None else leading))


def write_array(file: Path, values: NDArray[Any]) -> None:
    """Write an NPY file without mapping it: a full disk is an error of this call, where it would be a signal otherwise.

    Raises
    ------
    OSError
    """
    plain = np.ascontiguousarray(values)
    with file.open("xb") as stream:
        stream.write(header_of(plain.dtype, plain.shape))
        stream.write(plain.reshape(-1).view(np.uint8).data)


def header_of(dtype: npt.DTypeLike, shape: tuple[int, ...]) -> bytes:
    """Return what stands before the values of an NPY file in C order."""
    header = io.BytesIO()
    described = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(header, described)
    return header.getvalue()


def read_array(folder: Path, name: str, part: Part, dtype: type[np.generic], *shape: int) -> NDArray[Any]:
    """Read an array of a store into memory, as it was written.

    Parameters
    ----------
    folder : Path
        The store.
    name : str
        File in it.
    part : Part
        What the manifest says of the file.
    dtype : type
    *shape : int

    Raises
    ------
    StaleStore
        The file is not what was written.
    OSError
        It cannot be read.
    """
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    with open_regular(folder / name) as stream:
        content = bytearray(stream.read(part.size + 1))
    if len(content) != part.size or checksum_of(content) != part.blake2b:
        raise StaleStore("DAT-017", name, "it is damaged: its checksum is another one", REBUILD, folder)
    return np.frombuffer(content, dtype=dtype, offset=part.size - wanted).reshape(shape)
