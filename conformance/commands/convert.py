"""``ptycho-conformance convert``: a scan file out of the files of other tools."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from conformance.commands.cli import OK, VIOLATIONS, app, console, say, undecided, writable, wrong_usage
from conformance.commands.each import Asked, Each, Html, Jobs, Resume, Scheduler, require_no_fleet
from conformance.commands.on_each import convert_each
from conformance.commands.parts import (
    Arrays,
    Centre,
    Counts,
    DetectorPixel,
    Distance,
    Energy,
    MaskOnes,
    ObjectPixel,
    Order,
    ScanName,
    Unit,
    all_described,
    as_stated,
    require_canonical,
    require_files,
)

if TYPE_CHECKING:
    from conformance.files.assembly import Assembled, Stated
    from conformance.files.fix import Fix

_LAYOUTS = ("ptychodus", "cxi", "ptyd", "tike", "dp-para")

Paths: TypeAlias = Annotated[
    list[Path],
    typer.Argument(metavar="IN... OUT", help="Files that hold the parts of one scan, then the NPZ file to write."),
]
To: TypeAlias = Annotated[
    str | None, typer.Option("--to", metavar="LAYOUT", help=f"Write another layout: {', '.join(_LAYOUTS)}.")
]
AsDiagnosed: TypeAlias = Annotated[
    bool, typer.Option("--as-diagnosed", help="Mend what diagnose is certain of: turn, centre, unit, shift.")
]


@app.command()
def convert(
    ctx: typer.Context,
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    energy: Energy = None,
    distance: Distance = None,
    detector_pixel: DetectorPixel = None,
    object_pixel: ObjectPixel = None,
    counts: Counts = None,
    mask_ones: MaskOnes = None,
    centre: Centre = None,
    order: Order = None,
    unit: Unit = None,
    scan_name: ScanName = None,
    arrays: Arrays = None,
    packed: Annotated[bool, typer.Option("--packed", help="Deflate the members.")] = False,
    to: To = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_diagnosed: AsDiagnosed = False,
    likely: Annotated[bool, typer.Option("--likely", help="With --as-diagnosed: what is only likely too.")] = False,
    each: Each = False,
    jobs: Jobs = None,
    scheduler: Scheduler = "",
    resume: Resume = None,
    html: Html = None,
) -> None:
    """Write a scan file out of files of other tools, or with --to the other way.

    Frames, positions and probe may come from different files. What no file says is asked for by the name of an
    option, and never assumed. A table says where each array came from and what was done to it.

    With --each OUT is a folder: every IN, and every scan file of a folder or pattern, is a scan of its own. Two files
    whose names differ in _dp and _para alone are parts of one.
    """
    if len(paths) < 2:
        raise wrong_usage("convert takes the files to read, and last the file to write")
    *sources, out = paths
    stated = as_stated((energy, distance, detector_pixel, object_pixel), counts, mask_ones, order, unit, centre)
    _require_diagnosis(likely, as_diagnosed)
    require_no_fleet(each, jobs, scheduler, resume, html)
    if each:
        _files_of(out / _name(to), to)
        asked = Asked(jobs, scheduler, resume, html, as_json)
        raise typer.Exit(convert_each(sources, out, lambda name: _files_of(out / _name(to, name), to), ctx, asked))
    targets = _targets(out, to, sources, force)
    from conformance.files.assembly import assembled
    from conformance.files.unfit import UnfitFile
    from conformance.report.progress import reading

    with ExitStack() as stack:
        try:
            scan = assembled(all_described(sources, order, unit, scan_name, stack, arrays), stated)
            scan, fixes = _mended(scan, out, likely, stack) if as_diagnosed else (_as_it_is(scan), ())
            with reading():
                notes = _write(targets, scan, _record(scan, sources, stated, fixes), packed, to)
        except UnfitFile as error:
            raise undecided(f"{out} was not written: {error}") from error
        except OSError as error:
            raise undecided(f"{out}: {error.strerror or error}") from error
    raise typer.Exit(_told(scan, sources, targets, notes, judged=to is None, as_json=as_json))


def _require_diagnosis(likely: bool, as_diagnosed: bool) -> None:
    if likely and not as_diagnosed:
        raise wrong_usage("--likely goes with --as-diagnosed")


def _told(
    scan: Assembled, sources: list[Path], targets: tuple[Path, ...], notes: list[str], *, judged: bool, as_json: bool
) -> int:
    """Show what was written and, of a scan file, what is found in it; return the exit code."""
    from conformance.files.examine import examine
    from conformance.report import validation
    from conformance.report.progress import reading

    with reading():
        report = examine(targets[0]) if judged else None
    if as_json:
        from conformance.report.conversion_result import conversion_of, conversions

        say(conversions([conversion_of(scan, sources, targets, notes, report)]).text(), nl=False)
    else:
        say(f"{' and '.join(map(str, targets))}: written from {', '.join(map(str, sources))}")
        validation.print_conversion(scan, console(), notes)
        if report is not None:
            validation.print_report(report, False, console())
    return OK if report is None or validation.fit(report, False) else VIOLATIONS


def _name(to: str | None, stem: str = "scan") -> str:
    """Name of a file of a layout."""
    if to is None or to not in _LAYOUTS:
        return f"{stem}.npz"
    from conformance.files.targets.table import TARGETS

    return f"{stem}{TARGETS[to].suffixes[0]}"


def _as_it_is(scan: Assembled) -> Assembled:
    """A scan of which nothing speaks against what its layouts take for granted."""
    from conformance.files.assembly import require_plausible

    require_plausible(scan)
    return scan


def _mended(scan: Assembled, out: Path, likely: bool, stack: ExitStack) -> tuple[Assembled, tuple[Fix, ...]]:
    """A scan as its diagnosis asks, and what was done; ends the command where that does not make it canonical."""
    from conformance.files.fixing.diagnosed import as_diagnosed
    from conformance.files.fixing.relaid import Scratch
    from conformance.files.formats.description import Orientation

    scratch = stack.enter_context(Scratch(out.resolve().parent))
    held = {name: part.values for name, part in scan.parts.items()}
    found = as_diagnosed(held, scratch, likely=likely)
    require_canonical(out, found)
    said = tuple(f"as diagnosed: {fix.sentence()}" for fix in found.fixes)
    parts = {
        name: part if found.arrays[name] is held[name] else replace(part, values=found.arrays[name])
        for name, part in scan.parts.items()
    }
    orientation = Orientation(said_by="diagnosed")
    return replace(scan, parts=parts, orientation=orientation, notes=(*scan.notes, *said)), found.fixes


def _require_target(out: Path, sources: list[Path], force: bool) -> None:
    require_files(sources)
    if out.exists() and not force:
        raise wrong_usage(f"{out} exists; --force replaces it")
    if any(out.exists() and out.samefile(path) for path in sources):
        raise wrong_usage(f"{out} is also read; write another file")
    writable(out)


def _targets(out: Path, to: str | None, sources: list[Path], force: bool) -> tuple[Path, ...]:
    """Return the files that are to be written; wrong usage where one cannot be."""
    targets = _files_of(out, to)
    for target in targets:
        _require_target(target, sources, force)
    return targets


def _files_of(out: Path, to: str | None) -> tuple[Path, ...]:
    if to is not None and to not in _LAYOUTS:
        raise wrong_usage(f"--to {to!r} is unknown; choose {', '.join(_LAYOUTS)}")
    if to is None:
        if out.suffix != ".npz":
            raise wrong_usage(f"{out}: a scan file is written as .npz")
        return (out,)
    from conformance.files.targets.table import TARGETS

    target = TARGETS[to]
    if out.suffix not in target.suffixes:
        raise wrong_usage(f"{out}: {to} is written as {' or '.join(target.suffixes)}")
    if target.hdf5:
        try:
            import h5py  # noqa: F401
        except ImportError as error:
            raise undecided(f"{to} is written by h5py: pip install 'ptycho-conformance[formats]'") from error
    return target.files(out)


def _record(scan: Assembled, sources: list[Path], stated: Stated, fixes: tuple[Fix, ...]) -> dict[str, Any]:
    """Where a scan came from, in plain types: it travels with what is written."""
    from conformance import __version__
    from conformance.files.fixing.provenance import with_provenance
    from conformance.files.formats.record import as_record

    record = {
        "converted_by": f"ptycho-conformance {__version__}",
        "sources": [path.name for path in sources],
        "formats": list(scan.formats),
        **as_record(scan.geometry, scan.orientation),
        "arrays": {
            name: {"source": part.source, "axes": part.axes, "changes": list(part.changes)}
            for name, part in scan.parts.items()
        },
        "stated": {name: value for name, value in vars(stated).items() if value is not None},
        "notes": list(scan.notes),
    }
    return with_provenance(record, " and ".join(path.name for path in sources), fixes) if fixes else record


def _write(
    targets: tuple[Path, ...], scan: Assembled, record: dict[str, Any], packed: bool, to: str | None
) -> list[str]:
    """Write the files of a layout, and say what changed on the way."""
    if to is None:
        from conformance.files.writing import write_canonical

        write_canonical(targets[0], {name: part.values for name, part in scan.parts.items()}, record, packed=packed)
        return []
    from conformance.files.targets.table import TARGETS
    from conformance.files.targets.target import leaving

    ready, notes = leaving(scan, TARGETS[to], record, packed)
    record["notes"] = [*record["notes"], *notes]
    TARGETS[to].write(targets, ready)
    return notes
