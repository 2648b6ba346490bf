"""Positions in JSON: lists of numbers by name, a list of points, or a list of records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats import named, roles
from conformance.files.formats.description import Description, Format
from conformance.files.formats.held import Held
from conformance.files.formats.sniffing import Kind, Sniffed, decoded
from conformance.files.formats.values import Stored, Values

_MOST_BYTES, _DEEPEST = 1 << 26, 6
_OF_A_LIST = "positions"


def _recognises(file: Sniffed) -> bool:
    if file.kind is not Kind.JSON:
        return False
    shapes = _held(file.path).shapes("iuf")
    return any(roles.pairs_among(shapes)) or any(roles.tables_among(shapes))


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    yield named.described(_held(path))


def _held(path: Path) -> Held:
    """Lists of numbers of a file by the path of their keys, and its texts; nothing of a file that is none."""
    arrays: dict[str, Stored] = {}
    words: dict[str, str] = {}
    if path.stat().st_size <= _MOST_BYTES:
        try:
            content = json.loads(decoded(path.read_bytes()) or "")
        except (ValueError, RecursionError):
            content = None
        for name, value in _leaves(content, "", _DEEPEST):
            if isinstance(value, str):
                words[name] = value
            elif value is not None:
                arrays[name] = Values(name, value)
    return Held(Kind.JSON, arrays, {}, matlab=False, words=words)


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, str | NDArray[np.float64] | None]]:
    """Yield texts, numbers and lists of numbers by the path of their keys."""
    if isinstance(value, Mapping) and depth:
        for key, one in value.items():
            yield from _leaves(one, f"{name}/{key}" if name else str(key), depth - 1)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for key in value[0]:
            yield f"{name}/{key}" if name else key, _numbers([one.get(key) for one in value])
    elif isinstance(value, list | int | float) and not isinstance(value, bool):
        yield name or _OF_A_LIST, _numbers(value)


def _numbers(value: Any) -> NDArray[np.float64] | None:
    """Numbers, or lists of one length of them, as an array; None where they are none."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" and array.size else None


FORMAT = Format("positions in JSON", _recognises, _opened)
