"""Calls that overlap: a backend that lets them wait for each other is right, and is not waited for at each line."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from conformance.adapter import Stage
from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.checks.conduct.overlapping import MOST_LINES, Overlapping, lines_of
from conformance.engine.catalogue import declarations
from conformance.engine.trial import attempt
from ptycho_ref.adapter import RefAdapter

CHECK = next(one for one in declarations() if one.clauses == ("CND-028",))


class Waiting(RefAdapter):
    """Makes one call at a time, in a room for all."""

    name = "waiting"

    def __init__(self) -> None:
        self._lock, self._room = threading.Lock(), dict[str, Any]()

    def simulate(self, patches: Any, probe: Any) -> Any:
        with self._lock:
            self._room["frames"] = super().simulate(patches, probe)
            return self._room["frames"].copy()


def test_calls_may_wait_for_each_other(tmp_path: Path) -> None:
    stages = frozenset({Stage.PHYSICS, Stage.CONDUCT})
    (found,) = attempt(CHECK, Subject(Selected("waiting", Waiting(), stages), tmp_path))
    assert str(found.outcome) == "PASS", found.reason


def test_a_call_is_held_at_lines_far_apart() -> None:
    def long() -> int:
        return sum(int(str(one)) for one in range(3))

    _, lines = lines_of(long)
    other = list[int]()
    both = Overlapping(lambda: other.append(len(other)), lines)
    assert both.result(long) == 3
    assert len(other) == len(both.results) == min(len(lines), MOST_LINES)
    assert both.waiting is None
