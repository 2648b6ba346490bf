"""How far the work on files is, on a terminal; in pipes there is nothing."""

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

from conformance.files.pace import heard_by
from conformance.runs.fleet_task import Done


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
        self._done: dict[str, int] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show how many slices of an array were read."""
        if name not in self._tasks and done < total:
            self._tasks[name] = self._progress.add_task(f"reading {name}", total=total)
        if name not in self._tasks:
            return
        if done < self._done.get(name, 0):
            # It is read once more: time begins anew.
            self._progress.reset(self._tasks[name], total=total)
        self._done[name] = done
        self._progress.update(self._tasks[name], completed=done, visible=done < total)


@contextmanager
def reading() -> Iterator[None]:
    """Show on the terminal how far the files are read that are read meanwhile."""
    with progress() as shown, heard_by(ReadingProgress(shown)):
        yield


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
