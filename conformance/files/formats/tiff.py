"""Stacks of TIFF images, as detectors write them: pages of numbers in strips or tiles, one frame each.

Libraries for TIFF read and unpack as much as a header asks for; here every number of a stranger is bounded first.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.tiff_pages import PLAIN, PREDICTORS, Page, image_of, require_readable
from conformance.files.formats.values import Stored
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 8: 2, 9: 4, 12: 8, 16: 8, 17: 8, 18: 8}
_FORMATS = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q", 18: "Q"}
_MOST_PAGES, _MOST_VALUES, _MOST_SIDE, _MOST_PIXELS = 1 << 20, 1 << 20, 1 << 15, 1 << 26
_KINDS = {1: "u", 2: "i", 3: "f"}
_BLOCK_BYTES = 1 << 24


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
                yield np.stack([image_of(stream, page, self.name) for page in self.pages[first : first + step]])

    def array(self) -> NDArray[Any]:
        """Return all frames."""
        return np.concatenate(list(self.blocks()))


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
    plain = all(page.packing == PLAIN and page.predictor == 1 for page in pages)
    values: Stored
    if plain and pages[0].count > 1 and M == 1:
        values = RawValues(path, path.name, (pages[0].count, *pages[0].shape), pages[0].dtype, (pages[0].parts[0][0],))
    elif plain and all(_is_whole(page) for page in pages):
        values = RawValues(path, path.name, (M, *pages[0].shape), pages[0].dtype, [page.parts[0][0] for page in pages])
    else:
        values = Pages(path, path.name, tuple(pages))
    said = ("frames in the order of the images",) if values.shape[0] > 1 else ()
    parts = {"diff3d": Part(values, path.name, Quantity.UNSAID, "image, row, column")}
    advice = "it holds frames only: give positions and a probe from other files"
    yield Description(FORMAT.name, parts, assumed=said, advice=advice, members=(path.name,))


def _is_whole(page: Page) -> bool:
    """Whether its parts follow on one another."""
    ends = [at + size for at, size in page.parts]
    return (
        not page.tiled
        and all(end == at for end, (at, _) in zip(ends, page.parts[1:], strict=False))
        and sum(size for _, size in page.parts) == page.nbytes
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
    if rows * columns > _MOST_PIXELS:
        raise UnfitFile("FIL-002", "file", f"its images are {rows} x {columns}: a picture of something, not frames")
    packing, bits, kind = number(259, PLAIN), number(258, 1), _KINDS.get(number(339, 1), "")
    require_readable(packing)
    if samples != 1 or bits not in (8, 16, 32, 64) or not kind or (kind == "f" and bits == 8):
        problem = f"its images have {samples} values of {bits} bits a pixel: a picture of something, not frames"
        raise UnfitFile("FIL-002", "file", problem)
    tiled, predictor = 322 in tags, number(317, 1)
    wanted = (number(323, 0), number(322, 0)) if tiled else (min(number(278, rows), rows), columns)
    places, sizes = (_numbers(stream, tags.get(tag), order) for tag in ((324, 325) if tiled else (273, 279)))
    fits = min(wanted) > 0 and wanted[0] * wanted[1] <= _MOST_PIXELS
    number_of = math.ceil(rows / wanted[0]) * math.ceil(columns / wanted[1]) if fits else 0
    if not (0 < len(places) == len(sizes) == number_of) or predictor not in PREDICTORS or max(places) >= size:
        raise UnfitFile("FIL-021", "file", "its images lie elsewhere than in its strips or tiles: write them plain")
    parts = tuple(zip(places, sizes, strict=True))
    dtype = np.dtype(f"{order}{kind}{bits // 8}")
    page = Page((rows, columns), dtype, parts, packing, predictor, wanted, tiled)
    return replace(page, count=_images(stream, tags, order, page, size))


def _images(stream: BinaryIO, tags: dict[int, tuple[int, int, bytes]], order: str, page: Page, size: int) -> int:
    """Images under one header, as ImageJ writes more than four gigabytes of them."""
    text = bytes(_numbers(stream, tags.get(270), order)).decode("latin-1")
    said = [line.partition("=")[2] for line in text.splitlines() if line.startswith("images=")]
    count = int(said[0]) if said and said[0].isdigit() else 1
    fits = page.packing == PLAIN and not page.tiled and page.parts[0][0] + count * page.nbytes <= size
    return count if fits and count > 0 else 1


FORMAT = Format("a TIFF image stack", _recognises, _opened)
