"""A conversation with a backend that lives elsewhere: one process over there, until it dies or is ended."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import tempfile
import warnings
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.frames import BrokenConversation, Conversation
from conformance.backends.processes import BackendProcess, told_status
from conformance.backends.remote.description import BackendDescription
from conformance.backends.remote.errors import made
from conformance.backends.remote.far_side import (
    LISTS,
    differing,
    environment,
    of_numpy,
    of_python,
    settings,
    take_settings,
    told_generators,
)
from conformance.backends.remote.folder import FolderConversation
from conformance.backends.remote.saying import Maker, Sayer
from conformance.backends.remote.values import Handle, RemoteIterable, Shared
from conformance.evidence.breakdown import AdapterBroke

VERSION = 1
_FAR_SIDE = Path(__file__).with_name("far_side.py")
_LONGEST = 1500


class Session:
    """One process over there.

    Parameters
    ----------
    description : BackendDescription
    device : str
        Device on which the adapter works; empty for an adapter that knows none.

    Attributes
    ----------
    hello : Mapping
        What the backend says of itself.
    ended : bool
        Whether its process is there no more.
    """

    def __init__(self, description: BackendDescription, device: str = "") -> None:
        self.ended = False
        self._description = description
        self._shared = Shared()
        self._number = 0
        self._new: list[Handle] = []
        self._alive: list[Any] = []
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._read = [0, 0]
        self._folder, self._environment = "", environment()
        self._random: Any = None
        self._settings = settings()
        self._lists: deque[tuple[int, str, list[Any]]] = deque(maxlen=LISTS)
        self._process, self._conversation = self._started()
        self._closing = weakref.finalize(self, _closed, self._process, self._conversation, (self._out, self._err))
        self.hello: Mapping[str, Any] = {}
        self.greet(device)

    def greet(self, device: str) -> None:
        """Let the adapter be made, on a device where it knows any."""
        description = self._description
        methods = sorted(OPTIONAL_METHODS.union(*METHODS.values()))
        asked = {"adapter": description.adapter, "path": list(description.paths), "device": device, "methods": methods}
        said = self._exchanged("hello", asked, plain=True)
        methods_there = said.get("methods") if isinstance(said, dict) else None
        if not isinstance(methods_there, list) or not all(isinstance(one, str) for one in methods_there):
            raise AdapterBroke("hello: the answer must be an object with 'methods', a list of texts")
        self.hello = said

    def _started(self) -> tuple[BackendProcess, Conversation | FolderConversation]:
        if self._description.exchange is not None:
            place = Path(tempfile.mkdtemp(prefix="conversation-", dir=self._description.exchange))
            process = self._begun(place, [])
            return process, FolderConversation(place, lambda: failed(process))
        here, there = socket.socketpair()
        with there:
            return self._begun(there.fileno(), [there.fileno()]), Conversation(here)

    def _begun(self, place: int | Path, keep: Sequence[int]) -> BackendProcess:
        description = self._description
        return BackendProcess(
            description.command_line(_FAR_SIDE.read_text(encoding="utf-8"), place),
            {**os.environ, **description.environment},
            keep,
            folder=description.folder,
            output=self._out.fileno(),
            errors=self._err.fileno(),
        )

    def call(self, method: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, list[Handle]]:
        """Call a method of the adapter; returns what it returned, and the handles in it.

        Parameters
        ----------
        method : str
        arguments : sequence
        named : Mapping[str, Any]

        Raises
        ------
        AdapterBroke
            The process ended, or said what is no answer.
        """
        self._new = []
        value = self._exchanged("call", {"method": method}, arguments=arguments, named=named)
        return value, self._new

    def steps(self, iterable: RemoteIterable) -> Iterator[Any]:
        """Go through an iterable of the other side."""
        with contextlib.suppress(StopIteration):
            said = self._exchanged("iterate", {"key": iterable.key})
            going, came = said if isinstance(said, tuple) else (said, ())
            yield from came
            while True:
                (one,) = self._exchanged("next", {"key": going.key})
                yield one

    def lacks(self, package: str) -> bool:
        """Whether a package cannot be found over there."""
        return bool(self._exchanged("lacks", {"package": package}))

    def end(self) -> None:
        """End the process and all its children."""
        self.ended = True
        if self._closing.detach() is not None:
            _closed(self._process, self._conversation, (self._out, self._err), gently=False)

    def _exchanged(
        self,
        what: str,
        asked: Mapping[str, Any],
        *,
        arguments: Sequence[Any] = (),
        named: Mapping[str, Any] | None = None,
        plain: bool = False,
    ) -> Any:
        self._number += 1
        self._shared.begin()
        sayer = Sayer(self._shared)
        message = {"do": what, "id": self._number, "protocol": VERSION, **asked}
        if what == "call":
            message["arguments"] = [sayer.value(one) for one in arguments]
            message["named"] = {name: sayer.value(one) for name, one in (named or {}).items()}
            places = [*((str(place), one) for place, one in enumerate(arguments)), *(named or {}).items()]
            self._lists.extend((self._number, place, one) for place, one in places if isinstance(one, list))
        message |= sayer.changes()
        message["drop"], self._shared.dropped = self._shared.dropped, []
        message["surroundings"] = self._surroundings() if what != "hello" else {}
        # The answer may name them.
        self._alive = self._shared.lately()
        try:
            answer, buffers = self._answered(message, sayer.buffers)
        except BaseException:
            # An answer that comes later would be taken for that of another call.
            self.end()
            raise
        maker = Maker(self._shared, buffers, self.steps, self._new.append)
        try:
            return self._taken(answer, maker, plain)
        finally:
            # What is changed before it is let go is changed over there, too.
            self._alive = self._shared.lately(1)

    def _answered(
        self, message: dict[str, Any], buffers: Sequence[bytes | bytearray]
    ) -> tuple[dict[str, Any], list[memoryview]]:
        try:
            self._conversation.send(*packed(message, buffers))
            answer, held = unpacked(self._conversation.receive())
        except BrokenConversation as error:
            raise AdapterBroke(f"{_asked(message)}: {self._how(str(error))}") from None
        if answer.get("id") != self._number:
            self._conversation.close()
            raise AdapterBroke(f"{_asked(message)}: the answer has the number {answer.get('id')!r}, not {self._number}")
        return answer, held

    def _how(self, broken: str) -> str:
        # In files the end of the process that was started tells nothing, or has been told already.
        ended = "" if self._description.exchange else self._process.soon_ended()
        said = self._printed(1).strip()[-_LONGEST:]
        return (ended or f"the conversation broke: {broken}") + (f"; it said: {said}" if said else "")

    def _taken(self, answer: Mapping[str, Any], maker: Maker, plain: bool) -> Any:
        self._pass_on_output()
        self._take_effects(answer.get("effects", {}))
        value = None
        try:
            if "value" in answer:
                value = answer["value"] if plain else maker.value(answer["value"])
            maker.take_changes(answer)
            self._take_lists(answer.get("lists", ()), maker)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            self.end()
            raise AdapterBroke(f"its answer cannot be read: {type(error).__name__}: {error}") from error
        for one in answer.get("warnings", ()):
            warning = made(one, maker.value)
            if isinstance(warning, Warning):
                warnings.warn_explicit(warning, type(warning), str(one.get("file", "")), int(one.get("line", 0)))
        if "error" in answer:
            raise _told_error(answer["error"], maker)
        return value

    def _take_lists(self, said: Sequence[Any], maker: Maker) -> None:
        """Write into lists of the last calls what they hold over there."""
        for number, place, values in said:
            for call, where, held in self._lists:
                if (call, where) == (number, place):
                    held[:] = maker.value(values)

    def _surroundings(self) -> dict[str, Any]:
        """What of this process has changed since the other side was told."""
        told: dict[str, Any] = {}
        folder = os.getcwd()  # noqa: PTH109 - asked before every call
        if folder != self._folder:
            told["folder"] = self._folder = folder
        now = environment()
        if now != self._environment:
            told["environment"] = differing(self._environment, now)
            self._environment = now
        here = settings()
        if here != self._settings:
            told["settings"] = self._settings = here
        states = _generators()
        if states != self._random:
            self._random = states
            told["random"] = told_generators(states)
        return told

    def _take_effects(self, effects: Mapping[str, Any]) -> None:
        """Do here what a call has done over there to what belongs to everyone."""
        if "folder" in effects:
            os.chdir(effects["folder"])
            self._folder = effects["folder"]
        for name, value in effects.get("environment", {}).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if "environment" in effects:
            self._environment = environment()
        if "settings" in effects:
            take_settings(effects["settings"])
            self._settings = settings()
        if "random" in effects:
            (version, words, gauss), (name, keys, *rest) = effects["random"]
            random.setstate((version, tuple(words), gauss))
            np.random.set_state((name, np.array(keys, np.uint32), *rest))  # noqa: NPY002 - the state of everyone
            self._random = _generators()

    def _pass_on_output(self) -> None:
        for number in (0, 1):
            said = self._printed(number)
            if said:
                with contextlib.suppress(OSError):
                    os.write(number + 1, said.encode(errors="replace"))

    def _printed(self, number: int) -> str:
        stream = (self._out, self._err)[number]
        size = os.fstat(stream.fileno()).st_size
        if size <= self._read[number]:
            return ""
        said = os.pread(stream.fileno(), size - self._read[number], self._read[number])
        self._read[number] = size
        return said.decode(errors="replace")


def _told_error(said: Mapping[str, Any], maker: Maker) -> BaseException:
    """Make what a call over there ended in."""
    raised = made(said, maker.value)
    if isinstance(raised, KeyboardInterrupt):
        return AdapterBroke("it ended in KeyboardInterrupt")
    raised.add_note(str(said.get("trace", "")))
    return raised


def failed(process: BackendProcess) -> str:
    """How the process of a conversation in files failed; one that ended well may have started another elsewhere."""
    ended = process.status()
    return "" if ended == told_status(0) else ended


def packed(message: dict[str, Any], buffers: Sequence[bytes | bytearray]) -> list[bytes | bytearray]:
    """Return the parts of a message as bytes."""
    told = {**message, "buffers": [len(one) for one in buffers]}
    try:
        text = msgspec.json.encode(told)
    except (ValueError, OverflowError):
        # Large whole numbers, and texts that are no Unicode.
        text = json.dumps(told, allow_nan=False).encode()
    return [struct.pack("<I", len(text)), text, *buffers]


def unpacked(payload: bytes | bytearray | memoryview) -> tuple[dict[str, Any], list[memoryview]]:
    """Return the message in bytes.

    Raises
    ------
    BrokenConversation
        It is none.
    """
    try:
        (size,) = struct.unpack_from("<I", payload)
        message = _parsed(memoryview(payload)[4 : 4 + size])
        lengths = [int(one) for one in message["buffers"]]
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise BrokenConversation(f"a message cannot be read: {error}") from error
    if 4 + size + sum(lengths) != len(payload) or any(one < 0 for one in lengths):
        raise BrokenConversation("a message does not have the length that it says")
    view, at, found = memoryview(payload), 4 + size, []
    for length in lengths:
        found.append(view[at : at + length])
        at += length
    return message, found


def _parsed(text: memoryview) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # The other parser takes texts that are no Unicode, and says what is wrong in words that it shares with others.
        return json.loads(bytes(text), parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _asked(message: Mapping[str, Any]) -> str:
    return str(message.get("method", message["do"]))


def _generators() -> Any:
    """States of the generators of this process, where no framework is."""
    return of_python(), of_numpy(), b""


def _closed(
    process: BackendProcess,
    conversation: Conversation | FolderConversation,
    printed: Sequence[IO[bytes]],
    *,
    gently: bool = True,
) -> None:
    """End a process; a sound one ends by itself, with what it has set up for its end."""
    conversation.close()
    process.end(gently=gently)
    if isinstance(conversation, FolderConversation):
        conversation.clear()
    for one in printed:
        one.close()
