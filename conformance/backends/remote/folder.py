"""The conversation with what cannot be driven through a descriptor: frames as files of a folder."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from conformance.backends.frames import BrokenConversation, framed, unframed

_SHORTEST, _LONGEST = 0.001, 0.1
"""Seconds between two looks: short for a quick far side, longer for one that takes its time."""


class FolderConversation:
    """Questions and answers in files, each written beside its name and then renamed.

    Parameters
    ----------
    folder : Path
        Empty, and nobody else's.
    trouble : callable
        Says how the far side has failed; empty as long as an answer may come.
    """

    def __init__(self, folder: Path, trouble: Callable[[], str]) -> None:
        self._folder, self._trouble, self._number = folder, trouble, 0

    def send(self, *parts: bytes | bytearray) -> None:
        """Write a question, which may be in parts.

        Raises
        ------
        BrokenConversation
            It cannot be written.
        """
        self._number += 1
        try:
            self._write(f"question-{self._number}", framed(*parts))
        except OSError as error:
            raise BrokenConversation(f"the question cannot be written: {error.strerror}") from error

    def receive(self) -> bytes:
        """Wait for the answer to the last question.

        Raises
        ------
        BrokenConversation
            The far side has failed, or the answer is no message.
        """
        answer, wait = self._folder / f"answer-{self._number}", _SHORTEST
        while not answer.exists():
            trouble = self._trouble()
            # It may have answered before it failed.
            if trouble and not answer.exists():
                raise BrokenConversation(trouble)
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST)
        try:
            content = answer.read_bytes()
            answer.unlink()
            (self._folder / f"question-{self._number}").unlink(missing_ok=True)
        except OSError as error:
            raise BrokenConversation(f"the answer cannot be read: {error.strerror}") from error
        return unframed(content)

    def close(self) -> None:
        """Say that no question will come."""
        with contextlib.suppress(OSError):
            self._write("end", b"")

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        part = self._folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self._folder / name)
