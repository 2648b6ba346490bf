"""Windows of an object, and what they are when a convention is mistaken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.patches.wrapping import come_round
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.oracles.rules import following, rules_here
from conformance.scans.domain import places

AXES = axes_of("patches", 3)
NEAR = (0.1, 0.02, 0.01, 2e-3, 1e-3, 1e-4)
"""Distances from whole pixels that may be taken for none."""
STEPS = (2, 4, 8, 10, 16)
"""Parts of a pixel that positions may be rounded to."""
_FURTHEST = 8
"""Sides of a patch beyond the object, up to which it is continued to tell a mistake."""


def along_one_axis() -> list[tuple[str, str, Array]]:
    """Steps [x, y] of half a pixel and of one along one axis, in words."""
    far = (
        (0.5, "half a pixel"),
        (-0.5, "half a pixel, backwards,"),
        (1.0, "one pixel"),
        (-1.0, "one pixel, backwards,"),
    )
    ways = (("x", (1.0, 0.0)), ("y", (0.0, 1.0)))
    return [(words, axis, size * np.array(way)) for size, words in far for axis, way in ways]


def snapped(centres: Array, near: float) -> Array:
    """Positions of which those that are nearly whole are rounded."""
    whole = np.round(centres)
    return np.where(np.abs(centres - whole) < near, whole, centres)


def _moved(obj: Array, centres: Array, N: int) -> dict[str, Array]:
    """Centres that known mistakes would take."""
    size, whole = np.array([obj.shape[1], obj.shape[0]]), np.floor(centres)
    # By a rule of whole positions nothing is interpolated.
    whole_rule = rules_here().cut.kind == "whole"
    x_alone, y_alone = (f"{one} alone is as stated" if whole_rule else f"only {one} is interpolated" for one in "xy")
    return {
        "x and y are exchanged: rows are indexed with x": centres[:, ::-1],
        "the position names the corner of the patch, not pixel N/2": centres + N // 2,
        "the position names the far corner of the patch, not pixel N/2": centres - N // 2,
        "the patch is centred at (N - 1)/2: off by half a pixel": centres + 0.5,
        "the patch is off by half a pixel, away from (N - 1)/2": centres - 0.5,
        "the patch is off by one pixel: it starts one too late": centres + 1,
        "the patch is off by one pixel: it starts one too early": centres - 1,
        **{f"the patch is off by {far} along {axis} alone": centres + step for far, axis, step in along_one_axis()},
        "the sub-pixel part has the wrong sign": 2 * whole - centres,
        "the sub-pixel parts of x and y are exchanged": whole + (centres - whole)[:, ::-1],
        "positions are rounded to whole pixels": np.round(centres),
        "positions are cut to whole pixels": whole,
        "half pixels are rounded to whole ones": np.where(centres - whole == 0.5, np.round(centres), centres),
        **{
            f"positions that are nearly whole are rounded to whole pixels: within {near:g}": snapped(centres, near)
            for near in NEAR
        },
        **{
            f"positions come round after {bits} bits, when {added} is added": come_round(centres + extra, bits) - extra
            for bits in (8, 16)
            for added, extra in (("nothing", 0), ("half a side", N // 2), ("a side", N))
        },
        **{
            f"positions are narrowed to {kind}": centres.astype(kind).astype(np.float64)
            for kind in ("float16", "float32")
        },
        **{f"positions are rounded to steps of 1/{steps} pixel": np.round(centres * steps) / steps for steps in STEPS},
        "positions are mirrored about the middle of the object": size - centres,
        "positions are measured from the middle of the object": centres + size / 2,
        "x is measured from the right edge": np.stack([size[0] - centres[:, 0], centres[:, 1]], axis=1),
        "y is measured from the lower edge": np.stack([centres[:, 0], size[1] - centres[:, 1]], axis=1),
        "patches that leave the object are moved inside": np.clip(centres, N // 2, np.maximum(size - N // 2, N // 2)),
        f"{x_alone}: y is rounded": np.stack([centres[:, 0], np.round(centres[:, 1])], axis=1),
        f"{x_alone}: y is cut": np.stack([centres[:, 0], whole[:, 1]], axis=1),
        f"{y_alone}: x is rounded": np.stack([np.round(centres[:, 0]), centres[:, 1]], axis=1),
        f"{y_alone}: x is cut": np.stack([whole[:, 0], centres[:, 1]], axis=1),
        "the positions are sorted by y, then by x": centres[np.lexsort(centres.T)],
        "the positions are sorted by x, then by y": centres[np.lexsort(centres.T[::-1])],
    }


def suspects_at(obj: Array, centres: Array, N: int) -> dict[str, Array]:
    """Patches that known mistakes would give."""
    size = np.array([obj.shape[1], obj.shape[0]])
    modulus = float(np.abs(obj).max())
    outside = (centres[:, 0] > obj.shape[0]) | (centres[:, 1] > obj.shape[1])
    right = patches_at(obj, centres, N)
    itself = {"the object itself stands in place of every patch": np.resize(obj, right.shape)}
    found = itself if obj.shape == (N, N) else {}
    if (size < N).any():
        ahead = np.maximum(N - size, 0) // 2
        found["an object smaller than a patch is moved to the middle of one"] = patches_at(obj, centres - ahead, N)
    if not np.imag(obj).any():
        phase = np.exp(1j * np.real(obj).astype(np.float64))
        found["a real object is taken for a phase: exp(i · object)"] = patches_at(phase, centres, N)
    found |= {name: patches_at(obj, at, N) for name, at in _moved(obj, centres, N).items()}
    return found | {
        "the object is taken to repeat beyond its edge: patches wrap around": _beyond("wrap", obj, centres, N),
        "the last pixels of the object are repeated beyond its edge": _beyond("edge", obj, centres, N),
        **{f"along {axis} alone the object is taken to repeat": held for axis, held in _repeated(obj, centres, N)},
        "negative indices count from the other end: patches wrap around below zero only": patches_at(
            np.pad(obj, ((N, 0), (N, 0)), "wrap"), centres + N, N
        ),
        "there are ones beyond the edge of the object": patches_at(np.pad(obj, N, constant_values=1), centres + N, N),
        "the last row and column of the object are lost": patches_at(obj[:-1, :-1], centres, N),
        "the object is flattened with its height for its width": patches_at(
            obj.ravel()[(np.mgrid[: size[1], : size[0]] * [[[size[1]]], [[1]]]).sum(axis=0) % obj.size], centres, N
        ),
        "modulus and phase are interpolated apart": patches_at(np.abs(obj), centres, N)
        * np.exp(1j * patches_at(np.angle(obj), centres, N).real),
        "modulus and phase are interpolated apart: the modulus by itself": patches_at(np.abs(obj), centres, N)
        * np.exp(1j * np.angle(right)),
        "the moduli are cut off at a maximum: the object is clipped at one": right
        * np.minimum(1, 1 / np.maximum(np.abs(right), 1e-9)),
        "the mean phase of the object is removed": right * np.exp(-1j * np.angle(obj.astype(np.complex128).sum())),
        "the bounds of x and y are exchanged: positions beyond the other axis give nothing": np.where(
            outside[:, None, None], 0, right
        ),
        "the object is divided by its largest modulus": right / modulus,
        **_partly_outside(obj, centres, N, right),
    }


def _partly_outside(obj: Array, centres: Array, N: int, right: Array) -> dict[str, Array]:
    """Patches of which pixels that lie between the last of an object and what is beyond it are made otherwise."""
    if rules_here().cut.kind != "bilinear" or rules_here().outside != "zeros":
        return {}
    whole, listed = np.floor(centres), np.pad(obj.ravel(), (0, obj.shape[1] + 1))
    along, ones = np.zeros_like(right), np.ones(obj.shape)
    begun = patches_at(ones, whole, N).real
    held = begun
    for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
        parts = np.where(step, centres - whole, 1 - (centres - whole)).prod(axis=1)[:, np.newaxis, np.newaxis]
        first = step[0] + step[1] * obj.shape[1]
        along += parts * patches_at(listed[first : first + obj.size].reshape(obj.shape), whole, N)
        held = held * np.where(parts > 0, patches_at(ones, whole + step, N).real, 1)
    return {
        "pixels that lie partly before the first row or column of the object are empty": begun * right,
        "pixels that lie partly on the object are empty": held * right,
        "beyond the last column the next row goes on, and what lies partly before the first is empty": along,
    }


def _beyond(outside: str, obj: Array, centres: Array, N: int) -> Array:
    with following(replace(rules_here(), outside=outside)):
        return patches_at(obj, centres, N)


def _repeated(obj: Array, centres: Array, N: int) -> Iterator[tuple[str, Array]]:
    """Yield x and y, and patches of an object that repeats along it and is zero beyond the other edges."""
    for axis, name in ((1, "x"), (0, "y")):
        along = centres[:, 1 - axis]
        reach = np.ceil([-along.min(initial=0.0), along.max(initial=0.0) - obj.shape[axis]]).max() + N
        if reach <= _FURTHEST * N:
            ends = [(int(reach), int(reach)) if one == axis else (0, 0) for one in range(2)]
            step = reach * np.array([axis == 1, axis == 0])
            yield name, patches_at(np.pad(obj, ends, "wrap"), centres + step, N)


def cut(subject: Subject, evidence: Evidence, obj: Array, centres: Array, N: int, what: str, atol: float) -> None:
    """Compare the patches at positions with the oracle."""
    scale = float(np.abs(obj).max())
    evidence.close(
        subject.adapter.patches(obj, centres, N),
        patches_at(obj, centres, N),
        what,
        rtol=0,
        atol=atol * scale,
        axes=AXES,
        suspects=lambda: suspects_at(obj, centres, N),
    )


def inside(rng: np.random.Generator, shape: Sequence[int], N: int, count: int) -> Array:
    """Whole positions whose windows lie in the object, corners first."""
    half = N // 2
    x, y = (rng.integers(half, size - half + 1, count) for size in (shape[1], shape[0]))
    centres = np.stack([x, y], axis=1).astype(np.float64)
    centres[:2] = [[half, half], [shape[1] - half, shape[0] - half]]
    return places(centres, shape, N)
