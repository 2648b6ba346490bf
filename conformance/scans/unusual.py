"""Groupings out of the ordinary, on which the same clauses hold as on any other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.contract.arrays import PAIRS
from conformance.contract.types import Array, Arrays
from conformance.scans.domain import Property, gridsize, kept_inside, many, places, side, strange_in, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen, structured_probe, with_object


@dataclass(frozen=True)
class Regime:
    """A scan and a request that reach what ordinary ones do not.

    Attributes
    ----------
    what : str
        In words.
    specimen : Specimen
    request : GroupRequest
    strange : tuple of Property
        What is strange about it, beyond what its recipe and its request say.
    """

    what: str
    specimen: Specimen
    request: GroupRequest
    strange: tuple[Property, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether all that is strange about it is taken here."""
        asked, properties = self.request, list(self.strange)
        properties += [Property.OVERSAMPLING] if asked.enable_oversampling else []
        properties += [Property.SEQUENCE] if asked.sequential_sampling else []
        properties += [Property.CACHED] if asked.strategy == "group_then_sample" else []
        sized = gridsize(asked.gridsize) == asked.gridsize
        return sized and all(takes(one) for one in properties) and all(takes(*one) for one in self._of_the_scan)

    @cached_property
    def _of_the_scan(self) -> tuple[tuple[Property, Any], ...]:
        return tuple(strange_in(self.specimen.arrays))

    @property
    def reach(self) -> int:
        """Neighbours in a pool: of an oversampled request those that it names, else K."""
        pool = self.request.neighbor_pool_size if self.request.enable_oversampling else None
        return self.request.K if pool is None else pool


@kept_inside()
def regimes() -> tuple[Regime, ...]:
    """Oversampled groups; more points than a byte counts, more groups than a block holds; sixteen channels.

    Positions about zero and far from it, along one line, and several at one place; start positions at any distance;
    frames of 64 pixels.
    """
    N = side(8)
    few = make_specimen(Recipe(M=20, N=8, seed=201, margin=3.0), "few-20x8")
    stored = make_specimen(Recipe(M=21, N=8, seed=202, truth="patches", pattern="spiral"), "stored-21x8")
    crowd = _begun(make_specimen(Recipe(M=300, N=8, seed=203, modes=2), "many-300x8"), 3e-3)
    wide = _begun(make_specimen(Recipe(M=40, N=10, seed=204, pattern="spiral"), "wide-40x10"), 60.0)
    middle = _moved(make_specimen(Recipe(M=36, N=8, seed=205, truth="none"), "about-zero-36x8"), None)
    dense = Recipe(M=40, N=8, seed=206, truth="none", pattern="spiral", pitch=0.3)
    long = make_specimen(Recipe(M=many(2_100, N), N=8, seed=207), "long-2100x8")
    repeated = make_specimen(Recipe(M=26, N=8, seed=208, margin=4.0), "places-26x8")
    large = _begun(make_specimen(Recipe(M=9, N=64, seed=209, modes=2), "large-9x64"), 2e-5)
    isles = islands(4, 130, 210)
    far = _moved(make_specimen(dense, "far-40x8"), (3.0e6, -2.0e6))
    oversampled = GroupRequest(N=N, gridsize=2, K=6, nsamples=47, seed=3, enable_oversampling=True)
    sequence: dict[str, Any] = {"sequential_sampling": True, "enable_oversampling": False}
    plain: dict[str, Any] = {"gridsize": 3, "K": 9, "nsamples": 21, "enable_oversampling": False}
    every = (
        Regime("oversampled groups", few, oversampled),
        Regime("oversampled groups of a scan that stores its patches", stored, oversampled),
        Regime("groups of nine of a scan that stores its patches", stored, replace(oversampled, **plain)),
        Regime("oversampled groups of nine", few, replace(oversampled, gridsize=3, K=11)),
        Regime("oversampled groups of a sequence", few, replace(oversampled, sequential_sampling=True)),
        Regime("a sequence of 1,500 groups", long, replace(oversampled, nsamples=min(1_500, long.M), **sequence)),
        *_wide_pools(long, isles, oversampled),
        Regime("groups along a line", _on_a_line(few), replace(oversampled, **sequence, nsamples=20)),
        Regime(
            "groups of points of which several are at one place",
            _at_few_places(repeated),
            replace(oversampled, **plain),
            (Property.REPEATED,),
        ),
        Regime("groups of large frames", large, GroupRequest(N=large.N, gridsize=2, K=5, nsamples=5, seed=9)),
        Regime("one group of four", few, replace(oversampled, nsamples=1, enable_oversampling=False)),
        Regime("300 single points", crowd, GroupRequest(N=N, gridsize=1, K=4, nsamples=300, seed=4)),
        Regime("290 groups of 300 points", crowd, GroupRequest(N=N, gridsize=2, K=5, nsamples=290, seed=5)),
        Regime("groups of sixteen", wide, GroupRequest(N=wide.N, gridsize=4, K=20, nsamples=7, seed=6)),
        Regime(
            "positions about zero",
            middle,
            GroupRequest(N=N, gridsize=2, K=5, nsamples=36, seed=7),
            (Property.NEGATIVE, Property.BEYOND),
        ),
        Regime(
            "a dense scan far from the origin",
            far,
            GroupRequest(N=N, gridsize=2, K=5, nsamples=40, seed=8),
            (Property.BETWEEN, Property.NEGATIVE, Property.BEYOND),
        ),
    )
    return tuple(one for one in every if one.taken)


def _wide_pools(long: Specimen, isles: Specimen, oversampled: GroupRequest) -> tuple[Regime, ...]:
    """Groups drawn from more neighbours than seven bits count, and than eight."""
    return (
        Regime(
            "a sequence of 1,010 groups with pools of 270 points",
            long,
            replace(
                oversampled, nsamples=min(1_010, long.M), K=270, enable_oversampling=False, sequential_sampling=True
            ),
        ),
        Regime(
            "groups of nine with pools of 129 points",
            isles,
            GroupRequest(N=isles.N, gridsize=3, K=129, nsamples=12, seed=11),
            (Property.BEYOND,),
        ),
        Regime(
            "oversampled groups with pools of 129 points",
            isles,
            replace(oversampled, K=101, nsamples=14, neighbor_pool_size=129),
            (Property.BEYOND,),
        ),
    )


@kept_inside()
def longest_scan() -> Regime:
    """More single points than sixteen bits count, in sequence."""
    N, rng = side(8), np.random.default_rng(66)
    M = many(66_000, N)
    arrays: Arrays = {
        "xcoords": places(rng.uniform(0, 900, M)),
        "ycoords": places(rng.uniform(0, 400, M)),
        "diff3d": rng.uniform(0.5, 9, (M, N, N)).astype(np.float32),
        "probeGuess": structured_probe(rng, N),
    }
    specimen = Specimen("long-66000x8", with_object(arrays), consistent=False)
    request = GroupRequest(N=N, gridsize=1, K=4, nsamples=M, seed=2, sequential_sampling=True)
    return Regime("66,000 single points", specimen, request)


def _moved(specimen: Specimen, step: tuple[float, float] | None) -> Specimen:
    """Move all positions, as they stand or so that their middle is zero."""
    arrays = dict(specimen.arrays)
    for axis, keys in enumerate(zip(*PAIRS, strict=True)):
        by = -float(places(np.median(arrays[keys[0]]))) if step is None else step[axis]
        for key in keys:
            arrays[key] = arrays[key] + by
    return Specimen(specimen.name, arrays, consistent=False)


def _begun(specimen: Specimen, most: float) -> Specimen:
    """Start positions up to so many pixels off: however near they are, they are others, and however far."""
    if not takes(Property.STARTS):
        return specimen
    steps = np.random.default_rng(specimen.M).uniform(-most, most, (2, specimen.M))
    starts = {f"{name}_start": places(specimen.arrays[name] + step) for name, step in zip(PAIRS[0], steps, strict=True)}
    return replace(specimen, arrays=dict(specimen.arrays) | starts, recipe=None)


def _on_a_line(specimen: Specimen) -> Specimen:
    """Give all points one y, and their x in another order than that in which they were visited."""
    order = np.random.default_rng(4).permutation(specimen.M)
    x, y = specimen.arrays["xcoords"][order], np.full(specimen.M, places(np.array(12.5)))
    arrays = dict(specimen.arrays) | {"xcoords": x, "ycoords": y, "xcoords_start": x + _step(), "ycoords_start": y}
    return Specimen(f"line-{specimen.M}", arrays, consistent=False)


def _step() -> float:
    """Step from positions to start positions in pixels."""
    return (0.25 if takes(Property.BETWEEN) else 1.0) if takes(Property.STARTS) else 0.0


def _at_few_places(specimen: Specimen) -> Specimen:
    """Bring all points to eleven places, two or three to each."""
    arrays = dict(specimen.arrays)
    for name in PAIRS[0]:
        arrays[name] = np.resize(arrays[name][:11], specimen.M)
    return Specimen(f"places-{specimen.M}", arrays, consistent=False)


def _spread(rng: np.random.Generator, M: int) -> Array:
    """Steps of points within an island; on whole pixels so far that no two fall together."""
    steps = rng.uniform(0, 5, M)
    return steps if takes(Property.BETWEEN) else places(steps * 11)


def islands(number: int, size: int, seed: int) -> Specimen:
    """Scan points on islands far from each other, in random order, so that a group tells whose island it is of.

    Parameters
    ----------
    number, size : int
        Islands, and scan points on each.
    seed : int
        Seed of all content.
    """
    rng = np.random.default_rng(seed)
    M = number * size
    arrays: Arrays = dict(make_specimen(Recipe(M=M, N=8, truth="none", seed=seed)).arrays)
    island = rng.permutation(M) // size
    arrays["xcoords"] = 1000.0 * island + _spread(rng, M)
    arrays["ycoords"] = 400.0 * (island % 3) + _spread(rng, M)
    for name in ("xcoords", "ycoords"):
        arrays[f"{name}_start"] = arrays[name] + _step()
    return Specimen(f"islands-{number}x{size}", arrays, consistent=False)
