"""What ``validate --fix`` does with one file: what it was told, the target, and the mended file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import typer

from conformance.commands.cli import OK, VIOLATIONS, console, say, undecided, writable, wrong_usage
from conformance.commands.each import files_in

if TYPE_CHECKING:
    from conformance.files.examine import ScanReport
    from conformance.files.fix import Fix
    from conformance.files.fixing.declared import Declared


def declared(
    flags: tuple[bool, ...],
    unit: str | None,
    object_pixel: float | None,
    origin: str | None,
    layers: str | None,
    mask_ones: str | None,
) -> Declared:
    """Return what the options say of the file.

    Parameters
    ----------
    flags : tuple of bool
        --mask-markers, --intensity, --drop-frames, --drop-points, --scale-probe.
    unit, origin, layers, mask_ones : str or None
        As they were typed.
    object_pixel : float or None
        Side of an object pixel in metres.

    Raises
    ------
    Ending
        Wrong usage.
    """
    from conformance.commands.parts import ones_are_bad
    from conformance.files.fixing.declared import PARTS, UNITS, Declared

    if unit is not None and unit not in UNITS:
        raise wrong_usage(f"--unit {unit!r} is unknown; choose {', '.join(UNITS)}")
    if (unit is None) != (object_pixel is None):
        lone, other = ("--object-pixel", "--unit") if unit is None else ("--unit", "--object-pixel")
        raise wrong_usage(f"{lone} needs {other}")
    if object_pixel is not None and not 0 < object_pixel < math.inf:
        raise wrong_usage(f"--object-pixel {object_pixel}: a side in metres is above 0")
    if layers not in (None, "product", *PARTS):
        raise wrong_usage(f"--layers {layers!r} is unknown; choose product, {' or '.join(PARTS)}")
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


def first_of(said: Declared, *, dry_run: bool, force: bool) -> str:
    """Name the first option that goes with ``--fix`` only."""
    return next(iter(said.options), "--dry-run" if dry_run else "--force" if force else "--fix")


class Diagnosed(NamedTuple):
    """Whether a diagnosis is asked, and whether what is only likely counts."""

    asked: bool
    likely: bool


def fix_one(
    paths: Sequence[Path],
    out: Path,
    said: Declared,
    diagnosed: Diagnosed,
    *,
    as_json: bool,
    strict: bool,
    dry: bool,
    force: bool,
) -> NoReturn:
    """Mend one file, and end with what came of it.

    Parameters
    ----------
    paths : sequence of Path
        The one file.
    out : Path
        Where the mended file goes.
    said : Declared
    diagnosed : Diagnosed
    as_json, strict, dry, force : bool
        Print JSON; count warnings as violations; write nothing; replace what is there.

    Raises
    ------
    typer.Exit
        Always, with the exit code.
    """
    _require_target(paths, out, force)
    from conformance.files.archive import DamagedArchive
    from conformance.files.examine import examine
    from conformance.files.fixing.mending import is_mendable, mended
    from conformance.report import mending, validation
    from conformance.report.progress import reading

    (path,) = paths
    try:
        with reading():
            before = examine(path)
        further = _asked_of_frames(before, out, said, diagnosed) if is_mendable(before) else ()
        with reading():
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


def _asked_of_frames(before: ScanReport, out: Path, said: Declared, diagnosed: Diagnosed) -> tuple[Fix, ...]:
    """The fixes that a diagnosis of the file asks for; ends the command where they do not make it canonical."""
    if not diagnosed.asked:
        return ()
    path = before.path
    from conformance.commands.parts import described, require_canonical
    from conformance.files.assembly import Stated
    from conformance.files.diagnose.opened import parts_from
    from conformance.files.fixing.diagnosed import as_diagnosed
    from conformance.files.fixing.mending import mended
    from conformance.files.fixing.relaid import Scratch
    from conformance.files.unfit import UnfitFile

    with ExitStack() as stack:
        scratch = stack.enter_context(Scratch(out.resolve().parent))
        try:
            parts = parts_from([described(path, None, None, stack)], Stated())
        except UnfitFile as error:
            first = mended(before, out, said, dry=True).fixes
            then = "; first mend it without --as-diagnosed, and diagnose what comes of that" if first else ""
            raise undecided(f"{path}: {error}; {out} was not written{then}") from error
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
