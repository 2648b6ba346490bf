"""Reports that are there while a run goes on, so that one which is killed has left what it had."""

from __future__ import annotations

import time
from collections.abc import Callable

from conformance.engine.events import Event
from conformance.runs.judgement import Gathering, Judgement

_EVERY = 2.0


class PartialReports:
    """Listens to a run, and writes its reports anew every two seconds; each says that the run has not ended.

    Parameters
    ----------
    write : callable
        Writes the reports of a judgement.
    """

    def __init__(self, write: Callable[[Judgement], None]) -> None:
        self._write = write
        self._due = 0.0

    def __call__(self, event: Event, gathering: Gathering) -> None:
        """Take an event."""
        now = time.monotonic()
        if now >= self._due:
            self._write(gathering.judgement())
            self._due = time.monotonic() + _EVERY
