"""Writes a fixed scan: what no fix touched byte for byte, the rest block by block, whole or not at all."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.archive import Archive, Member
from conformance.files.atomic import written_whole
from conformance.files.formats.values import Stored, Values
from conformance.files.writing import write_member
from conformance.files.zip_directory import DEFLATED

_LONG_TEXT = 1 << 18


def write_fixed(path: Path, source: Archive, arrays: Mapping[str, Stored], metadata: Mapping[str, Any] | None) -> None:
    """Write a scan file.

    Parameters
    ----------
    path : Path
    source : Archive
        The file that was read. Members of it among ``arrays`` are copied with their headers.
    arrays : Mapping[str, Stored]
        By name, in the order in which they are written; members keep their packing, others have that of the stack.
    metadata : Mapping[str, Any] or None
        What is written under ``_metadata`` as JSON text; None leaves what is there.

    Raises
    ------
    OSError
        The file cannot be written, or the other not read; what stood there before stays.
    DamagedArchive
        The data of a member are not what their checksum says.
    """
    if metadata is not None:
        arrays = {**arrays, "_metadata": Values("_metadata", _as_array(json.dumps(metadata)))}
    with written_whole(path) as stream, zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
        for name, values in arrays.items():
            original = _original(source, values)
            with archive.open(_info(source, name, original), "w", force_zip64=True) as member:
                if original:
                    for piece in source.pieces(original):
                        member.write(piece)
                else:
                    write_member(member, values)


def copy_file(source: Path, path: Path) -> None:
    """Copy a file byte for byte, whole or not at all.

    Parameters
    ----------
    source : Path
    path : Path
        Where the copy goes.

    Raises
    ------
    OSError
        One of the two cannot be read or written.
    """
    with source.open("rb") as held, written_whole(path) as stream:
        shutil.copyfileobj(held, stream, 1 << 20)


def _original(source: Archive, values: Stored) -> str:
    """Name under which the source holds values as they are; empty where they are changed."""
    if isinstance(values, Member) or values.needs_unpickling:
        name = values.name
        return name if values.needs_unpickling or values is source.member(name) else ""
    return ""


def _as_array(text: str) -> NDArray[Any]:
    """Text as an array; a long one in bytes, which take a fourth of the room."""
    return np.array(text) if len(text) < _LONG_TEXT else np.array(text.encode())


def _info(source: Archive, name: str, original: str) -> zipfile.ZipInfo:
    """Name and packing of a member; no time, so that equal scans are equal files."""
    entries = [source.entry(one) for one in source.names]
    own = source.entry(original) if original else None
    filename = own.filename if own is not None and original == name else f"{name}.npy"
    info = zipfile.ZipInfo(filename)
    packed = (
        own.method == DEFLATED if own is not None else max(entries, key=lambda one: one.unpacked).method == DEFLATED
    )
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info
