"""Archives: every field of every record, methods of packing, names, and damage of every kind at every place."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.scans.damage import damages, flips
from tests.hostile.archives import END, LISTED, LOCAL, Part, build, deflated, npy, parts_of, scan
from tests.hostile.corpus import FIT, REFUSED, Hostile, of_bytes

_HARMLESS = {"made", "needed", "time", "date", "internal", "external"}
_TWICE = 2


def _with(name: str, **changes: object) -> list[Part]:
    return [replace(part, **changes) if part.name == f"{name}.npy" else part for part in parts_of(scan())]  # type: ignore[arg-type]


def files(generator: np.random.Generator) -> Iterator[Hostile]:
    """Yield every file of this family."""
    yield from _fields(generator)
    yield from _methods(generator)
    yield from _names()
    yield from _structure()
    for method in (0, 8):
        sound = build(parts_of(scan(), method))
        found = list(damages(sound, generator))
        for at in sorted(generator.choice(len(found), 70, replace=False).tolist()):
            yield of_bytes("damage", f"method {method}, {found[at][0]}", found[at][1])
        for what, content in flips(sound, generator, 30):
            yield of_bytes("flipped bit", f"method {method}, {what}", content)


def _fields(generator: np.random.Generator) -> Iterator[Hostile]:
    for place, fields in (("local", LOCAL), ("listed", LISTED)):
        for name, kind in fields.items():
            largest = {"4s": 0, "H": 0xFFFF, "L": 0xFFFFFFFF}[kind]
            values: list[object] = (
                [b"PK\x00\x00"] if kind == "4s" else [0, 1, largest, int(generator.integers(largest))]
            )
            for value in values:
                content = build(_with("objectGuess", **{place: {name: value}}))
                expected = FIT if name in _HARMLESS else "either"
                yield of_bytes(f"field of {place} header", f"{name} = {value!r}", content, expected)
    for name, kind in END.items():
        values = [b"PK\x00\x00"] if kind == "4s" else [0, 1, 9, 0xFFFF, 0xFFFFFFFF if kind == "L" else 11]
        for value in values:
            yield of_bytes("field of end record", f"{name} = {value!r}", build(parts_of(scan()), end={name: value}))


def _methods(generator: np.random.Generator) -> Iterator[Hostile]:
    content = npy(scan()["objectGuess"])
    for method in (1, 2, 6, 7, 9, 12, 14, 19, 93, 95, 96, 97, 98, 99, 255, 65535):
        yield of_bytes("method", f"{method} of deflated bytes", build(_with("objectGuess", method=method)), REFUSED)
    packings = {12: bz2.compress(content), 14: b"\x09\x04\x05\x00" + lzma.compress(content, lzma.FORMAT_ALONE)[:5]}
    for method, packed in packings.items():
        yield of_bytes(
            "method", f"{method}, as it should be", build(_with("objectGuess", method=method, packed=packed))
        )
    for method in (0, 8, 12, 14, 93):
        rubbish = generator.bytes(900)
        parts = _with("objectGuess", method=method, packed=rubbish)
        yield of_bytes("method", f"rubbish under {method}", build(parts), REFUSED)
    for flags in (0x1, 0x41, 0x2001, 0x8, 0x20):
        said = {"flags": flags}
        parts = _with("objectGuess", local=said, listed=said)
        yield of_bytes("method", f"flags {flags:#x}", build(parts))
    packed = deflated(content)
    for what, changed in (
        ("cut", packed[:-5]),
        ("followed by rubbish", packed + b"abc"),
        ("empty", b""),
        ("a stored block without end", b"\x00\xff\xff\x00\x00"),
        ("a block of type 3", b"\x07"),
        ("zlib-wrapped", zlib.compress(content)),
    ):
        parts = _with("objectGuess", method=8, packed=changed)
        yield of_bytes("deflated data", what, build(parts), REFUSED)
    for number in range(20):
        at = int(generator.integers(len(packed)))
        flipped = packed[:at] + bytes([packed[at] ^ 1 << int(generator.integers(8))]) + packed[at + 1 :]
        yield of_bytes(
            "deflated data", f"flip {number}", build(_with("objectGuess", method=8, packed=flipped)), REFUSED
        )
    for size in (0, 1, len(content) - 1, len(content) + 1, 2**31, 0xFFFFFFFE):
        for method in (0, 8):
            said = {"size": size}
            parts = _with("objectGuess", method=method, local=said, listed=said)
            yield of_bytes("claimed size", f"{size}, method {method}", build(parts), REFUSED)


def _names() -> Iterator[Hostile]:
    other = npy(np.ones(3))
    names: tuple[str | bytes, ...] = (
        "",
        "/",
        "..",
        "../../etc/passwd.npy",
        "/abs.npy",
        "a/b.npy",
        "folder/",
        ".npy",
        "x.npy.npy",
        "C:\\x.npy",
        "x" * 60000,
        "\x1b[31mred\x1b[0m.npy",
        "line\nbreak.npy",
        "[bold red]x[/].npy",
        "[/nothing]",
        "\u202ereversed.npy",
        "\U0001f600.npy",
        "e\u0301.npy",
        b"\xff\xfe.npy",
        b"zero\x00byte.npy",
        "DIFF3D.npy",
        "diff3d .npy",
        "%s%n.npy",
        "{0}.npy",
        "'\"\\.npy",
        "diff3d.NPY",
        "__class__.npy",
        "nan.npy",
        b"\x00",
        "\u0130.npy",
    )
    for name in names:
        parts = [*parts_of(scan()), Part(name, other)]
        yield of_bytes("name", repr(name[:40]), build(parts), FIT)
    wrong_utf8 = Part(b"\xff\xfe.npy", other, local={"flags": 0x800}, listed={"flags": 0x800})
    yield of_bytes("name", "that is no UTF-8 and says so", build([*parts_of(scan()), wrong_utf8]))
    for name in ("diff3d", "diff3d.npy", "xcoords", "objectGuess.npy", "remarks"):
        twice = [Part(name, npy(scan()["diff3d"][::-1]))] * (_TWICE if name == "remarks" else 1)
        yield of_bytes("name twice", name, build([*parts_of(scan()), *twice]), REFUSED)
    bare = [replace(part, name=str(part.name).removesuffix(".npy")) for part in parts_of(scan())]
    yield of_bytes("name", "without the ending", build(bare), FIT)


def _structure() -> Iterator[Hostile]:
    parts = parts_of(scan())
    sound = build(parts)
    yield of_bytes("structure", "sound", sound, FIT)
    yield of_bytes("structure", "members deflated", build(parts_of(scan(), 8)), FIT)
    yield of_bytes("structure", "with a comment", build(parts, comment=b"PK\x05\x06 and more"))
    yield of_bytes("structure", "with a plain comment", build(parts, comment=b"of the beamline"), FIT)
    yield of_bytes("structure", "behind a program", build(parts, before=b"#!/bin/sh\n"))
    yield of_bytes("structure", "bytes between members", build([replace(parts[0], behind=b"abc"), *parts[1:]]), REFUSED)
    yield of_bytes("structure", "no member", build([]), REFUSED)
    yield of_bytes(
        "structure", "an extra field", build([replace(one, extra=b"\x00\x77\x04\x00abcd") for one in parts]), FIT
    )
    yield of_bytes("structure", "a broken extra field", build([replace(one, extra=b"\x01\x00\xff") for one in parts]))
    for wide in (False, True):
        yield of_bytes("structure", f"descriptors, wide {wide}", build([_described(one, wide) for one in parts]), FIT)
    lost = build(parts)
    for what, end in (("one member fewer", len(parts) - 1), ("one member more", len(parts) + 1)):
        yield of_bytes("structure", what, build(parts, end={"count": end, "here": end}), REFUSED)
    at = lost.rindex(b"PK\x01\x02")
    end_at = lost.rindex(b"PK\x05\x06")
    shorter = bytearray(lost[:at] + lost[end_at:])
    struct.pack_into("<2HL", shorter, at + 8, len(parts) - 1, len(parts) - 1, at - lost.index(b"PK\x01\x02"))
    yield of_bytes("structure", "the last member is not listed", bytes(shorter), REFUSED)
    shared = build([parts[0], *parts[1:]])
    same = {"offset": 0}
    yield of_bytes("structure", "two entries for one member", build([*parts, replace(parts[0], listed=same)]), REFUSED)
    yield of_bytes("structure", "itself within itself", build([*parts, Part("inner.npy", shared)]), FIT)


def _described(part: Part, wide: bool) -> Part:
    """A member as a writer makes it that cannot seek: sizes stand behind it."""
    crc, size = zlib.crc32(part.content), len(part.content)
    behind = b"PK\x07\x08" + struct.pack("<L2Q" if wide else "<3L", crc, size, size)
    flags = {"flags": 0x808}
    return replace(part, local=flags | {"crc": 0, "packed": 0, "size": 0}, listed=flags, behind=behind)
