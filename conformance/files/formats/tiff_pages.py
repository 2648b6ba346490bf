"""One image of a TIFF file out of its strips or tiles; nothing is unpacked beyond the size of a part."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from conformance.files.unfit import UnfitFile

PLAIN, DEFLATED = 1, (8, 32946)
_CODECS = {5: "lzw", 32773: "packbits", 34925: "lzma", 34926: "zstd", 50000: "zstd"}
_WORDS = {2: "CCITT", 5: "LZW", 6: "JPEG", 7: "JPEG", 32773: "PackBits", 34925: "LZMA", 34926: "Zstandard"}
_WORDS |= {33003: "JPEG 2000", 34712: "JPEG 2000", 34887: "LERC", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL"}
_DIFFERENCES, _FLOATING = 2, 3
PREDICTORS = (1, _DIFFERENCES, _FLOATING)


@dataclass(frozen=True)
class Page:
    """One image of a file.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    parts : tuple of (int, int)
        Place and bytes of each strip or tile.
    packing, predictor : int
    size : tuple of int
        Rows and columns of a part.
    tiled : bool
        Whether parts are tiles, which reach over the edge; the last strip has the rows that are left.
    count : int
        Images that follow on one another under this one header.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    parts: tuple[tuple[int, int], ...]
    packing: int
    predictor: int
    size: tuple[int, int]
    tiled: bool = False
    count: int = 1

    @property
    def nbytes(self) -> int:
        """Bytes of one image, unpacked."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def across(self) -> int:
        """Parts beside one another."""
        return math.ceil(self.shape[1] / self.size[1])


def require_readable(packing: int) -> None:
    """Refuse a packing that is not unpacked here.

    Raises
    ------
    UnfitFile
        It loses values, is not known, or the package that unpacks it is missing (FIL-021).
    """
    if packing == PLAIN or packing in DEFLATED:
        return
    what = _WORDS.get(packing, f"number {packing}")
    if packing not in _CODECS:
        problem = f"its images are packed by {what}, which is not read here: write them plain or deflated"
        raise UnfitFile("FIL-021", "file", problem)
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        problem = (
            f"its images are packed by {what}, which imagecodecs unpacks: pip install 'ptycho-conformance[formats]'"
        )
        raise UnfitFile("FIL-021", "file", problem) from None


def image_of(stream: BinaryIO, page: Page, name: str) -> NDArray[Any]:
    """Read one image.

    Parameters
    ----------
    stream : binary file
    page : Page
    name : str
        Of the file, for what is said of it.

    Raises
    ------
    UnfitFile
        It ends early or cannot be unpacked (FIL-022).
    """
    rows, columns = page.size
    whole = np.empty(page.shape, page.dtype)
    for k, (at, size) in enumerate(page.parts):
        top, left = k // page.across * rows, k % page.across * columns
        held = rows if page.tiled else min(rows, page.shape[0] - top)
        wanted = held * columns * page.dtype.itemsize
        stream.seek(at)
        content = _unpacked(stream.read(min(size, 2 * wanted + 4096)), page.packing, wanted, name)
        if len(content) < wanted:
            raise UnfitFile("FIL-022", name, "an image ends early: copy the file again")
        part = _undone(np.frombuffer(content, np.uint8, wanted).reshape(held, -1), page)
        room = whole[top : top + held, left : left + columns]
        room[...] = part[: room.shape[0], : room.shape[1]]
    return whole


def _unpacked(content: bytes, packing: int, most: int, name: str) -> bytes | bytearray | memoryview:
    """At most so many bytes out of a part."""
    if packing == PLAIN:
        return content
    try:
        if packing in DEFLATED:
            return zlib.decompressobj().decompress(content, max(1, most))
        import imagecodecs

        decode: Callable[..., memoryview | None] = getattr(imagecodecs, f"{_CODECS[packing]}_decode")
        place = bytearray(most)
        return decode(content, out=place) or b""
    except (zlib.error, RuntimeError, ValueError) as error:
        raise UnfitFile("FIL-022", name, f"an image cannot be unpacked ({error}): copy the file again") from error


def _undone(lines: NDArray[np.uint8], page: Page) -> NDArray[Any]:
    """Values of a part out of the bytes of its lines, without the differences that they were stored as."""
    if page.predictor != _FLOATING:
        values = lines.view(page.dtype)
        return np.cumsum(values, axis=1, dtype=page.dtype) if page.predictor == _DIFFERENCES else values
    # First the bytes of highest value of a line, then the next ones, each as its difference to the one before.
    size = page.dtype.itemsize
    planes = np.cumsum(lines, axis=1, dtype=np.uint8).reshape(len(lines), size, -1)
    return np.ascontiguousarray(planes.swapaxes(1, 2)).view(f">f{size}")[..., 0]
