"""Checks of reassembly (REA)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.scans.specimens import structured_object

Array = NDArray[Any]
CANVAS = axes_of("object", 2)
DRAWN = {"n": st.integers(1, 12), "N": st.sampled_from([8, 10]), "seed": st.integers(0, 999), "whole": st.booleans()}


def cut(n: int, N: int, seed: int, *, whole: bool) -> tuple[Array, Array, Array]:
    """Object, positions inside it, and its patches there."""
    rng = np.random.default_rng(seed)
    obj = structured_object(rng, (34, 47))
    centres = rng.uniform((N, N), (47 - N, 34 - N), (n, 2))
    centres = np.round(centres) if whole else centres
    return obj, centres, patches_at(obj, centres, N).astype(np.complex64)


def whole_canvas(result: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Object, coverage and origin of a result as arrays."""
    origin = as_numpy(result["origin_xy"]).astype(np.float64)
    return as_numpy(result["object"]), as_numpy(result["coverage"]).astype(np.float64), origin


def oracle(patches: Array, centres: Array, shape: tuple[int, ...], origin: Array) -> tuple[Array, Array]:
    """Sum of patches and of ones on a canvas, placed bilinearly pixel by pixel."""
    total, coverage = np.zeros(shape, dtype=np.complex128), np.zeros(shape)
    N = patches.shape[-1]
    for patch, (x, y) in zip(patches, centres - origin - N // 2, strict=True):
        top, left = int(np.floor(y)), int(np.floor(x))
        for row, column, weight in (
            (top, left, (1 - (y - top)) * (1 - (x - left))),
            (top, left + 1, (1 - (y - top)) * (x - left)),
            (top + 1, left, (y - top) * (1 - (x - left))),
            (top + 1, left + 1, (y - top) * (x - left)),
        ):
            if weight:
                total[row : row + N, column : column + N] += weight * patch
                coverage[row : row + N, column : column + N] += weight
    return total, coverage


def fits(evidence: Evidence, result: Mapping[str, Any], centres: Array, N: int) -> tuple[Array, Array, Array]:
    """Require a canvas on which every patch lies, and return object, coverage and origin."""
    evidence.present(result, "object", "coverage", "origin_xy")
    obj, coverage, origin = whole_canvas(result)
    evidence.holds(obj.shape == coverage.shape, f"object has shape {obj.shape}, coverage {coverage.shape}.")
    low, high = (centres - origin - N / 2).min(axis=0), (centres - origin + N / 2).max(axis=0)
    inside = bool((low >= -1e-6).all() and (high <= np.array(obj.shape[::-1]) + 1e-6).all())
    evidence.holds(inside, f"Patches leave the canvas {obj.shape} with origin {origin.tolist()}.")
    return obj, coverage, origin


def suspects_at(
    patches: Array, centres: Array, shape: tuple[int, ...], origin: Array
) -> dict[str, tuple[Array, Array]]:
    """Canvas and coverage that known mistakes would give."""
    middle = centres.mean(axis=0)
    moved = {
        "x and y are exchanged: rows are placed by x": centres[:, ::-1],
        "positions are mirrored about their middle": 2 * middle - centres,
        "positions are mirrored about their rounded middle": 2 * np.round(middle) - centres,
        "positions are rounded to whole pixels": np.round(centres),
        "positions are cut to whole pixels": np.floor(centres),
        "x alone is mirrored about the rounded middle": np.stack(
            [2 * np.round(middle[0]) - centres[:, 0], centres[:, 1]], axis=1
        ),
        "y alone is mirrored about the rounded middle": np.stack(
            [centres[:, 0], 2 * np.round(middle[1]) - centres[:, 1]], axis=1
        ),
        "the sub-pixel part has the wrong sign": 2 * np.floor(centres) - centres,
        "half pixels are rounded down": np.where(centres % 1 == 0.5, np.floor(centres), centres),
        "half pixels are rounded up": np.where(centres % 1 == 0.5, np.ceil(centres), centres),
        "the origin is one pixel off: it is too large": centres + 1,
        "the origin is one pixel off: it is too small": centres - 1,
        "patches are placed half a pixel off": centres + 0.5,
        "patches are placed half a pixel off, the other way": centres - 0.5,
        "positions name the corner of the patch, not pixel N/2": centres + patches.shape[-1] // 2,
        "every patch lies at the middle of the scan": np.broadcast_to(middle, centres.shape),
    }
    total, coverage = oracle(patches, centres, shape, origin)
    right = averaged(patches, centres, shape, origin)[0]
    found = {"the coverage counts pixels that no patch covers": (right, coverage + 1)}
    for name, places in moved.items():
        found[name] = averaged(patches, places, shape, origin)
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


@check("REA-001", given=DRAWN)
def test_patches_of_an_object_give_that_object(
    subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool
) -> None:
    obj, centres, patches = cut(n, N, seed, whole=True)
    seen, _, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    rows, columns = np.mgrid[: seen.shape[0], : seen.shape[1]]
    y, x = (rows + origin[1]).astype(int), (columns + origin[0]).astype(int)
    known = (y >= 0) & (y < obj.shape[0]) & (x >= 0) & (x < obj.shape[1])
    covered = (oracle(patches, centres, seen.shape, origin)[1] > 0.5) & known
    expected = np.where(covered, obj[np.clip(y, 0, obj.shape[0] - 1), np.clip(x, 0, obj.shape[1] - 1)], 0)
    evidence.close(
        np.where(covered, seen, 0),
        expected,
        "the object put together from its patches",
        rtol=0,
        atol=2e-5,
        axes=CANVAS,
        suspects=lambda: {
            name: np.where(covered, canvas, 0)
            for name, (canvas, _) in suspects_at(patches, centres, seen.shape, origin).items()
        },
    )


@check("REA-002", given=DRAWN)
def test_coverage_counts_patches(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n, N, seed, whole=whole)
    for what, held in (("structured patches", patches), ("patches of zeros", patches * 0)):
        _, coverage, origin = fits(evidence, subject.adapter.reassemble(held, centres), centres, N)
        expected = oracle(held, centres, coverage.shape, origin)[1]
        evidence.close(
            coverage,
            expected,
            f"the coverage of {what}",
            rtol=0,
            atol=2e-6,
            axes=CANVAS,
            suspects=lambda: (
                {
                    "pixels at which the patches are zero are not counted": np.where(
                        np.abs(oracle(held, centres, coverage.shape, origin)[0]) > 0, expected, 0
                    ),
                    "every covered pixel counts once": (expected > 0).astype(float),
                }
                | {name: weights for name, (_, weights) in suspects_at(held, centres, coverage.shape, origin).items()}
            ),
        )


@check("REA-003", given=DRAWN)
def test_every_patch_contributes(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n, N, seed, whole=whole)
    twice = np.concatenate([centres, centres[:1]])
    coverage = whole_canvas(subject.adapter.reassemble(np.concatenate([patches, patches[:1]]), twice))[1]
    evidence.close(
        coverage.sum(),
        (n + 1) * N * N,
        "the sum of the coverage",
        rtol=1e-6,
        atol=0,
        suspects=lambda: {
            "one patch is missing": np.float64(n * N * N),
            "only one patch is counted": np.float64(N * N),
            "every covered pixel counts once": np.float64((coverage > 0).sum()),
        },
    )


@check("REA-004", given=DRAWN)
def test_overlaps_are_averaged(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    centres = np.round(rng.uniform(10, 22, (n + 1, 2)))
    patches = (rng.normal(size=(n + 1, N, N)) + 1j * rng.normal(size=(n + 1, N, N)) + 3).astype(np.complex64)
    seen, _, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    total, coverage = oracle(patches, centres, seen.shape, origin)
    expected = np.where(coverage > 0.5, total / np.maximum(coverage, 1e-9), 0)
    evidence.close(
        np.where(coverage > 0.5, seen, 0),
        expected,
        "overlapping patches",
        rtol=0,
        atol=1e-4,
        axes=CANVAS,
        suspects=lambda: {
            name: np.where(coverage > 0.5, canvas, 0)
            for name, (canvas, _) in suspects_at(patches, centres, seen.shape, origin).items()
        },
    )


@check("REA-005", given=DRAWN)
def test_uncovered_pixels_are_zero(
    subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool
) -> None:
    _, _, patches = cut(2, N, seed, whole=True)
    centres = np.array([[12.0, 10.0], [12.0 + 3 * N + n, 10.0 + 2 * N]])
    seen, _, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    uncovered = oracle(patches, centres, seen.shape, origin)[1] < 1e-9
    evidence.holds(bool(uncovered.any()), "Two distant patches leave no pixel of the canvas uncovered.")
    evidence.equal(seen[uncovered], np.zeros(int(uncovered.sum())), "pixels that no patch covers")


@check("REA-006", given=DRAWN)
def test_the_canvas_holds_every_patch(
    subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool
) -> None:
    _, centres, patches = cut(n, N, seed, whole=whole)
    centres[0] += (37.0, -21.0)
    seen, _, _ = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    middle = np.round(centres.mean(axis=0))
    needed = N + 2 * np.abs(centres - middle).max(axis=0)
    for axis, side in (("x", seen.shape[1]), ("y", seen.shape[0])):
        wanted = needed[0 if axis == "x" else 1]
        evidence.holds(
            side + 1 >= wanted, f"The canvas has {side} pixels along {axis}, at least {wanted:.1f} are needed."
        )


@check("REA-007")
def test_the_origin_moves_with_the_scan(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(7, 8, 3, whole=whole)
        centres = np.round(centres * 1024) / 1024
        obj, coverage, origin = whole_canvas(subject.adapter.reassemble(patches, centres))
        for step in ((64, -32), (1000, 2000)):
            seen = whole_canvas(subject.adapter.reassemble(patches, centres + step))
            evidence.close(
                seen[2],
                origin + step,
                f"origin_xy of a scan moved by {step}",
                rtol=0,
                atol=1e-6,
                suspects=lambda: {
                    "the origin does not move with the scan": origin,
                    "the origin moves the wrong way": origin - step,
                    "x and y of the origin are exchanged": (origin + step)[::-1],
                },
            )
            evidence.close(seen[0], obj, f"the object of a scan moved by {step}", rtol=0, atol=2e-5, axes=CANVAS)
            evidence.close(seen[1], coverage, f"the coverage of a scan moved by {step}", rtol=0, atol=2e-5, axes=CANVAS)


@check("REA-008", given=DRAWN)
def test_order_does_not_matter(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n + 1, N, seed, whole=whole)
    order = np.roll(np.arange(n + 1), 1)
    plain = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    seen = fits(evidence, subject.adapter.reassemble(patches[order], centres[order]), centres, N)
    for what, first, second in zip(("object", "coverage", "origin_xy"), plain, seen, strict=True):
        # Pixels with hardly any weight are a division of rounding errors.
        keep = plain[1] > 1e-2 if what == "object" else np.ones_like(first, dtype=bool)
        evidence.close(second[keep], first[keep], f"{what} of patches in another order", rtol=0, atol=1e-4)


@check("REA-009", given=DRAWN)
def test_streaming_equals_whole(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n + 3, N, seed, whole=whole)
    plain = whole_canvas(subject.adapter.reassemble(patches, centres))
    for chunk in (1, 2, n + 2, n + 3, 100):
        seen = whole_canvas(subject.adapter.reassemble(patches, centres, chunk))
        for what, first, second in zip(("object", "coverage", "origin_xy"), plain, seen, strict=True):
            evidence.close(
                second,
                first,
                f"{what} put together in chunks of {chunk}",
                rtol=0,
                atol=2e-5,
                axes=CANVAS[: first.ndim] if first.ndim == 2 else (),
                suspects=lambda: unchunked(patches, centres, chunk, plain, what),
            )


def unchunked(
    patches: Array, centres: Array, chunk: int, plain: tuple[Array, Array, Array], what: str
) -> dict[str, Array]:
    """What streaming with a known mistake would give."""
    if what == "origin_xy":
        return {}
    shape, origin, place = plain[0].shape, plain[2], ("object", "coverage").index(what)
    whole = len(patches) // chunk * chunk
    silent = np.array(patches)
    silent[whole:] = 0
    missing = averaged(patches[:whole], centres[:whole], shape, origin)
    return {
        "the last, incomplete chunk is missing": missing[place],
        "the last, incomplete chunk counts, but adds nothing": averaged(silent, centres, shape, origin)[place],
        "the first chunk counts twice": averaged(
            np.concatenate([patches, patches[:chunk]]), np.concatenate([centres, centres[:chunk]]), shape, origin
        )[place],
        "the means of chunks are averaged": _mean_of_chunks(patches, centres, chunk, shape, origin)[place],
        "only the first chunk is left": averaged(patches[:chunk], centres[:chunk], shape, origin)[place],
        "only the last chunk is left": averaged(patches[-chunk:], centres[-chunk:], shape, origin)[place],
    }


def _mean_of_chunks(
    patches: Array, centres: Array, chunk: int, shape: tuple[int, ...], origin: Array
) -> tuple[Array, Array]:
    """Canvas and coverage when each chunk is averaged by itself, and the chunks then among each other."""
    total, seen = np.zeros(shape, dtype=np.complex128), np.zeros(shape)
    for start in range(0, len(patches), chunk):
        rows = slice(start, start + chunk)
        own, there = averaged(patches[rows], centres[rows], shape, origin)
        total, seen = total + own, seen + (there > 1e-6)
    return total / np.maximum(seen, 1), averaged(patches, centres, shape, origin)[1]


@check("REA-010")
def test_values_stay_complex(subject: Subject, evidence: Evidence) -> None:
    centres = np.array([[20.0, 14.0], [23.0, 17.0], [26.0, 12.0]])
    for value in (0.5 + 0.7j, -1.2j, -0.8 + 0.1j):
        patches = np.full((3, 8, 8), value, dtype=np.complex64)
        seen, coverage, _ = whole_canvas(subject.adapter.reassemble(patches, centres))
        evidence.holds(seen.dtype.kind == "c", f"Complex patches gave a {seen.dtype} object.")
        covered = seen[coverage > 0.5]
        evidence.close(covered, np.full(covered.shape, value), f"patches that are all {value}", rtol=0, atol=1e-5)


@check("REA-011", given=DRAWN)
def test_fractional_positions(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n, N, seed, whole=False)
    constant = np.full_like(patches, 0.6 - 0.9j)
    seen, coverage, origin = fits(evidence, subject.adapter.reassemble(constant, centres), centres, N)
    held = seen[coverage > 1e-3]
    evidence.close(
        held,
        np.full(held.shape, 0.6 - 0.9j),
        "constant patches at fractional positions",
        rtol=0,
        atol=2e-4,
        suspects=lambda: {
            name: canvas[coverage > 1e-3]
            for name, (canvas, _) in suspects_at(constant, centres, seen.shape, origin).items()
        },
    )
    seen, coverage, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    total, weights = oracle(patches, centres, seen.shape, origin)
    evidence.close(
        coverage,
        weights,
        "the coverage at fractional positions",
        rtol=0,
        atol=2e-5,
        axes=CANVAS,
        suspects=lambda: {
            name: counted for name, (_, counted) in suspects_at(patches, centres, seen.shape, origin).items()
        },
    )
    keep = weights > 1e-2
    evidence.close(
        seen[keep],
        (total[keep] / weights[keep]),
        "patches at fractional positions",
        rtol=0,
        atol=2e-4,
        suspects=lambda: {
            name: canvas[keep] for name, (canvas, _) in suspects_at(patches, centres, seen.shape, origin).items()
        },
    )


@check("REA-012")
def test_x_is_the_column(subject: Subject, evidence: Evidence) -> None:
    N = 8
    patches = np.stack([np.full((N, N), value, dtype=np.complex64) for value in (1, 2j, 3)])
    centres = np.array([[30.0, 20.0], [30.0 + 2 * N, 20.0], [30.0, 20.0 + 3 * N]])
    seen, _, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    for value, (x, y) in zip((1, 2j, 3), centres, strict=True):
        row, column = int(y - origin[1]), int(x - origin[0])
        evidence.close(
            seen[row, column], value, f"the canvas at x {x:g}, y {y:g} (row {row}, column {column})", rtol=0, atol=1e-5
        )


@check("REA-013")
def test_what_does_not_match_is_refused(subject: Subject, evidence: Evidence) -> None:
    _, centres, patches = cut(5, 8, 1, whole=True)
    broken = centres.copy()
    broken[2, 1] = np.nan
    for what, given, places in (
        ("five patches for four positions", patches, centres[:-1]),
        ("four patches for five positions", patches[:-1], centres),
        ("no patches", patches[:0], centres[:0]),
        ("a position that is NaN", patches, broken),
        ("a position that is infinite", patches, np.where(np.isnan(broken), np.inf, broken)),
        ("patches that are wider than tall", patches[:, :6], centres),
        ("patches that are taller than wide", patches[:, :, :6], centres),
        ("a single patch without its axis", patches[0], centres[:1]),
        ("patches with a channel", patches[..., np.newaxis], centres),
        ("positions with a third number", patches, np.column_stack([centres, centres[:, 0]])),
        ("positions in rows", patches, centres.T.copy()),
        ("a list of numbers for positions", patches, centres[:, 0].copy()),
    ):
        evidence.refused(
            lambda: subject.adapter.reassemble(given, places),
            what,
            beside=lambda: subject.adapter.reassemble(patches, centres),
        )
