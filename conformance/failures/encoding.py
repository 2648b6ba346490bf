"""Arguments of a check as JSON and arrays, and back: explicit, complete, and never by unpickling."""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.contract.arrays import Place, required_in
from conformance.contract.crossing import Crossing
from conformance.failures.typed import Undecodable, short
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Recipe, Specimen

Arrays = Mapping[str, NDArray[Any]]

_DATACLASSES: Mapping[str, type[Any]] = {
    one.__name__: one
    for one in (
        GroupRequest,
        SplitRequest,
        BatchRequest,
        ConfigureRequest,
        BridgeRequest,
        GroupingCase,
        Recipe,
        Specimen,
    )
}


class NotEncodable(Crossing, TypeError):
    """An argument is of a kind that a capsule does not hold; the message names it."""


class Encoder:
    """Turns values into plain JSON types, and sets their arrays aside under names of their own.

    Numbers, texts, None, true and false stand for themselves and a JSON list for a list; everything else is an object
    with one key, which says what it is.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays set aside; those of the first specimen keep their contract names, so that it reads as a scan.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}

    def encode(self, value: Any, name: str) -> Any:
        """Encode a value; ``name`` is what its arrays are called.

        Raises
        ------
        NotEncodable
            It is, or holds, something of another kind.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is complex:
            return {"complex": [self.encode(value.real, name), self.encode(value.imag, name)]}
        if kind in (list, tuple):
            parts = [self.encode(part, f"{name}.{index}") for index, part in enumerate(value)]
            return parts if kind is list else {"tuple": parts}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, name)
        if isinstance(value, Mapping):
            return {"dict": self._fields(value, name)}
        if _DATACLASSES.get(kind.__name__) is kind:
            return self._dataclass(value, name)
        raise NotEncodable(f"{name} is a {kind.__name__}, which a capsule does not hold")

    def _fields(self, held: Mapping[Any, Any], name: str) -> dict[str, Any]:
        if not all(type(key) is str for key in held):
            raise NotEncodable(f"{name} is a mapping with keys that are no text")
        return {key: self.encode(part, f"{name}.{key}") for key, part in held.items()}

    def _dataclass(self, value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, Specimen):
            if value.path is not None:
                raise NotEncodable(f"{name} is a scan in a file")
            arrays = {key: self._array(held, key, beside=name) for key, held in value.arrays.items()}
            return {"Specimen": {"name": value.name, "consistent": value.consistent, "arrays": {"dict": arrays}}}
        held = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return {type(value).__name__: self._fields(held, name)}

    def _array(self, value: Any, name: str, beside: str = "") -> dict[str, Any]:
        array = np.asarray(value)
        if array.dtype.hasobject or array.dtype.fields is not None:
            raise NotEncodable(f"{name} is an array of {array.dtype}, which a capsule does not hold")
        # An NPY file keeps two memory orders; any other is kept as the order of the axes.
        axes = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        plain = array.flags.c_contiguous or array.flags.f_contiguous
        member = self._free(name, beside)
        self.arrays[member] = array if plain else np.ascontiguousarray(array.transpose(axes))
        kind = "scalar" if isinstance(value, np.generic) else "array"
        return {kind: member} if plain else {kind: member, "axes": axes}

    def _free(self, name: str, beside: str) -> str:
        wanted = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        if wanted in self.arrays and beside:
            wanted = f"{beside}.{wanted}"
        number, free = 2, wanted
        while free in self.arrays:
            free, number = f"{wanted}.{number}", number + 1
        return free


def decode(value: Any, arrays: Arrays) -> Any:
    """Inverse of :meth:`Encoder.encode`.

    Parameters
    ----------
    value
        Plain JSON types.
    arrays : Mapping[str, ndarray]
        The arrays set aside.

    Raises
    ------
    Undecodable
        The value is nothing that the encoder writes.
    """
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list):
        return [decode(part, arrays) for part in value]
    if not isinstance(value, dict) or not value:
        raise Undecodable(f"a value is {short(value)}")
    kind = next(iter(value))
    content = value[kind]
    if set(value) - {kind} - ({"axes"} if kind in ("array", "scalar") else set()):
        raise Undecodable(f"a value has several kinds: {short(value)}")
    if kind in _DATACLASSES:
        return _decoded_dataclass(_DATACLASSES[kind], _named(content, kind), arrays)
    if kind == "dict":
        return {key: decode(part, arrays) for key, part in _named(content, kind).items()}
    if kind == "tuple" and isinstance(content, list):
        return tuple(decode(part, arrays) for part in content)
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "complex" and isinstance(content, list) and len(content) == 2:
        parts = [decode(part, arrays) for part in content]
        if all(isinstance(part, float) for part in parts):
            return complex(*parts)
    if kind in ("array", "scalar"):
        array = _decoded_array(content, value.get("axes"), arrays)
        return array if kind == "array" else array[()]
    raise Undecodable(f"a value of the kind {short(kind)} is {short(content)}")


def _named(content: Any, kind: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise Undecodable(f"a value of the kind {kind} is {short(content)}")
    return content


def _decoded_array(member: Any, axes: Any, arrays: Arrays) -> NDArray[Any]:
    if not isinstance(member, str) or member not in arrays:
        raise Undecodable(f"the array {short(member)} is missing")
    array = arrays[member].copy(order="K")
    if axes is None:
        return array
    if not isinstance(axes, list) or sorted(map(repr, axes)) != sorted(map(repr, range(array.ndim))):
        raise Undecodable(f"the axes of the array {member} are {short(axes)}")
    return array.transpose(np.argsort(axes))


def _decoded_dataclass(kind: type[Any], content: Mapping[str, Any], arrays: Arrays) -> Any:
    held = {key: decode(part, arrays) for key, part in content.items()}
    hints = get_type_hints(kind)
    for key, part in held.items():
        if key not in hints or not _fits(part, hints[key]):
            raise Undecodable(f"{key} of a {kind.__name__} is {short(part)}")
    if kind is Specimen and not _is_scan(held.get("arrays", {})):
        raise Undecodable("a scan lacks arrays, or holds something that is none")
    try:
        return kind(**held)
    except TypeError as error:
        raise Undecodable(f"a {kind.__name__} lacks fields: {error}") from error


def _is_scan(arrays: Mapping[str, Any]) -> bool:
    """Whether the arrays have the shapes that every scan has."""
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        return False
    if not set(required_in(Place.FILE)) <= arrays.keys():
        return False
    M = arrays["xcoords"].size
    shapes = (arrays["xcoords"].shape, arrays["ycoords"].shape, arrays["diff3d"].shape[:1])
    return M > 0 and shapes == ((M,), (M,), (M,)) and arrays["diff3d"].ndim == 3 and arrays["probeGuess"].ndim in (2, 3)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a decoded value is of a declared type; a path never is, for a capsule names no places on a disk."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in get_args(hint))
    if hint is Path:
        return False
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or hint)
