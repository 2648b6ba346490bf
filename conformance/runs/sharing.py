"""A judgement shared out among workers: every piece is the checks of one module on one adapter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from conformance.engine.agreement import Agreement
from conformance.engine.events import CheckDecided, StageCompared, Step
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Pairing, Plan
from conformance.runs.judge import Judge
from conformance.runs.settings import RunSettings
from conformance.runs.workers import Died, shared_out

Piece = tuple[int, ...]
"""Places of tasks in :func:`tasks_of` the plan, which every worker makes for itself."""

_judge: Judge


def tasks_of(plan: Plan) -> tuple[Case | Pairing, ...]:
    """Everything to be decided, in order."""
    return (*plan.cases, *plan.pairings)


def steps_of_workers(plan: Plan, settings: RunSettings, folder: Path, jobs: int) -> Iterator[Step]:
    """Yield the steps of a plan as workers decide them.

    Parameters
    ----------
    plan : Plan
    settings : RunSettings
        Those from which the plan was made.
    folder : Path
        Folder in which each worker makes one of its own.
    jobs : int
        Number of processes.
    """
    tasks = tasks_of(plan)
    pieces = pieces_of(plan)
    while pieces:
        alone: list[Piece] = []
        for answer in shared_out(pieces, _answer, jobs, begin=_begin, arguments=(settings, folder)):
            if not isinstance(answer, Died):
                yield from answer
            elif len(answer.piece) == 1:
                yield died(tasks[answer.piece[0]], answer.what)
            else:
                alone += [(place,) for place in answer.piece]
        pieces = alone


def pieces_of(plan: Plan) -> list[Piece]:
    """Pieces of a plan: what one module of checks asks of one adapter shares groups and scans."""

    def kind(place: int) -> tuple[str, str]:
        task = tasks[place]
        if isinstance(task, Case):
            return task.selected.label, task.declaration.body.__module__
        return f"{task.first.label} {task.second.label}", task.stage

    tasks = tasks_of(plan)
    return [tuple(places) for _, places in groupby(range(len(tasks)), key=kind)]


def died(task: Case | Pairing, what: str) -> Step:
    """Return what is decided of a task whose process ended without an answer."""
    if isinstance(task, Pairing):
        return StageCompared(Agreement(task.first.label, task.second.label, task.stage, left_out=what))
    label, name = task.selected.label, task.name
    decisions = (
        Decision(clause, label, name, Outcome.ERROR, reason=f"the adapter broke: {what}")
        for clause in task.declaration.clauses
    )
    return CheckDecided(name, label, tuple(decisions))


def _begin(settings: RunSettings, folder: Path) -> None:
    global _judge
    _judge = Judge(settings, Path(tempfile.mkdtemp(dir=folder)))


def _answer(piece: Piece) -> list[Step]:
    tasks = tasks_of(_judge.plan)
    return [_judge.decide(tasks[place]) for place in piece]
