"""Archives written member by member, with what writers get wrong, and archives changed after they were written."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

_DIRECTORY = b"PK\x01\x02"


def content_of(values: Any, version: tuple[int, int] | None = None) -> bytes:
    """Bytes of a member, as NumPy writes it.

    Parameters
    ----------
    values : array_like
    version : tuple of int, optional
        What stands in the place of the version of its format.
    """
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(values), version=(1, 0), allow_pickle=False)
    content = stream.getvalue()
    return content if version is None else content[:6] + bytes(version) + content[8:]


def write_members(path: Path, members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> None:
    """Write an archive of members, whose names may repeat.

    Parameters
    ----------
    path : Path
    members : iterable of (str, bytes)
        Name in the archive, and content.
    method : int
        Of packing.
    """
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        # The module warns of names that repeat.
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)


def as_members(arrays: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Members of an archive as NumPy writes them, for :func:`write_members`."""
    return [(f"{name}.npy", content_of(values)) for name, values in arrays.items() if values is not None]


def listed_anew(path: Path, name: str, change: Callable[[bytearray], None]) -> None:
    """Change the entry of a member in the directory of an archive, and leave its local header.

    Parameters
    ----------
    path : Path
    name : str
        Of the member, as the archive has it.
    change : callable
        Changes the bytes of the entry in place.
    """
    content = bytearray(path.read_bytes())
    at = content.index(_DIRECTORY)
    while content[at + 46 : at + 46 + len(name)] != name.encode():
        at = content.index(_DIRECTORY, at + 1)
    length = 46 + sum(struct.unpack_from("<3H", content, at + 28))
    entry = content[at : at + length]
    change(entry)
    content[at : at + length] = entry
    path.write_bytes(content)


def unlisted(path: Path, name: str) -> None:
    """Take a member out of the directory of an archive; its bytes stay where they are.

    Parameters
    ----------
    path : Path
    name : str
        Of the member, as the archive has it.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist = [info for info in archive.filelist if info.filename != name]
        # Closing writes the directory anew only after a change.
        archive._didModify = True  # type: ignore[attr-defined]


def unchecked(path: Path) -> dict[str, Any]:
    """Members of a damaged archive as their bytes are, no checksum compared; none that cannot be read at all."""
    found: dict[str, Any] = {}
    with warnings.catch_warnings(), contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
        warnings.simplefilter("ignore")
        for info in archive.infolist():
            with contextlib.suppress(Exception), archive.open(info) as stream:
                vars(stream)["_expected_crc"] = None
                found[info.filename.removesuffix(".npy")] = np.lib.format.read_array(stream, allow_pickle=False)
    return found
