"""``ptycho-conformance validate``: are these scan files fit for training?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from conformance.commands.cli import (
    OK,
    UNDECIDED,
    VIOLATIONS,
    app,
    console,
    say,
    undecided,
    writable,
    wrong_usage,
)
from conformance.commands.each import Html, Jobs, Resume, Scheduler, files_in, fleet_of
from conformance.commands.validated import compare, examined, write_reports

if TYPE_CHECKING:
    from conformance.files.examine import ScanReport
    from conformance.files.fix import Fix
    from conformance.files.fixing.declared import Declared
    from conformance.files.policy import Policy


@app.command()
def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Scan files of any known format; folders; patterns."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as violations.")] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Print a row a file in place of all findings.")] = False,
    physics: Annotated[
        bool, typer.Option("--physics", help="Ask whether probe, object and positions of the file explain its frames.")
    ] = False,
    html: Html = None,
    jobs: Jobs = None,
    scheduler: Scheduler = "",
    resume: Resume = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report as JUnit XML.")] = None,
    sarif: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report as SARIF, for code hosts.")] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML list of findings that are allowed, for a reason and a time."),
    ] = None,
    fix: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write FILE, mended, to OUT: what has one reading alone.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what --fix would do; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Let --fix replace an existing file.")] = False,
    mask_markers: Annotated[
        bool, typer.Option("--mask-markers", help="Fix: mask marked and stuck pixels, zero under it.")
    ] = False,
    intensity: Annotated[bool, typer.Option("--intensity", help="Fix: frames are counts; take the root.")] = False,
    mask_ones: Annotated[
        str | None,
        typer.Option("--mask-ones", metavar="good|bad", help="Fix: take the mask under another name; what ones mean."),
    ] = None,
    drop_frames: Annotated[
        bool, typer.Option("--drop-frames", help="Fix: drop dark and bright frames and their positions.")
    ] = False,
    drop_points: Annotated[
        bool, typer.Option("--drop-points", help="Fix: drop points that lie alone, and their frames.")
    ] = False,
    unit: Annotated[
        str | None, typer.Option(metavar="m|mm|um|nm", help="Fix: unit of the positions; needs --object-pixel.")
    ] = None,
    object_pixel: Annotated[float | None, typer.Option(metavar="M", help="Side of an object pixel in metres.")] = None,
    origin: Annotated[
        str | None, typer.Option(metavar="X,Y", help="Fix: subtract an origin, in object pixels.")
    ] = None,
    layers: Annotated[str | None, typer.Option(metavar="product", help="Fix: multiply the object's layers.")] = None,
    scale_probe: Annotated[
        bool, typer.Option("--scale-probe", help="Fix: scale the probe to the power of the frames.")
    ] = False,
    as_diagnosed: Annotated[
        bool, typer.Option("--as-diagnosed", help="Fix: what diagnose is certain of: turn, centre, unit, shift.")
    ] = False,
    likely: Annotated[bool, typer.Option("--likely", help="With --as-diagnosed: what is only likely too.")] = False,
) -> None:
    """Say whether scan files are fit for training, and mend one.

    If not: what is wrong, where, by which clause, and what to do. A file that is missing or cannot be read does not
    stop the others: it is named, and the exit code is 2, or 1 if another file breaks the contract; if all are
    missing it is 3.

    With --fix the verdict and the exit code are those of OUT. What no fix touches is copied byte for byte, and
    _metadata tells what was done. Fixes that need your word have an option each.
    """
    given = {
        "--junit": junit,
        "--sarif": sarif,
        "--html": html,
        "--policy": policy,
        "--jobs": jobs,
        "--scheduler": scheduler or None,
        "--resume": resume,
        "--summary": summary or None,
        "--physics": physics or None,
    }
    lone = [option for option, value in given.items() if value is not None]
    if fix is not None and lone:
        raise wrong_usage(f"{lone[0]} goes without --fix")
    writable(junit, "--junit")
    writable(sarif, "--sarif")
    writable(html, "--html")
    writable(resume, "--resume")
    asked = (unit, object_pixel, origin, layers, mask_ones)
    flags = (mask_markers, intensity, drop_frames, drop_points, scale_probe)
    said = _declared(flags, *asked)
    if likely and not as_diagnosed:
        raise wrong_usage("--likely goes with --as-diagnosed")
    if as_diagnosed and fix is None:
        raise wrong_usage("--as-diagnosed goes with --fix OUT")
    if fix is not None:
        diagnosed = _Diagnosed(as_diagnosed, likely)
        _fix(paths, fix, said, diagnosed, as_json=as_json, strict=strict, dry=dry_run, force=force)
    if dry_run or force or any(flags) or any(one is not None for one in asked):
        raise wrong_usage(f"{_first_of(said, dry_run=dry_run, force=force)} goes with --fix OUT")
    allowed = None if policy is None else _policy(policy)
    files, unread = files_in(paths, absolute=bool(scheduler))
    if not files:
        raise wrong_usage("; ".join(unread))
    from conformance.report import validation

    quiet = as_json or summary
    reports: list[ScanReport] = []
    for path, report in examined(files, fleet_of(len(files), jobs, scheduler, resume), strict=strict, physics=physics):
        if isinstance(report, str):
            unread.append(f"{path}: {report}")
            continue
        reports.append(report if allowed is None else allowed.over(report))
        if not quiet:
            validation.print_report(reports[-1], strict, console())
    compare(reports, None if quiet else console(), allowed)
    if as_json:
        from conformance.report.validation_result import validation_result

        say(validation_result(reports, unread, strict=strict).text(), nl=False)
    else:
        if summary:
            from conformance.report.rows import print_rows, row_of_report

            print_rows([row_of_report(report, strict) for report in reports], console())
        if len(files) > 1:
            say(validation.summary(reports))
    told = () if allowed is None else tuple(allowed.told())
    write_reports(reports, unread, strict=strict, junit=junit, sarif=sarif, html=html)
    for line in (*unread, *told):
        say(line, err=True)
    fit = all(validation.fit(report, strict) for report in reports)
    raise typer.Exit(VIOLATIONS if not fit else UNDECIDED if unread else OK)


def _declared(
    flags: tuple[bool, ...],
    unit: str | None,
    object_pixel: float | None,
    origin: str | None,
    layers: str | None,
    mask_ones: str | None,
) -> Declared:
    from conformance.commands.parts import ones_are_bad
    from conformance.files.fixing.declared import UNITS, Declared

    if unit is not None and unit not in UNITS:
        raise wrong_usage(f"--unit {unit!r} is unknown; choose {', '.join(UNITS)}")
    if (unit is None) != (object_pixel is None):
        lone, other = ("--object-pixel", "--unit") if unit is None else ("--unit", "--object-pixel")
        raise wrong_usage(f"{lone} needs {other}")
    if object_pixel is not None and not 0 < object_pixel < math.inf:
        raise wrong_usage(f"--object-pixel {object_pixel}: a side in metres is above 0")
    if layers not in (None, "product"):
        raise wrong_usage(f"--layers {layers!r} is unknown; choose product")
    ones_are_bad(mask_ones)
    mask_markers, intensity, drop_frames, drop_points, scale_probe = flags
    return Declared(
        mask_markers,
        intensity,
        drop_frames,
        drop_points,
        scale_probe,
        unit or "",
        object_pixel or 0.0,
        None if origin is None else _point(origin),
        layers or "",
        mask_ones or "",
    )


def _point(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise wrong_usage(f"--origin {text!r} is no pair of numbers X,Y")
    return x, y


def _first_of(said: Declared, *, dry_run: bool, force: bool) -> str:
    return next(iter(said.options), "--dry-run" if dry_run else "--force" if force else "--fix")


class _Diagnosed(NamedTuple):
    """Whether a diagnosis is asked, and whether what is only likely counts."""

    asked: bool
    likely: bool


def _fix(
    paths: Sequence[Path],
    out: Path,
    said: Declared,
    diagnosed: _Diagnosed,
    *,
    as_json: bool,
    strict: bool,
    dry: bool,
    force: bool,
) -> NoReturn:
    """Mend one file, and end with what came of it."""
    _require_target(paths, out, force)
    from conformance.files.archive import DamagedArchive
    from conformance.files.examine import examine
    from conformance.files.fixing.mending import is_mendable, mended
    from conformance.report import mending, validation

    (path,) = paths
    try:
        before = examine(path)
        further = _asked_of_frames(path, out, diagnosed) if is_mendable(before) else ()
        done = mended(before, out, said, dry=dry, further=further) if is_mendable(before) else None
    except DamagedArchive as error:
        raise undecided(f"{path}: {error}; {out} was not written") from error
    except OSError as error:
        raise undecided(f"{error.filename or path}: {error.strerror or error}; {out} was not written") from error
    after = before if done is None else done.after
    if as_json:
        from conformance.report.validation_result import fixed_result, validation_result

        fixed = fixed_result(before, out, done)
        say(validation_result([after], (), strict=strict, fixed=fixed).text(), nl=False)
    else:
        if done is not None:
            mending.print_mending(done, out, console())
        validation.print_report(after, strict, console())
        if done is None:
            say(f"{out} was not written: no fix makes a scan file of this")
    raise typer.Exit(OK if validation.fit(after, strict) else VIOLATIONS)


def _asked_of_frames(path: Path, out: Path, diagnosed: _Diagnosed) -> tuple[Fix, ...]:
    """The fixes that a diagnosis of the file asks for; ends the command where they do not make it canonical."""
    if not diagnosed.asked:
        return ()
    from conformance.commands.parts import described, require_canonical
    from conformance.files.assembly import Stated
    from conformance.files.diagnose.opened import parts_from
    from conformance.files.fixing.diagnosed import as_diagnosed
    from conformance.files.fixing.relaid import Scratch
    from conformance.files.unfit import UnfitFile

    with ExitStack() as stack:
        scratch = stack.enter_context(Scratch(out.resolve().parent))
        try:
            parts = parts_from([described(path, None, None, stack)], Stated())
        except UnfitFile as error:
            raise undecided(f"{path}: {error}; {out} was not written") from error
        found = as_diagnosed({name: part.values for name, part in parts.items()}, scratch, likely=diagnosed.likely)
    require_canonical(out, found)
    return found.fixes


def _require_target(paths: Sequence[Path], out: Path, force: bool) -> None:
    if len(paths) != 1 or paths[0].is_dir():
        raise wrong_usage("--fix takes one FILE and writes one OUT")
    _, absent = files_in(paths)
    if absent:
        raise wrong_usage(absent[0])
    if out.suffix != ".npz":
        raise wrong_usage(f"--fix {out}: a scan file is written as .npz")
    if out.exists() and out.samefile(paths[0]):
        raise wrong_usage(f"--fix {out}: it is the file that is read; write another one")
    if out.exists() and not force:
        raise wrong_usage(f"--fix {out}: it exists; --force replaces it")
    writable(out, "--fix")


def _policy(path: Path) -> Policy:
    import datetime

    from conformance.files.policy import MalformedPolicy, read_policy

    try:
        return read_policy(path, datetime.datetime.now(datetime.UTC).date())
    except MalformedPolicy as error:
        raise wrong_usage(f"--policy {error}") from error
