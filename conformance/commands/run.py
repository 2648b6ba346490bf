"""``ptycho-conformance run``: judge backends."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import (
    UNDECIDED,
    Adapters,
    Devices,
    app,
    console,
    is_standard_output,
    say,
    undecided,
    writable,
    write,
    wrong_usage,
)
from conformance.commands.reports import Reports
from conformance.contract.stages import Stage

if TYPE_CHECKING:
    from conformance.runs.history import History
    from conformance.runs.judgement import Judgement, Listener
    from conformance.runs.keeping import KeptCapsules
    from conformance.runs.settings import RunSettings


@app.command()
def run(
    adapter: Adapters = None,
    python: Annotated[
        str | None,
        typer.Option(metavar="PROGRAM", help="Interpreter in which the adapters run; it needs NumPy alone."),
    ] = None,
    backend: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="TOML file that says where a backend lives; repeatable.")
    ] = None,
    stage: Annotated[
        list[Stage] | None, typer.Option(metavar="STAGE", help="Only this stage, such as grouping; repeatable.")
    ] = None,
    scan: Annotated[Path | None, typer.Option(metavar="FILE", help="Judge on this scan file as well.")] = None,
    if_present: Annotated[bool, typer.Option("--if-present", help="Go on without the scan if it is absent.")] = False,
    expected: Annotated[Path | None, typer.Option(metavar="FILE", help="TOML list of expected failures.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - prints it.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the gap matrix as Markdown; - prints it.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit XML, a test case a clause.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one page that holds everything, to be sent on.")
    ] = None,
    version: Annotated[
        str, typer.Option("--contract", metavar="VERSION", help="Judge by the clauses of this version, such as 1.0.")
    ] = "",
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What is judged: optics, with the convention found; files; or pipeline."),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="NAME", help="How long is looked for failures: contract, small or wide.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ledger of runs: add this one, and say what was gained and lost."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", help="Decide what can be decided in this time, and say what was not."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, metavar="N", help="Processes that judge; 0 is --in-process.")] = 1,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Judge in this process, for debuggers: a backend that dies ends it.")
    ] = False,
    call_seconds: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Limit of one call of a backend; 0 is none.")
    ] = None,
    memory: Annotated[
        float | None, typer.Option(min=0, metavar="GIB", help="Limit of memory of a backend's process; 0 is none.")
    ] = None,
    frameworks: Annotated[bool, typer.Option(help="Include checks that make TensorFlow or PyTorch tensors.")] = True,
    torch_device: Devices = None,
    capsules: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Folder into which a failure of each cause is written, to be replayed."),
    ] = Path("capsules"),
    every_capsule: Annotated[
        bool, typer.Option("--every-capsule", help="Write a capsule for every failing check, not one a cause.")
    ] = False,
    no_capsules: Annotated[bool, typer.Option("--no-capsules", help="Write no capsules.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Print every cause, and the table of all clauses.")] = False,
    update_expected: Annotated[
        bool, typer.Option("--update-expected", help="Rewrite the list of expected failures by what fails now.")
    ] = False,
    seeds: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Run under the seeds 0 to N - 1; nothing may fail.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Run under this seed alone.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of the results of --seeds, to be taken up again.")
    ] = None,
) -> None:
    """Judge backends: clause x adapter, and what was decided."""
    from conformance.runs.settings import RunSettings, TimeLimit

    begun_at = time.monotonic()
    reports = Reports(json_file, markdown, junit, html).checked()
    writable(history, "--history")
    if update_expected and expected is None:
        raise wrong_usage("--update-expected needs --expected FILE")
    if minutes is not None and not minutes > 0:
        raise wrong_usage(f"--minutes {minutes:g} leaves no time")
    if update_expected and minutes is not None:
        raise wrong_usage("--update-expected needs the whole run, and does not go with --minutes")
    writable(resume, "--resume")
    writable(expected if update_expected else None, "--expected")
    many = seeds is not None or seed is not None
    if resume is not None and not many:
        raise wrong_usage("--resume goes with --seeds only")
    # A list that is about to be written for the first time is not read.
    begun = update_expected and expected is not None and not expected.exists()
    stages, budget = _profiled(profile, budget)
    settings = RunSettings(
        adapters=(*_placed(adapter or (), python), *_described(backend or ())),
        devices=tuple(torch_device or ()),
        stages=tuple(dict.fromkeys((*map(str, stage or ()), *stages))),
        scan=_scan_to_judge(scan, if_present),
        expected=None if expected is None or begun else _list_to_read(expected),
        capsules=None if no_capsules else capsules.absolute(),
        # Every entry of the list wants a witness of its own.
        one_capsule_a_cause=not (update_expected or every_capsule),
        # A failure is made small by many calls; within a limited time they are better spent on other clauses.
        profile=budget or (None if minutes is None else "detect"),
        frameworks=frameworks,
        version=_known_version(version),
        time=None if minutes is None else TimeLimit(minutes, begun_at + 60 * minutes),
    )
    if many:
        others = {
            "--scan": scan,
            "--markdown": markdown,
            "--junit": junit,
            "--html": html,
            "--update-expected": update_expected,
            "--minutes": minutes is not None,
            "--history": history,
        }
        unfit = [name for name, given in others.items() if given] + (["--seed"] if seeds and seed is not None else [])
        if unfit:
            raise wrong_usage(f"--seeds does not go with {', '.join(unfit)}")
        _judge_seeds(range(seeds) if seeds else [seed or 0], settings, resume, jobs, json_file)
    ledger = None if history is None else _ledger(history)
    with _limited_calls(call_seconds):
        judgement = _judged(settings, 0 if in_process else jobs, memory, reports)
    if update_expected and expected is not None and not judgement.cut:
        judgement = _updated(judgement, expected, settings)
    kept = None
    if settings.capsules is not None and settings.one_capsule_a_cause:
        judgement, kept = _one_a_cause(judgement, settings.capsules)
    if ledger is not None:
        judgement = _remembered(judgement, ledger)
    _show(judgement, reports, kept, full=full, convention=profile == OPTICS)
    raise typer.Exit(judgement.exit_code)


OPTICS = "optics"
_PROFILES = {OPTICS: ("physics", "patches", "reassembly"), "files": ("npz", "rawdata"), "pipeline": ()}
"""Stages of each profile; none are all."""


def _profiled(profile: str | None, budget: str | None) -> tuple[tuple[str, ...], str | None]:
    """Return the stages of a profile, and the budget; whoever names a budget as profile, as one did, means that."""
    from conformance.engine.declaration import PROFILES as BUDGETS

    if profile is None or profile in _PROFILES:
        return _PROFILES.get(profile or "", ()), budget
    if profile in BUDGETS and budget is None:
        return (), profile
    raise wrong_usage(f"--profile {profile!r} is not known; known are {', '.join(_PROFILES)}")


def _ledger(path: Path) -> History:
    from conformance.runs.history import History

    with _wrong_settings():
        return History(path)


def _remembered(judgement: Judgement, ledger: History) -> Judgement:
    """Add a run to a ledger, and say what it changed; a ledger that cannot be written costs no report."""
    from conformance.files.machine import sentence
    from conformance.runs.history import lines_of

    lines = lines_of(judgement, datetime.datetime.now(datetime.UTC))
    judgement = replace(judgement, changes=ledger.changes(lines))
    try:
        ledger.add(lines)
    except OSError as error:
        missed = f"{ledger.path} could not be written: {sentence(error)}"
        return replace(judgement, not_judged=(*judgement.not_judged, missed))
    return judgement


def _known_version(version: str) -> str:
    from conformance.contract.versions import versions

    if version and version not in versions():
        raise wrong_usage(f"--contract {version!r} is not known; known are {', '.join(versions())}")
    return version


def _placed(adapters: Sequence[str], python: str | None) -> tuple[str, ...]:
    """Names of adapters with the interpreter in which they run."""
    if python is None:
        return tuple(adapters)
    unfit = next((name for name in adapters if ":" not in name or "@" in name), None)
    if unfit is not None or not adapters:
        raise wrong_usage(f"--python goes with --adapter package.module:Class, not with {unfit or 'no adapter'}")
    return tuple(f"{name}@{python}" for name in adapters)


def _described(files: Sequence[Path]) -> tuple[str, ...]:
    """Names of backends that files describe."""
    for one in files:
        if one.suffix != ".toml":
            raise wrong_usage(f"--backend {one}: the description of a backend is a .toml file")
        if not one.is_file():
            raise wrong_usage(f"--backend {one}: no such file")
    return tuple(str(one.absolute()) for one in files)


def _scan_to_judge(scan: Path | None, if_present: bool) -> Path | None:
    if scan is None or scan.is_file():
        return scan and scan.resolve()
    if scan.exists():
        raise wrong_usage(f"{scan}: no regular file")
    if not if_present:
        raise wrong_usage(f"{scan}: no such file")
    say(f"{scan} is not there: judging on synthetic scans alone", err=True)
    return None


def _list_to_read(expected: Path) -> Path:
    if not expected.is_file():
        raise wrong_usage(f"{expected}: no such file")
    return expected.resolve()


@contextmanager
def _wrong_settings() -> Iterator[None]:
    """Turn what is wrong with settings, which is found before any check runs, into wrong usage."""
    from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter
    from conformance.engine.declaration import UnknownProfile
    from conformance.failures.expected import MalformedExpectations
    from conformance.files.examine import UnreadableScan
    from conformance.files.machine import sentence, trouble_in
    from conformance.runs.appended import LedgerError

    wrong = (AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations, UnreadableScan)
    try:
        yield
    except (*wrong, UnknownProfile, LedgerError) as error:
        raise wrong_usage(str(error)) from error
    except OSError as error:
        raise (undecided if trouble_in(error) else wrong_usage)(sentence(error)) from error


@contextmanager
def _limited_calls(seconds: float | None) -> Iterator[None]:
    """Hand the limit of a call to every process of the run."""
    from conformance.backends.guard import LIMIT_VARIABLE
    from conformance.runs.environment import environment

    with environment({} if seconds is None else {LIMIT_VARIABLE: f"{seconds:g}"}):
        yield


def _judged(settings: RunSettings, jobs: int, memory: float | None, reports: Reports) -> Judgement:
    from conformance.report.partial import PartialReports
    from conformance.report.progress import progress
    from conformance.report.run_progress import RunProgress
    from conformance.runs.judgement import judge
    from conformance.runs.limits import Limits

    limits = Limits() if memory is None else Limits(memory=int(memory * 2**30))
    with _wrong_settings(), progress() as shown:
        listen: Sequence[Listener] = (
            RunProgress(shown),
            PartialReports(reports.write_partial),
        )
        return judge(settings, jobs=jobs, limits=limits, listen=listen)


def _updated(judgement: Judgement, expected: Path, settings: RunSettings) -> Judgement:
    """Bring the list of expected failures up to date."""
    from conformance.files.machine import sentence
    from conformance.runs import updating

    with _wrong_settings():
        try:
            everyone = not settings.adapters
            judgement, change = updating.update_expected(expected.resolve(), judgement, all_installed=everyone)
        except OSError as error:
            raise undecided(f"{expected} could not be brought up to date: {sentence(error)}") from error
    say(f"{expected}: {change.sentence()}", err=True)
    return judgement


def _one_a_cause(judgement: Judgement, folder: Path) -> tuple[Judgement, KeptCapsules]:
    from conformance.runs.keeping import one_a_cause

    return one_a_cause(judgement, folder)


def _show(judgement: Judgement, reports: Reports, kept: KeptCapsules | None, *, full: bool, convention: bool) -> None:
    from conformance.report.terminal import print_judgement

    if not reports.take_standard_output:
        print_judgement(judgement, console(), kept, full=full, convention=convention)
    reports.write(judgement)
    for sentence in (judgement.cut and f"the run was cut: {judgement.cut}", *judgement.not_judged):
        if sentence:
            say(sentence, err=True)


def _judge_seeds(
    seeds: Sequence[int], settings: RunSettings, resume: Path | None, jobs: int, json_file: Path | None
) -> None:
    """Run a series of seeds, and leave with its exit code."""
    from conformance.failures.expected import read_expected
    from conformance.report.progress import progress
    from conformance.report.run_progress import SeedProgress
    from conformance.report.seeds_result import seeds_result
    from conformance.runs.seed import BUDGETS, SeedPlan
    from conformance.runs.seeds import RunNotPossible, judge_seeds

    budget = settings.profile or "small"
    if budget not in BUDGETS:
        raise wrong_usage(f"the budget {budget!r} is unknown; choose {', '.join(BUDGETS)}")
    plan = SeedPlan(
        cases=[],
        budget=budget,
        adapters=list(settings.adapters),
        devices=list(settings.devices),
        stages=list(settings.stages),
        frameworks=settings.frameworks,
        expected=str(settings.expected or ""),
        capsules=str(settings.capsules or ""),
    )
    try:
        with _wrong_settings(), progress() as shown:
            if settings.expected:
                read_expected(settings.expected)
            at = resume and resume.absolute()
            series = judge_seeds(seeds, plan, resume=at, jobs=jobs, listen=[SeedProgress(shown)])
    except RunNotPossible as error:
        say(str(error), err=True)
        raise typer.Exit(UNDECIDED) from error
    if json_file is not None:
        write(json_file, seeds_result(series).text())
    for sentence in series.sentences():
        say(sentence, err=is_standard_output(json_file))
    raise typer.Exit(series.exit_code)
