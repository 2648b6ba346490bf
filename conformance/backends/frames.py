"""Messages between processes: each whole and unchanged, or the end of the conversation."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Iterator, Sequence

from conformance.contract.crossing import Crossing

_HEAD = struct.Struct("<4sQI")
_SIGN = b"PTC1"
_AT_ONCE = 1 << 20
MOST_BYTES = 1 << 36
"""Longest message that is believed."""


class BrokenConversation(Crossing, ConnectionError):
    """The other end said something that is no message, or nothing at all; the message says which."""


class Conversation:
    """Frames over one end of a pair of sockets: a sign, a length, a checksum, and the bytes of a message.

    Parameters
    ----------
    end : socket
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._held = bytearray()
        self._room = bytearray(_AT_ONCE)

    def fileno(self) -> int:
        """Descriptor to wait for."""
        return self._end.fileno()

    def send(self, *parts: bytes | bytearray) -> None:
        """Send a message, which may be in parts.

        Raises
        ------
        BrokenConversation
            The other end is gone.
        """
        try:
            if sum(map(len, parts)) < _AT_ONCE:
                self._end.sendall(framed(*parts))
                return
            for part in (_head_of(parts), *parts):
                self._end.sendall(part)
        except OSError as error:
            raise BrokenConversation(f"nobody reads: {os.strerror(error.errno or 0)}") from error

    def waiting(self) -> Iterator[bytes]:
        """Yield the messages that are there in whole; never waits.

        Raises
        ------
        BrokenConversation
            The other end is gone, or wrote something that is no message.
        """
        gone = not self._fill()
        while (message := self._next()) is not None:
            yield message
        if gone:
            raise BrokenConversation("the other end is closed")

    def receive(self) -> memoryview:
        """Wait for a message; it holds until the next one is received.

        Raises
        ------
        BrokenConversation
            The other end is gone, or wrote something that is no message.
        """
        came = len(self._held)
        self._room[:came], self._held = self._held, bytearray()
        with memoryview(self._room) as space:
            while (head := _head(self._room[: min(came, _HEAD.size)])) is None:
                came += self._read_into(space[came:])
        length, check = head
        whole, room = _HEAD.size + length, self._room
        if came > whole:
            self._held, came = room[whole:came], whole
        elif whole > len(room):
            room = room[:came]
        while came < whole:
            if came == len(room):
                # What a header claims is made room for as it comes.
                room += bytes(min(max(came, _AT_ONCE), whole - came))
            with memoryview(room) as space:
                came += self._read_into(space[came:whole])
        return _checked(memoryview(room)[_HEAD.size : whole], check)

    def _read_into(self, space: memoryview) -> int:
        try:
            read = self._end.recv_into(space)
        except OSError as error:
            raise BrokenConversation(f"it cannot be read: {error.strerror}") from error
        if not read:
            raise BrokenConversation("the other end is closed")
        return read

    def close(self) -> None:
        """Hang up."""
        self._end.close()

    def _fill(self) -> bool:
        while True:
            try:
                read = self._end.recv(_AT_ONCE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not read:
                return False
            self._held += read

    def _next(self) -> bytes | None:
        message = _first(self._held)
        if message is not None:
            del self._held[: _HEAD.size + len(message)]
        return message


def framed(*parts: bytes | bytearray) -> bytes:
    """Return a message, which may be in parts, with its sign, length and checksum."""
    return b"".join((_head_of(parts), *parts))


def _head_of(parts: Sequence[bytes | bytearray]) -> bytes:
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    return _HEAD.pack(_SIGN, sum(map(len, parts)), check)


def unframed(content: bytes) -> bytes:
    """Return the message of which a file holds the frame.

    Raises
    ------
    BrokenConversation
        It holds something else, or not all of it.
    """
    message = _first(content)
    if message is None or _HEAD.size + len(message) != len(content):
        raise BrokenConversation("an answer does not have the length that it says")
    return message


def _first(held: bytes | bytearray) -> bytes | None:
    """Return the message that begins here; None where it is not there in whole."""
    head = _head(held)
    if head is None or len(held) < _HEAD.size + head[0]:
        return None
    return bytes(_checked(memoryview(held)[_HEAD.size : _HEAD.size + head[0]], head[1]))


def _head(held: bytes | bytearray) -> tuple[int, int] | None:
    """Return length and checksum of the message that begins here; None where they are not there yet."""
    sign = bytes(held[: len(_SIGN)])
    if sign != _SIGN[: len(sign)]:
        raise BrokenConversation(f"something wrote {bytes(held[:24])!r} into the conversation")
    if len(held) < _HEAD.size:
        return None
    _, length, check = _HEAD.unpack_from(held)
    if length > MOST_BYTES:
        raise BrokenConversation(f"a message claims {length} bytes")
    return length, check


def _checked(message: memoryview, check: int) -> memoryview:
    if zlib.crc32(message) != check:
        raise BrokenConversation("a message does not match its checksum")
    return message
