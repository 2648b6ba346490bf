"""Damage of every kind at every place of a file: what a clause about damaged files is checked by."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

_LOCAL_HEADER, _HEADER_OF_VALUES, _RUN = 30, 128, 12


class Region(NamedTuple):
    """A part of a file, in words and from its first byte to the one behind its last."""

    what: str
    start: int
    stop: int


def regions(content: bytes) -> tuple[Region, ...]:
    """Parts of a file, in their order: of an archive what its members and its directory consist of, else three thirds.

    Parameters
    ----------
    content : bytes
        A sound file of any format.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.header_offset)
            directory = archive.start_dir
    except zipfile.BadZipFile:
        return _thirds(content)
    found = [part for info in members for part in _of_member(content, info)]
    end = content.rindex(b"PK\x05\x06")
    found += [Region("the directory", directory, end), Region("the end record", end, len(content))]
    return tuple(part for part in found if part.start < part.stop)


def _thirds(content: bytes) -> tuple[Region, ...]:
    edges = [0, len(content) // 3, 2 * len(content) // 3, len(content)]
    parts = zip(("the beginning", "the middle", "the end"), itertools.pairwise(edges), strict=True)
    return tuple(Region(what, start, stop) for what, (start, stop) in parts if start < stop)


def _of_member(content: bytes, info: zipfile.ZipInfo) -> tuple[Region, Region, Region]:
    at, name = info.header_offset, info.filename
    lengths = [int.from_bytes(content[at + place : at + place + 2], "little") for place in (26, 28)]
    start = at + _LOCAL_HEADER + sum(lengths)
    stop = start + info.compress_size
    values = min(start + _HEADER_OF_VALUES, stop)
    return (
        Region(f"the local header of {name}", at, start),
        Region(f"the header of {name}", start, values),
        Region(f"the values of {name}", values, stop),
    )


def damages(content: bytes, generator: np.random.Generator, each: int = 2) -> Iterator[tuple[str, bytes]]:
    """Damage a file in every way at every place: cut, flipped, overwritten, shifted, exchanged, followed by rubbish.

    No checksum is made to fit, so that a reader that looks can tell; some damage lies where no reader need look. A
    reader owes a refusal, or the numbers of the sound file, and never others.

    Parameters
    ----------
    content : bytes
        A sound file.
    generator : numpy.random.Generator
        Draws the places; equal generators damage equally.
    each : int
        Places of each kind in each part of the file.

    Yields
    ------
    str, bytes
        What was done, for a sentence, and the damaged file, which is never the sound one.
    """
    parts = regions(content)
    for what, damaged in itertools.chain(
        _cut(content, parts, generator),
        _flipped(content, parts, generator, each),
        _overwritten(content, parts, generator),
        _shifted(content, parts, generator),
        _exchanged(content, parts),
        _followed(content, generator),
    ):
        if damaged != content:
            yield what, damaged


def flips(content: bytes, generator: np.random.Generator, count: int) -> Iterator[tuple[str, bytes]]:
    """Flip single bits anywhere, whatever the parts of the file.

    Parameters
    ----------
    content : bytes
        A sound file, not empty.
    generator : numpy.random.Generator
    count : int
        How many damaged files to yield.

    Yields
    ------
    str, bytes
    """
    whole = (Region("the file", 0, len(content)),)
    yield from _flipped(content, whole, generator, count)


def _within(part: Region, generator: np.random.Generator) -> int:
    return int(generator.integers(part.start, part.stop))


def _replaced(content: bytes, at: int, by: bytes) -> bytes:
    return content[:at] + by + content[at + len(by) :]


def _cut(content: bytes, parts: Sequence[Region], generator: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    for kept in (0, 1, len(content) // 2, len(content) - 10, len(content) - 1):
        yield f"cut to {max(kept, 0)} bytes", content[: max(kept, 0)]
    for part in parts:
        yield f"cut before {part.what}", content[: part.start]
        at = _within(part, generator)
        yield f"cut at byte {at}, in {part.what}", content[:at]


def _flipped(
    content: bytes, parts: Sequence[Region], generator: np.random.Generator, each: int
) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        for _ in range(each):
            at, bit = _within(part, generator), int(generator.integers(8))
            flipped = _replaced(content, at, bytes([content[at] ^ 1 << bit]))
            yield f"with bit {bit} of byte {at} flipped, in {part.what}", flipped


def _overwritten(
    content: bytes, parts: Sequence[Region], generator: np.random.Generator
) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        for by, what in ((bytes(_RUN), "zeros"), (b"\xff" * _RUN, "ones"), (generator.bytes(_RUN), "rubbish")):
            at = _within(part, generator)
            run = by[: part.stop - at]
            yield f"overwritten with {what} from byte {at}, in {part.what}", _replaced(content, at, run)
        yield f"with {part.what} zeroed", _replaced(content, part.start, bytes(part.stop - part.start))


def _shifted(content: bytes, parts: Sequence[Region], generator: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        at = _within(part, generator)
        yield f"without byte {at}, in {part.what}", content[:at] + content[at + 1 :]
        at = _within(part, generator)
        yield f"with byte {at} twice, in {part.what}", content[: at + 1] + content[at:]


def _exchanged(content: bytes, parts: Sequence[Region]) -> Iterator[tuple[str, bytes]]:
    """Exchange parts of equal length and one kind: values of two members, or their headers."""
    for one, other in itertools.combinations(parts, 2):
        alike = one.what.rpartition(" of ")[0] == other.what.rpartition(" of ")[0]
        if alike and one.stop - one.start == other.stop - other.start:
            first, second = content[one.start : one.stop], content[other.start : other.stop]
            exchanged = _replaced(_replaced(content, one.start, second), other.start, first)
            yield f"with {one.what} and {other.what} exchanged", exchanged
    half = len(content) // 2
    yield "with its halves exchanged", content[half:] + content[:half]


def _followed(content: bytes, generator: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    yield "followed by rubbish", content + generator.bytes(64)
    yield "followed by zeros", content + bytes(64)
    yield "followed by itself", content + content
    yield "behind rubbish", generator.bytes(64) + content
