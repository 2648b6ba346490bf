"""Scans on which a backend is judged: synthetic ones that hide nothing, and the user's own file."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.contract.types import Array
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import bare_amplitudes_of
from conformance.oracles.rules import rules_here
from conformance.scans.domain import (
    Property,
    canvas,
    content,
    gridsize,
    holds_windows,
    inside,
    kept_inside,
    places,
    points,
    side,
    takes,
)
from conformance.scans.domain import modes as modes_here
from conformance.scans.patterns import PATTERNS, Pattern

Truth = Literal["object", "patches", "none"]
ObjectMaker = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.complex64]]
ProbeMaker = Callable[[np.random.Generator, int, int], NDArray[np.complex64]]

_LARGEST_KEPT = 2**18  # pixels of all frames


@dataclass(frozen=True, eq=False)
class Specimen:
    """A scan under canonical names, and what is known about it.

    Attributes
    ----------
    name : str
        Unique name, shown in the check's id.
    arrays : Mapping[str, ndarray]
        ``xcoords``, ``ycoords`` (M,) float64; ``diff3d`` (M, N, N) float32; ``probeGuess`` (N, N) or (P, N, N)
        complex64; optionally the start coordinates, ``objectGuess``, ``Y`` and ``scan_index``.
    consistent : bool
        Whether the frames follow the forward model from ``objectGuess`` and ``probeGuess``.
    path : Path or None
        The user's file; None for a synthetic scan.
    recipe : Recipe or None
        How it was made; None for one that is no plain product of a recipe.
    """

    name: str
    arrays: Mapping[str, Array]
    consistent: bool
    path: Path | None = None
    recipe: Recipe | None = None

    @property
    def M(self) -> int:
        """Number of scan points."""
        return len(self.arrays["xcoords"])

    @property
    def N(self) -> int:
        """Side of a frame."""
        return int(self.arrays["diff3d"].shape[-1])

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Positions (M, 2), columns [x, y]."""
        return np.stack([self.arrays["xcoords"], self.arrays["ycoords"]], axis=1).astype(np.float64)

    @cached_property
    def start_positions(self) -> NDArray[np.float64]:
        """Start positions (M, 2), columns [x, y]; the positions themselves where the scan has none."""
        if "xcoords_start" not in self.arrays:
            return self.positions
        return np.stack([self.arrays["xcoords_start"], self.arrays["ycoords_start"]], axis=1).astype(np.float64)

    @cached_property
    def fingerprint(self) -> int:
        """Checksum of all content, by which specimens of one name are told apart."""
        return fingerprint(self.arrays)

    def __repr__(self) -> str:
        return self.name


def fingerprint(arrays: Mapping[str, Any]) -> int:
    """Checksum of arrays with their names, dtypes and shapes; None counts as absent."""
    found = 0
    for name, values in sorted(arrays.items()):
        if values is not None:
            held = np.ascontiguousarray(values)
            found = zlib.crc32(f"{name} {held.dtype.str} {held.shape}".encode(), found)
            found = zlib.crc32(held.tobytes(), found)
    return found


@dataclass(frozen=True)
class Recipe:
    """How a synthetic scan is made; every field changes the data, and the seed all random content.

    Attributes
    ----------
    M, N, modes : int
        Scan points, frame side, probe modes.
    pattern : {"raster", "spiral", "clustered"}
        ``raster`` has more columns than rows; ``clustered`` repeats positions.
    whole_pixels : bool
        Round the positions to whole pixels.
    distinct_start : bool
        Give start coordinates that differ from the positions.
    truth : {"object", "patches", "none"}
        Which ground truth the file carries.
    margin : float
        Pixels between the outermost positions and the object's edge; below N/2 some patches leave the object.
    pitch : float
        Typical distance of neighbouring positions in pixels.
    seed : int
    """

    M: int
    N: int
    modes: int = 1
    pattern: Pattern = "raster"
    whole_pixels: bool = False
    distinct_start: bool = True
    truth: Truth = "object"
    margin: float = 6.0
    pitch: float = 2.3
    seed: int = 0

    @property
    def here(self) -> Recipe:
        """The recipe with only those strange properties that are taken here (:mod:`conformance.scans.domain`)."""
        N = side(self.N)
        return replace(
            self,
            M=points(self.M, N),
            N=N,
            modes=modes_here(self.modes),
            pattern="raster" if self.pattern == "clustered" and not takes(Property.REPEATED) else self.pattern,
            whole_pixels=self.whole_pixels or not takes(Property.BETWEEN),
            truth=_truth_here(self.truth),
            margin=self.margin if self.margin > N / 2 + 1 or holds_windows((1, 1), N) else N / 2 + 2,
        )


def _truth_here(truth: Truth) -> Truth:
    if truth == "patches" and not takes(Property.STORED_PATCHES):
        return "object"
    return "object" if truth == "none" and not takes(Property.NO_OBJECT) else truth


def fitted(specimen: Specimen) -> Specimen:
    """Return a synthetic specimen as it is made here; one that is taken as it is stays the same object."""
    if specimen.recipe is None:
        return specimen
    as_made = takes(Property.LABELS) and (takes(Property.STARTS) or not specimen.recipe.distinct_start)
    as_made &= specimen.recipe.truth != "patches" or takes(Property.NO_OBJECT)
    as_made &= specimen.recipe.truth == "none" or (takes(Property.RECTANGULAR) and takes(Property.ABSORBING))
    if as_made and specimen.recipe.here == specimen.recipe:
        return specimen
    return _made_here(specimen.name, specimen.recipe.here)


@kept_inside(32)
def _made_here(name: str, recipe: Recipe) -> Specimen:
    return make_specimen(recipe, name)


def make_specimen(
    recipe: Recipe,
    name: str | None = None,
    make_object: ObjectMaker | None = None,
    make_probe: ProbeMaker | None = None,
) -> Specimen:
    """Simulate a scan that obeys the contract in every array.

    The object is rectangular and has structure in amplitude and phase, the probe is complex and not symmetric, the
    positions do not start at zero, and every frame differs from every other. Another object or probe may be given:
    by default :func:`structured_object` and :func:`structured_probe`.

    Parameters
    ----------
    recipe : Recipe
        How the scan is made.
    name : str, optional
        Name shown in outcomes; None: told by the recipe.
    make_object : callable, optional
        Makes the object (H, W) complex64 from a generator and its shape.
    make_probe : callable, optional
        Makes the probe from a generator, N and the number of modes.
    """
    own = make_object is None and make_probe is None
    recipe = recipe.here
    if own and recipe.M * recipe.N**2 <= _LARGEST_KEPT:
        # Copies: a backend that writes into a scan spoils no other.
        arrays = {key: values.copy() for key, values in _simulated_here(recipe, rules_here()).items()}
    else:
        arrays = _simulated(recipe, make_object or structured_object, make_probe or structured_probe)
    return Specimen(name or repr(recipe), arrays, recipe.truth != "none", recipe=recipe if own else None)


@kept_inside(16)
def _simulated_here(recipe: Recipe, _: object) -> dict[str, Array]:
    return _simulated(recipe, structured_object, structured_probe)


def _simulated(recipe: Recipe, make_object: ObjectMaker, make_probe: ProbeMaker) -> dict[str, Array]:
    rng = np.random.default_rng(recipe.seed)
    positions, shape = _positions(recipe, rng)
    obj = make_object(rng, shape)
    probe = make_probe(rng, recipe.N, recipe.modes)
    patches = patches_at(obj, positions, recipe.N)
    frames = bare_amplitudes_of(patches, probe).astype(np.float32)
    arrays: dict[str, Array] = {
        "xcoords": positions[:, 0].copy(),
        "ycoords": positions[:, 1].copy(),
        "diff3d": frames,
        "probeGuess": probe,
        "scan_index": rng.integers(0, 3 if takes(Property.LABELS) else 1, recipe.M, dtype=np.int64),
    }
    if recipe.distinct_start:
        step = rng.uniform(0.2, 0.9, (2, recipe.M))
        step[0] += 0 if takes(Property.BETWEEN) else 1
        step *= 1 if takes(Property.STARTS) else 0
        arrays["xcoords_start"] = places(positions[:, 0] + step[0])
        arrays["ycoords_start"] = places(positions[:, 1] - step[1])
    if recipe.truth == "object":
        arrays["objectGuess"] = obj
    elif recipe.truth == "patches":
        arrays["Y"] = patches.astype(np.complex64)
        arrays |= {} if takes(Property.NO_OBJECT) else {"objectGuess": obj}
    return arrays


def structured_object(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Object (H, W) with amplitude in [0.3, 1.2] and phase in (-2, 2), smooth and without any symmetry.

    It is square, and larger, or of phases alone, where only such are taken (:mod:`conformance.scans.domain`).
    """
    shape = canvas(shape)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    a, b, c, d = rng.uniform(0.15, 0.55, 4)
    ramp = (columns / shape[1] - 0.4 * rows / shape[0] + 0.4) / 1.4
    amplitude = 0.3 + 0.5 * ramp + 0.2 * (1 + np.sin(a * columns + b * rows + rng.uniform(0, 6))) * rng.uniform(0.5, 1)
    phase = 1.2 * np.cos(c * rows - d * columns + rng.uniform(0, 6)) + 0.7 * ramp
    grain = rng.uniform(0.92, 1.0, shape)
    return np.asarray(content(amplitude * grain * np.exp(1j * phase)), dtype=np.complex64)


def with_object(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return a scan, with an object under all its points where none without is taken."""
    if takes(Property.NO_OBJECT):
        return dict(arrays)
    N = arrays["diff3d"].shape[-1]
    height, width = (int(np.ceil(arrays[name].max())) + N for name in ("ycoords", "xcoords"))
    return {**arrays, "objectGuess": structured_object(np.random.default_rng(77), (height, width))}


def free(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scan whose points may lie anywhere: without its object where no window may leave that."""
    beyond = takes(Property.BEYOND) or not takes(Property.NO_OBJECT)
    return {name: values for name, values in arrays.items() if beyond or name != "objectGuess"}


def structured_probe(rng: np.random.Generator, N: int, modes: int = 1) -> NDArray[np.complex64]:
    """Probe (N, N), or (P, N, N) with more than one mode: off-centre, curved in phase, no symmetry.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of position and shape.
    N : int
        Side of a frame in pixels.
    modes : int
        Number P of modes, where several are taken (:mod:`conformance.scans.domain`).
    """
    modes = modes_here(modes)
    rows, columns = (np.mgrid[:N, :N] - N / 2) / N
    probe = np.empty((modes, N, N), dtype=np.complex128)
    for mode in range(modes):
        x0, y0 = rng.uniform(-0.12, 0.12, 2)
        width_x, width_y = rng.uniform(0.16, 0.26, 2)
        envelope = np.exp(-(((columns - x0) / width_x) ** 2 + ((rows - y0) / width_y) ** 2) / 2)
        curvature = 6.0 * (columns - x0) ** 2 + 4.0 * (rows - y0) ** 2 + 2.0 * columns
        structure = (1.0 + 0.8 * mode * (columns + 0.6 * rows) / 0.3) / (1 + mode)
        probe[mode] = 20.0 * envelope * structure * np.exp(1j * curvature)
    return np.asarray(probe[0] if modes == 1 else probe, dtype=np.complex64)


def _positions(recipe: Recipe, rng: np.random.Generator) -> tuple[NDArray[np.float64], tuple[int, int]]:
    positions = PATTERNS[recipe.pattern](recipe.M, rng) * recipe.pitch
    positions -= positions.min(axis=0)
    positions += recipe.margin + rng.uniform(0.0, 1.0, 2)
    if recipe.whole_pixels:
        positions = np.round(positions)
    width, height = np.ceil(positions.max(axis=0) + recipe.margin).astype(int)
    return positions, (int(height) + 1, int(width) + 5)


@cache
def gallery() -> tuple[Specimen, ...]:
    """Return the synthetic scans on which every backend is judged.

    Together they cover more frames than pixels, fewer, and as many; rectangular rasters, spirals and repeated
    positions; whole and fractional positions; one and two probe modes; truth as object, as patches and absent.
    """
    with inside(None):
        return _gallery()


def _gallery() -> tuple[Specimen, ...]:
    return (
        make_specimen(Recipe(M=40, N=8, pattern="raster", seed=11), "raster-40x8"),
        make_specimen(Recipe(M=11, N=16, modes=2, whole_pixels=True, seed=12, margin=5.0), "few-11x16-modes"),
        make_specimen(Recipe(M=12, N=12, pattern="spiral", truth="patches", seed=13), "cube-12x12-patches"),
        make_specimen(
            Recipe(M=30, N=10, pattern="clustered", distinct_start=False, seed=14, margin=2.0), "clustered-30x10-edge"
        ),
        make_specimen(Recipe(M=17, N=8, pattern="spiral", truth="none", seed=15), "bare-17x8"),
    )


@lru_cache(maxsize=2)
def gallery_of(seed: int) -> tuple[Specimen, ...]:
    """Return the gallery of a seed: scans of the same five kinds, with other sizes and content; seed 0 is the usual."""
    if seed == 0:
        return gallery()
    rng = np.random.default_rng([seed, 5])
    patterns: tuple[Pattern, ...] = ("raster", "spiral", "clustered")

    def one(kind: str, M: int, N: int, **fixed: Any) -> Specimen:
        varied: dict[str, Any] = {
            "pattern": patterns[rng.integers(3)],
            "pitch": (1.1, 2.3, 5.2)[rng.integers(3)],
            "margin": float(rng.uniform(1.5, 9.0)),
            "seed": int(rng.integers(2**32)),
        }
        return make_specimen(Recipe(M=M, N=N, **{**varied, **fixed}), f"{kind}-{M}x{N}-seed-{seed}")

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    long, few, cube, clustered, bare = (2 * between(*halves) for halves in ((4, 5), (7, 9), (5, 6), (4, 6), (4, 6)))
    edge = float(rng.uniform(1.0, 3.0))
    return (
        one("long", between(24, 60), long, modes=between(1, 2)),
        one("few", between(9, few - 2), few, modes=between(2, 3), whole_pixels=True),
        one("cube", cube, cube, truth="patches"),
        one("clustered", between(18, 40), clustered, pattern="clustered", distinct_start=False, margin=edge),
        one("bare", between(13, 24), bare, truth="none", whole_pixels=bool(between(0, 1))),
    )


def requests_for(specimen: Specimen) -> tuple[GroupRequest, ...]:
    """Groupings on which a specimen is judged: gridsize 1, 2 and 3 where the scan allows, random and sequential."""
    groups = min(specimen.M, 9)
    requests = [
        GroupRequest(N=specimen.N, gridsize=1, K=4, nsamples=groups, seed=3),
        GroupRequest(N=specimen.N, gridsize=1, K=4, nsamples=specimen.M if specimen.M < 64 else 16, seed=4),
    ]
    for g, K in ((2, 6), (3, 9)):
        if g**2 <= specimen.M and gridsize(g) == g:
            requests.append(GroupRequest(N=specimen.N, gridsize=g, K=K, nsamples=groups, seed=5))
    if specimen.M >= 4 and gridsize(2) == 2 and takes(Property.SEQUENCE):
        requests.append(GroupRequest(N=specimen.N, gridsize=2, K=5, nsamples=groups, seed=6, sequential_sampling=True))
    return tuple(requests)


def write_scan(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write the given members, and no others, as an uncompressed NPZ; an entry that is None is left out."""
    members: dict[str, Any] = {key: np.asarray(value) for key, value in arrays.items() if value is not None}
    try:
        np.savez(path, **members)
    except OSError as error:
        # A full disk does not say which file it has no room for.
        error.filename = error.filename or str(path)
        raise
