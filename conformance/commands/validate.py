"""``ptycho-conformance validate``: are these scan files fit for training?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import (
    OK,
    UNDECIDED,
    VIOLATIONS,
    app,
    console,
    say,
    writable,
    wrong_usage,
)
from conformance.commands.each import Html, Jobs, Resume, Scheduler, files_in, fleet_of
from conformance.commands.fixed import Diagnosed, declared, first_of, fix_one
from conformance.commands.parts import ScanName
from conformance.commands.validated import all_fit, judged, tell, write_reports
from conformance.files.formats.choice import choosing

if TYPE_CHECKING:
    from conformance.files.policy import Policy


@app.command()
def validate(
    ctx: typer.Context,
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
        bool, typer.Option("--drop-points", help="Fix: drop points that lie alone or nowhere, and their frames.")
    ] = False,
    unit: Annotated[
        str | None, typer.Option(metavar="m|mm|um|nm", help="Fix: unit of the positions; needs --object-pixel.")
    ] = None,
    object_pixel: Annotated[float | None, typer.Option(metavar="M", help="Side of an object pixel in metres.")] = None,
    origin: Annotated[
        str | None, typer.Option(metavar="X,Y", help="Fix: subtract an origin, in object pixels.")
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(metavar="product|complex|polar", help="Fix: multiply the object's layers, or join two parts."),
    ] = None,
    scale_probe: Annotated[
        bool, typer.Option("--scale-probe", help="Fix: scale the probe to the power of the frames.")
    ] = False,
    as_diagnosed: Annotated[
        bool, typer.Option("--as-diagnosed", help="Fix: what diagnose is certain of: turn, centre, unit, shift.")
    ] = False,
    likely: Annotated[bool, typer.Option("--likely", help="With --as-diagnosed: what is only likely too.")] = False,
    scan_name: ScanName = None,
) -> None:
    """Say whether scan files are fit for training, and mend one.

    If not: what is wrong, where, by which clause, and what to do. A file that is missing or cannot be read does not
    stop the others: it is named, and the exit code is 2, or 1 if another file breaks the contract; if all are
    missing it is 3.

    With --fix the verdict and the exit code are those of OUT. What no fix touches is copied byte for byte, and
    _metadata tells what was done. Fixes that need your word have an option each.
    """
    ctx.with_resource(choosing(scan_name))
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
    said = declared(flags, *asked)
    if likely and not as_diagnosed:
        raise wrong_usage("--likely goes with --as-diagnosed")
    if as_diagnosed and fix is None:
        raise wrong_usage("--as-diagnosed goes with --fix OUT")
    if fix is not None:
        diagnosed = Diagnosed(as_diagnosed, likely)
        fix_one(paths, fix, said, diagnosed, as_json=as_json, strict=strict, dry=dry_run, force=force)
    if dry_run or force or any(flags) or any(one is not None for one in asked):
        raise wrong_usage(f"{first_of(said, dry_run=dry_run, force=force)} goes with --fix OUT")
    allowed = None if policy is None else _policy(policy)
    files, unread = files_in(paths, absolute=bool(scheduler))
    if not files:
        raise wrong_usage("; ".join(unread))
    quiet = as_json or summary
    fleet = fleet_of(len(files), jobs, scheduler, resume)
    reports, lost = judged(files, fleet, allowed, strict=strict, physics=physics, shown=None if quiet else console())
    unread += lost
    if as_json:
        from conformance.report.validation_result import validation_result

        say(validation_result(reports, unread, strict=strict).text(), nl=False)
    else:
        tell(reports, rows=summary, several=len(files) > 1, strict=strict)
    write_reports(reports, unread, strict=strict, junit=junit, sarif=sarif, html=html)
    for line in (*unread, *(() if allowed is None else allowed.told())):
        say(line, err=True)
    raise typer.Exit(VIOLATIONS if not all_fit(reports, strict) else UNDECIDED if unread else OK)


def _policy(path: Path) -> Policy:
    import datetime

    from conformance.files.policy import MalformedPolicy, read_policy

    try:
        return read_policy(path, datetime.datetime.now(datetime.UTC).date())
    except MalformedPolicy as error:
        raise wrong_usage(f"--policy {error}") from error
