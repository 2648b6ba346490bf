"""EDF, as ESRF and others write it: a header of text before each image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_LONGEST, _MOST_IMAGES, _MOST_SIDE = 1 << 16, 1 << 20, 1 << 15
_TYPES = {
    "signedbyte": "i1", "unsignedbyte": "u1", "signedshort": "i2", "unsignedshort": "u2", "signedinteger": "i4",
    "unsignedinteger": "u4", "signedlong": "i4", "unsignedlong": "u4", "signed64": "i8", "unsigned64": "u8",
    "floatvalue": "f4", "float": "f4", "real": "f4", "doublevalue": "f8", "double": "f8",
}  # fmt: skip
_PLAIN = ("", "none", "nospecificvalue", "uncompressed")


@dataclass(frozen=True)
class _Image:
    """One image: where it begins, its shape and its type."""

    at: int
    shape: tuple[int, int]
    dtype: np.dtype[np.generic]

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self.at + self.shape[0] * self.shape[1] * self.dtype.itemsize


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.EDF


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    images = _images(path)
    kinds = {(one.shape, one.dtype) for one in images}
    if len(kinds) > 1:
        problem = f"its {len(images)} images differ in size or type: frames are of one size and type"
        raise UnfitFile("FIL-002", "file", problem)
    shape = (len(images), *images[0].shape)
    values = RawValues(path, path.name, shape, images[0].dtype, [one.at for one in images])
    parts = {"diff3d": Part(values, path.name, Quantity.UNSAID, "image, row, column")}
    said = ("frames in the order of the images",) if len(images) > 1 else ()
    advice = "it holds frames only: give positions and a probe from other files"
    yield Description(FORMAT.name, parts, assumed=said, advice=advice, members=(path.name,))


def _images(path: Path) -> list[_Image]:
    """Images of a file, by their headers.

    Raises
    ------
    UnfitFile
        A header says what is not read here, or the file ends within an image.
    """
    size, at = path.stat().st_size, 0
    found: list[_Image] = []
    with open_regular(path) as stream:
        while at < size and len(found) < _MOST_IMAGES:
            header = _header(stream, at)
            if header is None:
                break
            one = _image(*header)
            if one.end > size:
                problem = f"the file ends within image {len(found)}: copy it again"
                raise UnfitFile("FIL-022", "file", problem)
            found.append(one)
            at = one.end
    if not found:
        raise UnfitFile("FIL-022", "file", "its header does not end: copy it again")
    return found


def _header(stream: BinaryIO, at: int) -> tuple[dict[str, str], int] | None:
    """Entries of the header that begins there, and where its image begins; None where there is none."""
    stream.seek(at)
    content = stream.read(_LONGEST)
    start = len(content) - len(content.lstrip(b"\r\n \x00"))
    end = content.find(b"}", start)
    if content[start : start + 1] != b"{" or end < 0:
        return None
    after = 2 if content[end + 1 : end + 3] == b"\r\n" else 1
    entries = [one.partition("=") for one in content[start + 1 : end].decode("latin-1").split(";")]
    said = {name.strip().casefold(): value.strip() for name, sign, value in entries if sign}
    return said, at + end + 1 + after


def _image(said: dict[str, str], at: int) -> _Image:
    kind = _TYPES.get(said.get("datatype", "").casefold())
    columns, rows = (_whole(said.get(name, "1")) for name in ("dim_1", "dim_2"))
    if (
        kind is None
        or not (0 < rows <= _MOST_SIDE and 0 < columns <= _MOST_SIDE)
        or _whole(said.get("dim_3", "1")) != 1
    ):
        problem = f"its images are {rows} x {columns} of type {said.get('datatype', '?')}, which is not read here"
        raise UnfitFile("FIL-002", "file", problem)
    if said.get("compression", "").strip().casefold() not in _PLAIN:
        problem = f"its images are packed ({said['compression']}), which is not read here: write them plain"
        raise UnfitFile("FIL-021", "file", problem)
    order = ">" if said.get("byteorder", "").casefold().startswith("high") else "<"
    return _Image(at, (rows, columns), np.dtype(f"{order}{kind}"))


def _whole(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0


FORMAT = Format("an EDF file", _recognises, _opened)
