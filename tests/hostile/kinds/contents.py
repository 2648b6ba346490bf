"""Sound archives of arrays that break a clause, text of every kind, and files that are no archives."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.hostile.archives import build, npy, npy_of, parts_of, scan
from tests.hostile.corpus import FIT, REFUSED, Hostile, of_bytes

_INEXACT = ("xcoords", "ycoords", "xcoords_start", "diff3d", "probeGuess", "objectGuess", "Y", "scan_index")


def _of(kind: str, what: str, expected: Any = "either", **changes: Any) -> Hostile:
    return of_bytes(kind, what, build(parts_of(scan(**changes))), expected)


def files(generator: np.random.Generator) -> Iterator[Hostile]:
    """Yield every file of this family."""
    yield from _values()
    yield from _shapes()
    yield from _texts()
    yield from _strangers(generator)


def _values() -> Iterator[Hostile]:
    for name in _INEXACT:
        sound = np.asanyarray(scan()[name])
        for dtype in ("f8", "f4", "f2", "g", "c16", "G"):
            if sound.dtype.kind != "c" and dtype in ("c16", "G"):
                continue
            for value in (np.nan, np.inf, -np.inf, 1e300, -1e300, np.finfo(np.longdouble).max, 5e-324, -0.0):
                with np.errstate(over="ignore", under="ignore"):
                    changed = (
                        sound.astype(dtype)
                        if sound.dtype.kind != "c" or dtype in ("c16", "G")
                        else sound.real.astype(dtype)
                    )
                    changed[(*(n // 2 for n in changed.shape),)] = value
                yield _of("value", f"{value} in {name} of {dtype}", **{name: changed})
    for label, dtype in (
        (1.5, "f8"),
        (2.0**63, "f8"),
        (2**63, "u8"),
        (2**64 - 1, "u8"),
        (-(2.0**63), "f8"),
        (300, "i2"),
    ):
        labels = np.zeros(12, dtype)
        labels[5] = label
        yield _of("value", f"label {label} of {dtype}", scan_index=labels)


def _shapes() -> Iterator[Hostile]:
    for name in ("xcoords", "diff3d", "probeGuess", "objectGuess", "Y", "scan_index", "_metadata", "xcoords_start"):
        sound = np.asanyarray(scan()[name])
        for what, changed in (
            ("empty", sound.reshape(-1)[:0]),
            ("a scalar", sound.reshape(-1)[0]),
            ("a further axis", sound[np.newaxis]),
            ("a trailing axis", sound[..., np.newaxis]),
            ("transposed", sound.T),
            ("flat", sound.reshape(-1)),
            ("half as long", sound[: len(sound) // 2] if sound.ndim else sound),
            ("objects", sound.astype(object)),
            ("boolean", sound.astype(bool)),
            ("text", sound.astype("U")),
            ("records", sound.view([("a", sound.dtype)])),
        ):
            yield _of(
                "shape or dtype",
                f"{name}: {what}",
                **{name: np.ascontiguousarray(changed) if changed.ndim else changed},
            )
        yield _of("missing", name, **{name: None})
    for M, N in ((0, 8), (0, 0), (12, 0), (12, 2), (12, 7), (1, 8), (11, 8), (13, 8), (8, 8)):
        yield _of("shape or dtype", f"{M} frames of {N}", diff3d=np.ones((M, N, N), np.float32), Y=None)
    yield _of("shape or dtype", "forty positions, no frame", REFUSED, diff3d=np.ones((0, 8, 8), np.float32), Y=None)
    frames = scan()["diff3d"]
    yield _of("two stacks", "equal", FIT, diffraction=frames)
    yield _of("two stacks", "different", REFUSED, diffraction=frames * 2)
    records = np.zeros(12, dtype=[("a", "f4", (8, 8))])
    yield _of("two stacks", "records beside diff3d", REFUSED, diffraction=records)
    yield _of("two stacks", "objects beside diff3d", REFUSED, diffraction=frames.astype(object))
    yield _of("two stacks", "text beside diff3d", REFUSED, diffraction=frames.astype("S8"))


def _texts() -> Iterator[Hostile]:
    beyond = np.full(4, 0x110000, np.uint32).view("U4").reshape(())
    lone = np.array("\ud800 {}")
    texts: dict[str, Any] = {
        "100,000 brackets": np.array("[" * 100_000),
        "100,000 braces": np.array('{"a":' * 100_000),
        "beyond Unicode": beyond,
        "a lone surrogate": lone,
        "bytes": np.array(b'{"a": 1}'),
        "bytes, no UTF-8": np.array(b"\xff\xfe"),
        "a long number": np.array('{"a": ' + "9" * 9000 + "}"),
        "NaN": np.array('{"a": NaN}'),
        "a list": np.array("[1]"),
        "empty": np.array(""),
        "a number": np.array(4.0),
        "a byte order mark": np.array("\ufeff{}"),
        "an array of bytes": np.frombuffer(b'{"a": 1}', np.uint8),
        "two texts": np.array(["{}", "{}"]),
        "5 MB": np.array('{"a": "' + "x" * 1_250_000 + '"}'),
        "many lists": np.array("[" + "[]," * 300_000 + "[]]"),
        "a record": np.zeros((), [("a", "O")]),
        "objects": np.array({"a": 1}, dtype=object),
        "twice a key": np.array('{"a":1,"a":2}'),
        "no text at all": np.zeros((0,), "U4"),
        "a date": np.array("2020-01-01", "M8[D]"),
        "depth 990": np.array("[" * 990 + "]" * 990),
        "inf": np.array('{"a": 1e999}'),
        "zeros": np.array("\x00\x00a"),
    }
    for what, text in texts.items():
        yield _of("metadata", what, FIT, _metadata=text)
    version, domain = np.array("legacy_v1"), np.array("normalized_amplitude")
    for what, pair in {
        "text": (version, domain),
        "bytes": (version.astype("S"), domain.astype("S")),
        "one bytes": (version, domain.astype("S")),
        "of one entry": (version.reshape(1), domain.reshape(1)),
        "big-endian": (version.astype(">U20"), domain),
    }.items():
        yield _of("units", what, FIT, scale_contract_version=pair[0], measurement_domain=pair[1])
    for what, wrong in {
        "beyond Unicode": beyond,
        "surrogate": lone,
        "number": np.array(1.0),
        "object": np.array(None, dtype=object),
        "two": np.array(["legacy_v1"] * 2),
        "no UTF-8": np.array(b"\xff"),
        "record": np.zeros((), [("a", "i4")]),
        "nothing": np.zeros(0, "U9"),
        "unknown": np.array("legacy_v2"),
        "repr of bytes": np.array("b'legacy_v1'"),
        "long": np.array("x" * 100_000),
        "control": np.array("\x1b[2J"),
    }.items():
        yield _of("units", what, REFUSED, scale_contract_version=wrong, measurement_domain=domain)
    yield _of("units", "half a pair", REFUSED, measurement_domain=domain)


def _strangers(generator: np.random.Generator) -> Iterator[Hostile]:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("diff3d.npy"))
    sound = build(parts_of(scan()))
    for what, content in {
        "empty": b"",
        "one byte": b"P",
        "PK": b"PK",
        "a local header": b"PK\x03\x04",
        "an end record": b"PK\x05\x06" + bytes(18),
        "an end record cut": b"PK\x05\x06" + bytes(10),
        "two end records": (b"PK\x05\x06" + bytes(18)) * 2,
        "zeros": bytes(5000),
        "ones": b"\xff" * 5000,
        "rubbish": generator.bytes(5000),
        "text": b"xcoords,ycoords\n1,2\n" * 50,
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(500),
        "one array": npy(scan()["diff3d"]),
        "gzip": gzip.compress(sound),
        "tar": stream.getvalue(),
        "pickle": pickle.dumps({"diff3d": 1}),
        "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n",
        "a page": b"<!DOCTYPE html><html>login</html>",
        "JSON": b'{"diff3d": []}',
        "end records only": b"PK\x05\x06" * 9000,
        "directory entries only": b"PK\x01\x02" * 9000,
        "an array header only": npy_of("{'descr': '<f4'}", b""),
    }.items():
        yield of_bytes("no archive", what, content, REFUSED)
