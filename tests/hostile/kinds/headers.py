"""Headers of members: texts that are none, versions, lengths, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.hostile.archives import build, npy, npy_of, parts_of, scan
from tests.hostile.corpus import FIT, REFUSED, Hostile, of_bytes

_SOUND = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 8, 8), }"
_TEXTS = (
    "",
    " ",
    "{",
    "}",
    "{}",
    "()",
    "[]",
    "None",
    "0",
    "''",
    "\t{'descr'",
    "{[]: 1}",
    "{1: 1, 'a': 2}",
    "-" * 9000,
    "(" * 9000,
    "[" * 9000,
    "{" * 9000,
    "{'descr': " * 900,
    "'" * 999,
    '"' * 999,
    "\\" * 99,
    "\x00" * 64,
    "\xff" * 64,
    "{'descr': ()}",
    "{'descr': '<f4,'}",
    "lambda: 0",
    "__import__('os').abort()",
    "1" * 5000,
    "1e" + "9" * 4000,
    "f'{1}'",
    "b''",
    "...",
    "{**{}}",
    "*a",
    "{'descr': '<f4'",
    "#",
    "\n",
    "\r\n{}",
    "{'descr': '<f4' '<f4'}",
    "1_0",
    "0x10",
    "not True",
    "True",
    "\ufeff{}",
    "𝟏",
    "{'a':" * 500 + "1" + "}" * 500,
    "[" + "0," * 4000 + "]",
    "-" * 50 + "1",
)
_CHANGED = (
    ("descr", "()"),
    ("descr", "'<f4,'"),
    ("descr", "''"),
    ("descr", "'<f4,<f4'"),
    ("descr", "None"),
    ("descr", "4"),
    ("descr", "'f4'"),
    ("descr", "'float32'"),
    ("descr", "[('a', '<f4')]"),
    ("descr", "[('a', '<i2'), ('b', '<i2')]"),
    ("descr", "[]"),
    ("descr", "[('a', 'O')]"),
    ("descr", "['<f4']"),
    ("descr", "[('', '')]"),
    ("descr", "{}"),
    ("descr", "['" + "[" * 500 + "']"),
    ("descr", "b'<f4'"),
    ("descr", "'\\x3cf4'"),
    ("descr", "'<f4'*2"),
    ("fortran_order", "1"),
    ("fortran_order", "None"),
    ("fortran_order", "'False'"),
    ("fortran_order", "not 1"),
    ("fortran_order", "[]"),
    ("fortran_order", "False or True"),
    ("fortran_order", "true"),
)
_SHAPES = (
    "(40, -16, -16)",
    "(True,)",
    "(12, 8, True)",
    "(12, 8, 8.0)",
    "(12, 8, '8')",
    "12",
    "[12, 8, 8]",
    "(12, 8, 8",
    "(-1,)",
    "(-12, -8, 8)",
    "(2**70,)",
    f"({2**63},)",
    f"({2**64 + 12}, 8, 8)",
    f"({2**61 + 12}, 8, 8)",
    "(0, 8, 8)",
    f"(0, {2**62}, {2**62})",
    f"({10**30}, 0)",
    "(12, 8, 8, 1)",
    "(768,)",
    "((12, 8), 8)",
    "(12, (8, 8))",
    "(None,)",
    "(12; 8; 8)",
    "(12 8 8)",
    "(, )",
    "(12,, 8)",
    "(0o14, 8, 8)",
    "(0x0c, 8, 8)",
    "(1_2, 8, 8)",
    "(012, 8, 8)",
    f"({'1, ' * 30}12, 8, 8)",
    f"({'1, ' * 40}12, 8, 8)",
    f"({'1, ' * 70}12, 8, 8)",
    f"({'9' * 5000}, 8, 8)",
    f"({'0, ' * 3000})",
    "(12, 8, 8) * 1",
    "tuple((12,8,8))",
    "(12e0, 8, 8)",
    "(1+11, 8, 8)",
    "(12j, 8, 8)",
)
_SPELLINGS = (
    "{'descr': '<f4', 'fortran_order': False, 'shape': (12,8,8,), }",
    _SOUND.replace("'", '"'),
    "{'shape': (12L, 8L, 8L), 'fortran_order': False, 'descr': '<f4'}\n",
    "  {'descr':'<f4','fortran_order':False,'shape':(12,8,8)}  \n",
    _SOUND,
    _SOUND + " " * 3000 + "\n",
)
_DTYPES = (
    "|b1",
    "|i1",
    "|u1",
    "<i2",
    ">u4",
    "<i8",
    ">u8",
    "<f2",
    "<f4",
    ">f8",
    "<f12",
    "<f16",
    ">f16",
    "<c8",
    ">c16",
    "<c32",
    "<c24",
    "|S0",
    "|S1",
    "|S4",
    "<U0",
    "<U1",
    ">U3",
    "|V0",
    "|V4",
    "|O",
    "O",
    "<M8[ns]",
    "<m8[s]",
    "<M8",
    "<M8[25s]",
    "<M8[generic]",
    "|S999999999",
    "<U999999999",
    "|V999999999",
    "<f3",
    "<e4",
    "=f4",
    "@f4",
    "!f4",
    ">>f4",
    "f",
    "d",
    "<q8",
    "|a4",
    "|t1",
    "<f4 ",
    " <f4",
    "<F4",
    "<g16",
    "|?",
    "?",
    "<b4",
    "<i16",
    "<O8",
    "<U-1",
    "|S+4",
    "<f4\u0000",
)


def _stack(header: str | bytes, version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    values = scan()["diff3d"].tobytes()
    return build(parts_of(scan(diff3d=npy_of(header, values, version, length))))


def files(generator: np.random.Generator) -> Iterator[Hostile]:
    """Yield every file of this family."""
    for text in _TEXTS:
        yield of_bytes("header text", repr(text[:40]), _stack(text), REFUSED)
    for key, value in _CHANGED:
        fields = {"descr": "'<f4'", "fortran_order": "False", "shape": "(12, 8, 8)"} | {key: value}
        text = "{" + ", ".join(f"'{k}': {v}" for k, v in fields.items()) + "}"
        fit = value == "'f4'"
        yield of_bytes("header field", f"{key}: {value[:40]}", _stack(text), FIT if fit else REFUSED)
    for missing in ("descr", "fortran_order", "shape"):
        yield of_bytes("header field", f"no {missing}", _stack(_SOUND.replace(missing, "x" + missing)), REFUSED)
    yield of_bytes("header field", "a key too many", _stack(_SOUND.replace("}", "'x': 1}")), REFUSED)
    yield of_bytes("header field", "a key twice", _stack(_SOUND.replace("}", "'shape': (12, 8, 8)}")), REFUSED)
    for shape in _SHAPES:
        yield of_bytes("shape", shape[:40], _stack(_SOUND.replace("(12, 8, 8)", shape)), REFUSED)
    for number, text in enumerate(_SPELLINGS):
        yield of_bytes("header spelling", f"sound, spelling {number}", _stack(text), FIT)
    yield from _versions()
    yield from _dtypes()
    for number in range(60):
        yield of_bytes("header mutation", f"mutation {number}", _stack(_mutated(generator)))


def _versions() -> Iterator[Hostile]:
    for major in (0, 1, 2, 3, 4, 147, 255):
        for minor in (0, 1, 255):
            fit = minor == 0 and major in (1, 2, 3)
            content = _stack(_SOUND, (major, minor))
            yield of_bytes("NPY version", f"{major}.{minor}", content, FIT if fit else REFUSED)
    for length in (0, 1, 30, 62, 64, 65535):
        yield of_bytes("header length", f"claims {length}", _stack(_SOUND, length=length), REFUSED)
    for length in (2**31 - 1, 2**31, 2**32 - 1):
        yield of_bytes("header length", f"claims {length}", _stack(_SOUND, (2, 0), length), REFUSED)
    for cut in (0, 1, 5, 6, 7, 8, 9, 10, 20, 70):
        content = build(parts_of(scan(diff3d=npy(scan()["diff3d"])[:cut])))
        yield of_bytes("header length", f"a member of {cut} bytes", content, REFUSED)


def _dtypes() -> Iterator[Hostile]:
    for name in ("diff3d", "xcoords", "probeGuess", "scan_index", "objectGuess", "_metadata"):
        sound = np.asanyarray(scan()[name])
        for dtype in _DTYPES if name in ("diff3d", "_metadata") else _DTYPES[::4]:
            size = "".join(c for c in dtype if c.isdigit())[:2]
            held = bytes(sound.size * int(size or 1) * (4 if "U" in dtype else 1))
            header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {sound.shape}, }}"
            yield of_bytes("dtype", f"{name} of {dtype}", build(parts_of(scan(**{name: npy_of(header, held)}))))


def _mutated(generator: np.random.Generator) -> bytes:
    text = bytearray(_SOUND.encode())
    for _ in range(int(generator.integers(1, 4))):
        at = int(generator.integers(len(text)))
        way = int(generator.integers(4))
        if way == 0:
            text[at] = int(generator.integers(256))
        elif way == 1:
            del text[at : at + int(generator.integers(1, 5))]
        elif way == 2:
            text[at:at] = generator.choice([b"(", b")", b"'", b",", b"[", b"-", b"{", b"\x00", b"9", b"L", b":"])
        else:
            text[at] ^= 1 << int(generator.integers(8))
    return bytes(text)
