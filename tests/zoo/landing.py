"""Shows that a fault landed: the wrong code ran, and something came out that the right backend does not give.

What comes out of a call is its result or its error, what it changed in its arguments, what it printed and warned of,
the files it wrote, and the state in which it left the global random generators.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.backends import ALL_METHODS
from tests.zoo.effects import GIVES_SCANS, difference_of, effects_of, scans_in
from tests.zoo.liar import LANDED_VARIABLE, Liar
from tests.zoo.observation import Observation, observed, passed_on, watching
from tests.zoo.sandbox import Sandbox

WRITES = frozenset({"group", "save"})
"""Methods that may write files; all others must leave the folders they work in as they are."""
_TURNS = 32
"""Of the right backend at most, where it draws afresh: two rows have two draws, which are alike now and then."""


class Recorder:
    """Stands between the suite and a liar, and compares its overridden methods with the right ones until they differ.

    Parameters
    ----------
    liar : Liar
    right : Adapter
        A right backend of its own.
    scratch : Path
        Folder for copies of the files that a call works on.

    Attributes
    ----------
    landed : str
        What the fault changed first, such as ``group: coords_nn``; empty until then.
    seconds : float
        Time spent on comparing, which is none of the suite's.
    """

    def __init__(self, liar: Liar, right: Any, scratch: Path) -> None:
        self.liar, self.right, self.scratch = liar, right, scratch
        self.landed, self.seconds = "", 0.0
        self.overridden = overridden(type(liar))
        self._twins: dict[int, tuple[Any, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.liar, name)
        if name not in ALL_METHODS:
            return held
        return lambda *arguments, **named: self._call(name, arguments, named)

    def _call(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        # A scan that the liar made may show its fault in a method that does not lie.
        concerned = name in self.overridden or any(id(given) in self._twins for given in arguments)
        if self.landed or not concerned:
            return getattr(self.liar, name)(*arguments, **named)
        with self._unpaid():
            turns = (2 if name in WRITES else _TURNS) if _draws_afresh(arguments) else 1
            place = Sandbox(self.scratch / f"{time.monotonic_ns()}", turns, copying=name in WRITES)
            pristine = self._copied(place, (arguments, named))
        seen = observed(self.liar, name, arguments, named)
        if name == "batches" and seen.error is None:
            return self._stream(seen, (arguments, named), pristine, place)
        self._compare(name, seen, (arguments, named), pristine, place)
        return passed_on(seen)

    def _stream(self, seen: Observation, given: Any, pristine: Any, place: Sandbox) -> Iterator[Any]:
        """Hand batches on one by one, as they are asked for, and compare when there are no more."""
        batches, seen.result = iter(seen.result), []
        while True:
            batch = None
            with watching(seen):
                batch = next(batches, None)
            if batch is None:
                break
            seen.result.append(batch)
            yield batch
        self._compare("batches", seen, given, pristine, place)
        passed_on(seen)

    def _compare(self, name: str, seen: Observation, given: Any, pristine: Any, place: Sandbox) -> None:
        with self._unpaid():
            self.landed = self.landed or self._difference(name, seen, given, pristine, place)
            place.close()

    @contextlib.contextmanager
    def _unpaid(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started

    def _difference(self, name: str, seen: Observation, given: Any, pristine: Any, place: Sandbox) -> str:
        if self.liar.told or Path(os.environ.get(LANDED_VARIABLE, os.devnull)).is_file():
            return f"{name}: told by the liar"
        if place.touched():
            return f"{name}: file {place.touched()[0]}"
        effects = effects_of(self.liar, name, seen, given, place.watched if place.copying else [])
        found = ""
        # Where the right backend draws afresh it is asked again: what it does not give twice proves nothing.
        for turn in range(place.turns):
            mine = place.sandboxed(pristine, turn)
            right = observed(self.right, name, *mine)
            if name == "batches" and right.error is None:
                with watching(right):
                    right.result = list(right.result)
            # Scans that are drawn afresh are of other points: neither stands for the other.
            if turn == 0 and name in GIVES_SCANS and place.turns == 1:
                self._pair(seen.result, right.result)
            expected = effects_of(self.right, name, right, mine, place.copies(turn), place.renamed(turn))
            difference = difference_of(effects, expected)
            if not difference:
                return ""
            found = found or difference
            if turn == 0:
                first = expected
            elif difference_of(first, expected):
                return ""
        return f"{name}: {found}"

    def _pair(self, seen: Any, right: Any) -> None:
        for mine, other in zip(scans_in(seen), scans_in(right), strict=False):
            self._twins[id(mine)] = (mine, other)

    def _copied(self, place: Sandbox, given: Any) -> Any:
        """Copies of arguments; a scan that the liar made stands for the right backend's scan of the same data."""
        if isinstance(given, np.ndarray):
            return given.copy()
        if isinstance(given, Mapping) and id(given) not in self._twins:
            return {name: self._copied(place, value) for name, value in given.items()}
        if type(given) in (list, tuple):
            return type(given)(self._copied(place, value) for value in given)
        if isinstance(given, Path):
            place.watch(given)
        elif is_dataclass(given) and not isinstance(given, type):
            return replace(given, **{name: self._copied(place, value) for name, value in vars(given).items()})
        return self._twins[id(given)][1] if id(given) in self._twins else given


def _draws_afresh(given: Any) -> bool:
    """Whether a request in the arguments leaves its seed open, or the last argument is an open seed."""
    if is_dataclass(given) and not isinstance(given, type):
        held = vars(given)
        return held.get("seed", 0) is None or _draws_afresh(held.get("group"))
    return isinstance(given, tuple) and bool(given) and (given[-1] is None or any(map(_draws_afresh, given)))


def overridden(liar: type) -> frozenset[str]:
    """Methods of the protocol that a liar's class, or a base below :class:`Liar`, defines."""
    defined = {name for one in liar.__mro__ if one not in (Liar, object) for name in vars(one)}
    return frozenset(defined & set(ALL_METHODS))
