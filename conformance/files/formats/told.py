"""Which arrays a person says are frames, positions, a probe or a mask, for as long as files are opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from conformance.files.unfit import UnfitFile

ROLES = ("frames", "positions", "x", "y", "probe", "mask")
"""What an array may be told to be."""
OPTION = "--array"


@dataclass
class _Words:
    """Names by role, and the roles that some file had an array for."""

    names: Mapping[str, str]
    heard: set[str] = field(default_factory=set)


_said: ContextVar[_Words | None] = ContextVar("told_arrays", default=None)


@contextmanager
def telling(names: Mapping[str, str]) -> Iterator[None]:
    """Let files that are opened in a block, in this thread, be read by what a person says of their arrays.

    Parameters
    ----------
    names : Mapping[str, str]
        Name of an array, or the end of its path, by role.
    """
    before = _said.set(_Words(names) if names else None)
    try:
        yield
    finally:
        _said.reset(before)


def told(role: str, names: Iterable[str]) -> str | None:
    """Return the array that is said to have a role; None where nothing is said, or none of these is meant.

    Parameters
    ----------
    role : str
        One of :data:`ROLES`.
    names : iterable of str
        Of the arrays of a file.

    Raises
    ------
    UnfitFile
        Several are called so (FIL-023).
    """
    words = _said.get()
    wanted = None if words is None else words.names.get(role)
    if words is None or wanted is None:
        return None
    held = list(names)
    end = wanted.strip("/")
    found = [name for name in held if name.strip("/") == end] or [name for name in held if name.endswith(f"/{end}")]
    if len(found) > 1:
        raise UnfitFile("FIL-023", end, f"{OPTION} {role}={wanted}: several are called so: {', '.join(found[:4])}")
    if found:
        words.heard.add(role)
    return found[0] if found else None


def any_told(names: Iterable[str]) -> bool:
    """Whether something is said of an array of one of these names."""
    words, held = _said.get(), list(names)
    ends = () if words is None else tuple(one.strip("/") for one in words.names.values())
    return any(name.strip("/") == end or name.endswith(f"/{end}") for end in ends for name in held)


def require_told() -> None:
    """Refuse what is said of arrays that no file has.

    Raises
    ------
    UnfitFile
        A role was not heard (FIL-023).
    """
    words = _said.get() or _Words({})
    for role, name in words.names.items():
        if role not in words.heard:
            raise UnfitFile("FIL-023", "file", f"{OPTION} {role}={name}: none of the files has such an array")
