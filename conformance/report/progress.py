"""How far the work on files is, on a terminal; in pipes there is nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from conformance.files.pace import heard_by
from conformance.runs.fleet_task import Done, FleetTask


class FleetProgress:
    """Listens to a fleet of files, and shows how much of them is done, how many are not fine, and the time left.

    Parameters
    ----------
    progress : rich.progress.Progress
    tasks : sequence of FleetTask
        What is done with each file; the bar grows by its bytes, since a large file takes as long as many small ones.
    bad : callable
        Whether what came of a file is to be counted.
    """

    def __init__(self, progress: Progress, tasks: Sequence[FleetTask], bad: Callable[[Done], bool]) -> None:
        self._progress, self._is_bad, self._bad, self._done = progress, bad, 0, 0
        self._what, self._files = tasks[0].command, len(tasks)
        self._weights = {task.arguments: _weight(task) for task in tasks}
        self._task = progress.add_task(self._what, total=sum(self._weights.values()), said=self._said)

    @property
    def _said(self) -> str:
        return f"{self._done}/{self._files}"

    def __call__(self, done: Done) -> None:
        """Show that one more is done."""
        self._bad += self._is_bad(done)
        self._done += 1
        what = self._what + (f" · {self._bad} not fine" if self._bad else "")
        weight = self._weights[done.task.arguments]
        self._progress.update(self._task, advance=weight, description=what, said=self._said)


def _weight(task: FleetTask) -> int:
    """Bytes of the files of a task; at least one for each, as of one that is not on this machine."""
    total = 0
    for path in task.inputs:
        total += 1
        with suppress(OSError):
            total += Path(path).stat().st_size
    return total


class _Count(MofNCompleteColumn):
    """How many of how many: what the task says of itself, or its steps."""

    def render(self, task: Task) -> Text:
        said = task.fields.get("said")
        return Text(said, style="progress.download") if said else super().render(task)


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
        _Count(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace") as terminal:
        console = Console(file=terminal, force_terminal=True)
        with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as shown:
            yield shown
