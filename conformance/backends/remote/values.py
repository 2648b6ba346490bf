"""Values of the protocol: arguments said, results made, and both sides brought to agree on what crossed before."""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

_RECENT, _RECENT_AND_LARGE, _LARGE = 6, 2, 1 << 18
_PLAIN = frozenset("biufc")


class HeldMapping(dict[Any, Any]):
    """A mapping that a backend returned and may still hold."""


class RemoteTensor:
    """A tensor of a framework that is loaded elsewhere: its values, and what it says of itself.

    Attributes
    ----------
    dtype : str
        Name of the dtype, without the framework.
    device : str
        Where the values lie over there.
    """

    def __init__(self, values: Any, told: Mapping[str, Any]) -> None:
        self._values = values
        self.dtype, self.device = str(told["called"]), str(told["device"])
        self._contiguous = bool(told["contiguous"])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return tuple(self._values.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self._values.ndim)

    def numpy(self) -> Any:
        """Return the values."""
        return self._values

    def is_contiguous(self) -> bool:
        """Whether the values lie in C order over there."""
        return self._contiguous

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._values, dtype)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]


def tensor_class(framework: str) -> type[RemoteTensor]:
    """Return the class of the tensors of a framework; its module tells which."""
    return type("RemoteTensor", (RemoteTensor,), {"__module__": framework})


class Handle:
    """Something of a backend's that stays where it is."""

    def __init__(self, key: str, kind: str) -> None:
        self.key, self._kind = key, kind
        # Keeps the handle of a later process, in whose place this one is used.
        self.stands_for: Handle | None = None

    def __repr__(self) -> str:
        return f"<{self._kind} of the backend>"


class RemoteIterable(Handle):
    """Something over there that can be gone through, step by step.

    Parameters
    ----------
    key : str
        By which both sides know it.
    kind : str
        Name of its type over there.
    steps : callable
        Goes through it.
    """

    def __init__(self, key: str, kind: str, steps: Callable[[Any], Iterator[Any]]) -> None:
        super().__init__(key, kind)
        self._steps = steps

    def __iter__(self) -> Iterator[Any]:
        return self._steps(self)


class _Known:
    """An object that both sides know: how to reach it, how it was when they last agreed, and when it came up."""

    __slots__ = ("exchange", "mark", "number", "refer")

    def __init__(self, number: int, refer: Callable[[], Any], mark: Any, exchange: int) -> None:
        self.number, self.refer, self.mark, self.exchange = number, refer, mark, exchange


class Shared:
    """What this side knows by a key, and how it was when both sides last agreed."""

    def __init__(self) -> None:
        self.known: dict[str, _Known] = {}
        self.dropped: list[str] = []
        self._keys: dict[int, str] = {}
        self._count = 0
        self._exchange = 0
        self._recent: dict[str, _Known] = {}
        """What came up in the last exchanges, in that order."""

    def begin(self) -> None:
        """Begin an exchange."""
        self._exchange += 1
        oldest = self._exchange - _RECENT
        while self._recent:
            key, known = next(iter(self._recent.items()))
            if known.exchange > oldest:
                break
            # It may have been collected, and so forgotten, since it was looked at.
            self._recent.pop(key, None)
            if type(known.mark) is bytearray:
                known.mark = zlib.crc32(known.mark)
            held = known.refer()
            if type(held) is dict:
                self._forget(key, id(held))

    def again(self, key: str) -> None:
        """Take note that an object came up in this exchange."""
        known = self._recent.pop(key, None) or self.known.get(key)
        if known is not None:
            known.exchange = self._exchange
            self._recent[key] = known

    def lately(self, exchanges: int = _RECENT) -> list[Any]:
        """Return what came up in the last exchanges, of which this is one."""
        oldest = self._exchange - exchanges
        return [known.refer() for known in list(self._recent.values()) if known.exchange > oldest]

    def key_of(self, held: Any) -> str:
        """Return the key by which both sides know an object; empty for one that has none."""
        key = self._keys.get(id(held), "")
        return key if key in self.known and self.known[key].refer() is held else ""

    def new_key(self) -> str:
        """Return a key that was never used."""
        self._count += 1
        return f"n{self._count}"

    def know(self, held: Any, key: str, content: bytearray | None = None) -> None:
        """Keep an object in mind as long as somebody holds it.

        Parameters
        ----------
        held : object
        key : str
        content : bytearray, optional
            Elements of an array in C order, which nobody changes.
        """
        number = id(held)
        # A plain dictionary cannot be referred to weakly; it is known for a few exchanges.
        lasting = type(held) is dict
        refer = partial(_itself, held) if lasting else weakref.ref(held, lambda _: self._forget(key, number))
        known = _Known(number, refer, mark_of(held) if content is None else content, self._exchange)
        self.known[key] = self._recent[key] = known
        self._keys[number] = key

    def agreed(self, key: str, held: Any) -> None:
        """Take an object as it is now for known to both sides."""
        self.known[key].mark = mark_of(held)

    def get(self, key: str) -> Any:
        """Return the object of a key; None where nobody holds it any more."""
        found = self.known.get(key)
        return None if found is None else found.refer()

    def changed(self, also: Mapping[str, Any]) -> dict[str, Any]:
        """Objects of the last exchanges, and those given, that are no longer as both sides know them."""
        watched, oldest = dict(also), self._exchange - _RECENT_AND_LARGE
        # A list, for what is collected meanwhile is forgotten.
        for key, known in list(self._recent.items()):
            held = known.refer()
            # What nobody holds nobody changes.
            if held is not None and (known.exchange > oldest or getattr(held, "nbytes", 0) <= _LARGE):
                watched[key] = held
        return {key: held for key, held in watched.items() if key in self.known and not _is(held, self.known[key].mark)}

    def changed_here(self, key: str, held: Any) -> bool:
        """Whether this side has changed an object since both sides agreed on it."""
        return not _is(held, self.known[key].mark)

    def _forget(self, key: str, number: int) -> None:
        if self._keys.get(number) == key:
            del self._keys[number]
        if key in self.known and self.known[key].number == number:
            del self.known[key]
            self._recent.pop(key, None)
            self.dropped.append(key)


def _itself(held: Any) -> Any:
    return held


def mark_of(held: Any) -> Any:
    """Return what changes when the content of an object does."""
    if isinstance(held, np.ndarray):
        return None if held.dtype.kind == "O" else zlib.crc32(_content(held))
    if isinstance(held, Mapping):
        return [(key, id(value)) for key, value in held.items()]
    return None


def _is(held: Any, mark: Any) -> bool:
    """Whether an object is as it was when it was marked."""
    if type(mark) is bytearray:
        # Memory is compared where it lies, which is quicker than any checksum.
        return bool(mark == _content(held))
    return bool(mark == mark_of(held))


def _content(held: Any) -> Any:
    """Elements of an array in C order, where it lies if it lies so."""
    return held.data if held.flags.c_contiguous and held.dtype.kind in _PLAIN else held.tobytes()
