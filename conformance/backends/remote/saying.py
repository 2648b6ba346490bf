"""Arguments as the protocol says them, and results made of what it says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from conformance.backends.remote.far_side import content_of, laid_out
from conformance.backends.remote.values import Handle, HeldMapping, RemoteIterable, RemoteTensor, Shared, tensor_class
from conformance.contract.crossing import Crossing

_LARGEST_KEPT = 1 << 24
"""Bytes of an array of which the content is kept, to be compared with."""


class CannotCross(Crossing, TypeError):
    """An argument is of a kind that the protocol does not know."""


class Sayer:
    """Says values of this side.

    Parameters
    ----------
    shared : Shared
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.buffers: list[bytes | bytearray] = []
        self.referred: dict[str, Any] = {}

    def value(self, held: Any) -> Any:
        """Say one value.

        Raises
        ------
        CannotCross
            It is of a kind that the protocol does not know.
        """
        if held is None or type(held) in (bool, str, int):
            return held
        if isinstance(held, float) and not isinstance(held, np.generic):
            return held if math.isfinite(held) else {"float": repr(held)}
        if isinstance(held, complex) and not isinstance(held, np.generic):
            return {"complex": [self.value(held.real), self.value(held.imag)]}
        if isinstance(held, bytes):
            return {"bytes": self._buffer(held)}
        if isinstance(held, PurePath):
            return {"path": str(held)}
        if isinstance(held, tuple | list | set | frozenset):
            kind = "tuple" if isinstance(held, tuple) else "list" if isinstance(held, list) else "set"
            return {kind: [self.value(one) for one in held]}
        return self._object(held)

    def _object(self, held: Any) -> Any:
        if isinstance(held, np.generic):
            return {"array": {**self.values(np.asarray(held)), "scalar": True}}
        if isinstance(held, Handle):
            return {"held": held.key}
        if isinstance(held, np.ndarray | RemoteTensor):
            return self._array(held)
        if isinstance(held, Mapping):
            return self._mapping(held)
        if dataclasses.is_dataclass(held) and not isinstance(held, type):
            fields = {one.name: self.value(getattr(held, one.name)) for one in dataclasses.fields(held)}
            return {"request": {"name": type(held).__name__, "fields": fields}}
        if isinstance(held, str | int):
            return str(held) if isinstance(held, str) else int(held)
        raise CannotCross(
            f"an argument of type {type(held).__name__} cannot be handed to a backend that lives elsewhere"
        )

    def _array(self, held: Any) -> Any:
        array = held.numpy() if isinstance(held, RemoteTensor) else held
        key = self._shared.key_of(array)
        if key:
            self.referred[key] = array
            self._shared.again(key)
            return {"held": key}
        key = self._shared.new_key()
        told = {**self.values(array), "key": key, "writable": bool(array.flags.writeable)}
        self._shared.know(array, key, self._said(told))
        return {"array": told}

    def values(self, array: Any) -> dict[str, Any]:
        """Say the values of an array, and how they lie where that is not plain C order."""
        shape = list(array.shape)
        if array.dtype.kind == "O":
            return {"dtype": "object", "shape": shape, "items": [self.value(one) for one in array.ravel()]}
        told = {"dtype": array.dtype.str, "shape": shape, "buffer": self._buffer(content_of(array))}
        return told if array.flags.c_contiguous else {**told, **laid_out(array)}

    def _mapping(self, held: Mapping[Any, Any]) -> Any:
        key = self._shared.key_of(held)
        if key:
            self.referred[key] = held
            for value in held.values():
                self.value(value)
            return {"held": key}
        key = self._shared.new_key()
        items = self.items(held)
        if type(held) is dict or isinstance(held, HeldMapping):
            self._shared.know(held, key)
        return {"mapping": {"key": key, "items": items}}

    def items(self, held: Mapping[Any, Any]) -> list[Any]:
        """Say the entries of a mapping."""
        return [[self.value(name), self.value(value)] for name, value in held.items()]

    def _said(self, told: Mapping[str, Any]) -> bytearray | None:
        """Content of an array, as it was said."""
        content = self.buffers[told["buffer"]] if "buffer" in told else None
        return content if isinstance(content, bytearray) and len(content) <= _LARGEST_KEPT else None

    def _buffer(self, content: bytes | bytearray) -> int:
        self.buffers.append(content)
        return len(self.buffers) - 1

    def changes(self) -> dict[str, Any]:
        """Say what of the things known to both sides was changed on this one."""
        written, remade = [], []
        for key, held in self._shared.changed(self.referred).items():
            if isinstance(held, np.ndarray):
                written.append({"key": key, **self.values(held)})
            else:
                remade.append({"key": key, "items": self.items(held)})
            self._shared.agreed(key, held)
        return {"written": written, "remade": remade}


class Maker:
    """Makes values of what the other side says.

    Parameters
    ----------
    shared : Shared
    buffers : sequence of memoryview
    steps : callable
        Goes through an iterable of the other side.
    handle : callable
        Keeps in mind what a handle stands for.
    """

    def __init__(
        self,
        shared: Shared,
        buffers: Sequence[memoryview],
        steps: Callable[[Any], Iterator[Any]],
        handle: Callable[[Handle], None],
    ) -> None:
        self._shared, self._buffers, self._steps, self._handle = shared, buffers, steps, handle

    def value(self, said: Any) -> Any:
        """Make one value."""
        if not isinstance(said, dict):
            return said
        ((kind, held),) = said.items()
        return getattr(self, f"_{kind}")(held)

    def values(self, said: Mapping[str, Any]) -> Any:
        """Make an array that nobody else holds; the header is checked against the bytes."""
        shape = tuple(said["shape"])
        if said["dtype"] == "object":
            array = np.empty(shape, object)
            array.flat[:] = [self.value(one) for one in said["items"]]
            return array
        plain = np.frombuffer(self._buffers[said["buffer"]], np.dtype(said["dtype"])).reshape(shape)
        if "strides" not in said or not plain.size:
            return plain.copy()
        order = sorted(range(plain.ndim), key=lambda axis: -abs(said["strides"][axis]))
        back = np.argsort(order)
        # The buffer is that of the next message, too.
        return np.array(plain.transpose(order), order="C").transpose(back)

    def _array(self, said: Mapping[str, Any]) -> Any:
        if said.get("scalar"):
            return self.values(said)[()]
        key = said.get("key", "")
        known = self._shared.get(key)
        if known is not None and known.shape == tuple(said["shape"]) and known.dtype.str in (said["dtype"], "|O"):
            self._renewed(key, known, said)
        else:
            known = self._placed(said) if "inside" in said else self.values(said)
            if not said.get("writable", True):
                known.flags.writeable = False
            if key:
                self._shared.know(known, key, self._said(said))
        if "made_by" in said:
            return tensor_class(said["made_by"])(known, said)
        return known

    def _said(self, said: Mapping[str, Any]) -> bytearray | None:
        """Content of an array, as the other side said it."""
        content = self._buffers[said["buffer"]] if "buffer" in said else None
        return None if content is None or len(content) > _LARGEST_KEPT else bytearray(content)

    def _renewed(self, key: str, known: Any, said: Mapping[str, Any]) -> None:
        """Take over what the other side says anew of an array that stayed here as it was."""
        self._shared.again(key)
        if "buffer" in said and not self._shared.changed_here(key, known):
            self._written(key, known, self.values(said))

    def _written(self, key: str, known: Any, values: Any) -> None:
        if values.shape != known.shape or values.dtype != known.dtype:
            return
        locked = not known.flags.writeable
        if locked and key.startswith("n"):
            return
        try:
            # What is locked here may be written into by the backend, which made it.
            known.flags.writeable = True
            known[...] = values
            known.flags.writeable = not locked
        except ValueError:
            return
        self._shared.agreed(key, known)

    def _placed(self, said: Mapping[str, Any]) -> Any:
        """Return a view of the array in whose memory the result lies over there, where there is one, else a new one."""
        inside = said["inside"]
        other = self._shared.get(inside["key"])
        values = self.values(said)
        if other is None or not other.flags.c_contiguous or not other.flags.writeable:
            return values
        try:
            view: Any = np.ndarray(values.shape, values.dtype, other, inside["offset"], tuple(inside["strides"]))
        except (TypeError, ValueError):
            return values
        return view if np.array_equal(view, values, equal_nan=values.dtype.kind in "fc") else values

    def _mapping(self, said: Mapping[str, Any]) -> Any:
        items = {self.value(name): self.value(value) for name, value in said["items"]}
        key = said.get("key", "")
        known = self._shared.get(key)
        if known is not None:
            return known
        made: HeldMapping = HeldMapping(items)
        if key:
            self._shared.know(made, key)
        return made

    def take_changes(self, said: Mapping[str, Any]) -> None:
        """Change here what the backend has changed over there."""
        for one in said.get("written", ()):
            known = self._shared.get(one["key"])
            if known is not None and known.dtype.kind != "O":
                self._written(one["key"], known, self.values(one))
        for one in said.get("remade", ()):
            known = self._shared.get(one["key"])
            if isinstance(known, dict):
                items = {self.value(name): self.value(value) for name, value in one["items"]}
                known.clear()
                known.update(items)
                self._shared.agreed(one["key"], known)

    def _list(self, said: Sequence[Any]) -> Any:
        return [self.value(one) for one in said]

    def _tuple(self, said: Sequence[Any]) -> Any:
        return tuple(self.value(one) for one in said)

    def _held(self, key: str) -> Any:
        held = self._shared.get(key)
        if held is None:
            raise LookupError(f"nothing is known by {key}")
        self._shared.again(key)
        return held

    def _path(self, said: str) -> Any:
        return Path(said)

    def _float(self, said: str) -> Any:
        return float(said)

    def _complex(self, said: Sequence[Any]) -> Any:
        return complex(self.value(said[0]), self.value(said[1]))

    def _bytes(self, said: int) -> Any:
        return bytes(self._buffers[said])

    def _object(self, said: Mapping[str, Any]) -> Any:
        known = self._shared.get(said["key"])
        if known is not None:
            return known
        made = Handle(said["key"], said["type"])
        self._shared.know(made, said["key"])
        self._handle(made)
        return made

    def _iterable(self, said: Mapping[str, Any]) -> Any:
        known = self._shared.get(said["key"])
        if known is not None:
            return known
        made = RemoteIterable(said["key"], said["type"], self._steps)
        self._shared.know(made, said["key"])
        self._handle(made)
        return made
