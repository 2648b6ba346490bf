"""Many seeds on correct backends: whatever is drawn, no outcome may be unexpected (``run --seeds``)."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from conformance.backends.discovery import Selected, select
from conformance.runs.environment import environment
from conformance.runs.judgement import RunNotPossible
from conformance.runs.ledger import Ledger, Oddity, SeedResult, terms_of
from conformance.runs.session import PLAN_VARIABLE, PROPERTY, Plan

_ENOUGH = 1 << 30


@dataclass(frozen=True)
class Series:
    """What came of a series of seeds.

    Attributes
    ----------
    plan : Plan
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

    plan: Plan
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

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "schema": "ptycho-conformance.seeds/1",
            "budget": self.plan.budget,
            "runs": len(self.plan.cases),
            "missing": self.missing,
            "unexpected": [{"seed": r.seed, "adapter": r.adapter, **vars(one)} for r, one in self.unexpected],
            "results": [result.as_json() for result in self.results],
            "seconds": self.seconds,
            "exit_code": self.exit_code,
        }


def judge_seeds(seeds: Sequence[int], plan: Plan, *, resume: Path | None = None, jobs: int = 0) -> Series:
    """Run all checks under every seed on every adapter of a plan.

    Parameters
    ----------
    seeds : sequence of int
    plan : Plan
        Its cases are filled in here.
    resume : Path, optional
        File of results: those it holds already are not run again, new ones are added.
    jobs : int
        Worker processes of pytest-xdist; 0 runs in this process.

    Raises
    ------
    AdapterNotFound, MalformedAdapter, DeviceNotPresent
        As :func:`conformance.backends.discovery.select`.
    LedgerError
        The file holds something else.
    RunNotPossible
        An adapter lacks a dependency, or pytest could not run.
    """
    started = time.perf_counter()
    chosen = select(plan.adapters, plan.devices)
    _require_present(chosen)
    settings = {"budget": plan.budget, "stages": ",".join(plan.stages), "frameworks": str(plan.frameworks)}
    ledger = Ledger(resume, {one.label: terms_of(one, **settings) for one in chosen})
    plan = replace(plan, cases=[(seed, one.label) for seed in seeds for one in chosen])
    todo = [case for case in plan.cases if case not in ledger.known]
    taken_up = len(plan.cases) - len(todo)
    collector = SeedCollector(ledger, len(plan.cases), taken_up)
    if todo:
        _run_pytest(replace(plan, cases=todo), collector, jobs)
    results = tuple(ledger.known[case] for case in plan.cases if case in ledger.known)
    return Series(plan, results, taken_up, collector.lost, time.perf_counter() - started)


def _require_present(chosen: Sequence[Selected]) -> None:
    absent = [f"{one.label}: {one.missing}" for one in chosen if one.adapter is None]
    if absent:
        raise RunNotPossible("; ".join(absent))


class SeedCollector:
    """Takes results off the reports as they come, and shows how far the series is on a terminal."""

    def __init__(self, ledger: Ledger, total: int, done: int) -> None:
        self.ledger = ledger
        self.lost: dict[str, str] = {}
        # The terminal is kept here: pytest's own output is caught while it runs.
        console = Console(file=sys.stderr)
        columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=console, disable=not console.is_terminal, redirect_stderr=False)
        self._task = self.progress.add_task("seeds", total=total, completed=done)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result off a report."""
        found = [held for name, held in report.user_properties if name == PROPERTY and isinstance(held, dict)]
        if report.when == "call" and found:
            self.ledger.add(SeedResult.from_json(found[0]))
            self.progress.advance(self._task)
        elif report.failed:
            self.lost[report.nodeid.rpartition("::")[2]] = str(report.longrepr)[-2000:]


def _run_pytest(plan: Plan, collector: SeedCollector, jobs: int) -> None:
    said = io.StringIO()
    with _scratch() as folder, collector.progress:
        plan.write(folder / "plan.json")
        (folder / "pytest.ini").write_text("[pytest]\naddopts =\n", encoding="utf-8")
        arguments = [str(Path(__file__).with_name("session.py")), "-c", str(folder / "pytest.ini")]
        arguments += [
            f"--rootdir={folder}",
            f"--basetemp={folder}/pytest",
            "-p",
            "no:cacheprovider",
            "-q",
            "-W",
            "ignore",
        ]
        arguments += ["--no-header", "--import-mode=importlib"] + (["-n", str(jobs)] if jobs else [])
        changes = {PLAN_VARIABLE: str(folder / "plan.json")} | (_ONE_THREAD if jobs > 1 else {})
        with environment(changes), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main(arguments, plugins=[collector])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        raise RunNotPossible(said.getvalue().strip() or f"pytest ended with {code!r}")


_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Several workers that each use every core stand in each other's way."""


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Folder for all temporary files of the series, in memory where there is room: stores are synced to the disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ENOUGH
    folder = Path(tempfile.mkdtemp(prefix="ptycho-conformance-", dir=memory if roomy else None))
    before = tempfile.tempdir
    try:
        # Hypothesis would keep notes of its own in the working directory.
        with environment({"TMPDIR": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis")}):
            tempfile.tempdir = None
            yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
