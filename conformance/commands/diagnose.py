"""``ptycho-conformance diagnose``: which convention is this scan in?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

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
    write,
    wrong_usage,
)
from conformance.commands.each import Asked, Each, Html, Jobs, Resume, Scheduler, require_no_fleet
from conformance.commands.on_each import diagnose_each
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
    require_files,
)

if TYPE_CHECKING:
    from conformance.files.assembly import Stated
    from conformance.files.diagnose.engine import Diagnosis
    from conformance.files.diagnose.sample import Scan
    from conformance.files.formats.description import Description

Result = TypeVar("Result")


@app.command()
def diagnose(
    ctx: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="A scan file of any known format, or the files that hold its parts."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn: pairs, shuffles, windows.")] = 0,
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
    out: Annotated[Path | None, typer.Option(metavar="PNG", help="Draw what was seen, over what stands there.")] = None,
    each: Each = False,
    jobs: Jobs = None,
    scheduler: Scheduler = "",
    resume: Resume = None,
    html: Html = None,
) -> None:
    """Say which convention a scan is in, how sure that is, and what cannot be known.

    Of a file of another tool it is said as ``convert`` would write it. Frames, positions and probe may come from
    several files; a probe is not needed. Exit code 0: canonical, as far as it can be seen; 1: it is certainly, or
    likely, not; 2: it cannot be told.

    With --each every FILE, and every scan file of a folder or pattern, is a scan of its own.
    """
    require_no_fleet(each, jobs, scheduler, resume, html)
    if each:
        if out is not None:
            raise wrong_usage(f"--out {out} is for one scan")
        raise typer.Exit(diagnose_each(paths, ctx, Asked(jobs, scheduler, resume, html, as_json)))
    require_files(paths)
    _require_drawable(out, paths)
    import numpy as np

    from conformance.files.diagnose.engine import diagnose as diagnosed
    from conformance.report.progress import reading

    stated = as_stated((energy, distance, detector_pixel, object_pixel), counts, mask_ones, order, unit, centre)
    with ExitStack() as stack:
        scan, notes = _scan(paths, all_described(paths, order, unit, scan_name, stack, arrays), stated)
        with reading():
            found = _read(paths, lambda: diagnosed(scan, np.random.default_rng(seed)))
        if out is not None:
            _draw(out, scan, found, paths, seed)
    raise typer.Exit(_told(paths, found, notes, as_json))


def _told(paths: list[Path], found: Diagnosis, notes: tuple[str, ...], as_json: bool) -> int:
    """Show a diagnosis, and return the exit code."""
    from conformance.files.diagnose.verdict import Word

    if as_json:
        from conformance.report.diagnosis_result import diagnosis_result

        say(diagnosis_result(paths, found, notes).text(), nl=False)
    else:
        from conformance.report.diagnosis import print_diagnosis

        print_diagnosis(paths, found, notes, console())
    if found.wrong:
        return VIOLATIONS
    return UNDECIDED if found.faults or found.orientation.word is Word.CANNOT_TELL else OK


def _require_drawable(out: Path | None, paths: list[Path]) -> None:
    if out is None:
        return
    if out.suffix != ".png":
        raise wrong_usage(f"--out {out}: a picture is written as .png")
    if out.exists() and any(out.samefile(path) for path in paths):
        raise wrong_usage(f"--out {out}: it is also read; write another file")
    writable(out, "--out")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise undecided("pictures need matplotlib: pip install 'ptycho-conformance[figures]'") from error


def _draw(out: Path, scan: Scan, found: Diagnosis, paths: list[Path], seed: int) -> None:
    """Write the picture; a scan of which nothing can be said has none."""
    import numpy as np

    from conformance.files.diagnose.drawing import drawn
    from conformance.files.diagnose.sentences import sentences

    if not found.readings:
        say(f"{out} was not written: {sentences(found)[0]}", err=True)
        return
    headline = f"{paths[0].name}: {' '.join(sentences(found))}"
    content = _read(paths, lambda: drawn(scan, found, headline, np.random.default_rng(seed)))
    write(out, content)


def _scan(paths: list[Path], given: list[Description], stated: Stated) -> tuple[Scan, tuple[str, ...]]:
    """The scan that files hold together, and what was taken for granted."""
    from conformance.files.diagnose.opened import scan_from

    scan, whole = _read(paths, lambda: scan_from(given, stated))
    return scan, whole.notes


def _read(paths: list[Path], work: Callable[[], Result]) -> Result:
    """Do what reads files; what they lack, or the machine, ends the command undecided."""
    from conformance.files.archive import DamagedArchive
    from conformance.files.unfit import UnfitFile

    try:
        return work()
    except (UnfitFile, DamagedArchive) as error:
        raise undecided(f"{' and '.join(map(str, paths))}: {error}") from error
    except OSError as error:
        raise undecided(f"{error.filename or paths[0]}: {error.strerror or error}") from error
