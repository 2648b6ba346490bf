"""Children that speak the protocol in their own way: run as a program, with the name of a way and a descriptor."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

HEAD = struct.Struct("<4sQI")
HELLO = {
    "language": "a child of a test",
    "name": "child",
    "stages": ["physics"],
    "framework": None,
    "devices": None,
    "methods": ["simulate", "patches"],
}
WAYS: dict[str, Callable[[Child, dict[str, Any]], None]] = {}


class Child:
    """The far side of a conversation, without anything of this project."""

    def __init__(self, descriptor: int) -> None:
        self._end = socket.socket(fileno=descriptor)
        self.calls = 0

    def read(self) -> dict[str, Any] | None:
        head = self._exactly(HEAD.size)
        if not head:
            return None
        return self.message(self._exactly(HEAD.unpack(head)[1]))

    def message(self, payload: bytes) -> dict[str, Any]:
        (size,) = struct.unpack_from("<I", payload)
        found: dict[str, Any] = json.loads(payload[4 : 4 + size])
        return found

    def payload(self, message: dict[str, Any], *buffers: bytes) -> bytes:
        text = json.dumps({"buffers": [len(one) for one in buffers], **message}).encode()
        return struct.pack("<I", len(text)) + text + b"".join(buffers)

    def frame(
        self, payload: bytes, *, check: int | None = None, length: int | None = None, sign: bytes = b"PTC1"
    ) -> bytes:
        return (
            HEAD.pack(sign, len(payload) if length is None else length, zlib.crc32(payload) if check is None else check)
            + payload
        )

    def write(self, raw: bytes) -> None:
        self._end.sendall(raw)

    def answer(self, message: dict[str, Any], value: Any, *buffers: bytes, **more: Any) -> None:
        self.write(self.frame(self.payload({"id": message["id"], "value": value, **more}, *buffers)))

    def seven(self, message: dict[str, Any]) -> None:
        """A right answer: one float32, 7."""
        told = {"dtype": "<f4", "shape": [1], "buffer": 0, "key": f"f{self.calls}"}
        self.answer(message, {"array": told}, struct.pack("<f", 7.0))

    def close(self) -> None:
        self._end.close()

    def _exactly(self, count: int) -> bytes:
        held = b""
        while len(held) < count:
            read = self._end.recv(count - len(held))
            if not read:
                return b""
            held += read
        return held


class FolderChild(Child):
    """The far side of a conversation in files."""

    def __init__(self, folder: str) -> None:
        self._folder, self._number, self.calls = pathlib.Path(folder), 0, 0

    def read(self) -> dict[str, Any] | None:
        self._number += 1
        question = self._folder / f"question-{self._number}"
        while not question.exists():
            if (self._folder / "end").exists() or not self._folder.exists():
                return None
            time.sleep(0.005)
        return self.message(question.read_bytes()[HEAD.size :])

    def write(self, raw: bytes) -> None:
        part = self._folder / f"answer-{self._number}.part"
        part.write_bytes(raw)
        part.rename(self._folder / f"answer-{self._number}")

    def close(self) -> None:
        pass


def way(acts: Callable[[Child, dict[str, Any]], None]) -> Callable[[Child, dict[str, Any]], None]:
    WAYS[acts.__name__] = acts
    return acts


@way
def right(child: Child, message: dict[str, Any]) -> None:
    child.seven(message)


@way
def crashes_in_call_seven(child: Child, message: dict[str, Any]) -> None:
    if child.calls == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    child.seven(message)


@way
def crashes_at_once(child: Child, message: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@way
def says_half_a_line(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(child.payload({"id": message["id"], "value": 7}))[:-9])
    os._exit(0)


@way
def answers_another_call(child: Child, message: dict[str, Any]) -> None:
    child.answer({"id": message["id"] + 1}, 7)


@way
def answers_without_a_number(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(child.payload({"value": 7})))


@way
def answers_twice(child: Child, message: dict[str, Any]) -> None:
    child.answer(message, 7)
    child.answer(message, 8)


@way
def says_nan(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(child.payload({"id": message["id"], "value": float("nan")})))


@way
def says_no_json(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(struct.pack("<I", 5) + b"hello"))


@way
def says_a_list(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(struct.pack("<I", 2) + b"[]"))


@way
def lies_about_the_length(child: Child, message: dict[str, Any]) -> None:
    payload = child.payload({"id": message["id"], "value": 7})
    child.write(child.frame(payload, length=1 << 60))
    time.sleep(60)


@way
def lies_about_the_checksum(child: Child, message: dict[str, Any]) -> None:
    child.write(child.frame(child.payload({"id": message["id"], "value": 7}), check=7))


@way
def lies_about_a_buffer(child: Child, message: dict[str, Any]) -> None:
    payload = child.payload({"id": message["id"], "value": 7, "buffers": [1 << 50]})
    child.write(child.frame(payload))


@way
def lies_about_a_shape(child: Child, message: dict[str, Any]) -> None:
    child.answer(message, {"array": {"dtype": "<f4", "shape": [9, 9], "buffer": 0, "key": "f1"}}, b"\0" * 4)


@way
def sends_objects(child: Child, message: dict[str, Any]) -> None:
    child.answer(message, {"array": {"dtype": "|O", "shape": [1], "buffer": 0, "key": "f1"}}, b"\0" * 8)


@way
def names_an_unknown_kind(child: Child, message: dict[str, Any]) -> None:
    child.answer(message, {"lambda": "x: x"})


@way
def prints_into_the_conversation(child: Child, message: dict[str, Any]) -> None:
    child.write(b"Loading model...\n")
    child.seven(message)


@way
def prints(child: Child, message: dict[str, Any]) -> None:
    os.write(1, b'{"id": 1, "value": "noise"}\n' * 1000)
    child.seven(message)


@way
def complains(child: Child, message: dict[str, Any]) -> None:
    os.write(2, b"warning: old compiler\n" * 1000)
    child.seven(message)


@way
def starts_slowly(child: Child, message: dict[str, Any]) -> None:
    child.seven(message)


@way
def does_not_stop(child: Child, message: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child.seven(message)


@way
def forks(child: Child, message: dict[str, Any]) -> None:
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    child.seven(message)


@way
def leaves_a_program_and_dies(child: Child, message: dict[str, Any]) -> None:
    subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    os._exit(0)


@way
def hangs_up(child: Child, message: dict[str, Any]) -> None:
    child.close()
    time.sleep(600)


@way
def never_answers(child: Child, message: dict[str, Any]) -> None:
    time.sleep(600)


HELLOS: dict[str, Any] = {"says_no_methods": {"name": "child", "stages": []}, "says_hello_as_a_text": "hello"}
"""First answers that are none."""


def main() -> None:
    hello = HELLOS.get(sys.argv[1], HELLO)
    acts = WAYS.get(sys.argv[1], right)
    child = Child(int(sys.argv[2])) if sys.argv[2].isdigit() else FolderChild(sys.argv[2])
    if acts is starts_slowly:
        time.sleep(2)
    while (message := child.read()) is not None:
        if message["do"] == "hello":
            child.answer(message, hello)
            continue
        child.calls += 1
        acts(child, message)
    while acts is does_not_stop:
        time.sleep(600)


if __name__ == "__main__":
    main()
