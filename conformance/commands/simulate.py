"""``ptycho-conformance simulate``: a scan that follows the contract, to try things on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from conformance.commands.cli import app, say, undecided, writable, wrong_usage

if TYPE_CHECKING:
    import numpy as np

    from conformance.scans.patterns import Pattern
    from conformance.scans.specimens import Recipe


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="NPZ file to write.")],
    points: Annotated[int, typer.Option(min=1, metavar="N", help="Scan points M.")] = 200,
    side: Annotated[int, typer.Option(min=8, metavar="N", help="Frame side N in pixels, even.")] = 64,
    modes: Annotated[int, typer.Option(min=1, metavar="N", help="Incoherent probe modes.")] = 1,
    pattern: Annotated[
        str, typer.Option(metavar="NAME", help="raster, spiral, clustered; fermat, fly or jittered.")
    ] = "spiral",
    pitch: Annotated[float, typer.Option(metavar="PIXELS", help="Distance of neighbouring positions in pixels.")] = 6.0,
    photons: Annotated[
        float | None, typer.Option(metavar="N", help="Mean photons a frame; without it there is no noise.")
    ] = None,
    beam: Annotated[
        str | None, typer.Option(metavar="NAME", help="Probe: focus, defocused, diffuser, spot, ...")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="Object: weak, strong, particles, lattice, ...")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A fault put in, such as x-flipped; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of everything random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a physically consistent synthetic scan.

    The file holds the object and the probe that its frames follow from. With --beam or --sample they are as beamlines
    and microscopes have them. --fault puts in what files of people had; a wrong name lists them.
    """
    _require_target(out, force)
    import numpy as np

    from conformance.files.atomic import written_whole
    from conformance.scans.faults import inflict

    beamline = beam is not None or sample is not None or pattern in _OF_BEAMLINES
    _require_names(beamline, pattern, beam, sample, tuple(fault or ()))
    _require_numbers(side, modes, pitch, photons, beamline)
    rng = np.random.default_rng(seed)
    kind = cast(Any, "raster" if beamline else pattern)
    recipe = _recipe(points, side, modes, kind, pitch, seed)
    if beamline:
        arrays = _of_beamline(points, side, pattern, beam, sample, pitch, photons, seed)
    else:
        arrays = _plain(recipe, photons, rng)
    arrays = inflict(arrays, tuple(fault or ()), rng)
    try:
        with written_whole(out) as stream:
            np.savez(stream, **arrays)
    except OSError as error:
        raise undecided(f"{out}: {error.strerror or error}") from error
    many = f"{modes} probe mode{'s' * (modes != 1)}"
    faults = f", {', '.join(fault)}" if fault else ""
    say(f"{out}: {len(arrays['diff3d'])} frames {side} x {side}, {many}, {pattern}, seed {seed}{faults}")
    _warn_of_overlap(out, fault)


def _require_numbers(side: int, modes: int, pitch: float, photons: float | None, beamline: bool) -> None:
    from conformance.scans.simulation import MOST_PHOTONS

    if side % 2:
        raise wrong_usage(f"--side {side} is odd; a frame has an even side")
    if not 0 < pitch < math.inf:
        raise wrong_usage(f"--pitch {pitch:g} is no distance; give a finite number above 0")
    if photons is not None and not 0 < photons <= MOST_PHOTONS:
        raise wrong_usage(f"--photons {photons:g} cannot be simulated; give a number above 0, at most {MOST_PHOTONS:g}")
    if beamline and modes != 1:
        raise wrong_usage(f"--modes {modes} is for the plain probe; --beam has one")


def _recipe(points: int, side: int, modes: int, pattern: Pattern, pitch: float, seed: int) -> Recipe:
    from conformance.scans.specimens import Recipe

    recipe = Recipe(points, side, modes, pattern, margin=side / 2 + 2, pitch=pitch, seed=seed)
    _require_memory(recipe)
    return recipe


def _plain(recipe: Recipe, photons: float | None, rng: np.random.Generator) -> dict[str, Any]:
    from conformance.scans.simulation import simulated_scan

    return dict[str, Any](simulated_scan(recipe, photons, rng))


_OF_BEAMLINES = ("fermat", "fly", "jittered")


def _require_names(
    beamline: bool,
    pattern: str,
    beam: str | None,
    sample: str | None,
    faults: tuple[str, ...],
) -> None:
    from conformance.scans.beamline import Beam, Matter, Path
    from conformance.scans.faults import FAULTS
    from conformance.scans.patterns import Pattern

    patterns = get_args(Path) if beamline else (*get_args(Pattern), *_OF_BEAMLINES)
    chosen = (
        ("--pattern", pattern, patterns),
        ("--beam", beam, get_args(Beam)),
        ("--sample", sample, get_args(Matter)),
    )
    for option, value, names in (*chosen, *(("--fault", one, tuple(FAULTS)) for one in faults)):
        if value is not None and value not in names:
            raise wrong_usage(f"{option} {value!r} is unknown; choose {', '.join(names)}")


def _of_beamline(
    points: int,
    side: int,
    pattern: str,
    beam: str | None,
    sample: str | None,
    pitch: float,
    photons: float | None,
    seed: int,
) -> dict[str, Any]:
    """Arrays of a scan as beamlines make them; the planned positions stand as start positions."""
    import numpy as np

    from conformance.scans.beamline import Setup, beam_of_kind, beamtime, diameter

    chosen = beam or "defocused"
    across = diameter(beam_of_kind(cast(Any, chosen), side, np.random.default_rng(seed)))
    setup = Setup(
        cast(Any, chosen),
        cast(Any, sample or "strong"),
        cast(Any, pattern),
        points,
        side,
        pitch / across,
        photons or 1e5,
        seed,
    )
    made = beamtime(setup)
    return {
        "xcoords": made.positions[:, 0],
        "ycoords": made.positions[:, 1],
        "xcoords_start": made.planned[:, 0],
        "ycoords_start": made.planned[:, 1],
        "diff3d": np.sqrt(made.counts).astype(np.float32),
        "probeGuess": made.probe,
        "objectGuess": made.object,
    }


def _warn_of_overlap(out: Path, faults: list[str] | None) -> None:
    """Say so where neighbouring points share too little light to be reconstructed."""
    if faults:
        return
    from conformance.files.examine import examine

    for finding in examine(out).findings:
        if finding.clause == "FIL-013":
            say(f"warning: {finding.problem}", err=True)


def _require_target(out: Path, force: bool) -> None:
    writable(out)
    if out.exists() and not out.is_file():
        raise wrong_usage(f"{out}: this is no regular file, and is not replaced")
    if out.exists() and not force:
        raise wrong_usage(f"{out} exists; --force replaces it")


def _require_memory(recipe: Recipe) -> None:
    from conformance.scans.simulation import bytes_needed

    needed, there = bytes_needed(recipe), _memory()
    if needed > there:
        raise wrong_usage(
            f"--points {recipe.M} --side {recipe.N} --modes {recipe.modes} --pitch {recipe.pitch:g} take about "
            f"{needed:.2g} bytes of memory, and this machine has {there:.2g}"
        )


def _memory() -> float:
    """Bytes of memory of this machine; where it does not tell, as much as a large one has."""
    import os

    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return float(1 << 36)
