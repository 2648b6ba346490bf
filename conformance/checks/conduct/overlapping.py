"""Calls that overlap in time, without chance: one is held at each of its lines while another runs as a whole."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

MOST_LINES = 16
"""How often a call is held, at lines far apart where it has more."""
PATIENCE = 0.3
"""Seconds that a call is held for another; one that does not end meanwhile waits for the first."""
_NOT_THEIRS = frozenset(
    {"conformance", "numpy", "scipy", "torch", "tensorflow", "keras", "hypothesis", "pytest", "_pytest"}
)

Line = tuple[str, int]


def lines_of(call: Callable[[], Any]) -> tuple[Any, list[Line]]:
    """Make a call; return its result, and each line of a backend's Python that it came by, in that order."""
    seen: dict[Line, None] = {}
    result = _followed(call, lambda line: seen.setdefault(line))
    return result, list(seen)


class Overlapping:
    """A call that is held at some of its lines, at each of which another one is made in a thread of its own.

    Parameters
    ----------
    other : callable
        The other call.
    lines : sequence of (str, int)
        Files and numbers of the lines.

    Attributes
    ----------
    results : list
        What the other call gave, each time; an exception where it ended in one.
    waiting : Thread or None
        The other call, where it waits for the first.
    """

    def __init__(self, other: Callable[[], Any], lines: list[Line]) -> None:
        self._other = other
        self._left = set(lines[:: -(-len(lines) // MOST_LINES) or 1])
        self.results: list[Any] = []
        self.waiting: threading.Thread | None = None

    def result(self, call: Callable[[], Any]) -> Any:
        """Make the first call, and the other one within it."""
        return _followed(call, self._held)

    def _held(self, line: Line) -> None:
        if line not in self._left or self.waiting is not None:
            return
        self._left.discard(line)
        # What the suite knows of the call under judgement goes with it.
        asked = contextvars.copy_context().run
        thread = threading.Thread(target=lambda: self.results.append(asked(self._ended)), daemon=True)
        thread.start()
        thread.join(PATIENCE)
        self.waiting = thread if thread.is_alive() else None

    def _ended(self) -> Any:
        try:
            return self._other()
        except Exception as error:  # noqa: BLE001 - for the check to say
            return error


def _followed(call: Callable[[], Any], at: Callable[[Line], Any]) -> Any:
    """Make a call, and say every line of a backend that it comes to, before that line runs."""

    def along(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            at((frame.f_code.co_filename, frame.f_lineno))
        return along

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        return None if package in _NOT_THEIRS or package in sys.stdlib_module_names else along

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        return call()
    finally:
        sys.settrace(before)
