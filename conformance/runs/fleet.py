"""Commands over many files: each file by itself, in watched processes of this machine or on a cluster, and resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.backends.guard import alive
from conformance.files.pace import heard_by
from conformance.runs.cluster import answers_of_cluster
from conformance.runs.fleet_ledger import FleetLedger, stamps_of
from conformance.runs.fleet_task import Answering, Arguments, Done, FleetTask
from conformance.runs.limits import Limits
from conformance.runs.workers import Answer, Died, Piece, Workers

_READING = "reading the file"
_MEMORY_LEAST = 1 << 30
_answering: Answering


@dataclass(frozen=True)
class Fleet:
    """How many files are shared out.

    Attributes
    ----------
    jobs : int
        Processes of this machine; 0 means this very process.
    scheduler : str
        Address of a Dask scheduler whose workers do it instead; empty for none.
    resume : Path or None
        File that keeps what is done: where that and the files are unchanged, it is not done again.
    """

    jobs: int
    scheduler: str = ""
    resume: Path | None = None


def usual_jobs(files: int) -> int:
    """How many processes suit a number of files: none for one, else as many as this process may use processors."""
    if files < 2:
        return 0
    return min(files, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def done_by(
    fleet: Fleet, tasks: Sequence[FleetTask], answering: Answering, listen: Callable[[Done], None]
) -> Iterator[Done]:
    """Do all tasks and yield what came of them, in their order, each as soon as those before it are done.

    Parameters
    ----------
    fleet : Fleet
    tasks : sequence of FleetTask
    answering : callable
        A function of a module; takes the arguments of a command, and returns what came of it in plain JSON types.
    listen : callable
        Told of everything that is done, at once and in no order.

    Raises
    ------
    LedgerError, OSError
        What was done before cannot be read, or what is done cannot be kept.
    ClusterNotReached
        No scheduler answers, or the package for it is missing.
    """
    ledger = FleetLedger(fleet.resume)
    known = {task: held for task in tasks if (held := ledger.known(task)) is not None}
    ready: dict[FleetTask, Done] = {}
    for held in known.values():
        ready[held.task] = held
        listen(held)
    coming = _fresh(fleet, [task for task in tasks if task not in known], answering, ledger)
    for task in tasks:
        while task not in ready:
            done = next(coming)
            ready[done.task] = done
            listen(done)
        yield ready.pop(task)


def _fresh(fleet: Fleet, tasks: Sequence[FleetTask], answering: Answering, ledger: FleetLedger) -> Iterator[Done]:
    # A file that changes while it is read is one that was not read.
    by_arguments = {task.arguments: (task, stamps_of(task.inputs)) for task in tasks}
    for came in _answers(fleet, list(by_arguments), answering):
        task, stamps = by_arguments[came.task]
        done = _done(task, came)
        # What could not be read may be readable the next time.
        if done.document is not None and not done.document.get("unread") and stamps == stamps_of(task.inputs):
            ledger.add(done)
        yield done


def _answers(
    fleet: Fleet, tasks: Sequence[Arguments], answering: Answering
) -> Iterator[Answer[Arguments] | Died[Arguments]]:
    if not tasks:
        return
    if fleet.scheduler:
        yield from answers_of_cluster(fleet.scheduler, tasks, begin, answered, answering)
    elif fleet.jobs:
        limits = Limits()
        share = max(_MEMORY_LEAST, limits.memory // fleet.jobs) if limits.memory else 0
        with Workers(begin, answered, fleet.jobs, replace(limits, memory=share)) as workers:
            yield from workers.answers([Piece((task,), (answering,)) for task in tasks])
    else:
        yield from (Answer(task, answering(task)) for task in tasks)


def _done(task: FleetTask, came: Answer[Arguments] | Died[Arguments]) -> Done:
    if isinstance(came, Died):
        return Done(task, 2, None, came.what)
    return Done(task, came.value["exit_code"], came.value["document"], came.value["said"])


def begin(answering: Answering) -> None:
    """Make this process one that answers tasks of a fleet."""
    global _answering
    _answering = answering


def answered(arguments: Arguments) -> Any:
    """Answer one task, with a sign of life for every block that is read."""
    alive(_READING)
    with heard_by(lambda name, done, total: alive(_READING)):
        return _answering(arguments)
