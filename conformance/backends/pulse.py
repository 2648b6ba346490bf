"""What a process does at the moment, told to the one that watches it through a page of memory that both see."""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path

_BEAT = struct.Struct("<Id??63p")
_SIZE = 4096
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
        self._number = 0

    def beat(self, what: str, *, inside: bool, looking: bool = False) -> None:
        """Say what is done from now on.

        Parameters
        ----------
        what : str
            The method that is running, or that ran last.
        inside, looking : bool
            As in :class:`Beat`.
        """
        self._number += 1
        _BEAT.pack_into(self._page, 0, self._number, time.monotonic(), inside, looking, what.encode()[:60])

    def last(self) -> Beat:
        """Return the last sign of life."""
        number, at, inside, looking, what = _BEAT.unpack_from(self._page, 0)
        return Beat(number, time.monotonic() - at, inside, what.decode(errors="replace"), looking)

    def close(self) -> None:
        """Give the page back."""
        self._page.close()
