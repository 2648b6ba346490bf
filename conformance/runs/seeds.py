"""Many seeds on correct backends: whatever is drawn, no outcome may be unexpected (``run --seeds``)."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from conformance.backends.discovery import Selected, select
from conformance.contract.crossing import Crossing
from conformance.files.machine import sentence
from conformance.runs.ledger import Ledger, Oddity, SeedResult, terms_of
from conformance.runs.scratch import quiet, scratch
from conformance.runs.seed import SeedPlan, try_seed
from conformance.runs.workers import Answer, Died, Piece, Workers


class RunNotPossible(Crossing, RuntimeError):
    """An adapter cannot be judged at all, or its results cannot be kept; the message says why."""


@dataclass(frozen=True)
class Series:
    """What came of a series of seeds.

    Attributes
    ----------
    plan : SeedPlan
        With every case that was asked for, whether it was run now or before.
    results : tuple of SeedResult
        In the order of seeds and adapters.
    taken_up : int
        How many of them were taken from an earlier run.
    lost : Mapping[str, str]
        What became of the cases that ended without a result, by name.
    seconds : float
        Duration of this run.
    """

    plan: SeedPlan
    results: tuple[SeedResult, ...]
    taken_up: int
    lost: Mapping[str, str]
    seconds: float

    @property
    def unexpected(self) -> tuple[tuple[SeedResult, Oddity], ...]:
        """Every unexpected outcome with the result it belongs to, changed sets of clauses included."""
        odd = [(result, one) for result in self.results for one in result.unexpected]
        return (*odd, *self._changed())

    def _changed(self) -> Iterator[tuple[SeedResult, Oddity]]:
        """Clauses that apply under one seed and not under another."""
        usual: dict[tuple[str, bool], SeedResult] = {}
        for result in self.results:
            first = usual.setdefault((result.adapter, result.whole), result)
            for clause in sorted(set(result.not_applicable) ^ set(first.not_applicable)):
                now = "does not apply" if clause in result.not_applicable else "applies"
                sentence = f"it {now} under seed {result.seed}, unlike under seed {first.seed}"
                yield result, Oddity(clause, "", "CHANGED", sentence)

    @property
    def missing(self) -> int:
        """Cases without a result."""
        return len(self.plan.cases) - len(self.results)

    @property
    def exit_code(self) -> int:
        """0 nothing unexpected; 1 a clause failed; 2 something could not be decided, or is missing."""
        if any(one.outcome == "FAIL" for _, one in self.unexpected):
            return 1
        return 2 if self.unexpected or self.missing else 0

    def sentences(self) -> Iterator[str]:
        """Say what was run, and each unexpected outcome with the command that repeats it."""
        for name, what in self.lost.items():
            yield f"{name} ended without a result: {what}"
        for result, one in self.unexpected:
            what = " · ".join(part for part in (one.outcome, one.clause, one.check) if part)
            yield f"seed {result.seed} · {result.adapter} · {what}\n  {one.sentence}"
            yield f"  again: {self.command(result)}" + (f"\n  {one.replay}" if one.replay else "")
        for label in dict.fromkeys(result.adapter for result in self.results):
            yield self._of_adapter(label)
        done = f"{len(self.results)} of {len(self.plan.cases)} runs" if self.missing else f"{len(self.results)} runs"
        before = f", {self.taken_up} of them before" if self.taken_up else ""
        yield f"{done}{before}; {len(self.unexpected)} unexpected outcomes; {self.seconds:.0f} s"

    def _of_adapter(self, label: str) -> str:
        own = [result for result in self.results if result.adapter == label]
        counts: Counter[str] = Counter()
        for result in own:
            counts.update(result.counts)
        told = " · ".join(f"{outcome} {counts[outcome]:,}" for outcome in sorted(counts, key=lambda o: -counts[o]))
        odd = sum(result.adapter == label for result, _ in self.unexpected)
        whole = sum(result.whole for result in own)
        compared = sum(result.comparisons for result in own)
        return (
            f"{label}: {len(own)} seeds at the budget {self.plan.budget}, {whole} of them with the checks that no seed "
            f"moves · {told} · {compared:,} values compared · unexpected {odd}"
        )

    def command(self, result: SeedResult) -> str:
        """Return the command that repeats one result."""
        asked = [f"--adapter {name}" for name in self.plan.adapters] + [f"--stage {name}" for name in self.plan.stages]
        options = [f"--seed {result.seed}", f"--budget {self.plan.budget}", *asked]
        return "ptycho-conformance run " + " ".join(options)


def judge_seeds(
    seeds: Sequence[int],
    plan: SeedPlan,
    *,
    resume: Path | None = None,
    jobs: int = 0,
    listen: Sequence[Callable[[int, int], None]] = (),
) -> Series:
    """Run all checks under every seed on every adapter of a plan.

    Parameters
    ----------
    seeds : sequence of int
    plan : SeedPlan
        Its cases are filled in here.
    resume : Path, optional
        File of results: those it holds already are not run again, new ones are added.
    jobs : int
        Worker processes; 0 runs in this process.
    listen : sequence of callable
        Called after every case with the number of those done, and of all.

    Raises
    ------
    AdapterNotFound, MalformedAdapter, DeviceNotPresent
        As :func:`conformance.backends.discovery.select`.
    LedgerError
        The file holds something else.
    RunNotPossible
        An adapter lacks a dependency, or results cannot be written to the file.
    """
    started = time.perf_counter()
    chosen = select(plan.adapters, plan.devices)
    _require_present(chosen)
    settings = {"budget": plan.budget, "stages": ",".join(plan.stages), "frameworks": str(plan.frameworks)}
    ledger = Ledger(resume, {one.label: terms_of(one, **settings) for one in chosen})
    plan = replace(plan, cases=[(seed, one.label) for seed in seeds for one in chosen])
    todo = [case for case in plan.cases if case not in ledger.known]
    taken_up = len(plan.cases) - len(todo)
    lost: dict[str, str] = {}
    with contextlib.suppress(KeyboardInterrupt), scratch() as folder:
        for answer in _answers(replace(plan, cases=todo), jobs, folder):
            if isinstance(answer, Died):
                lost["seed {}, {}".format(*answer.task)] = answer.what
            else:
                _add(ledger, msgspec.convert(answer.value, SeedResult))
            for one in listen:
                one(len(ledger.known), len(plan.cases))
    results = tuple(ledger.known[case] for case in plan.cases if case in ledger.known)
    return Series(plan, results, taken_up, lost, time.perf_counter() - started)


def _add(ledger: Ledger, result: SeedResult) -> None:
    try:
        ledger.add(result)
    except OSError as error:
        raise RunNotPossible(f"the results cannot be kept in {sentence(error, ledger.path or '')}") from error


def _require_present(chosen: Sequence[Selected]) -> None:
    absent = [f"{one.label}: {one.missing}" for one in chosen if one.adapter is None]
    if absent:
        raise RunNotPossible("; ".join(absent))


def _answers(plan: SeedPlan, jobs: int, folder: Path) -> Iterator[Answer[Seed] | Died[Seed]]:
    """Yield what comes of every case of a plan."""
    if jobs:
        # Every process knows its cases from what it is asked.
        begun = replace(plan, cases=(), adapters=tuple(plan.adapters), devices=tuple(plan.devices))
        begun = replace(begun, stages=tuple(plan.stages))
        with Workers(_begin, _answer, jobs) as workers:
            yield from workers.answers([Piece((case,), (begun, folder)) for case in plan.cases])
        return
    _begin(plan, folder)
    with quiet(folder):
        yield from (Answer(case, _answer(case)) for case in plan.cases)


def _begin(plan: SeedPlan, folder: Path) -> None:
    global _here
    _here = plan, {one.label: one for one in select(plan.adapters, plan.devices)}, folder


def _answer(case: Seed) -> dict[str, Any]:
    plan, selected, place = _here
    seed, label = case
    with tempfile.TemporaryDirectory(prefix="seed-", dir=place) as folder:
        result = try_seed(plan, selected[label], seed, Path(folder), next(iter(selected.values())))
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain


Seed = tuple[int, str]
"""A seed, and the label of the adapter that is judged under it."""

_here: tuple[SeedPlan, Mapping[str, Selected], Path]
