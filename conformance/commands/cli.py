"""The ``ptycho-conformance`` command."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast, get_args

import typer
from rich.console import Console

from conformance import __version__
from conformance.contract.clauses import Clause, MalformedContract, contract
from conformance.contract.stages import Stage

if TYPE_CHECKING:
    from conformance.runs.judgement import Judgement

OK, VIOLATIONS, UNDECIDED, USAGE = 0, 1, 2, 3

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Judge ptychography data pipelines and scan files against the written contract. "
    "Exit codes: 0 fine, 1 violations, 2 could not decide, 3 wrong usage.",
)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit(OK)


def _console() -> Console:
    # A pipe has no width of its own; wide lines keep one clause on one line.
    return Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False)


def _wrong_usage(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(USAGE)


@app.command()
def run(
    adapter: Annotated[
        list[str] | None, typer.Option(help="Installed name or package.module:Class; repeatable.")
    ] = None,
    stage: Annotated[list[Stage] | None, typer.Option(help="Only this stage; repeatable.")] = None,
    scan: Annotated[Path | None, typer.Option(help="Judge on this scan file as well.")] = None,
    if_present: Annotated[bool, typer.Option("--if-present", help="Go on without the scan if it is absent.")] = False,
    expected: Annotated[Path | None, typer.Option(help="TOML list of expected failures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON; - prints it.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the gap matrix as Markdown; - prints it.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", "--budget", help="contract, small or wide.")] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes (needs pytest-xdist).")] = 0,
    frameworks: Annotated[bool, typer.Option(help="Include checks that make TensorFlow or PyTorch tensors.")] = True,
    torch_device: Annotated[list[str] | None, typer.Option(help="Only this device, cpu or cuda; repeatable.")] = None,
    capsules: Annotated[Path, typer.Option(help="Folder into which every failure is written, to be replayed.")] = Path(
        "capsules"
    ),
    no_capsules: Annotated[bool, typer.Option("--no-capsules", help="Write no capsules.")] = False,
    update_expected: Annotated[
        bool, typer.Option("--update-expected", help="Rewrite the list of expected failures by what fails now.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(min=1, help="Run under the seeds 0 to N - 1; nothing may fail.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Run under this seed alone.")] = None,
    resume: Annotated[Path | None, typer.Option(help="File of the results of --seeds, to be taken up again.")] = None,
) -> None:
    """Judge backends: clause x adapter, and what was decided of all clauses."""
    stages = [str(one) for one in stage or []]
    kept = None if no_capsules else capsules.absolute()
    if seeds is not None or seed is not None:
        others = {"--scan": scan, "--markdown": markdown, "--update-expected": update_expected}
        unfit = [name for name, given in others.items() if given] + (["--seed"] if seeds and seed is not None else [])
        if unfit:
            raise _wrong_usage(f"--seeds does not go with {', '.join(unfit)}")
        plan = {
            "budget": profile or "small",
            "adapters": adapter or [],
            "devices": torch_device or [],
            "stages": stages,
            "frameworks": frameworks,
            "expected": str(expected.resolve()) if expected else "",
            "capsules": str(kept or ""),
        }
        _judge_seeds(range(seeds) if seeds else [seed or 0], plan, resume, jobs, json_file)
    settings = {
        "stages": stages,
        "scan": _scan_to_judge(scan, if_present),
        "profile": profile,
        "jobs": jobs,
        "frameworks": frameworks,
        "devices": torch_device or [],
        "capsules": kept,
    }
    _show(_judged(adapter or [], expected, update_expected, settings), json_file, markdown)


def _scan_to_judge(scan: Path | None, if_present: bool) -> Path | None:
    if scan is None or scan.is_file():
        return scan and scan.resolve()
    if not if_present:
        raise _wrong_usage(f"{scan}: no such file")
    typer.echo(f"{scan} is not there: judging on synthetic scans alone", err=True)
    return None


def _judged(
    adapters: Sequence[str], expected: Path | None, update_expected: bool, settings: Mapping[str, Any]
) -> Judgement:
    """Judge, and bring the list of expected failures up to date if that is asked for."""
    from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter
    from conformance.failures import update as updating
    from conformance.failures.expected import MalformedExpectations
    from conformance.runs.judgement import RunNotPossible, judge

    if update_expected and expected is None:
        raise _wrong_usage("--update-expected needs --expected FILE")
    begun = update_expected and expected is not None and not expected.exists()
    listed = expected.resolve() if expected and not begun else None
    try:
        judgement = judge(adapters, expected=listed, **settings)
        if update_expected and expected is not None:
            judgement, change = updating.update_expected(expected.resolve(), judgement, all_installed=not adapters)
            typer.echo(f"{expected}: {change.sentence()}", err=True)
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations) as error:
        raise _wrong_usage(str(error)) from error
    except RunNotPossible as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNDECIDED) from error
    return judgement


def _show(judgement: Judgement, json_file: Path | None, markdown: Path | None) -> NoReturn:
    """Print and write a judgement, and leave with its exit code."""
    from conformance.report.judgement import as_json, as_markdown, print_judgement

    if not _is_standard_output(json_file) and not _is_standard_output(markdown):
        print_judgement(judgement, _console())
    if json_file is not None:
        _write(json_file, json.dumps(as_json(judgement), indent=2) + "\n")
    if markdown is not None:
        _write(markdown, as_markdown(judgement))
    raise typer.Exit(judgement.exit_code)


def _judge_seeds(
    seeds: Sequence[int], plan: Mapping[str, Any], resume: Path | None, jobs: int, json_file: Path | None
) -> NoReturn:
    """Run a series of seeds, and leave with its exit code."""
    from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter
    from conformance.failures.expected import MalformedExpectations, read_expected
    from conformance.runs.judgement import RunNotPossible
    from conformance.runs.ledger import LedgerError
    from conformance.runs.seeds import judge_seeds
    from conformance.runs.session import BUDGETS, Plan

    if plan["budget"] not in BUDGETS:
        raise _wrong_usage(f"the budget {plan['budget']!r} is unknown; choose {', '.join(BUDGETS)}")
    try:
        if plan["expected"]:
            read_expected(Path(plan["expected"]))
        series = judge_seeds(seeds, Plan(cases=[], **plan), resume=resume and resume.absolute(), jobs=jobs)
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations, LedgerError) as error:
        raise _wrong_usage(str(error)) from error
    except RunNotPossible as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNDECIDED) from error
    if json_file is not None:
        _write(json_file, json.dumps(series.as_json(), indent=2) + "\n")
    for sentence in series.sentences():
        typer.echo(sentence, err=_is_standard_output(json_file))
    raise typer.Exit(series.exit_code)


def _is_standard_output(path: Path | None) -> bool:
    return path is not None and str(path) == "-"


def _write(path: Path, text: str) -> None:
    if _is_standard_output(path):
        typer.echo(text, nl=False)
    else:
        path.write_text(text, encoding="utf-8")


@app.command("replay")
def replay_command(
    capsule: Annotated[Path, typer.Argument(help="Folder that a run has written for a failure.")],
    adapter: Annotated[
        list[str] | None, typer.Option(help="Installed name or package.module:Class; repeatable. Default: its own.")
    ] = None,
    torch_device: Annotated[list[str] | None, typer.Option(help="Only this device, cpu or cuda; repeatable.")] = None,
) -> None:
    """Run one failure again: FIXED, STILL FAILS or CANNOT RUN, with exit code 0, 1 or 2."""
    from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter
    from conformance.failures.replaying import replayed

    if not capsule.exists():
        raise _wrong_usage(f"{capsule}: no such folder")
    try:
        shown = replayed(capsule, adapter or [], torch_device or [])
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter) as error:
        raise _wrong_usage(str(error)) from error
    for one in shown:
        typer.echo(one.line())
    raise typer.Exit(max((one.exit_code for one in shown), key=(OK, UNDECIDED, VIOLATIONS).index))


@app.command()
def explain(clause: Annotated[str, typer.Argument(help="Id such as GRP-004, or a stage such as grouping.")]) -> None:
    """Print a clause: what it says, why, what a violation looks like, and what to do."""
    try:
        known = contract()
    except MalformedContract as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNDECIDED) from error
    if clause.upper() in known:
        typer.echo(_clause_text(known[clause.upper()]))
        return
    listed = known.of_stage(clause.lower())
    if not listed:
        raise _wrong_usage(f"the contract holds no clause or stage {clause!r}; stages are {', '.join(known.stages)}")
    for one in listed:
        typer.echo(f"{one.id}  {one.level:6}  {one.title}")


def _clause_text(clause: Clause) -> str:
    applies = f" · applies to: {clause.applies_to}" if clause.applies_to else ""
    head = f"{clause.id} · {clause.title}\n{clause.level} · since {clause.since} · stage: {clause.stage}{applies}"
    notes = "\n\n".join(f"{label}: {text}" for label, text in clause.notes.items())
    return f"{head}\n\n{clause.text}" + (f"\n\n{notes}" if notes else "")


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="NPZ scan files.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option(help="Count warnings as violations.")] = False,
) -> None:
    """Say whether scan files are fit for training: what is wrong, where, by which clause, and what to do."""
    from conformance.files.examine import ScanReport, examine
    from conformance.report import validation

    reports: list[ScanReport] = []
    unread = []
    for path in files:
        if not path.is_file():
            raise _wrong_usage(f"{path}: no such file")
        try:
            reports.append(examine(path))
        except OSError as error:
            unread.append(f"{path}: {error.strerror or error}")
    if as_json:
        typer.echo(json.dumps(validation.as_json(reports, strict) | {"unread": unread}, indent=2))
    else:
        for report in reports:
            validation.print_report(report, strict, _console())
    for line in unread:
        typer.echo(line, err=True)
    fit = all(validation.fit(report, strict) for report in reports)
    raise typer.Exit(VIOLATIONS if not fit else UNDECIDED if unread else OK)


@app.command()
def layout(
    adapter: Annotated[
        list[str] | None, typer.Option(help="Installed name or package.module:Class; repeatable.")
    ] = None,
    gridsize: Annotated[list[int] | None, typer.Option(min=1, max=4, help="Repeatable; default 1, 2 and 3.")] = None,
    compare: Annotated[bool, typer.Option("--side-by-side", help="Array by array, what differs marked.")] = False,
) -> None:
    """Print tensor layouts, as the snapshots hold them."""
    import tempfile

    from conformance.backends.discovery import AdapterNotFound, MalformedAdapter, select
    from conformance.backends.layout import layout_text, side_by_side
    from conformance.backends.subject import Subject

    try:
        chosen = select(adapter or [])
    except (AdapterNotFound, MalformedAdapter) as error:
        raise _wrong_usage(str(error)) from error
    for one in chosen:
        if one.adapter is None:
            typer.echo(f"{one.label}: {one.missing}", err=True)
            raise typer.Exit(UNDECIDED)
    sizes = gridsize or (1, 2, 3)
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as folder:
        subjects = [Subject(one, Path(folder) / str(number)) for number, one in enumerate(chosen)]
        if compare:
            typer.echo("\n".join(side_by_side(subjects, size) for size in sizes), nl=False)
            return
        for subject in subjects:
            typer.echo("\n".join(layout_text(subject, size) for size in sizes), nl=False)


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="NPZ file to write.")],
    points: Annotated[int, typer.Option(min=1, help="Scan points M.")] = 200,
    side: Annotated[int, typer.Option(min=8, help="Frame side N in pixels, even.")] = 64,
    modes: Annotated[int, typer.Option(min=1, help="Incoherent probe modes.")] = 1,
    pattern: Annotated[str, typer.Option(help="raster, spiral or clustered.")] = "spiral",
    pitch: Annotated[float, typer.Option(help="Distance of neighbouring positions in pixels.")] = 6.0,
    photons: Annotated[float | None, typer.Option(help="Mean photons a frame; without it there is no noise.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    force: Annotated[bool, typer.Option(help="Replace an existing file.")] = False,
) -> None:
    """Write a physically consistent synthetic scan, with its object and probe."""
    import numpy as np

    from conformance.scans.simulation import simulated_arrays, write_whole
    from conformance.scans.specimens import Pattern, Recipe

    if side % 2 or pattern not in get_args(Pattern) or not pitch > 0 or (photons is not None and not photons > 0):
        raise _wrong_usage("side must be even, pattern raster, spiral or clustered, pitch and photons above 0")
    if out.exists() and not force:
        raise _wrong_usage(f"{out} exists; --force replaces it")
    recipe = Recipe(points, side, modes, cast(Pattern, pattern), margin=side / 2 + 2, pitch=pitch, seed=seed)
    try:
        write_whole(out, simulated_arrays(recipe, photons, np.random.default_rng(seed)))
    except OSError as error:
        raise _wrong_usage(f"{out}: {error.strerror or error}") from error
    typer.echo(f"{out}: {points} frames {side} x {side}, {modes} probe mode(s), {pattern}, seed {seed}")


def main() -> None:
    """Run the command; wrong usage ends with 3, so that 2 always means 'could not decide'."""
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        # Typer carries its own copy of click in some versions, so usage errors are known by what they can do.
        if not (hasattr(error, "show") and hasattr(error, "exit_code")):
            raise
        error.show()
        sys.exit(USAGE)
    sys.exit(status or OK)
