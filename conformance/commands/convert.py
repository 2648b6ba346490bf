"""``ptycho-conformance convert``: a scan file out of the files of other tools."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import OK, VIOLATIONS, app, console, say, undecided, wrong_usage

if TYPE_CHECKING:
    from conformance.files.assembly import Assembled, Stated
    from conformance.files.formats.description import Description

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
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a scan file out of files of other tools.

    Frames, positions and probe may come from different files. What no file says is asked for by the name of an
    option, and never assumed. A table says where each array came from and what was done to it.
    """
    if len(paths) < 2:
        raise wrong_usage("convert takes the files to read, and last the file to write")
    *sources, out = paths
    _require_target(out, sources, force)
    _require_choices(order, unit)
    from conformance.files.assembly import Stated, assembled
    from conformance.files.examine import examine
    from conformance.files.unfit import UnfitFile
    from conformance.report import validation

    stated = Stated(energy, distance, detector_pixel, object_pixel, counts)
    with ExitStack() as stack:
        given = [_described(source, order, unit, stack) for source in sources]
        try:
            scan = assembled(given, stated)
            _write(out, scan, sources, stated, packed)
        except UnfitFile as error:
            raise undecided(f"{out} was not written: {error}") from error
        except OSError as error:
            raise undecided(f"{out}: {error.strerror or error}") from error
    validation.print_conversion(scan, console())
    report = examine(out)
    validation.print_report(report, False, console())
    raise typer.Exit(OK if validation.fit(report, False) else VIOLATIONS)


def _require_target(out: Path, sources: list[Path], force: bool) -> None:
    absent = [str(path) for path in sources if not path.is_file()]
    if absent:
        raise wrong_usage(f"{absent[0]}: no such file")
    if out.suffix != ".npz":
        raise wrong_usage(f"{out}: a scan file is written as .npz")
    if out.exists() and not force:
        raise wrong_usage(f"{out} exists; --force replaces it")
    if any(out.exists() and out.samefile(path) for path in sources):
        raise wrong_usage(f"{out} is also read; write another file")


def _require_choices(order: str | None, unit: str | None) -> None:
    if order is not None and order not in _ORDERS:
        raise wrong_usage(f"--positions-order {order!r} is unknown; choose {' or '.join(_ORDERS)}")
    if unit is not None and unit not in _UNITS:
        raise wrong_usage(f"--positions-unit {unit!r} is unknown; choose {', '.join(_UNITS)}")


def _described(path: Path, order: str | None, unit: str | None, stack: ExitStack) -> Description:
    from conformance.files.archive import DamagedArchive
    from conformance.files.foreign import named
    from conformance.files.formats.pairs import listed_positions
    from conformance.files.formats.sniffing import Kind
    from conformance.files.formats.table import format_of, sniff
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


def _write(out: Path, scan: Assembled, sources: list[Path], stated: Stated, packed: bool) -> None:
    from conformance import __version__
    from conformance.files.writing import write_canonical

    metadata = {
        "converted_by": f"ptycho-conformance {__version__}",
        "sources": [path.name for path in sources],
        "formats": list(scan.formats),
        "orientation": {
            "exif": scan.orientation.exif,
            "rotation": scan.orientation.rotation,
            "said_by": scan.orientation.said_by,
        },
        "arrays": {
            name: {"source": part.source, "axes": part.axes, "changes": list(part.changes)}
            for name, part in scan.parts.items()
        },
        "stated": {name: value for name, value in vars(stated).items() if value is not None},
        "notes": list(scan.notes),
    }
    write_canonical(out, {name: part.values for name, part in scan.parts.items()}, metadata, packed=packed)
    say(f"{out}: written from {', '.join(str(path) for path in sources)}")
