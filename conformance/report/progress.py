"""How far a run is, on a terminal; in pipes there is nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from conformance.engine.events import BackendEnded, CheckDecided, Event, StageCompared
from conformance.engine.outcome import Outcome
from conformance.runs.fleet_task import Done
from conformance.runs.judgement import Gathering

_BAD = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)


class RunProgress:
    """Listens to a run, and shows checks done, clauses that fail, and the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("checks", total=None)
        self._failing: set[str] = set()

    def __call__(self, event: Event, gathering: Gathering) -> None:
        """Take an event."""
        total = len(gathering.plan.cases) + len(gathering.plan.pairings)
        if isinstance(event, CheckDecided | StageCompared):
            self._progress.update(self._task, total=total, advance=1)
        if isinstance(event, CheckDecided):
            self._failing |= {one.clause for one in event.decisions if one.outcome in _BAD}
            said = f"checks · {event.adapter}" + (f" · {len(self._failing)} clauses fail" if self._failing else "")
            self._progress.update(self._task, description=said)
        elif isinstance(event, BackendEnded):
            self._progress.refresh()


class SeedProgress:
    """Listens to a series of seeds."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("seeds", total=None)

    def __call__(self, done: int, total: int) -> None:
        """Show that so many are done."""
        self._progress.update(self._task, completed=done, total=total)


class FleetProgress:
    """Listens to a fleet of files, and shows how many are done, how many of them are bad, and the time left.

    Parameters
    ----------
    progress : rich.progress.Progress
    what : str
        What is done with each file.
    total : int
        Number of files.
    bad : callable
        Whether what came of a file is to be counted.
    """

    def __init__(self, progress: Progress, what: str, total: int, bad: Callable[[Done], bool]) -> None:
        self._progress, self._what, self._is_bad, self._bad = progress, what, bad, 0
        self._task = progress.add_task(what, total=total)

    def __call__(self, done: Done) -> None:
        """Show that one more is done."""
        self._bad += self._is_bad(done)
        said = self._what + (f" · {self._bad} not fine" if self._bad else "")
        self._progress.update(self._task, advance=1, description=said)


class ReadingProgress:
    """Listens to the reading of one file, and shows how far it is in its large arrays."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show how many slices of an array were read."""
        if name not in self._tasks and done < total:
            self._tasks[name] = self._progress.add_task(f"reading {name}", total=total)
        if name in self._tasks:
            self._progress.update(self._tasks[name], completed=done)


@contextmanager
def progress() -> Iterator[Progress]:
    """Show progress on the terminal behind standard error, whatever is printed elsewhere meanwhile."""
    if not sys.stderr.isatty():
        yield Progress(disable=True)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace") as terminal:
        console = Console(file=terminal, force_terminal=True)
        with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as shown:
            yield shown
