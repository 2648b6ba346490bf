"""Stacks of TIFF images, as detectors write them: plain or deflated pages of numbers, one frame each.

Libraries for TIFF read and unpack as much as a header asks for; here every number of a stranger is bounded first.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Stored
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 8: 2, 9: 4, 12: 8, 16: 8, 17: 8, 18: 8}
_FORMATS = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q", 18: "Q"}
_PLAIN, _DEFLATED = 1, (8, 32946)
_PACKINGS = {2: "CCITT", 5: "LZW", 6: "JPEG", 7: "JPEG", 32773: "PackBits", 50000: "Zstandard", 34925: "LZMA"}
_MOST_PAGES, _MOST_VALUES, _MOST_SIDE = 1 << 20, 1 << 20, 1 << 15
_KINDS = {1: "u", 2: "i", 3: "f"}
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class Page:
    """One image of a file.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    strips : tuple of (int, int)
        Place and bytes of each part.
    packing, predictor : int
    count : int
        Images that follow on one another under this one header.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    strips: tuple[tuple[int, int], ...]
    packing: int
    predictor: int
    count: int = 1

    @property
    def nbytes(self) -> int:
        """Bytes of one image, unpacked."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize


@dataclass(frozen=True)
class Pages:
    """Images of a file as frames, unpacked one by one.

    Attributes
    ----------
    path : Path
    name : str
    pages : tuple of Page
        All of one size.
    """

    path: Path
    name: str
    pages: tuple[Page, ...]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """(M, rows, columns)."""
        return (len(self.pages), *self.pages[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the images."""
        return self.pages[0].dtype

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield frames, some at a time."""
        step = max(1, _BLOCK_BYTES // max(1, self.pages[0].nbytes))
        with open_regular(self.path) as stream:
            for first in range(0, len(self.pages), step):
                yield np.stack([_image(stream, page, self.name) for page in self.pages[first : first + step]])

    def array(self) -> NDArray[Any]:
        """Return all frames."""
        return np.concatenate(list(self.blocks()))


def _image(stream: BinaryIO, page: Page, name: str) -> NDArray[Any]:
    parts = []
    left = page.nbytes
    for at, size in page.strips:
        stream.seek(at)
        content = stream.read(min(size, 2 * page.nbytes + 4096))
        if page.packing in _DEFLATED:
            content = _inflated(content, left, name)
        parts.append(content)
        left -= len(content)
    whole = b"".join(parts)
    if len(whole) < page.nbytes:
        raise UnfitFile("FIL-022", name, "an image ends early: copy the file again")
    image = np.frombuffer(whole[: page.nbytes], page.dtype).reshape(page.shape)
    return np.cumsum(image, axis=1, dtype=page.dtype) if page.predictor == 2 else image


def _inflated(content: bytes, most: int, name: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, max(1, most))
    except zlib.error as error:
        raise UnfitFile("FIL-022", name, f"an image cannot be unpacked ({error}): copy the file again") from error


def _recognises(file: Sniffed) -> bool:
    if file.kind is not Kind.TIFF:
        return False
    try:
        return bool(_pages(file.path))
    except UnfitFile:
        # What packs it is named when it is opened.
        return True


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    pages = _pages(path)
    sides = {page.shape for page in pages}
    kinds = {page.dtype for page in pages}
    if len(sides) > 1 or len(kinds) > 1:
        problem = f"its {len(pages)} images differ in size or type ({', '.join(map(str, sorted(sides)[:4]))})"
        raise UnfitFile("FIL-002", "file", problem)
    M = len(pages)
    plain = all(page.packing == _PLAIN and page.predictor == 1 for page in pages)
    values: Stored
    if plain and pages[0].count > 1 and M == 1:
        values = RawValues(path, path.name, (pages[0].count, *pages[0].shape), pages[0].dtype, (pages[0].strips[0][0],))
    elif plain and all(_is_whole(page) for page in pages):
        values = RawValues(path, path.name, (M, *pages[0].shape), pages[0].dtype, [page.strips[0][0] for page in pages])
    else:
        values = Pages(path, path.name, tuple(pages))
    said = ("frames in the order of the images",) if values.shape[0] > 1 else ()
    parts = {"diff3d": Part(values, path.name, Quantity.UNSAID, "image, row, column")}
    advice = "it holds frames only: give positions and a probe from other files"
    yield Description(FORMAT.name, parts, assumed=said, advice=advice, members=(path.name,))


def _is_whole(page: Page) -> bool:
    """Whether its parts follow on one another."""
    ends = [at + size for at, size in page.strips]
    return (
        all(end == at for end, (at, _) in zip(ends, page.strips[1:], strict=False))
        and sum(size for _, size in page.strips) == page.nbytes
    )


def _pages(path: Path) -> list[Page]:
    """The images of a file, from their headers.

    Raises
    ------
    UnfitFile
        They are packed in a way that is not read here, or no plain numbers.
    """
    size = path.stat().st_size
    with open_regular(path) as stream:
        head = stream.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = struct.unpack(f"{order}H", head[2:4])[0] == 43
        at = (
            struct.unpack(f"{order}Q", head[8:16])[0]
            if big and len(head) == 16
            else (struct.unpack(f"{order}I", head[4:8])[0] if len(head) >= 8 else 0)
        )
        found: list[Page] = []
        seen: set[int] = set()
        while 0 < at < size and at not in seen and len(found) < _MOST_PAGES:
            seen.add(at)
            tags, at = _directory(stream, at, order, big)
            page = _page(stream, tags, order, size)
            if page is not None:
                found.append(page)
    return found


def _directory(stream: BinaryIO, at: int, order: str, big: bool) -> tuple[dict[int, tuple[int, int, bytes]], int]:
    """Tags of one directory (kind, number, bytes in place), and where the next one stands."""
    entry, count_size, place = (20, 8, 8) if big else (12, 2, 4)
    stream.seek(at)
    content = stream.read(count_size)
    if len(content) < count_size:
        return {}, 0
    count = struct.unpack(f"{order}{'Q' if big else 'H'}", content)[0]
    if count > 4096:
        return {}, 0
    content = stream.read(count * entry + place)
    if len(content) < count * entry + place:
        return {}, 0
    tags = {}
    for k in range(count):
        one = content[k * entry : (k + 1) * entry]
        tag, kind = struct.unpack(f"{order}HH", one[:4])
        number = struct.unpack(f"{order}{'Q' if big else 'I'}", one[4 : 4 + place])[0]
        tags[tag] = (kind, number, one[4 + place :])
    return tags, struct.unpack(f"{order}{'Q' if big else 'I'}", content[-place:])[0]


def _numbers(stream: BinaryIO, tag: tuple[int, int, bytes] | None, order: str) -> tuple[int, ...]:
    if tag is None:
        return ()
    kind, number, inside = tag
    if kind not in _FORMATS or number > _MOST_VALUES:
        return ()
    length = _SIZES[kind] * number
    if length > len(inside):
        stream.seek(struct.unpack(f"{order}{'Q' if len(inside) == 8 else 'I'}", inside)[0])
        inside = stream.read(length)
    if len(inside) < length:
        return ()
    return struct.unpack(f"{order}{number}{_FORMATS[kind]}", inside[:length])


def _page(stream: BinaryIO, tags: dict[int, tuple[int, int, bytes]], order: str, size: int) -> Page | None:
    def number(tag: int, default: int) -> int:
        return next(iter(_numbers(stream, tags.get(tag), order)), default)

    columns, rows, samples = number(256, 0), number(257, 0), number(277, 1)
    if not (0 < rows <= _MOST_SIDE and 0 < columns <= _MOST_SIDE):
        return None
    packing, bits, kind = number(259, _PLAIN), number(258, 1), _KINDS.get(number(339, 1), "")
    if packing not in (_PLAIN, *_DEFLATED):
        what = _PACKINGS.get(packing, f"number {packing}")
        problem = f"its images are packed by {what}, which is not read here: write them plain or deflated"
        raise UnfitFile("FIL-021", "file", problem)
    if samples != 1 or bits not in (8, 16, 32, 64) or not kind or (kind == "f" and bits == 8):
        problem = f"its images have {samples} values of {bits} bits a pixel: a picture of something, not frames"
        raise UnfitFile("FIL-002", "file", problem)
    places, sizes = (_numbers(stream, tags.get(tag), order) for tag in (273, 279))
    predictor = number(317, 1)
    if not places or len(places) != len(sizes) or 322 in tags or predictor not in (1, 2) or max(places) >= size:
        raise UnfitFile("FIL-021", "file", "its images lie in tiles, or elsewhere: write them in strips")
    strips = tuple(zip(places, sizes, strict=True))
    dtype = np.dtype(f"{order}{kind}{bits // 8}")
    page = Page((rows, columns), dtype, strips, packing, predictor)
    return Page(page.shape, dtype, strips, packing, predictor, _images(stream, tags, order, page, size))


def _images(stream: BinaryIO, tags: dict[int, tuple[int, int, bytes]], order: str, page: Page, size: int) -> int:
    """Images under one header, as ImageJ writes more than four gigabytes of them."""
    text = bytes(_numbers(stream, tags.get(270), order)).decode("latin-1")
    said = [line.partition("=")[2] for line in text.splitlines() if line.startswith("images=")]
    count = int(said[0]) if said and said[0].isdigit() else 1
    fits = page.packing == _PLAIN and page.strips[0][0] + count * page.nbytes <= size
    return count if fits and count > 0 else 1


FORMAT = Format("a TIFF image stack", _recognises, _opened)
