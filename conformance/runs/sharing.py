"""A judgement in processes of its own: each holds the adapters that it judges, and answers check by check."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from conformance.backends import discovery
from conformance.backends.conventions import Convention
from conformance.backends.discovery import Selected, installed_adapters, told_apart
from conformance.backends.pulse import MAKING
from conformance.backends.subject import offered, stated_convention
from conformance.contract.stages import Stage
from conformance.engine.agreement import Agreement
from conformance.engine.events import CheckDecided, StageCompared, Step
from conformance.engine.grounds import Grounds, Kind
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Pairing, Plan
from conformance.runs.judge import Judge
from conformance.runs.schedule import Schedule, idle_cases
from conformance.runs.settings import RunSettings
from conformance.runs.workers import Answer, Died, Piece, Workers

WRONG = (discovery.AdapterNotFound, discovery.DeviceNotPresent, discovery.MalformedAdapter)
Task = tuple[str, ...]
"""Nothing: who is there; two names: an adapter and a check; three: two adapters and a stage."""

_settings: RunSettings
_folder: Path
_judge: Judge | None
_cases: dict[Task, Case | Pairing]


def tasks_of(plan: Plan) -> tuple[Case | Pairing, ...]:
    """Everything to be decided, in order."""
    return (*plan.cases, *plan.pairings)


def name_of(task: Case | Pairing) -> Task:
    """Return what a task is called between processes, each of which makes its own plan."""
    if isinstance(task, Case):
        return task.selected.label, task.name
    return task.first.label, task.second.label, str(task.stage)


@dataclass(frozen=True)
class Presented:
    """The adapters of a run as their own processes present them; no instance is here.

    Attributes
    ----------
    chosen : tuple of Selected
    broken : dict of str to str
        Adapters whose process ended before they were made, and how.
    idle : dict of (str, str) to str
        Adapters and cases that do not apply to them, with the reason; told where the time is limited.
    """

    chosen: tuple[Selected, ...]
    broken: dict[str, str]
    idle: dict[tuple[str, str], str]


class JudgingWorkers:
    """Workers that judge.

    Parameters
    ----------
    workers : Workers
        Begun with :func:`begin`, answering with :func:`answer`.
    settings : RunSettings
    folder : Path
        Folder in which each worker makes one of its own.
    """

    def __init__(self, workers: Workers[Task], settings: RunSettings, folder: Path) -> None:
        self._workers, self._settings, self._folder = workers, settings, folder

    def presented(self) -> Presented:
        """Let every adapter be made where it will be judged.

        Raises
        ------
        AdapterNotFound, DeviceNotPresent, MalformedAdapter
            As :func:`conformance.backends.discovery.select`.
        """
        names = tuple(dict.fromkeys(self._settings.adapters or installed_adapters()))
        if not names:
            discovery.select(())
        found: dict[str, list[Selected]] = {}
        broken: dict[str, str] = {}
        idle: dict[tuple[str, str], str] = {}
        for came in self._workers.answers([Piece(((name,),), self._begun_with(name)) for name in names]):
            (name,) = came.task
            if isinstance(came, Died):
                found[name] = [Selected(name, None, frozenset(Stage), asked=name)]
                broken[name] = came.what if came.what.startswith(MAKING) else f"{MAKING}: {came.what}"
            else:
                found[name] = _chosen(came.value)
                idle |= {(label, case): reason for label, case, reason in came.value["idle"]}
        # Of one that was not made when the time was up nothing is known but what it was asked for.
        unknown = {name: [Selected(name, None, frozenset(Stage), asked=name)] for name in names}
        return Presented(told_apart(one for name in names for one in (unknown | found)[name]), broken, idle)

    def steps(self, plan: Plan, presented: Presented, schedule: Schedule | None = None) -> Iterator[Step]:
        """Yield the steps of a plan as workers decide them.

        Parameters
        ----------
        plan : Plan
        presented : Presented
        schedule : Schedule, optional
            Of the plan, where the time is limited.
        """
        broken = presented.broken
        tasks = {name_of(task): task for task in tasks_of(plan)}
        whole = []
        for task in tasks.values():
            lost = [broken[one] for one in _adapters(task) if one in broken]
            if lost:
                yield died(task, lost[0])
            else:
                whole.append(task)
        asked = self._pieces(whole) if schedule is None else map(self._alone, schedule.tasks())
        for came in self._workers.answers(asked):
            yield died(tasks[came.task], came.what, came.said) if isinstance(came, Died) else _step(came)

    def _alone(self, task: Case | Pairing) -> Piece[Task]:
        return self._pieces([task])[0]

    def _pieces(self, tasks: Sequence[Case | Pairing]) -> list[Piece[Task]]:
        """Pieces of a plan: what one module of checks asks of one adapter shares groups and scans."""

        def kind(task: Case | Pairing) -> tuple[str, ...]:
            if isinstance(task, Case):
                return task.selected.asked, task.selected.label, task.declaration.body.__module__
            return task.first.asked, task.second.asked, str(task.stage)

        def asked(task: Case | Pairing) -> tuple[str, ...]:
            return (task.selected.asked,) if isinstance(task, Case) else (task.first.asked, task.second.asked)

        groups = [tuple(held) for _, held in groupby(tasks, key=kind)]
        return [Piece(tuple(map(name_of, held)), self._begun_with(*asked(held[0]))) for held in groups]

    def _begun_with(self, *names: str) -> tuple[Any, ...]:
        return replace(self._settings, adapters=tuple(dict.fromkeys(names))), self._folder


def _adapters(task: Case | Pairing) -> tuple[str, ...]:
    return (task.selected.label,) if isinstance(task, Case) else (task.first.label, task.second.label)


def _chosen(found: dict[str, Any]) -> list[Selected]:
    """Return what a worker tells of its adapters.

    Raises
    ------
    AdapterNotFound, DeviceNotPresent, MalformedAdapter
        What it met.
    """
    if "wrong" in found:
        raise next(one for one in WRONG if one.__name__ == found["wrong"])(found["said"])
    return [
        Selected(
            one["label"],
            None,
            frozenset(map(Stage, one["stages"])),
            missing=one["missing"],
            framework=one["framework"],
            asked=one["asked"],
            release=one["release"],
            convention=Convention(**one["convention"]),
            methods=frozenset(one["methods"]),
        )
        for one in found["adapters"]
    ]


def _step(came: Answer[Task]) -> Step:
    held = came.value
    if "agreement" in held:
        return StageCompared(msgspec.convert(held["agreement"], Agreement))
    decisions = msgspec.convert(held["decisions"], tuple[Decision, ...])
    return CheckDecided(held["check"], held["adapter"], decisions, tuple(held["stale"]))


def died(task: Case | Pairing, what: str, said: str = "") -> Step:
    """Return what is decided of a task whose process ended without an answer.

    Parameters
    ----------
    task : Case or Pairing
    what : str
        How it ended.
    said : str
        The end of what it printed.
    """
    if isinstance(task, Pairing):
        return StageCompared(Agreement(task.first.label, task.second.label, task.stage, left_out=what))
    label, name = task.selected.label, task.name
    decisions = (
        Decision(
            clause,
            label,
            name,
            Outcome.ERROR,
            reason=f"the adapter broke: {what}",
            traceback=said,
            grounds=Grounds(Kind.BROKE, error=what, statement=what),
        )
        for clause in task.declaration.clauses
    )
    return CheckDecided(name, label, tuple(decisions))


def begin(settings: RunSettings, folder: Path) -> None:
    """Make a worker ready; the adapters are made when they are first asked about."""
    global _settings, _folder, _judge
    _settings, _folder, _judge = settings, Path(tempfile.mkdtemp(dir=folder)), None


def answer(task: Task) -> dict[str, Any]:
    """Answer a task in plain JSON types."""
    if len(task) == 1:
        return _told()
    judge = _ready()
    if task not in _cases:
        # What other adapters state brings in a clause that this one would be judged by in no stage of the run.
        judge.settings = replace(_settings, stages=())
        del judge.plan
        _cases.update((name_of(one), one) for one in tasks_of(judge.plan))
    step = judge.decide(_cases[task])
    if isinstance(step, StageCompared):
        return {"agreement": msgspec.to_builtins(step.agreement)}
    decisions = msgspec.to_builtins(step.decisions)
    return {"check": step.check, "adapter": step.adapter, "decisions": decisions, "stale": list(step.stale)}


def _ready() -> Judge:
    global _judge, _cases
    if _judge is None:
        _judge = Judge(_settings, _folder)
        _cases = {name_of(task): task for task in tasks_of(_judge.plan)}
    return _judge


def _told() -> dict[str, Any]:
    try:
        chosen = _ready().chosen
    except WRONG as error:
        return {"wrong": type(error).__name__, "said": str(error)}
    return {
        "idle": [(*key, reason) for key, reason in idle_cases(_ready().plan.cases).items()] if _settings.time else [],
        "adapters": [
            {
                "label": one.label,
                "stages": sorted(one.stages),
                "missing": one.missing,
                "framework": one.framework,
                "asked": one.asked,
                "release": one.release,
                "convention": asdict(stated_convention(one)),
                "methods": sorted(offered(one)),
            }
            for one in chosen
        ],
    }
