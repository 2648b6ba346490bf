"""A judgement as a stream of events: everything that shows, counts or keeps a run takes them as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from conformance.engine.agreement import Agreement
from conformance.engine.outcome import Cell, Decision, Denominator, cells, denominator
from conformance.engine.plan import Plan


@dataclass(frozen=True)
class RunStarted:
    """A judgement begins.

    Attributes
    ----------
    adapters : tuple of str
    cases, clauses : int
        Checks to run, and clauses they decide for each adapter.
    """

    adapters: tuple[str, ...]
    cases: int
    clauses: int


@dataclass(frozen=True)
class CheckDecided:
    """One check has decided its clauses.

    Attributes
    ----------
    check, adapter : str
        The check with its specimen, and whom it judged.
    decisions : tuple of Decision
        One a clause, with outcome, comparisons, reason and capsule.
    stale : tuple of str
        What is out of date in the list of expected failures, as far as this check shows it.
    """

    check: str
    adapter: str
    decisions: tuple[Decision, ...]
    stale: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClauseDecided:
    """The last check of a clause has decided it for an adapter."""

    cell: Cell


@dataclass(frozen=True)
class StageCompared:
    """Two backends were compared in a stage."""

    agreement: Agreement


@dataclass(frozen=True)
class BackendEnded:
    """All is known about one adapter."""

    denominator: Denominator


@dataclass(frozen=True)
class RunEnded:
    """A judgement is over.

    Attributes
    ----------
    cut : str
        Why it ended before all was decided; empty when it did not.
    """

    cut: str = ""


Step: TypeAlias = CheckDecided | StageCompared
Event: TypeAlias = RunStarted | Step | ClauseDecided | BackendEnded | RunEnded

INTERRUPTED = "interrupted"


def stream(plan: Plan, steps: Iterable[Step], left_out: Callable[[], str] = str) -> Iterator[Event]:
    """Turn the steps of a judgement into the whole stream; it ends properly even when the user interrupts it.

    Parameters
    ----------
    plan : Plan
    steps : iterable of CheckDecided or StageCompared
        Taken one by one, in any order.
    left_out : callable
        Says at the end what was not decided, and why; empty where nothing is left.
    """
    yield RunStarted(plan.labels, len(plan.cases), len(plan.clauses))
    tally = Tally(plan)
    cut = ""
    try:
        for step in steps:
            yield step
            if isinstance(step, CheckDecided):
                yield from tally.taken(step)
    except KeyboardInterrupt:
        cut = INTERRUPTED
    yield from tally.rest()
    yield RunEnded(cut or left_out())


class Tally:
    """Knows of every clause and adapter which checks are still to come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        kept = set(plan.clauses)
        pairs = ((clause, case.selected.label) for case in plan.cases for clause in case.declaration.clauses)
        self._open = Counter(pair for pair in pairs if pair[0] in kept)
        self._left = Counter(case.selected.label for case in plan.cases)
        self._decisions: dict[tuple[str, str], list[Decision]] = {}
        self._ended: set[str] = set()

    def taken(self, step: CheckDecided) -> Iterator[ClauseDecided | BackendEnded]:
        """Take a step, and yield what it completes."""
        for decision in step.decisions:
            pair = (decision.clause, decision.adapter)
            if pair not in self._open:
                continue
            self._decisions.setdefault(pair, []).append(decision)
            self._open[pair] -= 1
            if not self._open[pair]:
                yield ClauseDecided(self._cells([pair[0]], pair[1])[0])
        self._left[step.adapter] -= 1
        if not self._left[step.adapter]:
            yield self._end(step.adapter)

    def rest(self) -> Iterator[BackendEnded]:
        """Yield the ends of adapters of which not everything was decided."""
        yield from (self._end(label) for label in self._plan.labels if label not in self._ended)

    def _end(self, label: str) -> BackendEnded:
        self._ended.add(label)
        table = self._cells(self._plan.clauses, label)
        return BackendEnded(denominator(label, table, self._plan.untestable))

    def _cells(self, clauses: Iterable[str], label: str) -> list[Cell]:
        wanted = list(clauses)
        held = (one for clause in wanted for one in self._decisions.get((clause, label), ()))
        return cells(held, wanted, [label])
