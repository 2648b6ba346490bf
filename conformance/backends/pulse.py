"""What a process does at the moment, told to the one that watches it through a page of memory that both see."""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path

_BEAT = struct.Struct("<d??63p")
_SLOTS, _SIZE = (1024, 2048), 4096
MAKING = "making the adapter"
"""What is done before any method of an adapter can run."""


@dataclass(frozen=True)
class Beat:
    """The last sign of life.

    Attributes
    ----------
    number : int
        How many there were.
    age : float
        Seconds since.
    inside : bool
        Whether the backend has been called and has not come back.
    what : str
        The method that is running, or that ran last.
    looking : bool
        Whether the first look at the backend called it, for whatever check came first.
    """

    number: int
    age: float
    inside: bool
    what: str
    looking: bool = False


class Pulse:
    """A page that one process writes and another one reads; monotonic time is the same to both.

    Parameters
    ----------
    path : Path
        File behind the page; made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as stream:
            stream.truncate(_SIZE)
            self._page = mmap.mmap(stream.fileno(), _SIZE)
        # Its first number counts the signs of life; the last one lies in the slot of its parity, the next in the other.
        self._count = memoryview(self._page).cast("Q")

    def beat(self, what: str, *, inside: bool, looking: bool = False) -> None:
        """Say what is done from now on.

        Parameters
        ----------
        what : str
            The method that is running, or that ran last.
        inside, looking : bool
            As in :class:`Beat`.
        """
        number = self._count[0] + 1
        _BEAT.pack_into(self._page, _SLOTS[number % 2], time.monotonic(), inside, looking, what.encode()[:60])
        self._count[0] = number

    def last(self) -> Beat:
        """Return the last sign of life."""
        while True:
            number = self._count[0]
            at, inside, looking, what = _BEAT.unpack_from(self._page, _SLOTS[number % 2])
            # A slot is written again at the next sign of life but one.
            if self._count[0] == number:
                age = time.monotonic() - at if number else 0.0
                return Beat(number, age, inside, what.decode(errors="replace"), looking)

    def close(self) -> None:
        """Give the page back."""
        self._count.release()
        self._page.close()
