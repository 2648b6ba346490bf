"""Checks of reassembly (REA): the object and the coverage that patches give."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.reassembly.canvases import (
    CANVAS,
    DRAWN,
    cut,
    extent_needed,
    fits,
    noise,
    oracle,
    suspects_at,
    too_few,
    whole_canvas,
)
from conformance.checks.remainders import counts
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, takes


@check("REA-001", given=DRAWN)
def test_patches_of_an_object_give_that_object(
    subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool
) -> None:
    obj, centres, patches = cut(n, N, seed, whole=True)
    seen, coverage, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
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
            for name, (canvas, _) in suspects_at(patches, centres, seen.shape, origin, coverage).items()
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
                | {
                    name: weights
                    for name, (_, weights) in suspects_at(held, centres, coverage.shape, origin, coverage).items()
                }
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
        suspects=lambda: (
            too_few(float(coverage.sum()), n + 1, N)
            | {
                "only one patch is counted": np.float64(N * N),
                "every covered pixel counts once": np.float64((coverage > 0).sum()),
            }
        ),
    )


@check("REA-003")
def test_many_patches_contribute(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend places them in parts, whatever is left over behind the last whole part."""
    N = side(8)
    _, centres, patches = cut(23, N, 77, whole=True)
    for count in counts(N):
        turns = np.arange(count) % len(patches)
        coverage = whole_canvas(subject.adapter.reassemble(patches[turns], centres[turns]))[1]
        what = f"the sum of the coverage of {count} patches"
        evidence.close(
            coverage.sum(),
            count * N * N,
            what,
            rtol=1e-6,
            atol=0,
            suspects=lambda: too_few(float(coverage.sum()), count, N),
        )


@check("REA-004", given=DRAWN)
def test_overlaps_are_averaged(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    centres = np.round(rng.uniform(10, 22, (n + 1, 2)))
    patches = (rng.normal(size=(n + 1, N, N)) + 1j * rng.normal(size=(n + 1, N, N)) + 3).astype(np.complex64)
    seen, counted, origin = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
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
            for name, (canvas, _) in suspects_at(patches, centres, seen.shape, origin, counted).items()
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


@check("REA-010")
def test_values_stay_complex(subject: Subject, evidence: Evidence) -> None:
    centres = np.array([[20.0, 14.0], [23.0, 17.0], [26.0, 12.0]])
    for value in (0.5 + 0.7j, -1.2j, -0.8 + 0.1j, 0.75 + 0j, 0j):
        patches = np.full((3, side(8), side(8)), value, dtype=np.complex64)
        seen, coverage, _ = whole_canvas(subject.adapter.reassemble(patches, centres))
        evidence.holds(seen.dtype.kind == "c", f"Complex patches gave a {seen.dtype} object.")
        covered = seen[coverage > 0.5]
        evidence.close(covered, np.full(covered.shape, value), f"patches that are all {value}", rtol=0, atol=1e-5)


@check("REA-011", given=DRAWN)
def test_fractional_positions(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n, N, seed, whole=False)
    constant = np.full_like(patches, 0.6 - 0.9j)
    seen, coverage, origin = fits(evidence, subject.adapter.reassemble(constant, centres), centres, N)
    held, least = seen[coverage > 1e-3], float(coverage[seen == 0].max(initial=0.0))
    evidence.close(
        held,
        np.full(held.shape, 0.6 - 0.9j),
        "constant patches at fractional positions",
        rtol=0,
        atol=2e-4,
        suspects=lambda: {
            f"pixels with a coverage of {least:.2g} or less count as uncovered": np.where(
                coverage > least, 0.6 - 0.9j, 0
            )[coverage > 1e-3],
            **{
                name: canvas[coverage > 1e-3]
                for name, (canvas, _) in suspects_at(constant, centres, seen.shape, origin).items()
            },
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
    N = side(8)
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
    _, centres, patches = cut(5, side(8), 1, whole=True)
    broken = centres.copy()
    broken[2, 1] = np.nan
    for what, given, places in (
        ("five patches for four positions", patches, centres[:-1]),
        ("four patches for five positions", patches[:-1], centres),
        ("one patch for five positions", patches[:1], centres),
        ("five patches for one position", patches, centres[:1]),
        ("no patches", patches[:0], centres[:0]),
        ("a position that is NaN", patches, broken),
        ("a position that is infinite", patches, np.where(np.isnan(broken), np.inf, broken)),
        ("patches that are wider than tall", patches[:, :-2], centres),
        ("patches that are taller than wide", patches[:, :, :-2], centres),
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


@check("REA-003", "REA-006")
def test_canvases_of_points_on_a_line(subject: Subject, evidence: Evidence) -> None:
    """Along one axis nothing is spread: the canvas is as wide as a patch there, and no narrower."""
    N = side(8)
    for count in (1, 2, 7):
        along = np.linspace(0, 24, count)
        for what, steps in (("x", (1, 0)), ("y", (0, 1)), ("a diagonal", (1, 1)), ("nothing", (0, 0))):
            for start in ((40.0, 60.0), (-40.0, 60.0), (-300.0, -200.0))[: 3 if takes(Property.NEGATIVE) else 1]:
                centres = np.array(start) + along[:, np.newaxis] * steps
                seen, coverage, _ = whole_canvas(subject.adapter.reassemble(noise(count, N, 35), centres))
                said = f"the canvas of {count} patches along {what} from {start}"
                needed = extent_needed(centres, N)
                for axis, extent in zip("yx", seen.shape, strict=True):
                    wanted = needed["xy".index(axis)]
                    evidence.holds(extent >= wanted, f"{said} has {extent} pixels along {axis}, not {wanted:g}.")
                evidence.close(coverage.sum(), count * N * N, f"the coverage of {said}", rtol=1e-6, atol=0)
