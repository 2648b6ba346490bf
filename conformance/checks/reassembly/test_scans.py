"""Checks of reassembly (REA) on scans out of the ordinary: many patches, far, tall, about zero, partly dark, real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.reassembly.test_reassembly import CANVAS, averaged, cut, fits, oracle, suspects_at, whole_canvas
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.scans.specimens import structured_object

Array = NDArray[Any]


def noise(n: int, N: int, seed: int) -> Array:
    """Patches of noise (n, N, N) about a complex mean."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, N, N)) + 1j * rng.normal(size=(n, N, N)) + (2 - 1j)
    return np.asarray(values, dtype=np.complex64)


def placed(
    subject: Subject, evidence: Evidence, patches: Array, centres: Array, what: str, chunk: int | None = None
) -> None:
    """Compare object and coverage with the oracle, wherever a pixel has weight enough to be divided by."""
    result: Mapping[str, Any] = subject.adapter.reassemble(patches, centres, chunk)
    seen, coverage, origin = fits(evidence, result, centres, patches.shape[-1])
    expected, weights = averaged(patches, centres, seen.shape, origin)
    scale = float(np.abs(patches).max())
    evidence.close(
        coverage,
        weights,
        f"the coverage of {what}",
        rtol=1e-5,
        atol=2e-5,
        axes=CANVAS,
        suspects=lambda: {name: pair[1] for name, pair in suspects_at(patches, centres, seen.shape, origin).items()},
    )
    keep = weights > 1e-2
    evidence.close(
        np.where(keep, seen, 0),
        np.where(keep, expected, 0),
        f"the object of {what}",
        rtol=0,
        atol=1e-4 * scale,
        axes=CANVAS,
        suspects=lambda: {
            name: np.where(keep, pair[0], 0) for name, pair in suspects_at(patches, centres, seen.shape, origin).items()
        },
    )


@check("REA-003")
def test_every_patch_of_many_contributes(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend places them in parts, and a number that no part size divides."""
    n, N = 5_303, 8
    centres = np.random.default_rng(31).uniform(0, 60, (n, 2))
    result = subject.adapter.reassemble(np.ones((n, N, N), np.complex64), centres)
    coverage = whole_canvas(result)[1]
    evidence.close(coverage.sum(), n * N * N, f"the sum of the coverage of {n} patches", rtol=1e-6, atol=0)


@check("REA-009")
def test_many_patches_in_parts(subject: Subject, evidence: Evidence) -> None:
    n, N = 331, 8
    patches, centres = noise(n, N, 32), np.random.default_rng(32).uniform(0, 40, (n, 2))
    for chunk in (None, 30, 64, 100, 330):
        what = f"{n} patches placed {'at once' if chunk is None else f'{chunk} at a time'}"
        placed(subject, evidence, patches, centres, what, chunk)


@check("REA-003")
def test_patches_far_from_all_others_contribute(subject: Subject, evidence: Evidence) -> None:
    for reach in (150.0, 700.0):
        centres = np.array([[20.0, 14.0], [23.0, 17.0], [20.0 + reach, 14.5], [21.0, 14.0 - reach / 2]])
        coverage = whole_canvas(subject.adapter.reassemble(noise(4, 8, 33), centres))[1]
        what = f"the sum of the coverage of four patches, the farthest {reach:g} pixels away"
        evidence.close(
            coverage.sum(),
            4 * 64,
            what,
            rtol=1e-6,
            atol=0,
            suspects=lambda: {f"{n} of four patches are missing": 64.0 * (4 - n) for n in (1, 2, 3)},
        )


@check("REA-001")
def test_tall_and_wide_scans(subject: Subject, evidence: Evidence) -> None:
    obj = structured_object(np.random.default_rng(34), (120, 110))
    along = np.arange(8.0) * 10 + 16
    for what, centres in (
        ("a scan along y", np.stack([np.full(8, 50.0) + np.arange(8) % 2, along], axis=1)),
        ("a scan along x", np.stack([along, np.full(8, 50.0) + np.arange(8) % 3], axis=1)),
        ("a scan of one position", np.full((3, 2), 41.0)),
    ):
        patches = patches_at(obj, centres, 8).astype(np.complex64)
        placed(subject, evidence, patches, centres, what)


@check("REA-007")
def test_the_origin_moves_anywhere(subject: Subject, evidence: Evidence) -> None:
    """Far out single precision rounds positions, and below zero lie positions too."""
    _, centres, patches = cut(7, 8, 3, whole=False)
    centres = np.round(centres * 1024) / 1024
    obj, coverage, origin = whole_canvas(subject.adapter.reassemble(patches, centres))
    keep = coverage > 1e-2
    for step in ((2**20, -(2**19)), (-(2**20), 2**18), (-40, -30)):
        seen = whole_canvas(subject.adapter.reassemble(patches, centres + step))
        evidence.close(seen[2], origin + step, f"origin_xy of a scan moved by {step}", rtol=0, atol=1e-6)
        narrow = (centres + step).astype(np.float32).astype(np.float64)
        evidence.close(
            seen[1],
            coverage,
            f"the coverage of a scan moved by {step}",
            rtol=0,
            atol=2e-5,
            axes=CANVAS,
            suspects=lambda: {
                "positions were narrowed to float32 before they were centred": averaged(
                    patches, narrow, coverage.shape, seen[2]
                )[1]
            },
        )
        evidence.close(
            np.where(keep, seen[0], 0),
            np.where(keep, obj, 0),
            f"the object of a scan moved by {step}",
            rtol=0,
            atol=1e-4,
            axes=CANVAS,
        )


@check("REA-011")
def test_halves_and_quarters(subject: Subject, evidence: Evidence) -> None:
    """Exact fractions, half pixels among them, which rounding sends either way."""
    fractions = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [0.25, 0.75], [0.75, 0.5], [0.125, 0.0]])
    for sign in (1.0, -1.0):
        centres = np.array([20.0, 15.0]) + sign * fractions + np.arange(6)[:, np.newaxis] * np.array([3.0, 2.0])
        placed(subject, evidence, noise(6, 8, 35), centres, "patches at halves and quarters of pixels")


@check("REA-011")
def test_nearly_whole_positions_are_not_whole(subject: Subject, evidence: Evidence) -> None:
    for step in (0.04, 4e-3, 8e-4):
        centres = np.array([[20.0, 15.0], [24.0, 12.0], [18.0, 20.0]]) + step * np.array([[1, 0], [-1, 1], [0.5, -1]])
        placed(subject, evidence, noise(3, 8, 39), centres, f"patches {step:g} pixels off whole positions")


@check("REA-001")
def test_arrays_that_change_between_calls(subject: Subject, evidence: Evidence) -> None:
    """As in a reconstruction, which writes every iterate, and corrected positions, into the same arrays."""
    patches, centres = noise(6, 8, 40), np.random.default_rng(40).uniform(10, 24, (6, 2))
    placed(subject, evidence, patches, centres, "patches")
    patches[...] = noise(6, 8, 41)
    placed(subject, evidence, patches, centres, "patches after their array was written anew")
    centres[...] = np.random.default_rng(41).uniform(10, 24, (6, 2))
    placed(subject, evidence, patches, centres, "patches at positions after their array was written anew")


@check("REA-002")
def test_dark_patches_among_others_count(subject: Subject, evidence: Evidence) -> None:
    patches, centres = noise(6, 8, 36), np.round(np.random.default_rng(36).uniform(10, 20, (6, 2)))
    patches[[1, 4]] = 0
    patches[2, :, :4] = 0
    placed(subject, evidence, patches, centres, "patches of which some are dark")
    _, coverage, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, 8)
    expected = oracle(patches, centres, coverage.shape, origin)[1]
    evidence.close(coverage, expected, "the coverage of patches of which some are dark", rtol=0, atol=2e-6, axes=CANVAS)


@check("REA-004")
def test_patches_without_imaginary_part(subject: Subject, evidence: Evidence) -> None:
    centres = np.round(np.random.default_rng(37).uniform(10, 22, (7, 2)))
    values = np.random.default_rng(38).normal(size=(7, 8, 8))
    placed(subject, evidence, values.astype(np.complex64), centres, "patches without an imaginary part")


@check("REA-013")
def test_positions_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    _, centres, patches = cut(5, 8, 1, whole=True)
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
    for N in (14, 32, 64, 128):
        obj = structured_object(np.random.default_rng(N), (N + 30, N + 40))
        centres = np.array([[N // 2, N // 2], [N // 2 + 40, N // 2 + 9], [N // 2 + 7, N // 2 + 30]], dtype=np.float64)
        placed(subject, evidence, patches_at(obj, centres, N).astype(np.complex64), centres, f"patches {N} x {N}")
