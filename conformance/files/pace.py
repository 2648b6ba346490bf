"""How far the reading of an array is: whoever listens is told after every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Listener: TypeAlias = Callable[[str, int, int], None]
"""Takes the name of an array, how many slices of its first axis were read, and how many there are."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener be told what is read in a block, in this thread; an outer one is told no more meanwhile."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def told(name: str, done: int, total: int) -> None:
    """Tell the listener, where there is one.

    Parameters
    ----------
    name : str
        Of the array.
    done, total : int
        Slices of its first axis.
    """
    listener = _listener.get()
    if listener is not None:
        listener(name, done, total)
