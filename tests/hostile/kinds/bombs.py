"""Small files that claim or unpack to far more than they are, and files that are all directory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.archives import Part, build, npy, parts_of, scan
from tests.hostile.corpus import EITHER, FIT, REFUSED, Hostile

_MEGABYTE = 1 << 20


def _zeros(dtype: str, shape: tuple[int, ...]) -> Part:
    """A member of zeros, packed without ever being held."""
    header = npy(np.zeros(0, dtype))
    text = f"{{'descr': {np.dtype(dtype).str!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    beginning = header[:8] + len(text).to_bytes(2, "little") + text.encode()
    size = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed, checksum, left = [packing.compress(beginning)], zlib.crc32(beginning), size
    while left:
        piece = bytes(min(left, _MEGABYTE))
        packed.append(packing.compress(piece))
        checksum, left = zlib.crc32(piece, checksum), left - len(piece)
    packed.append(packing.flush())
    told = {"size": len(beginning) + size, "crc": checksum}
    return Part("", b"", 8, told, told, b"".join(packed))


def _archive(members: Mapping[str, tuple[str, tuple[int, ...]]], **changes: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        named = [
            Part(f"{name}.npy", one.content, one.method, one.local, one.listed, one.packed)
            for name, one in ((name, _zeros(*how)) for name, how in members.items())
        ]
        held = scan(**dict.fromkeys(members, None), **changes)
        path.write_bytes(build([*parts_of(held), *named]))

    return make


def _many(count: int, length: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        names = [Part(f"{number:06d}".ljust(length, "x"), b"") for number in range(count)]
        path.write_bytes(
            build([*parts_of(scan()), *names], end={"count": 0xFFFF, "here": 0xFFFF} if count > 60000 else None)
        )

    return make


def _large(what: str, **arrays: Any) -> Hostile:
    """An honest file of stored arrays."""

    def make(path: Path) -> None:
        made = {name: value() for name, value in arrays.items()}
        np.savez(path, **(scan(Y=None, **dict.fromkeys(made)) | made))

    return Hostile("large and stored", what, make, EITHER)


def files(generator: np.random.Generator) -> Iterator[Hostile]:
    """Yield every file of this family."""
    bombs: dict[str, dict[str, tuple[str, tuple[int, ...]]]] = {
        "a stack of 512 MB": {"diff3d": ("<f4", (32768, 64, 64)), "Y": ("<c8", (1, 8, 8))},
        "a stack of bytes that becomes 1 GB": {"diff3d": ("|u1", (65536, 64, 64))},
        "coordinates of 256 MB": {"xcoords": ("<f8", (1 << 25,)), "ycoords": ("<f8", (1 << 25,))},
        "labels of 128 MB": {"scan_index": ("<i8", (1 << 24,))},
        "metadata of 128 MB": {"_metadata": ("<U33554432", ())},
        "metadata of bytes, 200 MB": {"_metadata": ("|S200000000", ())},
        "an object of 300 MB": {"objectGuess": ("<c8", (6144, 6144))},
        "an object of bytes that becomes 512 MB": {"objectGuess": ("|i1", (8192, 8192))},
        "a probe of 256 MB": {"probeGuess": ("<c8", (524288, 8, 8))},
        "patches of 256 MB": {"Y": ("<c8", (524288, 8, 8))},
        "each a little, 300 MB in all": dict.fromkeys(
            ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index"), ("<f8", (1 << 22,))
        )
        | {"objectGuess": ("<c8", (2048, 2048)), "diff3d": ("<f4", (131072, 8, 8))},
        "an unknown member of 1 GB": {"remarks": ("<f8", (1 << 27,))},
    }
    for what, members in bombs.items():
        expected = FIT if "unknown" in what else REFUSED
        yield Hostile("bomb", what, _archive(members), expected)
    below: dict[str, dict[str, tuple[str, tuple[int, ...]]]] = {
        "one frame of 4,000 x 4,000": {"diff3d": ("<f4", (12, 8, 8)), "objectGuess": ("<c8", (2800, 2800))},
        "sixteen frames of 1,000 x 1,000": {"diff3d": ("<f4", (12, 1000, 1000)), "probeGuess": ("<f4", (1000, 1000))},
        "60 MB of frames": {"diff3d": ("<f4", (12, 1100, 1100)), "probeGuess": ("<f4", (1100, 1100))},
        "bytes that become 60 MB": {"diff3d": ("|u1", (12, 1100, 1100)), "probeGuess": ("<f4", (1100, 1100))},
        "doubles, 60 MB": {"diff3d": ("<f8", (12, 780, 780)), "probeGuess": ("<f4", (780, 780))},
        "wide doubles, 60 MB": {"diff3d": ("<f16", (12, 550, 550)), "probeGuess": ("<f4", (550, 550))},
        "four million positions to spare": dict.fromkeys(
            ("xcoords", "ycoords", "xcoords_start", "ycoords_start"), ("<f8", (1 << 20,))
        ),
        "an object of bytes": {"objectGuess": ("|i1", (4000, 4000))},
    }
    for what, members in below.items():
        yield Hostile("just below a bomb", what, _archive(members, Y=None), EITHER)
    rng = generator
    yield _large(
        "coordinates of 300 MB", xcoords=lambda: rng.random(19_000_000), ycoords=lambda: rng.random(19_000_000)
    )
    yield _large("metadata of 200 MB", _metadata=lambda: np.array("x" * 50_000_000))
    yield _large("labels of 160 MB", scan_index=lambda: np.zeros(20_000_000, np.int64))
    for count, length in ((5000, 8), (16000, 8), (16400, 8), (65535, 8), (2000, 5000), (3000, 60000)):
        yield Hostile("directory", f"{count} members, names of {length}", _many(count, length), EITHER)
    yield Hostile("directory", "shared bytes", _overlapping, REFUSED)


def _overlapping(path: Path) -> None:
    """A thousand members that share one payload."""
    whole = parts_of(scan())
    kernel = Part("kernel.npy", bytes(1 << 20), 8)
    offset = len(build(whole)) - len(build(whole)[build(whole).index(b"PK\x01\x02") :])
    shared = [Part(f"{n}.npy", b"", 8, listed={"offset": offset, "size": 1 << 20, "packed": 1033}) for n in range(1000)]
    path.write_bytes(build([*whole, kernel, *shared]))
