"""Writes a scan in the contract's form, block by block, whole or not at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from conformance.files.ahead import read_ahead
from conformance.files.atomic import written_whole
from conformance.files.formats.values import Stored


def write_canonical(
    path: Path, arrays: Mapping[str, Stored], metadata: Mapping[str, Any], *, packed: bool = False
) -> None:
    """Write a scan file; memory does not grow with the stack.

    Parameters
    ----------
    path : Path
    arrays : Mapping[str, Stored]
        By the contract's names; blocks run along the first axis.
    metadata : Mapping[str, Any]
        Plain types, stored as JSON text under ``_metadata`` (NPZ-030).
    packed : bool
        Whether members are deflated.

    Raises
    ------
    OSError
        The file cannot be written; what stood there before stays.
    """
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with written_whole(path) as stream, zipfile.ZipFile(stream, "w", method, allowZip64=True) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                write_member(member, values)
        with archive.open("_metadata.npy", "w") as member:
            npy.write_array(member, np.array(json.dumps(metadata)), allow_pickle=False)


def write_member(member: IO[bytes], values: Stored) -> None:
    """Write values as NPY, block by block.

    Parameters
    ----------
    member : binary file
    values : Stored
    """
    head = {"descr": npy.dtype_to_descr(values.dtype), "fortran_order": values.fortran, "shape": values.shape}
    npy.write_array_header_1_0(member, head)
    written = 0
    for block in _in_order(values):
        member.write(block.reshape(-1).view(np.uint8).data)
        written += block.size
    expected = int(np.prod(values.shape, dtype=np.int64))
    if written != expected:
        raise ValueError(f"{values.name}: {written} values were written where the shape promises {expected}")


def _in_order(values: Stored) -> Iterator[NDArray[Any]]:
    for block in read_ahead(values.blocks()):
        yield np.ascontiguousarray(block, dtype=values.dtype)
