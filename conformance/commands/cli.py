"""The ``ptycho-conformance`` command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console

from conformance import __version__
from conformance.contract.clauses import Clause, MalformedContract, contract

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


def console() -> Console:
    """Console of standard output."""
    # A pipe has no width of its own; wide lines keep one clause on one line.
    return Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False)


def wrong_usage(message: str) -> typer.Exit:
    """Say what is wrong, and return what ends the command with 3."""
    typer.echo(message, err=True)
    return typer.Exit(USAGE)


def is_standard_output(path: Path | None) -> bool:
    """Whether a report goes to standard output."""
    return path is not None and str(path) == "-"


def writable(path: Path | None, option: str) -> None:
    """Make sure, before any work, that a report can be written; wrong usage where it cannot."""
    if path is None or is_standard_output(path):
        return
    if path.is_dir():
        raise wrong_usage(f"{option} {path}: this is a folder")
    if not path.parent.is_dir():
        raise wrong_usage(f"{option} {path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise wrong_usage(f"{option} {path}: it cannot be written")


def write(path: Path, text: str) -> None:
    """Write a report."""
    if is_standard_output(path):
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
        raise wrong_usage(f"{capsule}: no such folder")
    try:
        shown = replayed(capsule, adapter or [], torch_device or [])
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter) as error:
        raise wrong_usage(str(error)) from error
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
        raise wrong_usage(f"the contract holds no clause or stage {clause!r}; stages are {', '.join(known.stages)}")
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
            raise wrong_usage(f"{path}: no such file")
        try:
            reports.append(examine(path))
        except OSError as error:
            unread.append(f"{path}: {error.strerror or error}")
    if as_json:
        typer.echo(json.dumps(validation.as_json(reports, strict) | {"unread": unread}, indent=2))
    else:
        for report in reports:
            validation.print_report(report, strict, console())
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
        raise wrong_usage(str(error)) from error
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

    from conformance.scans.simulation import simulated_scan, write_whole
    from conformance.scans.specimens import Pattern, Recipe

    if side % 2 or pattern not in get_args(Pattern) or not pitch > 0 or (photons is not None and not photons > 0):
        raise wrong_usage("side must be even, pattern raster, spiral or clustered, pitch and photons above 0")
    if out.exists() and not force:
        raise wrong_usage(f"{out} exists; --force replaces it")
    recipe = Recipe(points, side, modes, cast(Pattern, pattern), margin=side / 2 + 2, pitch=pitch, seed=seed)
    try:
        write_whole(out, simulated_scan(recipe, photons, np.random.default_rng(seed)))
    except OSError as error:
        raise wrong_usage(f"{out}: {error.strerror or error}") from error
    typer.echo(f"{out}: {points} frames {side} x {side}, {modes} probe mode(s), {pattern}, seed {seed}")


from conformance.commands import run  # noqa: E402, F401


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
