"""A judgement of adapters: runs the plan, alone or with workers, and gathers the verdict."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from conformance.backends.discovery import installed_adapters
from conformance.backends.subject import offered, stated_convention
from conformance.contract.clauses import contract
from conformance.engine.agreement import Agreement
from conformance.engine.causes import Cause, causes_of
from conformance.engine.changes import Change
from conformance.engine.events import INTERRUPTED, CheckDecided, Event, RunEnded, StageCompared, Step, stream
from conformance.engine.outcome import Cell, Decision, Denominator, Outcome, cells, denominator
from conformance.engine.plan import Plan
from conformance.engine.undecided import Undecided, undecided_of
from conformance.failures.expected import Expected, overdue, unexpected_pass
from conformance.files.atomic import clear_drafts
from conformance.runs.judge import Judge
from conformance.runs.limits import Limits
from conformance.runs.schedule import Schedule, idle_cases
from conformance.runs.scratch import quiet, scratch
from conformance.runs.settings import RunSettings, TimeLimit
from conformance.runs.sharing import JudgingWorkers, Presented, answer, begin, tasks_of
from conformance.runs.workers import Workers

UNWANTED = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)


@dataclass(frozen=True)
class Judgement:
    """The outcome of a run.

    Attributes
    ----------
    cells : tuple of Cell
        One for every testable clause of the chosen stages and every adapter.
    denominators : tuple of Denominator
        One an adapter.
    stale : tuple of str
        What is out of date in the list of expected failures.
    scan : Path or None
        The user's file that was judged on as well.
    agreements : tuple of Agreement
        What the comparison with the first adapter found, one a stage and further adapter.
    cut : str
        Why the run ended before all was decided; empty when it did not.
    not_judged : tuple of str
        A sentence for each adapter that was named and of which nothing could be decided.
    version : str
        Version of the contract by which was judged; empty for the one that ships.
    releases : Mapping of str to str
        Versions of the backends, of those that say one.
    changes : tuple of Change
        What adapters gained and lost since they were last judged, where a ledger knows.
    translators : Mapping of str to tuple of str
        What is translated for adapters that state another convention than the contract's, a statement each.
    """

    cells: tuple[Cell, ...]
    denominators: tuple[Denominator, ...]
    stale: tuple[str, ...]
    scan: Path | None
    agreements: tuple[Agreement, ...] = ()
    cut: str = ""
    not_judged: tuple[str, ...] = ()
    version: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    translators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What is to be mended, the gravest first."""
        return causes_of(self.cells)

    @cached_property
    def undecided(self) -> tuple[Undecided, ...]:
        """What could not be decided, by its reason."""
        return undecided_of(self.cells)

    @property
    def unexplained(self) -> tuple[Agreement, ...]:
        """Comparisons in which two backends part although neither fails or declares a clause of that stage.

        Either the contract leaves something open there, or a check is missing.
        """
        failing = (Outcome.FAIL, Outcome.ERROR, Outcome.EXPECTED_FAIL, Outcome.DECLARED)
        known = {(contract()[c.clause].stage, c.adapter) for c in self.cells if c.outcome in failing}
        return tuple(
            one
            for one in self.agreements
            if one.divergence and not known & {(str(one.stage), one.first), (str(one.stage), one.second)}
        )

    @property
    def exit_code(self) -> int:
        """0 no violation; 1 violations; 2 something could not be decided, or a named adapter could not be judged."""
        outcomes = {cell.outcome for cell in self.cells}
        if self.not_judged:
            return 2
        if Outcome.FAIL in outcomes or self.stale:
            return 1
        undecided = outcomes & {Outcome.ERROR, Outcome.VACUOUS, Outcome.NOT_RUN}
        nothing = not any(count.decided for count in self.denominators)
        return 2 if undecided or self.unexplained or self.cut or nothing else 0


@dataclass
class Gathering:
    """Gathers the steps of a run; what it has so far is a judgement at any time.

    Attributes
    ----------
    plan : Plan
    settings : RunSettings
    expected : Expected
    releases : Mapping of str to str
        Versions of the backends, of those that say one.
    translators : Mapping of str to tuple of str
        What is translated for adapters that state another convention than the contract's.
    """

    plan: Plan
    settings: RunSettings
    expected: Expected
    releases: Mapping[str, str] = field(default_factory=dict)
    translators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    cut: str = "the run has not ended"

    def take(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, CheckDecided):
            self.decisions.extend(event.decisions)
            self.stale.extend(one for one in event.stale if one not in self.stale)
        elif isinstance(event, StageCompared):
            self.agreements.append(event.agreement)
        elif isinstance(event, RunEnded):
            self.cut = event.cut

    def judgement(self) -> Judgement:
        """Return the verdict on what has been decided so far."""
        plan = self.plan
        table = tuple(cells(self.decisions, plan.clauses, plan.labels))
        counts = tuple(denominator(label, table, plan.untestable) for label in plan.labels)
        everyone = not self.settings.adapters
        stale = out_of_date(table, self.expected, self.stale, plan.labels, all_installed=everyone)
        missed = (
            () if everyone or self.cut else tuple(_not_judged(count, table) for count in counts if not count.decided)
        )
        return Judgement(
            table,
            counts,
            tuple(stale),
            self.settings.scan,
            tuple(self.agreements),
            self.cut,
            missed,
            plan.version,
            self.releases,
            translators=self.translators,
        )


Listener = Callable[[Event, Gathering], None]


def out_of_date(
    table: Sequence[Cell], expected: Expected, stale: Sequence[str], adapters: Sequence[str], *, all_installed: bool
) -> list[str]:
    """Sentences for entries that are expired, name nobody, or no longer fail; such a list fails the run.

    Parameters
    ----------
    table : sequence of Cell
    expected : Mapping
    stale : sequence of str
        What the witnesses said.
    adapters : sequence of str
        Adapters of this run.
    all_installed : bool
        Whether every installed adapter takes part.
    """
    entries = [(expected.get((cell.clause, cell.adapter)), cell) for cell in table if cell.outcome is Outcome.PASS]
    # An entry with a witness is decided by it, not by the checks that happened to run.
    passing = [unexpected_pass(entry, "it passes") for entry, _ in entries if entry and entry.witness is None]
    installed = installed_adapters() if all_installed and expected else None
    return [*overdue(expected, adapters, datetime.date.today(), installed), *stale, *passing]


def _not_judged(count: Denominator, table: Sequence[Cell]) -> str:
    reasons = (cell.reason for cell in table if cell.adapter == count.adapter and cell.reason)
    return f"{count.adapter} could not be judged: {next(reasons, 'it claims no stage that was asked for')}"


class Run:
    """One run: prepared first, so that whatever is wrong is found before work begins; then judged, event by event.

    Parameters
    ----------
    judge : Judge
        With the adapters of the run, or with what their processes tell of them.
    workers : JudgingWorkers, optional
        Who decides; the judge does where there are none.
    presented : Presented, optional
        What the workers tell of the adapters.
    clock : callable
        Seconds, by which a limited time is measured.
    """

    def __init__(
        self,
        judge: Judge,
        workers: JudgingWorkers | None = None,
        presented: Presented | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._judge, self._workers, self._presented = judge, workers, presented or Presented(judge.chosen, {}, {})
        releases = {one.label: one.release for one in judge.chosen if one.release}
        known = {one.label: stated_convention(one).translators(offered(one)) for one in judge.chosen}
        translators = {label: said for label, said in known.items() if said}
        self.gathering = Gathering(judge.plan, judge.settings, judge.expected, releases, translators)
        self._schedule = self._scheduled(judge.settings.time, clock)

    def _scheduled(self, limit: TimeLimit | None, clock: Callable[[], float]) -> Schedule | None:
        if limit is None:
            return None
        plan, presented = self._judge.plan, self._presented
        idle = idle_cases(plan.cases) if self._workers is None else presented.idle
        sound = tuple(one for one in plan.cases if one.selected.asked not in presented.broken)
        return Schedule(replace(plan, cases=sound), limit, idle, clock)

    def events(self) -> Iterator[Event]:
        """Judge; the gathering has taken each event when it comes."""
        steps, left_out = (self._decided(), str) if self._schedule is None else (self._in_time(), self._schedule.cut)
        for event in stream(self._judge.plan, steps, left_out):
            self.gathering.take(event)
            yield event

    def _in_time(self) -> Iterator[Step]:
        assert self._schedule is not None
        yield from self._schedule.unasked()
        for step in self._decided():
            self._schedule.took(step)
            yield step
        yield from self._schedule.left_out()

    def _decided(self) -> Iterator[Step]:
        if self._workers is not None:
            yield from self._workers.steps(self._judge.plan, self._presented, self._schedule)
            return
        tasks = tasks_of(self._judge.plan) if self._schedule is None else self._schedule.tasks()
        yield from map(self._judge.decide, tasks)


@contextmanager
def prepared(
    settings: RunSettings,
    folder: Path,
    jobs: int,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Run]:
    """Prepare a run; whoever works for it has ended when the context does.

    Parameters
    ----------
    settings : RunSettings
    folder : Path
        Empty folder to work in.
    jobs : int
        Processes that judge, each adapter in one of its own; 0 judges in this process.
    limits : Limits, optional
        Of each process.
    clock : callable
        Seconds, by which a limited time is measured.

    Raises
    ------
    AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations, UnreadableScan, UnknownProfile, OSError
        As :class:`conformance.runs.judge.Judge`.
    """
    if not jobs:
        yield Run(Judge(settings, folder), clock=clock)
        return
    limit = settings.time

    def until() -> bool:
        return limit is not None and clock() >= limit.at

    # What is wrong with the other settings is found before any process is started.
    Judge(settings, folder, chosen=())
    try:
        with Workers(begin, answer, jobs, limits, until) as processes:
            workers = JudgingWorkers(processes, settings, folder)
            presented = workers.presented()
            yield Run(Judge(settings, folder, presented.chosen), workers, presented, clock)
    finally:
        if settings.capsules is not None:
            clear_drafts(settings.capsules)


def judge(
    settings: RunSettings,
    *,
    jobs: int = 0,
    limits: Limits | None = None,
    listen: Sequence[Listener] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Judgement:
    """Run the checks and return the verdict; when the user interrupts it, the verdict on what was decided.

    Parameters
    ----------
    settings : RunSettings
    jobs : int
        Processes that judge, each adapter in one of its own; 0 judges in this process.
    limits : Limits, optional
        Of each process.
    listen : sequence of callable
        Called with every event, and with the gathering of all that came so far.
    clock : callable
        Seconds, by which a limited time is measured.

    Raises
    ------
    AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations, UnreadableScan, UnknownProfile, OSError
        As :class:`conformance.runs.judge.Judge`; before any check runs.
    """
    with scratch() as folder, prepared(settings, folder, jobs, limits, clock) as run:
        try:
            with quiet(folder):
                for event in run.events():
                    for one in listen:
                        one(event, run.gathering)
        except KeyboardInterrupt:
            run.gathering.cut = INTERRUPTED
        return run.gathering.judgement()
