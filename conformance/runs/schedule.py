"""What is next when a run has only so much time: every clause before second checks, cheap and grave ones first."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

from conformance.contract.clauses import Level, contract
from conformance.contract.stages import ALWAYS_CLAIMED, Stage
from conformance.engine.agreement import Agreement
from conformance.engine.applicability import not_applicable
from conformance.engine.declaration import Declaration
from conformance.engine.events import CheckDecided, StageCompared, Step
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Pairing, Plan
from conformance.runs.settings import TimeLimit

CALLS = Path(__file__).with_name("calls.json")
"""Calls of an adapter that each check makes, as ``python -m benchmarks.calls`` has counted them.

Two numbers: after other checks, and of an adapter that nobody knows yet, at which the check takes a first look.
"""

_UNCOUNTED = (10, 30)
_SECONDS_OF_A_CALL = 0.01
_LEVELS = {Level.MUST: 2.0, Level.SHOULD: 1.0}

Key = tuple[str, str]
"""Label of an adapter, and name of a case."""


@cache
def counted_calls() -> Mapping[str, Sequence[int]]:
    """Calls that each check makes, by its name."""
    found: dict[str, list[int]] = json.loads(CALLS.read_text(encoding="utf-8"))
    return found


def gravity(declaration: Declaration) -> float:
    """How much it matters what a check decides: numbers before conduct, MUST before SHOULD."""
    conduct = set(declaration.stages) <= ALWAYS_CLAIMED
    return sum(_LEVELS.get(contract()[one].level, 1.0) for one in declaration.clauses) * (1.0 if conduct else 2.0)


def idle_cases(cases: Iterable[Case]) -> dict[Key, str]:
    """Cases that do not apply, which need no call to be decided, with the reason."""
    found = {}
    for case in cases:
        try:
            reason = not_applicable(case.declaration, case.selected, case.specimen)
        except TypeError:
            continue
        if reason:
            found[case.selected.label, case.name] = reason
    return found


@dataclass(frozen=True, eq=False)
class _Waiting:
    case: Case
    clauses: tuple[str, ...]
    calls: int
    calls_alone: int
    gravity: float
    stage: Stage


@dataclass
class Pace:
    """Seconds of a call of each adapter, learnt from the checks that it went through.

    The median is taken: what pays for a first look at a backend tells little of the rest.
    """

    _measured: dict[tuple[str, Stage | None], list[float]] = field(default_factory=dict)
    _median: dict[tuple[str, Stage | None], float] = field(default_factory=dict)

    def learn(self, label: str, stage: Stage, seconds: float) -> None:
        """Take in what a call has taken.

        Parameters
        ----------
        label : str
            Of the adapter.
        stage : Stage
            Of the check that called.
        seconds : float
        """
        for key in ((label, stage), (label, None)):
            self._measured.setdefault(key, []).append(seconds)
            self._median[key] = median(self._measured[key])

    def knows(self, label: str) -> bool:
        """Whether there was any of an adapter."""
        return (label, None) in self._median

    def of(self, label: str, stage: Stage) -> float:
        """Seconds of a call in a stage; where there was none yet, in all stages."""
        return self._median.get((label, stage), self._median.get((label, None), _SECONDS_OF_A_CALL))


class Schedule:
    """Hands out what is to be decided, one by one, until the time is up.

    Parameters
    ----------
    plan : Plan
    limit : TimeLimit
    idle : Mapping of (adapter, case) to str
        Cases that do not apply, with the reason: they are decided without a call.
    clock : callable
        Seconds, on the clock of the limit.
    calls : Mapping of str to two int, optional
        Calls that each check makes, as in :data:`CALLS`.
    """

    def __init__(
        self,
        plan: Plan,
        limit: TimeLimit,
        idle: Mapping[Key, str],
        clock: Callable[[], float] = time.monotonic,
        calls: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self._limit, self._idle, self._clock = limit, idle, clock
        self._calls = counted_calls() if calls is None else calls
        self._waiting: dict[str, list[_Waiting]] = {label: [] for label in plan.labels}
        self._pairings = list(plan.pairings)
        self._begun: dict[Key, tuple[_Waiting, float]] = {}
        self._compared: dict[tuple[str, ...], Pairing] = {}
        self._decided: Counter[Key] = Counter()
        self._spent: dict[str, float] = dict.fromkeys(plan.labels, 0.0)
        self._pace = Pace()
        self._done, self._total = 0, len(plan.cases) + len(plan.pairings)
        kept = set(plan.clauses)
        self._unasked = [one for one in plan.cases if (one.selected.label, one.name) in idle]
        for case in plan.cases:
            if (case.selected.label, case.name) not in idle:
                self._waiting[case.selected.label].append(self._waits(case, kept))

    def _waits(self, case: Case, kept: set[str]) -> _Waiting:
        declaration = case.declaration
        clauses = tuple(one for one in declaration.clauses if one in kept)
        after, alone = self._calls.get(declaration.name, _UNCOUNTED)
        stage = Stage(contract()[declaration.clauses[0]].stage)
        return _Waiting(case, clauses, max(1, after), max(1, alone), gravity(declaration), stage)

    def over(self) -> bool:
        """Whether the time is up."""
        return self._left() <= 0

    def _left(self) -> float:
        return self._limit.at - self._clock()

    def unasked(self) -> Iterator[Step]:
        """Yield what is decided without a call."""
        for case in self._unasked:
            label, name = case.selected.label, case.name
            self._done += 1
            yield _decided(case, Outcome.NOT_APPLICABLE, self._idle[label, name])

    def tasks(self) -> Iterator[Case | Pairing]:
        """Yield the next task whenever one is asked for."""
        while not self.over() and any(self._waiting.values()):
            label = min((one for one, held in self._waiting.items() if held), key=lambda one: self._spent[one])
            chosen = min(self._waiting[label], key=self._rank)
            self._waiting[label].remove(chosen)
            foreseen = self._seconds(chosen)
            self._begun[label, chosen.case.name] = chosen, foreseen
            # What runs counts as spent, so that adapters take turns.
            self._spent[label] += foreseen
            yield chosen.case
        while not self.over() and self._pairings:
            pairing = self._pairings.pop(0)
            self._compared[_parts(pairing)] = pairing
            yield pairing

    def _rank(self, one: _Waiting) -> tuple[bool, int, float]:
        """What fits before what does not; then clauses with the fewest verdicts; then cheap and grave."""
        label = one.case.selected.label
        if not self._pace.knows(label):
            return False, 0, one.calls_alone
        turn = min((self._decided[label, clause] for clause in one.clauses), default=0)
        # What asks the backend for little else gives the first verdicts; later all that is asked for is known.
        seconds = (one.calls if turn else one.calls_alone) * self._pace.of(label, one.stage)
        return seconds > self._left(), turn, seconds / one.gravity

    def _seconds(self, one: _Waiting) -> float:
        return one.calls * self._pace.of(one.case.selected.label, one.stage)

    def took(self, step: Step) -> None:
        """Learn from what was decided; what was not handed out is passed over."""
        if isinstance(step, StageCompared):
            found = self._compared.pop((step.agreement.first, step.agreement.second, str(step.agreement.stage)), None)
            self._done += found is not None
        elif (step.adapter, step.check) in self._begun:
            self._done += 1
            self._learn(step)

    def _learn(self, step: CheckDecided) -> None:
        begun, foreseen = self._begun.pop((step.adapter, step.check))
        verdicts = [one for one in step.decisions if one.outcome is not Outcome.NOT_APPLICABLE]
        seconds = max((one.seconds for one in step.decisions), default=0.0)
        self._spent[step.adapter] += seconds - foreseen
        self._decided.update((step.adapter, one.clause) for one in verdicts)
        if verdicts and seconds:
            self._pace.learn(step.adapter, begun.stage, seconds / begun.calls)

    def left_out(self) -> Iterator[Step]:
        """Yield what the time did not suffice for, as not run."""
        said = self._limit.sentence()
        for one, _ in self._begun.values():
            yield _decided(one.case, Outcome.NOT_RUN, f"{said} while the check ran")
        for held in self._waiting.values():
            for one in held:
                yield _decided(one.case, Outcome.NOT_RUN, said)
        for pairing in (*self._compared.values(), *self._pairings):
            first, second = pairing.first.label, pairing.second.label
            yield StageCompared(Agreement(first, second, pairing.stage, left_out=said))

    def cut(self) -> str:
        """Say what was left out; empty where nothing was."""
        missed = self._total - self._done
        return f"{self._limit.sentence()}: {missed} of {self._total} checks were not run" if missed else ""


def _parts(pairing: Pairing) -> tuple[str, ...]:
    return pairing.first.label, pairing.second.label, str(pairing.stage)


def _decided(case: Case, outcome: Outcome, reason: str) -> CheckDecided:
    label, name = case.selected.label, case.name
    decisions = (Decision(clause, label, name, outcome, reason=reason) for clause in case.declaration.clauses)
    return CheckDecided(name, label, tuple(decisions))
