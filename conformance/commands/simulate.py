"""``ptycho-conformance simulate``: a scan that follows the contract, to try things on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from conformance.commands.cli import app, say, undecided, writable, wrong_usage

if TYPE_CHECKING:
    from conformance.scans.specimens import Recipe


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="NPZ file to write.")],
    points: Annotated[int, typer.Option(min=1, metavar="N", help="Scan points M.")] = 200,
    side: Annotated[int, typer.Option(min=8, metavar="N", help="Frame side N in pixels, even.")] = 64,
    modes: Annotated[int, typer.Option(min=1, metavar="N", help="Incoherent probe modes.")] = 1,
    pattern: Annotated[str, typer.Option(metavar="NAME", help="raster, spiral or clustered.")] = "spiral",
    pitch: Annotated[float, typer.Option(metavar="PIXELS", help="Distance of neighbouring positions in pixels.")] = 6.0,
    photons: Annotated[
        float | None, typer.Option(metavar="N", help="Mean photons a frame; without it there is no noise.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of everything random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a physically consistent synthetic scan.

    The file holds the object and the probe that its frames follow from.
    """
    _require_target(out, force)
    import numpy as np

    from conformance.files.atomic import written_whole
    from conformance.scans.simulation import MOST_PHOTONS, simulated_scan
    from conformance.scans.specimens import Pattern, Recipe

    if side % 2:
        raise wrong_usage(f"--side {side} is odd; a frame has an even side")
    if pattern not in get_args(Pattern):
        raise wrong_usage(f"--pattern {pattern!r} is unknown; choose {', '.join(get_args(Pattern))}")
    if not 0 < pitch < math.inf:
        raise wrong_usage(f"--pitch {pitch:g} is no distance; give a finite number above 0")
    if photons is not None and not 0 < photons <= MOST_PHOTONS:
        raise wrong_usage(f"--photons {photons:g} cannot be simulated; give a number above 0, at most {MOST_PHOTONS:g}")
    recipe = Recipe(points, side, modes, cast(Pattern, pattern), margin=side / 2 + 2, pitch=pitch, seed=seed)
    _require_memory(recipe)
    try:
        with written_whole(out) as stream:
            np.savez(stream, **dict[str, Any](simulated_scan(recipe, photons, np.random.default_rng(seed))))
    except OSError as error:
        raise undecided(f"{out}: {error.strerror or error}") from error
    many = f"{modes} probe mode{'s' * (modes != 1)}"
    say(f"{out}: {points} frames {side} x {side}, {many}, {pattern}, seed {seed}")


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
