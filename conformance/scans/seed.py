"""The seed of a run: whatever the suite draws follows it, and it alone.

Seed 0 is the everyday one. Another seed moves the examples that checks draw and the scans of the gallery; it never
touches a global random generator.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis

_SPREAD = 2_654_435_761
_of_this_run: int | None = None


def seed_of_run() -> int:
    """Seed of this run; 0 when none was set."""
    return _of_this_run or 0


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let everything that is drawn within follow a seed."""
    global _of_this_run
    before, _of_this_run = _of_this_run, seed
    try:
        yield
    finally:
        _of_this_run = before


def moved(number: int) -> int:
    """Another 32-bit number in every run, so that even the simplest example of Hypothesis is another one."""
    return (number + _SPREAD * seed_of_run()) % 2**32


def drawn_by_seed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Let the draws of a Hypothesis test follow the seed of the run, if one was set, and the name of the check."""
    if _of_this_run is None:
        return function
    chosen: Callable[..., Any] = hypothesis.seed(_of_this_run << 32 | zlib.crc32(name.encode()))(function)
    return chosen
