"""A run that has only so much time decides what it can, the cheap and grave first, and says what it did not."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.calls import Counting, calls_of
from conformance.backends.discovery import taken
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations, declared
from conformance.engine.events import CheckDecided, Event
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Plan, planned
from conformance.oracles.patches import patches_at
from conformance.runs.judge import Judge
from conformance.runs.judgement import Judgement, judge
from conformance.runs.schedule import Schedule, counted_calls, idle_cases
from conformance.runs.settings import RunSettings, TimeLimit
from conformance.runs.workers import Answer, Piece, Workers
from ptycho_ref.adapter import RefAdapter

SECONDS_OF_A_CALL = 5.0
PLAIN_CHECK, STRANGE_CHECK = "test_a_single_bright_pixel", "test_a_ramp_is_interpolated_to_itself"
CALLED_OFTEN = "conduct/test_each_argument.py::test_number_types_carry_no_meaning"


class Clock:
    """Moves by what is done, and by nothing else."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Slow:
    """Each of its calls takes five seconds of the clock."""

    name = "slow"
    stages = ("patches",)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        CLOCK.now += SECONDS_OF_A_CALL
        return patches_at(obj, centres_xy, N).astype(np.complex64)


@pytest.fixture
def clock() -> Clock:
    CLOCK.now = 0.0
    return CLOCK


def judged(minutes: float, listen: Callable[[Event], None]) -> Judgement:
    settings = RunSettings(
        adapters=(f"{__name__}:Slow",),
        stages=("patches",),
        profile="detect",
        frameworks=False,
        time=TimeLimit(minutes, CLOCK.now + 60 * minutes),
    )
    return judge(settings, listen=[lambda event, _: listen(event)], clock=CLOCK)


def test_a_slow_backend_is_judged_as_far_as_the_time_goes(clock: Clock) -> None:
    came: list[tuple[float, CheckDecided]] = []

    def heard(event: Event) -> None:
        if isinstance(event, CheckDecided):
            came.append((clock.now, event))

    judgement = judged(2, heard)
    (counted,) = judgement.denominators
    assert counted.counts[Outcome.PASS] >= 4
    assert counted.not_run_by_reason.keys() == {"the time was up (--minutes 2)"}
    assert "the time was up (--minutes 2)" in counted.sentence()
    assert judgement.cut.startswith("the time was up (--minutes 2): ")
    assert judgement.exit_code == 2
    assert sum(counted.counts.values()) == len(judgement.cells)
    verdicts = [(at, one) for at, one in came if one.decisions[0].outcome is Outcome.PASS]
    # However slow, a backend is asked nothing before the first verdict that this does not need.
    assert verdicts[0][0] <= SECONDS_OF_A_CALL
    # No clause had a second check while another one, whose check would have fitted, had none.
    decided = Counter(decision.clause for _, one in verdicts for decision in one.decisions)
    assert max(decided.values()) == 1


@pytest.mark.night
def test_all_is_decided_where_the_time_suffices(clock: Clock) -> None:
    assert judged(10_000, lambda _: None).cut == ""
    whole = judge(RunSettings((f"{__name__}:Slow",), stages=("patches",), profile="detect", frameworks=False))
    assert [one.outcome for one in judged(10_000, lambda _: None).cells] == [one.outcome for one in whole.cells]


@pytest.fixture
def plan() -> Plan:
    checks = [one for one in declarations() if one.stages <= {Stage.PATCHES, Stage.CONDUCT}]
    return planned(checks, [taken(Slow())], ())


def handed_out(schedule: Schedule, clock: Clock, seconds: Callable[[Case], float]) -> Iterator[Case]:
    for task in schedule.tasks():
        assert isinstance(task, Case)
        took = seconds(task)
        clock.now += took
        said = (Decision(one, "slow", task.name, Outcome.PASS, seconds=took) for one in task.declaration.clauses)
        schedule.took(CheckDecided(task.name, "slow", tuple(said)))
        yield task


def scheduled(plan: Plan, clock: Clock, seconds: float) -> Schedule:
    return Schedule(plan, TimeLimit(seconds / 60, clock.now + seconds), idle_cases(plan.cases), clock)


def test_every_clause_comes_before_second_checks(plan: Plan, clock: Clock) -> None:
    had: Counter[str] = Counter()
    before = 0
    for case in handed_out(scheduled(plan, clock, 1e9), clock, lambda _: 1.0):
        turn = min(had[one] for one in case.declaration.clauses)
        assert turn >= before, case.name
        before = turn
        had.update(case.declaration.clauses)
    assert before > 3


def test_what_does_not_fit_waits_for_what_does(plan: Plan, clock: Clock) -> None:
    seconds_of_a_call = 1.0

    def seconds(case: Case) -> float:
        return seconds_of_a_call * max(1, counted_calls().get(case.declaration.name, (1,))[0])

    names = [one.name for one in handed_out(scheduled(plan, clock, 100), clock, seconds)]
    assert len(names) > 10
    assert CALLED_OFTEN not in names
    clock.now = 0.0
    assert CALLED_OFTEN in [one.name for one in handed_out(scheduled(plan, clock, 1e5), clock, seconds)]


def test_numbers_come_before_conduct(plan: Plan, clock: Clock) -> None:
    first = [
        one for one, _ in zip(handed_out(scheduled(plan, clock, 1e9), clock, lambda _: 1.0), range(4), strict=False)
    ]
    assert {stage for one in first for stage in one.declaration.stages} == {Stage.PATCHES}


def test_adapters_take_turns(clock: Clock) -> None:
    checks = [one for one in declarations() if one.stages == {Stage.PATCHES}]
    both = [replace(taken(Slow()), label=label) for label in ("one", "other")]
    schedule = Schedule(planned(checks, both, ()), TimeLimit(1, 60), {}, clock)
    tasks = schedule.tasks()
    assert {next(tasks).selected.label for _ in range(2)} == {"one", "other"}  # type: ignore[union-attr]


def test_what_was_running_when_the_time_was_up_is_told(plan: Plan, clock: Clock) -> None:
    schedule = scheduled(plan, clock, 60)
    task = next(schedule.tasks())
    clock.now = 61
    left = {one.check: one.decisions[0] for one in schedule.left_out() if isinstance(one, CheckDecided)}
    assert isinstance(task, Case)
    assert left[task.name].reason == "the time was up (--minutes 1) while the check ran"
    assert {one.outcome for one in left.values()} == {Outcome.NOT_RUN}
    assert len(left) == len(plan.cases) - len(idle_cases(plan.cases))


class Exchanged:
    """Takes x for y."""

    name = "exchanged"
    stages = ("patches",)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return patches_at(obj, np.asarray(centres_xy)[:, ::-1], N).astype(np.complex64)


@pytest.mark.parametrize("seconds_left", [0.0, 1e6])
def test_a_capsule_is_written_where_there_is_time_to_try_it(seconds_left: float, tmp_path: Path) -> None:
    settings = RunSettings(
        (f"{__name__}:Exchanged",), capsules=tmp_path / "capsules", time=TimeLimit(1, time.monotonic() + seconds_left)
    )
    judging = Judge(settings, tmp_path / "work")
    case = next(one for one in judging.plan.cases if one.name == "patches/test_windows.py::test_a_single_bright_pixel")
    (decision,) = judging.check(case).decisions
    assert decision.outcome is Outcome.FAIL
    assert bool(decision.capsule) == bool(seconds_left)
    assert ("no capsule: the time was up" in decision.replay) != bool(seconds_left)


def answer(task: int) -> int:
    # A backend that does not come back.
    while task == 2:
        pass
    return os.getpid()


def test_workers_end_when_the_time_is_up() -> None:
    over: list[int] = []
    with Workers(int, answer, 1, until=lambda: bool(over)) as workers:
        asked = iter([Piece((one,)) for one in (1, 2, 3)])
        came = workers.answers(asked)
        first = next(came)
        assert isinstance(first, Answer)
        over.append(1)
        assert list(came) == []


def test_the_calls_of_checks_are_counted(tmp_path: Path) -> None:
    subject = Subject(taken(Counting(Slow()), "counting"), tmp_path)
    plain, strange = (declared(f"patches/test_windows.py::{one}") for one in (PLAIN_CHECK, STRANGE_CHECK))
    assert plain is not None
    assert strange is not None
    # Frames of the plainest side need no question.
    assert calls_of(plain, subject) == 1
    first, second = (calls_of(strange, subject) for _ in range(2))
    # At first the backend is asked what it takes.
    assert first > second
    assert second == 1


def test_what_no_question_can_find_is_not_asked(tmp_path: Path) -> None:
    """That noise is not taken is never a finding of what it gives."""
    subject = Subject(taken(Counting(RefAdapter()), "counting"), tmp_path)
    check = declared("physics/test_noise.py::test_every_pixel_has_noise_of_its_own")
    assert check is not None
    assert calls_of(check, subject) == calls_of(check, subject)


def test_most_checks_are_counted() -> None:
    """Those that are not are taken for average ones; ``python -m benchmarks.calls`` counts them all."""
    known = {one.name for one in declarations() if one.framework is None}
    assert len(known & counted_calls().keys()) > 0.8 * len(known)
