"""What commands are told of the files that hold the parts of one scan, and how they open and mend them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from conformance.commands.cli import UNDECIDED, VIOLATIONS, say, undecided, wrong_usage

if TYPE_CHECKING:
    from conformance.files.assembly import Stated
    from conformance.files.fixing.diagnosed import AsDiagnosed
    from conformance.files.formats.description import Description

_ORDERS = ("xy", "yx")
_CENTRES = ("middle", "corner")
_UNITS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "px": 0.0}

Energy: TypeAlias = Annotated[float | None, typer.Option(metavar="EV", help="Photon energy in electronvolts.")]
Distance: TypeAlias = Annotated[float | None, typer.Option(metavar="M", help="Metres from sample to detector.")]
DetectorPixel: TypeAlias = Annotated[
    float | None, typer.Option(metavar="M", help="Side of a detector pixel in metres.")
]
ObjectPixel: TypeAlias = Annotated[float | None, typer.Option(metavar="M", help="Side of an object pixel in metres.")]
Counts: TypeAlias = Annotated[
    bool | None, typer.Option("--counts/--amplitudes", help="What the frames are, whatever the layout has.")
]
Order: TypeAlias = Annotated[str | None, typer.Option("--positions-order", metavar="xy|yx", help="Columns of a table.")]
Unit: TypeAlias = Annotated[
    str | None,
    typer.Option("--positions-unit", metavar="m|mm|um|nm|px", help="Unit of the positions, whatever the layout has."),
]
Centre: TypeAlias = Annotated[
    str | None, typer.Option(metavar="middle|corner", help="Where the zero frequency stands in the frames as stored.")
]
MaskOnes: TypeAlias = Annotated[
    str | None, typer.Option("--mask-ones", metavar="good|bad", help="What ones in a mask mean.")
]

ScanName: TypeAlias = Annotated[
    str | None, typer.Option("--scan-name", metavar="NAME", help="Which scan of a file that holds several.")
]


Arrays: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--array", metavar="ROLE=NAME", help="Which array is frames, positions, x, y, probe or mask; repeatable."
    ),
]


def named_arrays(said: Sequence[str] | None) -> dict[str, str]:
    """Return the arrays that the user names, by role; wrong usage where one has no role, or a role has two."""
    from conformance.files.formats.told import ROLES

    found: dict[str, str] = {}
    for one in said or ():
        role, _, name = one.partition("=")
        if role not in ROLES or not name.strip("/"):
            raise wrong_usage(f"--array {one}: say {'=NAME, '.join(ROLES)}=NAME")
        if role in found:
            raise wrong_usage(f"--array {role} is said twice: {found[role]} and {name}")
        found[role] = name
    if ("x" in found) != ("y" in found) or {"x", "positions"} <= set(found):
        raise wrong_usage("--array: positions are x and y, or positions=NAME")
    return found


def require_files(paths: list[Path]) -> None:
    """Refuse files that are not there, and folders that hold no images."""
    from conformance.files.folders import images_in, told
    from conformance.files.formats.zarr_store import is_store

    for path in paths:
        if path.is_dir() and not images_in(path) and not is_store(path):
            raise wrong_usage(f"{path}: {told(path) or 'a folder, no file'}")
        if not path.is_dir() and not path.is_file():
            raise wrong_usage(f"{path}: no such file")


def require_choices(order: str | None, unit: str | None) -> None:
    """Refuse names that no choice has.

    Parameters
    ----------
    order : str or None
        Columns of a list of positions.
    unit : str or None
        Its unit.
    """
    if order is not None and order not in _ORDERS:
        raise wrong_usage(f"--positions-order {order!r} is unknown; choose {' or '.join(_ORDERS)}")
    if unit is not None and unit not in _UNITS:
        raise wrong_usage(f"--positions-unit {unit!r} is unknown; choose {', '.join(_UNITS)}")


def ones_are_bad(said: str | None) -> bool | None:
    """Whether ones in a mask mean bad, by what was said; wrong usage where that is no such word."""
    if said not in (None, "good", "bad"):
        raise wrong_usage(f"--mask-ones {said!r} is unknown; choose good or bad")
    return None if said is None else said == "bad"


def as_stated(
    lengths: tuple[float | None, float | None, float | None, float | None],
    counts: bool | None,
    mask_ones: str | None,
    order: str | None,
    unit: str | None,
    centre: str | None,
) -> Stated:
    """Return what the user says of a scan; wrong usage where a word is none of its choices.

    Parameters
    ----------
    lengths : tuple of float or None
        Energy, distance, detector pixel, object pixel.
    counts : bool or None
        Whether the frames are counts.
    mask_ones : str or None
        ``good`` or ``bad``.
    order, unit : str or None
        Of the positions.
    centre : str or None
        ``middle`` or ``corner``.
    """
    from conformance.files.assembly import Stated

    require_choices(order, unit)
    if centre is not None and centre not in _CENTRES:
        raise wrong_usage(f"--centre {centre!r} is unknown; choose {' or '.join(_CENTRES)}")
    metres = None if unit is None else _UNITS[unit]
    return Stated(*lengths, counts, ones_are_bad(mask_ones), order, metres, centre)


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
    from conformance.files.folders import described_images
    from conformance.files.formats.pairs import columns_called, listed_positions
    from conformance.files.formats.sniffing import Kind
    from conformance.files.formats.table import readable_as, sniff
    from conformance.files.hdf5.opened import looked_at_again
    from conformance.files.naming import named
    from conformance.files.unfit import UnfitFile

    try:
        if path.is_dir():
            return described_images(path, stack)
        with looked_at_again():
            file = sniff(path)
            if file.kind is Kind.NUMBERS:
                if (order is None or unit is None) and not columns_called(path):
                    raise wrong_usage(f"{path} is a list of positions: give --positions-order and --positions-unit")
                return listed_positions(path, order, None if unit is None else _UNITS[unit])
            found = readable_as(file, part=True)
            if found is None:
                raise undecided(f"{path}: {named(file).problem}")
            return stack.enter_context(found.opened(path))
    except (UnfitFile, DamagedArchive) as error:
        raise undecided(f"{path}: {error}") from error
    except OSError as error:
        raise undecided(f"{path}: {error.strerror or error}") from error


def all_described(
    paths: Sequence[Path],
    order: str | None,
    unit: str | None,
    scan_name: str | None,
    stack: ExitStack,
    arrays: Sequence[str] | None = None,
) -> list[Description]:
    """Describe the files that hold the parts of one scan, open until the stack ends.

    Parameters
    ----------
    paths : sequence of Path
    order, unit : str or None
        What the user says of a list of positions.
    scan_name : str or None
        Which scan is meant of a file that holds several.
    stack : ExitStack
    arrays : sequence of str, optional
        What the user says of arrays, as ``role=name``.
    """
    from conformance.files.formats.choice import choosing, require_heard
    from conformance.files.formats.told import require_told, telling
    from conformance.files.unfit import UnfitFile

    with choosing(scan_name), telling(named_arrays(arrays)):
        given = [described(path, order, unit, stack) for path in paths]
        try:
            require_heard()
            require_told()
        except UnfitFile as error:
            raise wrong_usage(error.problem) from error
    return given


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
