"""Checks of reassembly (REA) of unusual patches: many, nearly whole, dark, real, in double precision, of any side."""

from __future__ import annotations

import itertools

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.reassembly.canvases import (
    CANVAS,
    averaged,
    cut,
    fits,
    noise,
    oracle,
    placed,
    too_few,
    whole_canvas,
)
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.scans.domain import many, places, side
from conformance.scans.specimens import structured_object

_ADDED = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


@check("REA-003")
def test_every_patch_of_many_contributes(subject: Subject, evidence: Evidence) -> None:
    """More than sixteen bits count, of any power of two the last part is of one; thousands of them overlap."""
    N = side(8)
    n, few = many(65_537, N), many(5_303, N)
    centres = np.random.default_rng(31).uniform(0, 60, (n, 2))
    centres[few // 6 : few] /= 30
    # On whole pixels single precision counts exactly, and placing is cheap.
    centres[few:] = np.round(centres[few:])
    centres = places(centres)
    result = subject.adapter.reassemble(np.ones((n, N, N), np.complex64), centres)
    coverage = whole_canvas(result)[1]
    evidence.close(
        coverage.sum(),
        n * N * N,
        f"the sum of the coverage of {n} patches",
        rtol=1e-6,
        atol=0,
        suspects=lambda: too_few(float(coverage.sum()), n, N),
    )


@check("REA-011")
def test_halves_and_quarters(subject: Subject, evidence: Evidence) -> None:
    """Exact fractions, half pixels among them, which rounding sends either way."""
    fractions = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [0.25, 0.75], [0.75, 0.5], [0.125, 0.0]])
    for sign in (1.0, -1.0):
        centres = np.array([20.0, 15.0]) + sign * fractions + np.arange(6)[:, np.newaxis] * np.array([3.0, 2.0])
        placed(subject, evidence, noise(6, side(8), 35), centres, "patches at halves and quarters of pixels")


@check("REA-011")
def test_nearly_whole_positions_are_not_whole(subject: Subject, evidence: Evidence) -> None:
    """Near zero and far from it: what is close enough to whole may be told by the size of a position."""
    for step, start in itertools.product((0.04, 4e-3, 8e-4), (0.0, 3e3)):
        centres = np.array([[20.0, 15.0], [24.0, 12.0], [18.0, 20.0]]) + step * np.array([[1, 0], [-1, 1], [0.5, -1]])
        what = f"patches {step:g} pixels off whole positions, {start:g} pixels away"
        placed(subject, evidence, noise(3, side(8), 39), centres + start, what)


@check("REA-011")
def test_constant_patches_are_constant_where_they_are_faint(subject: Subject, evidence: Evidence) -> None:
    """Down to pixels of which a patch holds a few millionths: no mask, and nothing added before the division."""
    N, value = side(8), np.complex64(0.6 - 0.9j)
    corners = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
    # The faint corner of each patch lies away from the others.
    for step in (0.04, 4e-3, 2e-3):
        centres = 40.0 - (N / 2 + 2) * corners + step * corners
        seen, coverage, _ = fits(evidence, subject.adapter.reassemble(np.full((4, N, N), value), centres), centres, N)
        keep = coverage > 1e-6
        _constant(
            evidence, seen, np.where(keep, coverage, 0), value, f"constant patches {step:g} pixels off whole places"
        )


def _constant(evidence: Evidence, seen: Array, coverage: Array, value: np.complex64, what: str) -> None:
    keep, least = coverage > 0, float(coverage[seen == 0].max(initial=0.0))
    divided = {
        f"{added:g} is added to the coverage before the division": value * coverage / (coverage + added)
        for added in _ADDED
    }
    masked = {f"pixels with a coverage of {least:.2g} or less count as uncovered": value * (coverage > least)}
    evidence.close(
        np.where(keep, seen, 0), value * keep, what, rtol=0, atol=1e-4, axes=CANVAS, suspects=lambda: masked | divided
    )


@check("REA-001")
def test_arrays_that_change_between_calls(subject: Subject, evidence: Evidence) -> None:
    """As in a reconstruction, which writes every iterate, and corrected positions, into the same arrays."""
    patches, centres = noise(6, side(8), 40), places(np.random.default_rng(40).uniform(10, 24, (6, 2)))
    placed(subject, evidence, patches, centres, "patches")
    stale = {"the patches are as they were at an earlier call": (patches.copy(), centres.copy())}
    patches[...] = noise(6, side(8), 41)
    placed(subject, evidence, patches, centres, "patches after their array was written anew", before=stale)
    stale = {"the positions are as they were at an earlier call": (patches.copy(), centres.copy())}
    centres[...] = places(np.random.default_rng(41).uniform(10, 24, (6, 2)))
    what = "patches at positions after their array was written anew"
    placed(subject, evidence, patches, centres, what, before=stale)


@check("REA-002")
def test_dark_patches_among_others_count(subject: Subject, evidence: Evidence) -> None:
    patches, centres = noise(6, side(8), 36), np.round(np.random.default_rng(36).uniform(10, 20, (6, 2)))
    patches[[1, 4]] = 0
    patches[2, :, :4] = 0
    placed(subject, evidence, patches, centres, "patches of which some are dark")
    _, coverage, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, side(8))
    expected = oracle(patches, centres, coverage.shape, origin)[1]
    evidence.close(coverage, expected, "the coverage of patches of which some are dark", rtol=0, atol=2e-6, axes=CANVAS)


@check("REA-004")
def test_patches_without_imaginary_part(subject: Subject, evidence: Evidence) -> None:
    centres = np.round(np.random.default_rng(37).uniform(10, 22, (7, 2)))
    values = np.random.default_rng(38).normal(size=(7, side(8), side(8)))
    placed(subject, evidence, values.astype(np.complex64), centres, "patches without an imaginary part")


@check("REA-013")
def test_positions_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    _, centres, patches = cut(5, side(8), 1, whole=True)
    for axis in (0, 1):
        for value in (np.nan, np.inf, -np.inf):
            for row in (0, 4):
                broken = centres.copy()
                broken[row, axis] = value
                evidence.refused(
                    lambda: subject.adapter.reassemble(patches, broken),
                    f"position {row} with {'xy'[axis]} = {value}",
                    beside=lambda: subject.adapter.reassemble(patches, centres),
                )


@check("REA-001")
def test_patches_of_any_side(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(N) for N in (14, 32, 64, 128)}):
        obj = structured_object(np.random.default_rng(N), (N + 30, N + 40))
        centres = np.array([[N // 2, N // 2], [N // 2 + 40, N // 2 + 9], [N // 2 + 7, N // 2 + 30]], dtype=np.float64)
        placed(subject, evidence, patches_at(obj, centres, N).astype(np.complex64), centres, f"patches {N} x {N}")


@check("REA-001")
def test_scans_of_every_kind_give_their_object(subject: Subject, evidence: Evidence) -> None:
    """Lines along either axis, islands far apart, many patches; frames of twelve and sixteen pixels."""
    rng = np.random.default_rng(51)
    obj = structured_object(rng, (150, 190))
    scans = {
        "a line along x": np.stack([20.0 + 6 * np.arange(9), np.full(9, 31.0)], axis=1),
        "a line along y": np.stack([np.full(9, 44.0), 20.0 + 5 * np.arange(9)], axis=1),
        "two islands": np.array([[20.0, 20.0], [23.0, 22.0], [160.0, 120.0], [163.0, 119.0]]),
        "many positions": np.round(rng.uniform((20, 20), (70, 50), (600, 2))),
    }
    for what, centres in scans.items():
        for N in sorted({side(N) for N in (8, 12, 16)}):
            patches = patches_at(obj, centres, N).astype(np.complex64)
            placed(subject, evidence, patches, centres, f"patches {N} x {N} of {what}")


@check("REA-004")
def test_sums_of_overlaps_leave_the_type_of_patches(subject: Subject, evidence: Evidence) -> None:
    """Each value fits its type, and the sum of two does not."""
    N = side(8)
    centres = np.array([[20.0, 20.0], [20.0, 20.0], [21.0, 20.0], [20.0, 22.0], [23.0, 23.0]])
    for dtype, most in (("f2", 6e4), ("u1", 250), ("i1", 120), ("u2", 65_000), ("i2", 32_000), ("i4", 2**31 - 200)):
        patches = np.full((5, N, N), most).astype(dtype)
        patches[1] //= 2
        result = evidence.accepted(lambda: subject.adapter.reassemble(patches, centres), f"patches in {patches.dtype}")
        seen, coverage = as_numpy(result["object"]), as_numpy(result["coverage"])
        wide, _ = averaged(patches.astype(np.float64), centres, seen.shape, as_numpy(result["origin_xy"]))
        evidence.close(
            seen,
            wide,
            f"the mean of overlapping patches of {patches.dtype}",
            rtol=0,
            atol=1e-5 * most,
            axes=("row", "column"),
        )
        evidence.holds(float(coverage.max()) > 2, "Five patches at nearly one place nowhere overlap three times.")


@check("REA-010")
def test_patches_in_double_precision(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(7, side(8), 52, whole=whole)
        placed(subject, evidence, patches.astype(np.complex128), centres, "patches in complex128")


@check("REA-011")
def test_positions_between_pixels_along_one_axis(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(53)
    whole, part = np.round(rng.uniform(10, 30, (8, 2))), rng.uniform(0.1, 0.9, 8)
    for axis, what in enumerate(("x", "y")):
        centres = whole.copy()
        centres[:, axis] += part
        for N in {side(8), side(16)}:
            placed(subject, evidence, noise(8, N, 54), centres, f"patches {N} x {N} between pixels along {what} only")


@check("REA-004")
def test_overlaps_on_rasters(subject: Subject, evidence: Evidence) -> None:
    """Whole steps, all alike, as windows have that slide over an image; also along a single row or column."""
    for rows, columns, step in ((4, 5, 3), (1, 6, 2), (6, 1, 2)):
        y, x = np.mgrid[:rows, :columns] * float(step)
        centres = places(np.stack([x.ravel(), y.ravel()], axis=1) + 12.0)
        what = f"patches on a raster of {rows} x {columns}, {step} pixels apart"
        placed(subject, evidence, noise(rows * columns, side(8), 61), centres, what)


@check("REA-004")
def test_dark_patches_give_a_dark_object(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(6, side(10), 55, whole=whole)
        seen = whole_canvas(subject.adapter.reassemble(patches * 0, centres))[0]
        evidence.equal(seen, np.zeros_like(seen), "the object of dark patches", axes=("row", "column"))
