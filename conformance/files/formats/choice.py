"""Which scan is meant of a file that holds several: the user's word, for as long as files are opened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from conformance.files.unfit import UnfitFile

_MOST_NAMED = 6


@dataclass
class _Word:
    """What the user said, and whether a file had a scan of that name."""

    name: str
    heard: bool = False


_said: ContextVar[_Word | None] = ContextVar("scan_name", default=None)


@contextmanager
def choosing(name: str | None) -> Iterator[None]:
    """Let files that are opened in a block, in this thread, be read for the scan of a name; None: nothing is said."""
    before = _said.set(None if name is None else _Word(name))
    try:
        yield
    finally:
        _said.reset(before)


def name_said() -> str | None:
    """The name that the user said; None where nothing was."""
    word = _said.get()
    return None if word is None else word.name


def require_heard() -> None:
    """Refuse a name that no file had a scan of.

    Raises
    ------
    UnfitFile
        Nothing was chosen by it (FIL-023).
    """
    word = _said.get()
    if word is not None and not word.heard:
        raise UnfitFile("FIL-023", "file", f"--scan-name {word.name}: none of the files holds several scans")


def chosen(scans: Mapping[str, str]) -> str:
    """Return the name of the scan that is meant.

    Parameters
    ----------
    scans : Mapping[str, str]
        What the file holds of each, in words, by name; one or more.

    Raises
    ------
    UnfitFile
        There are several, and nobody said which; or the file has none of that name (FIL-002).
    """
    if len(scans) == 1:
        return next(iter(scans))
    listed = [f"{name} ({held})" if held else name for name, held in scans.items()]
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    said = f"it holds {len(scans)} scans: {', '.join(listed[:_MOST_NAMED])}"
    word = _said.get()
    if word is None:
        first = next(iter(scans))
        asked = f"say which, and write each into a file of its own: convert FILE {first}.npz --scan-name {first}"
        raise UnfitFile("FIL-002", "file", f"{said}{more}: {asked}")
    word.heard = True
    same = [name for name in scans if name.casefold() == word.name.casefold()]
    if not same:
        raise UnfitFile("FIL-002", "file", f"{said}{more}: none is called {word.name}")
    return same[0]


def told_frames(shape: tuple[int, ...]) -> str:
    """How many frames a stack of a shape (..., rows, columns) holds, and of which size, in words."""
    return f"{math.prod(shape[:-2])} frames {' x '.join(map(str, shape[-2:]))}"
