"""The far side of the protocol: one file that needs Python 3.8 and NumPy, and runs an adapter where it lives.

It is handed over as text, so that nothing of this project is installed there. What it says is written down in
``specs/protocol/README.md``. The adapter may import this project if it likes; it gets its requests, which are plain
records otherwise.
"""

from __future__ import annotations

import collections
import collections.abc
import copy
import ctypes
import dataclasses
import dis
import importlib
import importlib.metadata
import importlib.util
import json
import linecache
import logging
import os
import pathlib
import pickle
import random
import socket
import struct
import sys
import warnings
import zlib
from typing import Any

import numpy as np

VERSION = 1
HEAD = struct.Struct("<4sQI")
SIGN = b"PTC1"
RECENT, RECENT_AND_LARGE, LARGE = 6, 2, 1 << 18
MOST_BYTES, AT_ONCE, ROOM = 1 << 26, 1 << 18, 1 << 18
LONGEST = 4000
LISTS = 16
STATEMENTS = (
    *("subpixel", "outside", "modes", "floor", "refusals"),
    *("axis_order", "refers_to", "unit", "pixel_size", "fft_norm", "fft_order", "quantity", "precision"),
)


class Wire:
    """Frames over a socket; see the protocol."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._end = socket.socket(fileno=descriptor)
        self._space = bytearray(ROOM)

    def read(self) -> tuple[dict[str, Any], list[memoryview]] | None:
        """Wait for a message; None at the end of the conversation. Its buffers hold until the next one is read."""
        came = self._filled(self._space, 0, HEAD.size)
        if came < HEAD.size:
            return None
        sign, length, check = HEAD.unpack_from(self._space)
        whole, space = HEAD.size + length, self._space
        if sign != SIGN or came > whole:
            return None
        if whole > len(space):
            space = bytearray(whole)
            space[:came] = self._space[:came]
        if self._filled(space, came, whole) != whole:
            return None
        payload = memoryview(space)[HEAD.size : whole]
        if check and zlib.crc32(payload) != check:
            return None
        (size,) = struct.unpack_from("<I", payload)
        message = json.loads(bytes(payload[4 : 4 + size]).decode())
        buffers, at = [], 4 + size
        for length in message.get("buffers", ()):
            buffers.append(payload[at : at + length])
            at += length
        return message, buffers

    def write(self, text: str, buffers: list[Any]) -> None:
        """Send a message of that text, one object, with its buffers."""
        lengths = ", ".join([str(len(one)) for one in buffers])
        coded = f'{text[:-1]}, "buffers": [{lengths}]}}'.encode()
        parts = [struct.pack("<I", len(coded)), coded, *buffers]
        check = 0
        for part in parts:
            check = zlib.crc32(part, check)
        length = sum(map(len, parts))
        parts.insert(0, HEAD.pack(SIGN, length, check))
        # What is short goes at once, so that the other side wakes once; what is long is not copied.
        for part in [b"".join(parts)] if length < AT_ONCE else parts:
            self._end.sendall(part)

    def _filled(self, space: bytearray, came: int, least: int) -> int:
        """Read on until that many bytes have come, or no more will; return how many have."""
        view = memoryview(space)
        while came < least:
            read = self._end.recv_into(view[came:])
            if not read:
                break
            came += read
        return came


class Kept:
    """An object that both sides know, how it was when they last agreed, and when that was looked at.

    Parameters
    ----------
    key : str
        By which both sides know it.
    held : array or mapping
    known : bytearray, bytes or list, optional
        What was last agreed on; None for what is not compared.
    """

    __slots__ = (
        *("_memory", "crossed", "end", "exchange", "form"),
        *("held", "key", "known", "large", "said", "start"),
    )

    def __init__(self, key: str, held: Any, known: Any) -> None:
        self.key, self.held, self.known = key, held, known
        self.crossed = self.exchange = self.said = 0
        self._memory: Any = None
        self.start = self.end = -1
        array = isinstance(held, np.ndarray)
        self.form = (held.shape, held.dtype) if array else ()
        self.large = array and held.nbytes > LARGE

    def is_as_known(self) -> bool:
        """Whether it is as it was when both sides agreed; the memory of an array is compared where it lies."""
        if type(self.known) is list:
            return bool(self.known == _state(self.held))
        if self._memory is None:
            self._memory = self.held.data if _plain_in_memory(self.held) else False
        return bool(self.known == (self.held.tobytes() if self._memory is False else self._memory))

    def place(self) -> None:
        """Find out where in memory an array in C order lies."""
        self.start = self.end = 0
        if isinstance(self.held, np.ndarray) and self.held.flags.c_contiguous and self.held.size:
            self.start = _address(self.held)
            self.end = self.start + self.held.nbytes


class Objects:
    """What both sides know by a key: arrays and mappings that crossed, and whatever stays here."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.originals: dict[str, Any] = {}
        self._keys: dict[int, str] = {}
        self._count = 0
        self._exchange = 0
        self._watched: dict[str, Kept] = {}  # in the order in which they were looked at

    def begin(self, number: int) -> None:
        """Begin an exchange, which both sides count alike."""
        self._exchange = number
        oldest = self._exchange - RECENT
        while self._watched:
            key = next(iter(self._watched))
            if self._watched[key].exchange > oldest:
                break
            del self._watched[key]

    def know(self, held: Any, key: str = "") -> str:
        """Return the key of an object, and keep it until it is dropped."""
        known = self._keys.get(id(held))
        if known is not None and not key:
            return known
        if not key:
            self._count += 1
            key = f"f{self._count}"
        self.held[key] = held
        self._keys.setdefault(id(held), key)
        return key

    def drop(self, keys: list[str]) -> None:
        """Forget what the other side holds no longer."""
        for key in keys:
            held = self.held.pop(key, None)
            self.originals.pop(key, None)
            self._watched.pop(key, None)
            if self._keys.get(id(held)) == key:
                del self._keys[id(held)]

    def watch(self, key: str, held: Any, content: Any = None) -> Kept:
        """Remember how an object is now.

        Parameters
        ----------
        key : str
            By which both sides know it.
        held : array or mapping
        content : bytearray, optional
            Elements of the array in C order, where they are at hand.

        Returns
        -------
        Kept
            The array or mapping as it was when both sides last agreed.
        """
        # What was agreed on before stands until it is compared.
        kept = self._watched.pop(key, None)
        if kept is None:
            kept = Kept(key, held, _state(held) if content is None else content)
            kept.said = 0 if content is None else self._exchange
        kept.exchange = self._exchange
        self._watched[key] = kept
        return kept

    def cross(self, key: str, held: Any, content: Any = None) -> None:
        """Remember how an object is that both sides name in this exchange.

        Parameters
        ----------
        key : str
            By which both sides know it.
        held : array or mapping
        content : bytearray, optional
            Elements of the array in C order, where they are at hand.
        """
        kept = self.watch(key, held, content)
        kept.crossed = self._exchange
        if content is not None:
            kept.form = held.shape, held.dtype

    def is_at_hand(self, key: str, values: Any) -> bool:
        """Whether the other side holds an array that came up lately, and hears of what was changed in it since."""
        kept = self._watched.get(key)
        if kept is None or kept.known is None or kept.crossed <= self._exchange - RECENT:
            return False
        return bool(kept.form == (values.shape, values.dtype))

    def watch_again(self, key: str, held: Any) -> None:
        """Remember how an object is now, and what it holds."""
        if isinstance(held, np.ndarray):
            self.watch(key, held)
        elif isinstance(held, dict):
            self.watch(key, held)
            for value in held.values():
                known = self._keys.get(id(value))
                if known is not None:
                    self.watch_again(known, value)

    def agreed(self, key: str) -> None:
        """Take an object as it is now for known."""
        kept = self._watched.get(key)
        if kept is not None:
            kept.known = _state(kept.held)

    def changed(self) -> list[Kept]:
        """Objects of the last exchanges that are no longer as both sides know them."""
        found, oldest = [], self._exchange - RECENT_AND_LARGE
        for kept in self._watched.values():
            if kept.known is None or (kept.large and kept.exchange <= oldest):
                continue
            # What was said in this exchange is as it was said.
            if kept.said == self._exchange or kept.is_as_known():
                continue
            kept.known = _state(kept.held)
            found.append(kept)
        return found

    def around(self, address: int, held: Any) -> Any:
        """Say in whose memory of the last exchanges' arrays another one begins: key and offset, or None."""
        for kept in self._watched.values():
            if kept.end < 0:
                kept.place()
            if kept.start <= address < kept.end and kept.held is not held:
                return kept.key, address - kept.start
        return None


def _state(held: Any) -> Any:
    if isinstance(held, np.ndarray):
        return content_of(held) if held.nbytes <= MOST_BYTES and held.dtype.kind != "O" else None
    if isinstance(held, collections.abc.Mapping):
        return [(key, id(held[key])) for key in held]
    return [id(one) for one in held]


def content_of(values: Any) -> Any:
    """Return a copy of the elements of an array, in C order."""
    return bytearray(values.data) if _plain_in_memory(values) else bytearray(values.tobytes())


def _plain_in_memory(values: Any) -> bool:
    return bool(values.flags.c_contiguous and values.dtype.kind in "biufc")


def _address(values: Any) -> int:
    return int(values.ctypes.data)


def _steps(values: Any) -> list[tuple[int, int]]:
    return [(n, values.strides[axis]) for axis, n in enumerate(values.shape)]


def laid_out(values: Any) -> dict[str, Any]:
    """Say how an array lies in memory, relative to the lowest byte that it uses."""
    low = sum(min(0, (n - 1) * step) for n, step in _steps(values)) if values.size else 0
    high = sum(max(0, (n - 1) * step) for n, step in _steps(values)) if values.size else 0
    return {"strides": list(values.strides), "offset": -low, "extent": high - low + values.itemsize}


def rebuilt(spec: dict[str, Any], buffer: Any) -> Any:
    """Make an array of a message, laid out in memory as it was where it came from."""
    dtype = np.dtype(spec["dtype"])
    shape = tuple(spec["shape"])
    plain = np.frombuffer(buffer, dtype).reshape(shape)
    layout = spec.get("strides")
    if layout is None or not plain.size:
        array = np.array(plain)
    else:
        space = bytearray(spec["extent"])
        array = np.ndarray(shape, dtype, space, spec["offset"], tuple(layout))
        repeated = [np.s_[:1] if step == 0 else np.s_[:] for step in layout]
        array[tuple(repeated)] = plain[tuple(repeated)]
    array.flags.writeable = spec.get("writable", True)
    return array


class Reader:
    """Makes values of a message."""

    def __init__(self, objects: Objects, buffers: list[memoryview]) -> None:
        self._objects, self._buffers = objects, buffers

    def value(self, told: Any) -> Any:
        """Make one value."""
        if not isinstance(told, dict):
            return told
        ((kind, held),) = told.items()
        return getattr(self, "_" + kind)(held)

    def _array(self, held: dict[str, Any]) -> Any:
        if held["dtype"] == "object":
            array = np.empty(tuple(held["shape"]), object)
            array.flat[:] = [self.value(one) for one in held["items"]]
        else:
            array = rebuilt(held, self._buffers[held["buffer"]])
        if held.get("scalar"):
            return array[()]
        self._objects.know(array, held["key"])
        self._objects.cross(held["key"], array)
        return array

    def _mapping(self, held: dict[str, Any]) -> Any:
        made = {self.value(key): self.value(value) for key, value in held["items"]}
        self._objects.know(made, held["key"])
        self._objects.watch(held["key"], made)
        return made

    def _list(self, held: list[Any]) -> Any:
        return [self.value(one) for one in held]

    def _tuple(self, held: list[Any]) -> Any:
        return tuple(self.value(one) for one in held)

    def _set(self, held: list[Any]) -> Any:
        return {self.value(one) for one in held}

    def _held(self, key: str) -> Any:
        held = self._objects.held[key]
        self._objects.watch_again(key, held)
        if isinstance(held, np.ndarray):
            self._objects.cross(key, held)
        return self._objects.originals.get(key, held)

    def _path(self, held: str) -> Any:
        return pathlib.Path(held)

    def _float(self, held: str) -> Any:
        return float(held)

    def _complex(self, held: list[Any]) -> Any:
        return complex(self.value(held[0]), self.value(held[1]))

    def _bytes(self, held: int) -> Any:
        return bytes(self._buffers[held])

    def _request(self, held: dict[str, Any]) -> Any:
        fields = {name: self.value(value) for name, value in held["fields"].items()}
        return request_class(held["name"], tuple(fields))(**fields)


REQUESTS: dict[str, Any] = {}


def request_class(name: str, fields: tuple[str, ...]) -> Any:
    """Return the class of a request: the project's own, where the adapter has imported it, else a plain record."""
    own = getattr(sys.modules.get("conformance.adapter"), name, None)
    if own is not None:
        return own
    if name not in REQUESTS:
        REQUESTS[name] = dataclasses.make_dataclass(name, fields, frozen=True)
    return REQUESTS[name]


quoted = json.encoder.encode_basestring_ascii
FORMS: dict[Any, str] = {}
MOST_FORMS = 4096


class Writer:
    """Says values as JSON, and what of them stands in buffers."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.buffers: list[Any] = []

    def value(self, held: Any) -> str:
        """Say one value."""
        kind = type(held)
        if kind is np.ndarray:
            return self._array(held, "")
        if kind is dict:
            return self._mapping(held)
        if kind is str:
            return quoted(held)
        if held is None or kind is bool or kind is int:
            return json.dumps(held)
        if kind is float:
            return repr(held) if abs(held) < float("inf") else f'{{"float": "{held!r}"}}'
        if kind is complex:
            return self._several("complex", (held.real, held.imag))
        if isinstance(held, bytes):
            self.buffers.append(held)
            return f'{{"bytes": {len(self.buffers) - 1}}}'
        if isinstance(held, pathlib.PurePath):
            return f'{{"path": {quoted(str(held))}}}'
        if isinstance(held, (tuple, list, set, frozenset)):
            return self._several("tuple" if isinstance(held, tuple) else "list", held)
        return self._object(held)

    def _several(self, kind: str, held: Any) -> str:
        return f'{{"{kind}": [{", ".join([self.value(one) for one in held])}]}}'

    def _object(self, held: Any) -> str:
        if isinstance(held, np.generic):
            return f'{{"array": {{{self._values(np.asarray(held))}, "scalar": true}}}}'
        if isinstance(held, np.ndarray):
            return self._array(held, "")
        if hasattr(held, "detach") or (hasattr(held, "__array__") and not isinstance(held, type)):
            return self._array(as_numpy(held), ", " + json.dumps(foreign(held))[1:-1], held)
        if isinstance(held, collections.abc.Mapping) or (hasattr(held, "keys") and hasattr(held, "__getitem__")):
            return self._mapping(held)
        if isinstance(held, (str, int)):
            return json.dumps(str(held) if isinstance(held, str) else int(held))
        if isinstance(held, collections.abc.Sequence):
            return self._several("list", held)
        kind = "iterable" if isinstance(held, collections.abc.Iterable) else "object"
        return f'{{"{kind}": {{"key": "{self._objects.know(held)}", "type": {quoted(type(held).__name__)}}}}}'

    def _array(self, values: Any, made_by: str, original: Any = None) -> str:
        key = self._objects.know(values)
        if original is not None:
            self._objects.originals[key] = original
        elif self._objects.is_at_hand(key, values):
            self._objects.cross(key, values)
            return f'{{"held": "{key}"}}'
        said = self._values(values)
        inside = self._lies_in(values)
        self._objects.cross(key, values, None if values.dtype.kind == "O" else self.buffers[-1])
        writable = "true" if values.flags.writeable else "false"
        return f'{{"array": {{{said}{made_by}{inside}, "key": "{key}", "writable": {writable}}}}}'

    def _lies_in(self, values: Any) -> str:
        """Which array that the other side knows holds the memory of this one, and where."""
        if values.base is None or not values.size:
            return ""
        found = self._objects.around(_address(values), values)
        if found is None:
            return ""
        return f', "inside": {{"key": "{found[0]}", "offset": {found[1]}, "strides": {list(values.strides)}}}'

    def _values(self, values: Any) -> str:
        dtype = values.dtype
        if dtype.kind == "O":
            items = ", ".join([self.value(one) for one in values.ravel()])
            return f'"dtype": "object", "shape": {list(values.shape)}, "items": [{items}]'
        form = dtype, values.shape
        head = FORMS.get(form)
        if head is None:
            if len(FORMS) >= MOST_FORMS:
                FORMS.clear()
            head = FORMS[form] = f'"dtype": "{dtype.str}", "shape": {list(values.shape)}, "buffer": '
        self.buffers.append(content_of(values))
        said = f"{head}{len(self.buffers) - 1}"
        return said if values.flags.c_contiguous else f"{said}, {json.dumps(laid_out(values))[1:-1]}"

    def _mapping(self, held: Any) -> str:
        key = self._objects.know(held)
        items = self._items(held)
        self._objects.watch(key, held)
        return f'{{"mapping": {{"key": "{key}", "items": {items}}}}}'

    def _items(self, held: Any) -> str:
        pairs = [f"[{self.value(name)}, {self.value(held[name])}]" for name in list(held.keys())]
        return f"[{', '.join(pairs)}]"

    def changes(self) -> str:
        """Say what the backend has changed of what both sides know."""
        written, remade = [], []
        for kept in self._objects.changed():
            if isinstance(kept.held, np.ndarray):
                written.append(f'{{"key": "{kept.key}", {self._values(kept.held)}}}')
            else:
                remade.append(f'{{"key": "{kept.key}", "items": {self._items(kept.held)}}}')
        return f'"written": [{", ".join(written)}], "remade": [{", ".join(remade)}]'


def as_numpy(held: Any) -> Any:
    """Return the values of a tensor of any framework."""
    if hasattr(held, "detach"):
        held = held.detach().cpu()
        if hasattr(held, "resolve_conj"):
            held = held.resolve_conj().resolve_neg()
    if hasattr(held, "numpy") and callable(held.numpy):
        return np.asarray(held.numpy())
    return np.asarray(held)


def foreign(held: Any) -> dict[str, Any]:
    """Say whose a tensor is, of what type, and where."""
    dtype = getattr(held, "dtype", None)
    name = str(getattr(dtype, "name", None) or dtype or as_numpy(held).dtype)
    contiguous = getattr(held, "is_contiguous", None)
    return {
        "made_by": type(held).__module__.partition(".")[0],
        "type": type(held).__name__,
        "called": name.rpartition(".")[2],
        "device": str(getattr(held, "device", "cpu")) or "cpu",
        "contiguous": bool(contiguous()) if callable(contiguous) else True,
    }


def described_class(kind: type) -> dict[str, Any]:
    """Say what an error's class is called and derives from."""
    if kind.__module__ == "builtins":
        return {"builtin": kind.__name__}
    bases = [described_class(one) for one in kind.__bases__ if issubclass(one, BaseException)]
    return {"name": kind.__qualname__, "module": str(kind.__module__), "bases": bases}


def text_of(error: BaseException) -> tuple[str, bool]:
    """Return the text of an error, and whether it could say it."""
    try:
        return str(error), True
    except Exception as another:  # noqa: BLE001 - an error of a backend's may be anything
        return f"(its text cannot be had: __str__ ended in {type(another).__name__})", False


def as_blamed(error: BaseException) -> BaseException:
    """Return an error of a call; for a NotImplementedError by which no adapter says what it lacks, a RuntimeError.

    Parameters
    ----------
    error : BaseException
        As it was caught. An adapter says so by a ``raise`` statement in its own package, that of the first frame behind
        the caller's. Over what an operation of a framework raises, in C or in a package behind, it fell.
    """
    if not isinstance(error, NotImplementedError):
        return error
    frames, last = [], error.__traceback__
    while last is not None:
        frames.append(last)
        last = last.tb_next
    packages = [str(one.tb_frame.f_globals.get("__name__")).partition(".")[0] for one in frames]
    behind = [one for one in packages if one not in CALLERS]
    code, place = frames[-1].tb_frame.f_code.co_code, frames[-1].tb_lasti
    stated = 0 <= place < len(code) and dis.opname[code[place]] == "RAISE_VARARGS"
    if stated and packages[-1] in (behind or packages)[:1]:
        return error
    blamed = RuntimeError(f"NotImplementedError: {text_of(error)[0]}")
    blamed.__cause__ = error
    return blamed


CALLERS = ("conformance", __name__.partition(".")[0])
"""Packages through which the calls of an adapter go; far from the suite its one file is the main module."""


class Told:
    """Describes errors and warnings, as JSON."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def error(self, error: BaseException, *, whole: bool = True) -> str:
        """Describe an error; ``whole`` with what becomes of it in another process, and its trace."""
        text, sayable = text_of(error)
        refused = isinstance(error, ValueError)
        told = {"class": described_class(type(error)), "message": text, "sayable": sayable, "refusal": refused}
        attributes = [f"{json.dumps(name)}: {self._writer.value(value)}" for name, value in self._attributes(error)]
        parts = [json.dumps(told)[:-1], f'"attributes": {{{", ".join(attributes)}}}']
        if whole:
            ways = [f'"{way}": {self._crossed(error, through)}' for way, through in WAYS.items()]
            parts += [f'"crossing": {{{", ".join(ways)}}}', f'"trace": {json.dumps(traced(error)[-LONGEST:])}']
        return ", ".join(parts) + "}"

    def _attributes(self, error: BaseException) -> list[tuple[str, Any]]:
        found = {name: value for name, value in vars(error).items() if not name.startswith("_")}
        for name in ("remedy", "clause", "array", "file", "name", "path", "errno", "strerror", "filename", "framework"):
            try:
                value = getattr(error, name, None)
            except Exception:  # noqa: BLE001 - a property of a backend's may be anything
                continue
            if value is not None:
                found.setdefault(name, value)
        return [(name, value) for name, value in found.items() if _plain(value)]

    def _crossed(self, error: BaseException, through: Any) -> str:
        try:
            back = through(error)
        except Exception as failed:  # noqa: BLE001 - it is what is asked
            return f'{{"failed": {self.error(failed, whole=False)}}}'
        same = type(back) is type(error) and text_of(back) == text_of(error)
        same = same and getattr(back, "remedy", None) == getattr(error, "remedy", None)
        return "null" if same else f'{{"back": {self.error(back, whole=False)}}}'


def traced(error: BaseException) -> str:
    """Return the traces of an error and of those behind it, much as an interpreter shows them, and far quicker."""
    chain: list[BaseException] = []
    last: BaseException | None = error
    while last is not None and not any(last is one for one in chain):
        chain.append(last)
        last = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
    return "\nBehind it:\n\n".join(map(_trace_of, reversed(chain)))


def _trace_of(error: BaseException) -> str:
    lines, last = ["Traceback (most recent call last):"], error.__traceback__
    while last is not None:
        code = last.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {last.tb_lineno}, in {code.co_name}')
        lines.append("    " + linecache.getline(code.co_filename, last.tb_lineno).strip())
        last = last.tb_next
    return "\n".join([*lines, f"{type(error).__qualname__}: {text_of(error)[0]}\n"])


WAYS = {"pickled": lambda error: pickle.loads(pickle.dumps(error)), "copied": copy.copy, "copied deeply": copy.deepcopy}


def _plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) < 100 and all(_plain(one) for one in value)
    return value is None or isinstance(value, (bool, int, float, str, pathlib.PurePath))


class Surroundings:
    """What belongs to everyone in a process: folder, environment, settings, and the global random generators."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._environment = environment()
        self._settings = settings()
        self._random = generators()

    def become(self, told: dict[str, Any]) -> None:
        """Make them as those of the other side."""
        if not told:
            return
        if "folder" in told:
            os.chdir(told["folder"])
        for name, value in told.get("environment", {}).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        take_settings(told.get("settings", {}))
        if "random" in told:
            (version, words, gauss), (name, keys, *rest) = told["random"]
            random.setstate((version, tuple(words), gauss))
            np.random.set_state((name, np.array(keys, np.uint32), *rest))  # noqa: NPY002 - the state of everyone
            torch = sys.modules.get("torch")
            if torch is not None:
                torch.manual_seed(int(keys[0]))
        self.__init__()  # type: ignore[misc]

    def effects(self) -> dict[str, Any]:
        """Say what of it a call has changed."""
        found: dict[str, Any] = {}
        now = Surroundings()
        if now._folder != self._folder:
            found["folder"] = now._folder
        if now._environment != self._environment:
            found["environment"] = differing(self._environment, now._environment)
        if now._settings != self._settings:
            found["settings"] = now._settings
        if now._random != self._random:
            found["random"] = told_generators(now._random)
        self.__dict__.update(now.__dict__)
        return found


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib's asks twice
    except OSError:
        return ""


def environment() -> dict[Any, Any]:
    """Return a copy of the environment, as the system holds it where that is at hand."""
    return dict(getattr(os.environ, "_data", os.environ))


def differing(before: dict[Any, Any], now: dict[Any, Any]) -> dict[str, Any]:
    """Say which variables of two environments differ, by their values now; None for what is gone."""
    names = [name for name in set(before) | set(now) if before.get(name) != now.get(name)]
    told = [os.fsdecode(name) for name in names]
    return {name: os.environ.get(name) for name in told}


def settings() -> dict[str, Any]:
    """Return what NumPy does with errors and how it prints, and the level of all logging."""
    printing = {
        name: value
        for name, value in np.get_printoptions().items()
        if value is None or isinstance(value, (bool, int, float, str))
    }
    return {"errors": np.geterr(), "printing": printing, "logging": [logging.root.level, logging.root.manager.disable]}


def take_settings(told: dict[str, Any]) -> None:
    """Make these settings of this process those of the other side, as far as its NumPy has them."""
    if not told:
        return
    np.seterr(**told["errors"])
    known = np.get_printoptions()
    np.set_printoptions(**{name: value for name, value in told["printing"].items() if name in known})
    logging.root.setLevel(told["logging"][0])
    logging.disable(told["logging"][1])


def generators() -> Any:
    """Return the states of the random generators that belong to everyone."""
    torch: Any = sys.modules.get("torch")
    drawn = torch.get_rng_state().numpy().tobytes() if hasattr(torch, "get_rng_state") else b""
    return of_python(), of_numpy(), drawn


class Seen:
    """The state of a generator; it is asked in whole, which is slow, only where its memory is another."""

    def __init__(self, asked: Any) -> None:
        self._asked, self._memory, self._state = asked, None, None

    def state(self, memory: Any) -> Any:
        """Return the state; ``memory`` is what there is of it, None where that cannot be read."""
        if memory is None or memory != self._memory:
            self._memory, self._state = memory, self._asked()
        return self._state


def _whole_of_numpy() -> Any:
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 - the state of everyone
    return (name, np.asarray(keys).tobytes(), *rest)


_python, _numpy = Seen(random.getstate), Seen(_whole_of_numpy)


def of_numpy() -> Any:
    """Return the state of NumPy's generator."""
    holder: Any = getattr(np.random, "get_bit_generator", lambda: None)()
    known = type(holder).__name__ == "MT19937"
    state = _numpy.state(ctypes.string_at(holder.ctypes.state_address, 625 * 4) if known else None)
    if state[3]:
        # A normal number that is kept for the next call lies elsewhere.
        _numpy.state(None)
    return state


def _place_of_python() -> int:
    """Address of the words of Python's generator, behind their index, where this interpreter lets it be known."""
    if sys.implementation.name != "cpython" or type(_holder) is not random.Random:
        return 0
    *words, index = _holder.getstate()[1]
    memory = ctypes.string_at(id(_holder), random.Random.__basicsize__)
    place = memory.find(struct.pack("=625I", index, *words))
    return id(_holder) + place if place > 0 else 0


_holder: Any = getattr(random.getstate, "__self__", None)
_place = _place_of_python()


def of_python() -> Any:
    """Return the state of Python's generator."""
    if not _place:
        return random.getstate()
    return _python.state((ctypes.string_at(_place, 625 * 4), _holder.gauss_next))


def told_generators(states: Any) -> Any:
    """Return the states of generators in plain JSON types; what a framework's has done shows in NumPy's."""
    (version, words, gauss), (name, keys, *rest), drawn = states
    numbers = np.frombuffer(keys, np.uint32).copy()
    if drawn:
        numbers[1:2] ^= np.uint32(zlib.crc32(drawn))
    return [[version, list(words), gauss], [name, numbers.tolist(), *rest]]


class FarSide:
    """Runs an adapter as the other side asks."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._objects = Objects()
        self._adapter: Any = None
        self._surroundings = Surroundings()
        self._lists: Any = collections.deque(maxlen=LISTS)

    def serve(self) -> None:
        """Answer until the conversation ends."""
        while True:
            asked = self._wire.read()
            if asked is None:
                return
            message, buffers = asked
            if message["do"] == "stop":
                return
            self._objects.begin(message.get("id", 0))
            answer, writer = self._answered(message, Reader(self._objects, buffers))
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except Exception:  # noqa: BLE001 - a backend may have closed it, or put anything there
                    continue
            self._wire.write(answer, writer.buffers)

    def _answered(self, message: dict[str, Any], reader: Reader) -> tuple[str, Writer]:
        writer, said = Writer(self._objects), ""
        self._objects.drop(message.get("drop", []))
        self._take_changes(message, reader)
        self._surroundings.become(message.get("surroundings", {}))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                value = getattr(self, "_do_" + message["do"])(message, reader)
                said = '"value": ' + (json.dumps(value) if message["do"] == "hello" else writer.value(value))
            except BaseException as error:  # noqa: BLE001 - whatever a backend raises is a value here
                ended = message["do"] in ("iterate", "next") and isinstance(error, StopIteration)
                said = '"error": ' + Told(writer).error(as_blamed(error), whole=not ended)
        warned = [
            f'{Told(writer).error(one.message)[:-1]}, "file": {json.dumps(str(one.filename))}, "line": {one.lineno}}}'
            for one in caught
            if isinstance(one.message, Warning)
        ]
        said += f', "warnings": [{", ".join(warned)}], {writer.changes()}{self._rewritten(writer)}'
        effects = self._surroundings.effects()
        said += f', "effects": {json.dumps(effects) if effects else "{}"}'
        return f'{{"id": {json.dumps(message.get("id"))}, "protocol": {VERSION}, {said}}}', writer

    def _take_changes(self, message: dict[str, Any], reader: Reader) -> None:
        for one in message.get("written", ()):
            array = self._objects.held[one["key"]]
            given = np.frombuffer(reader._buffers[one["buffer"]], np.dtype(one["dtype"])).reshape(one["shape"])
            locked = not array.flags.writeable
            if locked or array.shape != given.shape:
                continue
            array[...] = given
            self._objects.agreed(one["key"])
        for one in message.get("remade", ()):
            held = self._objects.held[one["key"]]
            if isinstance(held, collections.abc.MutableMapping):
                held.clear()
                held.update({reader.value(key): reader.value(value) for key, value in one["items"]})
            self._objects.agreed(one["key"])

    def _rewritten(self, writer: Writer) -> str:
        """Say which of the lists that were handed over in the last calls hold something else by now."""
        said = []
        for one in self._lists:
            number, place, held, before = one
            if list(map(id, held)) != list(map(id, before)):
                one[3] = list(held)
                said.append(f"[{number}, {json.dumps(place)}, {writer.value(held)}]")
        return f', "lists": [{", ".join(said)}]' if said else ""

    def _do_hello(self, message: dict[str, Any], reader: Reader) -> Any:
        sys.path[:0] = message.get("path", [])
        module, _, attributes = message["adapter"].partition(":")
        found: Any = importlib.import_module(module)
        for name in attributes.split("."):
            found = getattr(found, name)
        ready = not isinstance(found, type) and hasattr(found, "name") and hasattr(found, "stages")
        adapter = found if ready or not callable(found) else found()
        devices = getattr(adapter, "devices", None)
        if message.get("device"):
            adapter = adapter.on(message["device"])
        self._adapter = adapter
        self._surroundings = Surroundings()
        several = isinstance(devices, collections.abc.Sequence) and not isinstance(devices, str)
        placed: Any = devices if several else None
        stages = getattr(adapter, "stages", None)
        name, framework = getattr(adapter, "name", None), getattr(adapter, "framework", None)
        carries = getattr(adapter, "carries", ())
        carries = [carries] if isinstance(carries, str) else carries
        return {
            "language": "Python " + sys.version.split()[0],
            "numpy": np.__version__,
            "version": release_of(adapter),
            "name": name if isinstance(name, str) else None,
            "stages": None if stages is None or isinstance(stages, str) else [str(one) for one in stages],
            "framework": framework if isinstance(framework, str) else None,
            "states": stated(adapter),
            "carries": [str(one) for one in carries] if isinstance(carries, collections.abc.Iterable) else [],
            "devices": None if placed is None else [str(one) for one in placed],
            "methods": [one for one in message["methods"] if callable(getattr(adapter, one, None))],
        }

    def _do_call(self, message: dict[str, Any], reader: Reader) -> Any:
        arguments = [reader.value(one) for one in message["arguments"]]
        named = {name: reader.value(value) for name, value in message["named"].items()}
        places = [*((str(place), held) for place, held in enumerate(arguments)), *named.items()]
        self._lists.extend([message.get("id"), place, held, list(held)] for place, held in places if type(held) is list)
        return getattr(self._adapter, message["method"])(*arguments, **named)

    def _do_iterate(self, message: dict[str, Any], reader: Reader) -> Any:
        going = Iteration(iter(self._objects.held[message["key"]]))
        return going, [next(going.over)]

    def _do_next(self, message: dict[str, Any], reader: Reader) -> Any:
        return [next(self._objects.held[message["key"]].over)]

    def _do_lacks(self, message: dict[str, Any], reader: Reader) -> Any:
        try:
            return importlib.util.find_spec(message["package"].partition(".")[0]) is None
        except (ImportError, ValueError):
            return True


def release_of(adapter: Any) -> str:
    """Version of the backend: what its adapter says, else that of the distribution named as its package."""
    said = getattr(adapter, "version", None)
    if isinstance(said, str):
        return said
    try:
        return importlib.metadata.version(type(adapter).__module__.partition(".")[0])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def stated(adapter: Any) -> dict[str, Any]:
    """What an adapter states of itself, in plain JSON; what is no text is told as one, and judged over there."""
    found: dict[str, Any] = {}
    for name in STATEMENTS:
        said = getattr(adapter, name, None)
        if isinstance(said, collections.abc.Mapping):
            found[name] = {str(stage): str(value) for stage, value in said.items()}
        elif said is not None and not callable(said):
            found[name] = str(said)
    return found


class Iteration:
    """An iteration that goes on, step by step, as it is asked for."""

    def __init__(self, over: Any) -> None:
        self.over = over


def limit_memory(most: int) -> None:
    """Let the address space of this process end there."""
    if most:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def die_with_the_other_side() -> None:
    """Let the kernel end this process when the one that started it ends, where it can."""
    try:
        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    except (OSError, AttributeError):
        return


def main() -> None:
    """Serve the descriptor that the command names."""
    sys.path[:] = [one for one in sys.path if one]
    die_with_the_other_side()
    limit_memory(int(sys.argv[2]))
    wire = Wire(int(sys.argv[1]))
    del sys.argv[1:]
    FarSide(wire).serve()


if __name__ == "__main__":
    main()
