"""Files that hold several scans: frames and positions, each twice, under names that differ in one word."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from conformance.files.formats import roles
from conformance.files.formats.choice import chosen

_WORDS = re.compile(r"[/_.\-\s]+")


def of_one_scan(shapes: Mapping[str, tuple[int, ...]], names: Iterable[str], *, last: bool) -> frozenset[str]:
    """Return the names that belong to the scan that is meant, or to all of them.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    names : iterable of str
        All that the file holds.
    last : bool
        Whether frames are counted by the last axes, as column-major tools have it.

    Raises
    ------
    UnfitFile
        There are several stacks of frames, each with positions of its own, and none is chosen (FIL-002).
    """
    held = frozenset(names)
    at, marks = _marks(shapes, last=last)
    if len(marks) < 2:
        return held
    folders = {_segment(name, mark) for mark, name in marks.items()}
    called = {_segment(name, mark) if len(folders) == len(marks) else mark: mark for mark, name in marks.items()}
    mine = called[chosen({name: f"{marks[mark]} {shapes[marks[mark]]}" for name, mark in called.items()})]

    def belongs(name: str) -> bool:
        words = words_of(name)
        word = _mark(name, at)
        return word == mine if word in marks else mine in words or not set(marks) & set(words)

    return frozenset(filter(belongs, held))


def _segment(name: str, mark: str) -> str:
    """The folder of a path that the word of a scan stands in; the word itself where it stands in the last name."""
    folders = [part for part in name.split("/") if part]
    return next((one for one in folders[:-1] if mark in words_of(one)), mark)


def _marks(shapes: Mapping[str, tuple[int, ...]], *, last: bool) -> tuple[int, dict[str, str]]:
    """Where the words stand that tell scans apart, and the frames of each by its word; none where there is one scan."""
    places = {
        name: max(roles.long(shapes[name]), default=0)
        for name in [*roles.tables_among(shapes), *(name for pair in roles.pairs_among(shapes) for name in pair)]
    }
    points = frozenset(math.prod(shapes[name]) for name, _ in roles.pairs_among(shapes)) | frozenset(places.values())
    found = roles.stacks_among(shapes, points, last=last)
    best = sorted(name for rank, name, _ in found if rank[:2] == found[0][0][:2])
    for at in range(len(words_of(best[0]))) if len(best) > 1 else ():
        # One stack may lie in a scan under several names, as a link to it does.
        ways: dict[tuple[str, ...], dict[str, str]] = {}
        for name in best:
            ways.setdefault(_without(name, at), {})[_mark(name, at)] = name
        marks = max(ways.values(), key=len)
        whole = len(marks) > 1 and all(set(way) <= set(marks) for way in ways.values())
        if whole and all(mark and _has_own(mark, at, marks, places) for mark in marks):
            return at, marks
    return 0, {}


def words_of(name: str) -> list[str]:
    """Words of the path of an array."""
    return [word for word in _WORDS.split(name.casefold()) if word]


def _mark(name: str, at: int) -> str:
    words = words_of(name)
    return words[at] if at < len(words) else ""


def _without(name: str, at: int) -> tuple[str, ...]:
    words = words_of(name)
    return (*words[:at], *words[at + 1 :])


def _has_own(mark: str, at: int, marks: Mapping[str, str], places: Mapping[str, int]) -> bool:
    """Whether positions bear the word of one scan at its place, or anywhere that of no other."""
    others = set(marks) - {mark}
    return any(
        _mark(name, at) == mark or (mark in words_of(name) and not others & {*words_of(name)}) for name in places
    )
