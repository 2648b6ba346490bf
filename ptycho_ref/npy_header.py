"""The header of an NPY member, by a strict grammar: nothing in it is evaluated."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptycho_ref.zip_directory import Damaged

_MAGIC, _VERSIONS = b"\x93NUMPY", {(1, 0): 2, (2, 0): 4, (3, 0): 4}
_LONGEST, _MOST_AXES, _LARGEST = 10_000, 32, 2**63 - 1
_KEYS = frozenset({"descr", "fortran_order", "shape"})
_ITEM = re.compile(
    r"""\s*(?P<quote>['"])(?P<key>descr|fortran_order|shape)(?P=quote)\s*:\s*
    (?:(?P<text>'[^'\\]*'|"[^"\\]*")|(?P<flag>True|False)|(?P<shape>\([\d\s,L]*\))|(?P<fields>\[[^{}]*\]))
    \s*(?:,|(?=\}))""",
    re.VERBOSE,
)
_LENGTHS = re.compile(r"\(\s*(?:(?:(?:0|[1-9]\d{0,18})L?\s*,\s*)+(?:(?:0|[1-9]\d{0,18})L?\s*)?)?\)")
_PLAIN = re.compile(r"[<>=|]?(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[SU]\d{1,9}|O8?)")
_OPAQUE = re.compile(r"[<>=|]?(?:V\d{1,9}|[mM]8(?:\[[\w/]{1,12}\])?)")


@dataclass(frozen=True)
class Header:
    """What a member promises.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        Records, dates and the like, which no clause allows, are void of the same size.
    fortran : bool
        Whether the values are stored with the first axis fastest.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Shape in which the values lie on disk, the last axis fastest."""
        return self.shape[::-1] if self.fortran else self.shape

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(read: Callable[[int], bytes | bytearray], size: int) -> tuple[Header, int]:
    """Read the header of a member.

    Parameters
    ----------
    read : callable
        Gives the next bytes of the member, exactly as many as asked for.
    size : int
        Bytes of the whole member.

    Returns
    -------
    Header
    int
        Bytes before the values.

    Raises
    ------
    Damaged
        It is no header of NPY 1.0, 2.0 or 3.0, or promises other data than the member holds.
    """
    if size < len(_MAGIC) + 4:
        raise Damaged("it is no NPY array: too short")
    beginning = bytes(read(len(_MAGIC) + 2))
    version = (beginning[-2], beginning[-1])
    if beginning[:-2] != _MAGIC or version not in _VERSIONS:
        raise Damaged(f"it is no NPY array of version 1.0, 2.0 or 3.0: it begins with {beginning!r}")
    width = _VERSIONS[version]
    length = int.from_bytes(read(width), "little")
    start = len(beginning) + width + length
    if length > _LONGEST or start > size:
        raise Damaged(f"the NPY header claims {length} bytes")
    text = bytes(read(length)).decode("utf-8" if version == (3, 0) else "latin-1", "backslashreplace")
    return _parsed(text, size - start), start


def _parsed(text: str, held: int) -> Header:
    items = _items(text)
    if items.keys() != _KEYS:
        raise Damaged(f"the NPY header is no dictionary of descr, fortran_order and shape: {text[:60]!r}")
    shape, flag = _shape(items["shape"]), items["fortran_order"]
    if flag not in ("True", "False"):
        raise Damaged(f"fortran_order is {flag[:40]!r}")
    header = Header(shape, _dtype(items["descr"], shape, held), flag == "True")
    if not header.dtype.hasobject and header.nbytes != held:
        raise Damaged(f"the header promises {header.nbytes} bytes, the member holds {held}")
    return header


def _items(text: str) -> dict[str, str]:
    """Keys and the text of their values; what is none is left out, so that the keys do not come out right."""
    stripped = text.strip(" \t\n")
    items: dict[str, str] = {}
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return items
    place = 1
    while found := _ITEM.match(stripped, place):
        if found["key"] in items:
            return {}
        items[found["key"]] = found[found.lastgroup or "key"]
        place = found.end()
    return items if not stripped[place:-1].strip() else {}


def _shape(text: str) -> tuple[int, ...]:
    lengths = [int(n) for n in re.findall(r"\d+", text)] if _LENGTHS.fullmatch(text) else None
    if lengths is None or len(lengths) > _MOST_AXES or math.prod(n or 1 for n in lengths) > _LARGEST:
        raise Damaged(f"the shape is {text[:60]!r}")
    return tuple(lengths)


def _dtype(text: str, shape: tuple[int, ...], held: int) -> np.dtype[Any]:
    name = text[1:-1]
    if text.startswith("[") or _OPAQUE.fullmatch(name):
        return _void(math.prod(shape), held)
    if not _PLAIN.fullmatch(name):
        raise Damaged(f"the dtype is {text[:60]!r}")
    if name.lstrip("<>=|") in ("S0", "U0"):
        return _void(math.prod(shape), held)
    if "O" in name:
        return np.dtype(object)
    try:
        dtype = np.dtype(name)
    except (TypeError, ValueError, OverflowError) as error:
        raise Damaged(f"this machine has no dtype {name!r}") from error
    if math.prod(n or 1 for n in shape) * dtype.itemsize > _LARGEST:
        raise Damaged(f"the shape is {shape}")
    return dtype


def _void(count: int, held: int) -> np.dtype[Any]:
    """Void values that fill a member; their number is checked by whoever compares sizes."""
    return np.dtype((np.void, held // count if 0 < count <= held < 2**31 else 1))
