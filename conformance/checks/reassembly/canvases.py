"""Patches put onto one canvas, and what the canvas is when the rule is mistaken."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.checks.patches.windows import NEAR, STEPS, along_one_axis, snapped
from conformance.contract.arrays import axes_of
from conformance.contract.capabilities import SUBPIXEL
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Explanation
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.placing import lying_at, placed_at
from conformance.oracles.rules import CONTRACT, READINGS, following, rules_here
from conformance.scans.domain import places, side
from conformance.scans.specimens import structured_object

CANVAS = axes_of("object", 2)
DRAWN = {
    "n": st.integers(1, 12),
    "N": st.sampled_from([8, 10]).map(side),
    "seed": st.integers(0, 999),
    "whole": st.booleans(),
}


def cut(n: int, N: int, seed: int, *, whole: bool) -> tuple[Array, Array, Array]:
    """Object, positions inside it, and its patches there."""
    rng = np.random.default_rng(seed)
    height, width = (34, 47) if N < 16 else (2 * N + 18, 2 * N + 31)
    obj = structured_object(rng, (height, width))
    centres = rng.uniform((N, N), (width - N, height - N), (n, 2))
    centres = np.round(centres) if whole else places(centres)
    return obj, centres, patches_at(obj, centres, N).astype(np.complex64)


def whole_canvas(result: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Object, coverage and origin of a result as arrays."""
    origin = as_numpy(result["origin_xy"]).astype(np.float64)
    return as_numpy(result["object"]), as_numpy(result["coverage"]).astype(np.float64), origin


def oracle(patches: Array, centres: Array, shape: tuple[int, ...], origin: Array) -> tuple[Array, Array]:
    """Sum of patches and of ones on a canvas, placed by the rule in force."""
    return placed_at(patches, centres, shape, origin)


def fits(evidence: Evidence, result: Mapping[str, Any], centres: Array, N: int) -> tuple[Array, Array, Array]:
    """Require a canvas on which every patch lies, and return object, coverage and origin."""
    evidence.present(result, "object", "coverage", "origin_xy")
    obj, coverage, origin = whole_canvas(result)
    evidence.holds(obj.shape == coverage.shape, f"object has shape {obj.shape}, coverage {coverage.shape}.")
    lying = lying_at(centres, N, obj.shape, origin) - origin
    low, high = (lying - N / 2).min(axis=0), (lying + N / 2).max(axis=0)
    inside = bool((low >= -1e-6).all() and (high <= np.array(obj.shape[::-1]) + 1e-6).all())
    statement = f"the canvas {obj.shape}: patches leave it, as its origin is {origin.tolist()}."
    evidence.holds(inside, statement, None if inside else _another_origin(coverage, origin, centres, N))
    return obj, coverage, origin


def _another_origin(coverage: Array, origin: Array, centres: Array, N: int) -> Explanation | None:
    """By how much an origin is off, if the patches lie on the canvas as they should by another one."""
    if coverage.ndim != 2 or len(centres) < 2 or not (covered := np.argwhere(coverage)).size:
        return None
    right = np.floor(centres.min(axis=0)) - N // 2 - covered.min(axis=0)[::-1]
    weights = oracle(np.zeros((len(centres), N, N)), centres, coverage.shape, right)[1]
    if not np.allclose(coverage, weights, rtol=1e-4, atol=1e-4):
        return None
    if np.allclose(origin, right[::-1]) and not np.allclose(*right):
        return Explanation("origin_xy is given as (y, x)", certain=True)
    name = "origin_xy is off, and patches lie on the canvas as they should"
    return Explanation(f"{name}: by {(origin - right).tolist()} pixels", certain=True, name=name)


def extent_needed(centres: Array, N: int) -> Array:
    """Pixels [x, y] that a canvas of patches at positions (n, 2) has at least; half a pixel goes either way."""
    middle = centres.mean(axis=0)
    either = np.stack([np.ceil(middle - 0.5), np.floor(middle + 0.5)])
    reach: Array = np.abs(centres - either[:, np.newaxis]).max(axis=1).min(axis=0)
    return N + 2 * reach


def moved_centres(centres: Array, N: int) -> dict[str, Array]:
    """Centres that known mistakes would take; what moves a patch by less than a pixel comes first.

    Of one patch both that and a move to anywhere may be true.
    """
    middle = centres.mean(axis=0)
    return {
        "the sub-pixel part has the wrong sign": 2 * np.floor(centres) - centres,
        "x and y are exchanged: rows are placed by x": centres[:, ::-1],
        "positions are mirrored about their middle": 2 * middle - centres,
        "positions are mirrored about their rounded middle": 2 * np.round(middle) - centres,
        "positions are rounded to whole pixels": np.round(centres),
        "positions are cut to whole pixels": np.floor(centres),
        "offsets from the mean of the positions are rounded to whole pixels": np.round(centres - middle) + middle,
        "x alone is mirrored about the rounded middle": np.stack(
            [2 * np.round(middle[0]) - centres[:, 0], centres[:, 1]], axis=1
        ),
        "y alone is mirrored about the rounded middle": np.stack(
            [centres[:, 0], 2 * np.round(middle[1]) - centres[:, 1]], axis=1
        ),
        **{
            f"positions that are nearly whole are rounded to whole pixels: within {near:g}": snapped(centres, near)
            for near in NEAR
        },
        **{
            f"positions are narrowed to {kind}": centres.astype(kind).astype(np.float64)
            for kind in ("float16", "float32")
        },
        **{f"positions are rounded to steps of 1/{steps} pixel": np.round(centres * steps) / steps for steps in STEPS},
        "half pixels are rounded down": np.where(centres % 1 == 0.5, np.floor(centres), centres),
        "half pixels are rounded up": np.where(centres % 1 == 0.5, np.ceil(centres), centres),
        "the origin is one pixel off: it is too large": centres + 1,
        "the origin is one pixel off: it is too small": centres - 1,
        "patches are placed half a pixel off": centres + 0.5,
        "patches are placed half a pixel off, the other way": centres - 0.5,
        **{f"patches are placed {far} off along {axis} alone": centres + step for far, axis, step in along_one_axis()},
        "positions name the corner of the patch, not pixel N/2": centres + N // 2,
        "every patch lies at the middle of the scan": np.broadcast_to(middle, centres.shape),
    }


def suspects_at(
    patches: Array, centres: Array, shape: tuple[int, ...], origin: Array, seen: Array | None = None
) -> dict[str, tuple[Array, Array]]:
    """Canvas and coverage that known mistakes would give.

    Parameters
    ----------
    patches : (n, N, N) complex
    centres : (n, 2) float
    shape : (H, W)
    origin : (2,) float
    seen : (H, W) float, optional
        Coverage, by which single patches are found that were placed elsewhere.
    """
    total, coverage = oracle(patches, centres, shape, origin)
    right = averaged(patches, centres, shape, origin)[0]
    found = {"the coverage counts pixels that no patch covers": (right, coverage + 1)}
    for name, elsewhere in moved_centres(centres, patches.shape[-1]).items():
        found[name] = averaged(patches, elsewhere, shape, origin)
    if len(patches) > 1:
        silent = np.array(patches)
        silent[-1] = 0
        found["the last patch is missing"] = averaged(patches[:-1], centres[:-1], shape, origin)
        found["the last patch counts, but adds nothing"] = averaged(silent, centres, shape, origin)
        for size in (64, 100, 128, 256, 512, 1024):
            if whole := len(patches) // size * size:
                tail = averaged(patches[:whole], centres[:whole], shape, origin)
                found[f"the patches after the last whole {size} are missing"] = tail
        found["the first patch is missing"] = averaged(patches[1:], centres[1:], shape, origin)
    found["overlaps are added, not averaged"] = total, coverage
    found["the phase is dropped: only the modulus is left"] = np.abs(right), coverage
    found["overlaps are averaged over the number of patches"] = total / len(patches), coverage
    found["overlaps are divided by the largest coverage"] = total / max(coverage.max(), 1), coverage
    found["overlaps are not averaged: the last patch wins"] = _winner(patches, centres, shape, origin), coverage
    found["overlaps are not averaged: the first patch wins"] = (
        _winner(patches[::-1], centres[::-1], shape, origin),
        coverage,
    )
    if rules_here() != CONTRACT:
        found |= _by_other_rules(patches, centres, shape, origin)
    return found if seen is None else found | _some_displaced(seen, patches, centres, shape, origin)


def _by_other_rules(
    patches: Array, centres: Array, shape: tuple[int, ...], origin: Array
) -> dict[str, tuple[Array, Array]]:
    """Canvas and coverage by every other statement than the one in force."""
    found = {}
    for value in SUBPIXEL.values:
        for reading in READINGS[value]:
            if reading != rules_here().placed:
                with following(replace(rules_here(), placed=reading)):
                    found[f"what it does is {value}: {reading.said()}"] = averaged(patches, centres, shape, origin)
    return found


def _winner(patches: Array, centres: Array, shape: tuple[int, ...], origin: Array) -> Array:
    """Canvas on which every patch overwrites those before it."""
    canvas = np.zeros(shape, dtype=np.complex128)
    for patch, centre in zip(patches, centres, strict=True):
        own, there = averaged(patch[np.newaxis], centre[np.newaxis], shape, origin)
        canvas = np.where(there > 0.5, own, canvas)
    return canvas


def averaged(patches: Array, centres: Array, shape: tuple[int, ...], origin: Array) -> tuple[Array, Array]:
    """Canvas and coverage by the oracle, on a canvas with room to spare."""
    roomy, N = (shape[0] + 200, shape[1] + 200), patches.shape[-1]
    places = np.clip(centres, origin - 100 + N, origin + np.array(shape[::-1]) + 100 - N)
    total, coverage = oracle(patches, places, roomy, origin - 100)
    canvas = np.where(coverage > 1e-9, total / np.maximum(coverage, 1e-9), 0)
    return canvas[100:-100, 100:-100], coverage[100:-100, 100:-100]


def noise(n: int, N: int, seed: int) -> Array:
    """Patches of noise (n, N, N) about a complex mean."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, N, N)) + 1j * rng.normal(size=(n, N, N)) + (2 - 1j)
    return np.asarray(values, dtype=np.complex64)


def placed(
    subject: Subject,
    evidence: Evidence,
    patches: Array,
    centres: Array,
    what: str,
    chunk: int | None = None,
    before: Mapping[str, tuple[Array, Array]] | None = None,
) -> None:
    """Compare object and coverage with the oracle, wherever a pixel has weight enough to be divided by.

    Parameters
    ----------
    subject : Subject
    evidence : Evidence
    patches : (n, N, N) complex
    centres : (n, 2) float
    what : str
        What is placed, for the sentence.
    chunk : int, optional
    before : mapping, optional
        Patches and positions that a stale result would be made of, by the sentence of the mistake.
    """
    result: Mapping[str, Any] = evidence.accepted(lambda: subject.adapter.reassemble(patches, centres, chunk), what)
    seen, coverage, origin = fits(evidence, result, centres, patches.shape[-1])
    expected, weights = averaged(patches, centres, seen.shape, origin)
    keep = weights > 1e-2
    # A mean by weights of both signs may be larger than what it is a mean of.
    scale = max(float(np.abs(patches).max()), float(np.abs(np.where(keep, expected, 0)).max()))

    def suspects() -> dict[str, tuple[Array, Array]]:
        stale = {name: averaged(*given, seen.shape, origin) for name, given in (before or {}).items()}
        return stale | suspects_at(patches, centres, seen.shape, origin, coverage)

    evidence.close(
        coverage,
        weights,
        f"the coverage of {what}",
        rtol=1e-5,
        atol=2e-5,
        axes=CANVAS,
        suspects=lambda: {name: pair[1] for name, pair in suspects().items()},
    )
    evidence.close(
        np.where(keep, seen, 0),
        np.where(keep, expected, 0),
        f"the object of {what}",
        rtol=0,
        atol=1e-4 * scale,
        axes=CANVAS,
        suspects=lambda: {name: np.where(keep, pair[0], 0) for name, pair in suspects().items()},
    )


_MOST_DISPLACED, _STEPS = 16, [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]


def _some_displaced(
    coverage: Array, patches: Array, centres: Array, shape: tuple[int, ...], origin: Array
) -> dict[str, tuple[Array, Array]]:
    """Canvas and coverage with each patch where the coverage shows it, a pixel at most from where it belongs.

    Parameters
    ----------
    coverage : (H, W) float
        That was seen.
    patches : (n, N, N) complex
    centres : (n, 2) float
    shape : (H, W)
    origin : (2,) float
    """
    if not 0 < len(patches) <= _MOST_DISPLACED:
        return {}
    lying = centres.copy()
    for number, _ in itertools.product(range(len(patches)), range(2)):
        there = [lying.copy() for _ in _STEPS]
        for one, step in zip(there, _STEPS, strict=True):
            one[number] = centres[number] + step
        misfits = [float(np.abs(averaged(patches, one, shape, origin)[1] - coverage).sum()) for one in there]
        lying = there[int(np.argmin(misfits))]
    off = np.flatnonzero((lying != centres).any(axis=1))
    # All by the same in both directions is another origin.
    if not len(off) or np.ptp(lying - centres) == 0:
        return {}
    words = f"patch{'es' * (len(off) > 1)} {', '.join(map(str, off[:6].tolist()))} of {len(centres)}"
    return {f"some patches are placed one pixel off: {words}": averaged(patches, lying, shape, origin)}


def too_few(seen: float, n: int, N: int) -> dict[str, float]:
    """Sum of the coverage where some of n patches are missing; empty where it is not that of any number of them."""
    missing = n - seen / N**2
    if not 0.5 < missing < n + 0.5 or abs(missing - round(missing)) > 1e-3:
        return {}
    name = "one patch is missing" if round(missing) == 1 else f"{round(missing)} of {n} patches are missing"
    return {name: float((n - round(missing)) * N**2)}
