"""Files that hold several scans: frames and positions, each twice, under names that differ in one word."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from conformance.files.formats import roles
from conformance.files.unfit import UnfitFile

_WORDS = re.compile(r"[/_.\-\s]+")
_MOST_NAMED = 4


def require_one_scan(shapes: Mapping[str, tuple[int, ...]], *, last: bool) -> None:
    """Refuse a file of several scans: frames of one and positions of another would make a third.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    last : bool
        Whether frames are counted by the last axes, as column-major tools have it.

    Raises
    ------
    UnfitFile
        There are several stacks of frames, each with positions of its own (FIL-002).
    """
    places = {
        name: max(roles.long(shapes[name]), default=0)
        for name in [*roles.tables_among(shapes), *(name for pair in roles.pairs_among(shapes) for name in pair)]
    }
    points = frozenset(math.prod(shapes[name]) for name, _ in roles.pairs_among(shapes)) | frozenset(places.values())
    found = roles.stacks_among(shapes, points, last=last)
    best = [name for rank, name, _ in found if rank[:2] == found[0][0][:2]]
    if len(best) < 2:
        return
    for at in range(len(words_of(best[0]))):
        marks = dict.fromkeys(_mark(name, at) for name in best)
        apart = len(marks) == len(best) and len({_without(name, at) for name in best}) == 1
        if apart and all(mark and _has_own(mark, marks, places) for mark in marks):
            said = ", ".join(best[:_MOST_NAMED]) + (f" and {len(best) - _MOST_NAMED} more" * (len(best) > _MOST_NAMED))
            problem = (
                f"it holds {len(best)} scans, each with frames ({said}) and positions of its own: write each into a "
                "file of its own"
            )
            raise UnfitFile("FIL-002", "file", problem)


def words_of(name: str) -> list[str]:
    """Words of the path of an array."""
    return [word for word in _WORDS.split(name.casefold()) if word]


def _mark(name: str, at: int) -> str:
    words = words_of(name)
    return words[at] if at < len(words) else ""


def _without(name: str, at: int) -> tuple[str, ...]:
    words = words_of(name)
    return (*words[:at], *words[at + 1 :])


def _has_own(mark: str, marks: Mapping[str, None], places: Mapping[str, int]) -> bool:
    """Whether positions bear the word of one scan and of no other."""
    return any(mark in words and not (set(words) & set(marks) - {mark}) for words in map(words_of, places))
