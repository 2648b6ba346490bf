"""``ptycho-conformance convert``: a scan file out of the files of other tools."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conformance.commands.cli import OK, UNDECIDED, VIOLATIONS, app, console, say, undecided, writable, wrong_usage

if TYPE_CHECKING:
    from conformance.files.assembly import Assembled, Stated
    from conformance.files.fix import Fix
    from conformance.files.fixing.diagnosed import AsDiagnosed
    from conformance.files.formats.description import Description

_LAYOUTS = ("ptychodus", "cxi", "ptyd", "tike", "dp-para")
_ORDERS = ("xy", "yx")
_UNITS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "px": 0.0}


@app.command()
def convert(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="IN... OUT", help="Files that hold the parts of one scan, then the NPZ file to write."),
    ],
    energy: Annotated[float | None, typer.Option(metavar="EV", help="Photon energy in electronvolts.")] = None,
    distance: Annotated[float | None, typer.Option(metavar="M", help="Metres from sample to detector.")] = None,
    detector_pixel: Annotated[
        float | None, typer.Option(metavar="M", help="Side of a detector pixel in metres.")
    ] = None,
    object_pixel: Annotated[float | None, typer.Option(metavar="M", help="Side of an object pixel in metres.")] = None,
    counts: Annotated[
        bool | None, typer.Option("--counts/--amplitudes", help="What frames of unknown kind are.")
    ] = None,
    order: Annotated[str | None, typer.Option("--positions-order", metavar="xy|yx", help="Columns of a list.")] = None,
    unit: Annotated[str | None, typer.Option("--positions-unit", metavar="m|um|nm|px", help="Unit of a list.")] = None,
    packed: Annotated[bool, typer.Option("--packed", help="Deflate the members.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="LAYOUT", help=f"Write another layout: {', '.join(_LAYOUTS)}.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_diagnosed: Annotated[
        bool, typer.Option("--as-diagnosed", help="Mend what diagnose is certain of: turn, centre, unit, shift.")
    ] = False,
    likely: Annotated[bool, typer.Option("--likely", help="With --as-diagnosed: what is only likely too.")] = False,
) -> None:
    """Write a scan file out of files of other tools, or with --to the other way.

    Frames, positions and probe may come from different files. What no file says is asked for by the name of an
    option, and never assumed. A table says where each array came from and what was done to it.
    """
    if len(paths) < 2:
        raise wrong_usage("convert takes the files to read, and last the file to write")
    *sources, out = paths
    require_choices(order, unit, to)
    if likely and not as_diagnosed:
        raise wrong_usage("--likely goes with --as-diagnosed")
    targets = _targets(out, to)
    for target in targets:
        _require_target(target, sources, force)
    from conformance.files.assembly import Stated, assembled
    from conformance.files.examine import examine
    from conformance.files.fix import Fix
    from conformance.files.fixing.provenance import with_provenance
    from conformance.files.unfit import UnfitFile
    from conformance.report import validation

    stated = Stated(energy, distance, detector_pixel, object_pixel, counts)
    with ExitStack() as stack:
        given = [described(source, order, unit, stack) for source in sources]
        try:
            scan, fixes = assembled(given, stated), tuple[Fix, ...]()
            if as_diagnosed:
                scan, fixes = _mended(scan, out, likely, stack)
            record = _record(scan, sources, stated)
            if fixes:
                record = with_provenance(record, " and ".join(path.name for path in sources), fixes)
            notes = _write(targets, scan, record, packed, to)
        except UnfitFile as error:
            raise undecided(f"{out} was not written: {error}") from error
        except OSError as error:
            raise undecided(f"{out}: {error.strerror or error}") from error
    say(f"{' and '.join(map(str, targets))}: written from {', '.join(map(str, sources))}")
    validation.print_conversion(scan, console(), notes)
    if to is not None:
        raise typer.Exit(OK)
    report = examine(out)
    validation.print_report(report, False, console())
    raise typer.Exit(OK if validation.fit(report, False) else VIOLATIONS)


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


def require_canonical(out: Path, found: AsDiagnosed) -> None:
    """End the command where a diagnosis leaves a scan that is not canonical.

    Parameters
    ----------
    out : Path
        What was to be written.
    found : AsDiagnosed
    """
    if found.refused:
        say(f"{out} was not written: {found.refused}", err=True)
        raise typer.Exit(VIOLATIONS if found.after.wrong else UNDECIDED)


def _require_target(out: Path, sources: list[Path], force: bool) -> None:
    absent = [str(path) for path in sources if not path.is_file()]
    if absent:
        raise wrong_usage(f"{absent[0]}: no such file")
    if out.exists() and not force:
        raise wrong_usage(f"{out} exists; --force replaces it")
    if any(out.exists() and out.samefile(path) for path in sources):
        raise wrong_usage(f"{out} is also read; write another file")
    writable(out)


def _targets(out: Path, to: str | None) -> tuple[Path, ...]:
    """Return the files that are to be written."""
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


def require_choices(order: str | None, unit: str | None, to: str | None = None) -> None:
    """Refuse names that no choice has.

    Parameters
    ----------
    order : str or None
        Columns of a list of positions.
    unit : str or None
        Its unit.
    to : str or None
        Layout to be written.
    """
    if to is not None and to not in _LAYOUTS:
        raise wrong_usage(f"--to {to!r} is unknown; choose {', '.join(_LAYOUTS)}")
    if order is not None and order not in _ORDERS:
        raise wrong_usage(f"--positions-order {order!r} is unknown; choose {' or '.join(_ORDERS)}")
    if unit is not None and unit not in _UNITS:
        raise wrong_usage(f"--positions-unit {unit!r} is unknown; choose {', '.join(_UNITS)}")


def described(path: Path, order: str | None, unit: str | None, stack: ExitStack) -> Description:
    """Describe a file of any known format, open until the stack ends.

    Parameters
    ----------
    path : Path
    order, unit : str or None
        What the user says of a list of positions.
    stack : ExitStack
    """
    from conformance.files.archive import DamagedArchive
    from conformance.files.formats.pairs import listed_positions
    from conformance.files.formats.sniffing import Kind
    from conformance.files.formats.table import format_of, sniff
    from conformance.files.naming import named
    from conformance.files.unfit import UnfitFile

    try:
        file = sniff(path)
        if file.kind is Kind.NUMBERS:
            if order is None or unit is None:
                raise wrong_usage(f"{path} is a list of positions: give --positions-order and --positions-unit")
            return listed_positions(path, order, _UNITS[unit])
        found = format_of(file)
        if found is None:
            raise undecided(f"{path}: {named(file).problem}")
        return stack.enter_context(found.opened(path))
    except (UnfitFile, DamagedArchive) as error:
        raise undecided(f"{path}: {error}") from error
    except OSError as error:
        raise undecided(f"{path}: {error.strerror or error}") from error


def _record(scan: Assembled, sources: list[Path], stated: Stated) -> dict[str, Any]:
    """Where a scan came from, in plain types: it travels with what is written."""
    from conformance import __version__
    from conformance.files.formats.record import as_record

    return {
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
