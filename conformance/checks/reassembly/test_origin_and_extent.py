"""Checks of reassembly (REA): the canvas holds every patch, wherever the scan lies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.reassembly.canvases import (
    CANVAS,
    DRAWN,
    averaged,
    cut,
    extent_needed,
    fits,
    moved_centres,
    noise,
    oracle,
    placed,
    too_few,
    whole_canvas,
)
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.scans.domain import Property, places, side, takes
from conformance.scans.specimens import structured_object


@check("REA-006", given=DRAWN)
def test_the_canvas_holds_every_patch(
    subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool
) -> None:
    _, centres, patches = cut(n, N, seed, whole=whole)
    centres[0] += (37.0, -21.0)
    seen, _, _ = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    needed = extent_needed(centres, N)
    for axis, extent in (("x", seen.shape[1]), ("y", seen.shape[0])):
        wanted = needed[0 if axis == "x" else 1]
        evidence.holds(
            extent + 1 >= wanted,
            f"The canvas holds every patch, and has {extent} pixels along {axis}: at least {wanted:.1f} are asked for, "
            "N + 2 · max|offset| from the mean of the positions.",
        )


@check("REA-006")
def test_long_canvases_hold_every_patch(subject: Subject, evidence: Evidence) -> None:
    _far_apart(subject, evidence, (0.0, 0.0))


@check("REA-011")
def test_fractions_on_long_canvases(subject: Subject, evidence: Evidence) -> None:
    if takes(Property.PLACED_BETWEEN):
        _far_apart(subject, evidence, (0.3719, 0.4173))


def _far_apart(subject: Subject, evidence: Evidence, fraction: tuple[float, float]) -> None:
    """Thousands of pixels along one side and few along the other."""
    N = side(8)
    # Patches overlap where the least of the gaps is not wider than one.
    for reach in (reach for reach in (300.0, 2_600.0, 9_000.0, 40_000.0) if 0.12 * reach > N + 2):
        along = reach * np.array([0, 0.13, 0.61, 0.87, 1.0])
        for axis in (0, 1):
            centres = np.stack([along, np.linspace(10, 13, 5)], axis=1)[:, :: 1 - 2 * axis]
            centres = places(np.round(centres) + np.array(fraction))
            what = f"five patches over {reach:g} pixels along {'xy'[axis]}"
            _placed_far(
                evidence, subject.adapter.reassemble(np.ones((5, N, N), np.complex64), centres), centres, N, what
            )


def _placed_far(evidence: Evidence, result: Mapping[str, Any], centres: Array, N: int, what: str) -> None:
    """Compare the coverage around each patch with the right one."""
    _, coverage, origin = whole_canvas(result)
    corners = [(int(np.floor(x)) - N // 2, int(np.floor(y)) - N // 2) for x, y in centres - origin]
    for (x, y), (left, top) in zip(centres - origin, corners, strict=True):
        inside = top >= 0 and left >= 0 and top + N <= coverage.shape[0] and left + N <= coverage.shape[1]
        evidence.holds(
            inside, f"The canvas of {what}, {coverage.shape}, does not hold the patch at {x:g}, {y:g} of it."
        )
    # By the rule that the backend is held to: bilinear weights, or those that it states.
    ones = np.ones((len(centres), N, N))

    def around(canvas: Array) -> Array:
        held = np.pad(canvas, (0, 1))
        return np.stack([held[top : top + N + 1, left : left + N + 1] for left, top in corners])

    def placed_at(elsewhere: Array) -> Array:
        return around(oracle(ones, elsewhere, coverage.shape, origin)[1])

    evidence.close(
        around(coverage),
        placed_at(centres),
        f"the coverage of {what}",
        rtol=0,
        atol=1e-4,
        axes=axes_of("patches", 3),
        suspects=lambda: {name: partial(placed_at, where) for name, where in moved_centres(centres, N).items()},
    )


@check("REA-007")
def test_the_origin_moves_with_the_scan(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(8, side(8), 3, whole=whole)
        centres = np.round(centres * 1024) / 1024
        # Their mean is half a pixel, as that of a raster with an even number of lines.
        centres[0] += 4 - centres.sum(axis=0) % 8
        middle = centres.mean(axis=0)
        plain = obj, coverage, _ = whole_canvas(subject.adapter.reassemble(patches, centres))
        for step in ((63, -31), (1000, 2001)):
            seen = whole_canvas(subject.adapter.reassemble(patches, centres + step))
            evidence.close(
                ends(seen),
                ends(plain) + step,
                f"begin and end of the canvas of a scan moved by {step}, the first its origin_xy",
                rtol=0,
                atol=1e-6,
                suspects=lambda: {
                    "the origin does not move with the scan": ends(plain),
                    "the origin moves the wrong way": ends(plain) - step,
                    "x and y of the origin are exchanged": _exchanged(ends(plain) + step),
                    **begun_elsewhere(seen, plain, middle, step),
                },
            )
            evidence.close(seen[0], obj, f"the object of a scan moved by {step}", rtol=0, atol=2e-5, axes=CANVAS)
            evidence.close(seen[1], coverage, f"the coverage of a scan moved by {step}", rtol=0, atol=2e-5, axes=CANVAS)


def ends(canvas: tuple[Array, Array, Array]) -> Array:
    """Object coordinates (2, 2) at which a canvas begins and ends, [x, y] each."""
    _, coverage, origin = canvas
    return np.stack([origin, origin + coverage.shape[::-1]])


def _exchanged(ends: Array) -> Array:
    """Ends (2, 2) of a canvas whose origin has x and y exchanged."""
    return np.asarray(ends + (ends[0, ::-1] - ends[0]))


def begun_elsewhere(
    seen: tuple[Array, Array, Array], plain: tuple[Array, Array, Array], middle: Array, step: tuple[int, int]
) -> dict[str, Array]:
    """Ends of a canvas on which every patch lies where it should, with another margin about them.

    Parameters
    ----------
    seen, plain : tuple of ndarray
        Object, coverage and origin of the moved scan, and of the plain one.
    middle : (2,) float
        Mean of the positions of the plain scan, [x, y].
    step : tuple of int
        How far it was moved, [x, y].
    """
    first = [
        origin + [int((coverage > 1e-9).any(axis=axis).argmax()) for axis in (0, 1)]
        for _, coverage, origin in (seen, plain)
    ]
    if np.abs(first[0] - first[1] - step).max() > 1e-6:
        return {}
    even = np.round(middle + step) - np.round(middle)
    moved = ends(seen).mean(axis=0) - ends(plain).mean(axis=0)
    if (even != step).any() and np.abs(moved - even).max() <= 1e-6:
        return {"a middle of half a pixel is rounded to the even one": ends(seen)}
    if ((seen[2] == 0) | (plain[2] == 0)).any():
        return {"the canvas begins at the origin of the stage, not where the scan does": ends(seen)}
    return {"the margin of the canvas changes with the place of the scan": ends(seen)}


@check("REA-003")
def test_patches_far_from_all_others_contribute(subject: Subject, evidence: Evidence) -> None:
    for reach in (150.0, 700.0):
        centres = places(np.array([[20.0, 14.0], [23.0, 17.0], [20.0 + reach, 14.5], [21.0, 14.0 - reach / 2]]))
        N = side(8)
        coverage = whole_canvas(subject.adapter.reassemble(noise(4, N, 33), centres))[1]
        what = f"the sum of the coverage of four patches, the farthest {reach:g} pixels away"
        evidence.close(
            coverage.sum(),
            4 * N**2,
            what,
            rtol=1e-6,
            atol=0,
            suspects=lambda: too_few(float(coverage.sum()), 4, N),
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
        patches = patches_at(obj, centres, side(8)).astype(np.complex64)
        placed(subject, evidence, patches, centres, what)


@check("REA-007")
def test_the_origin_moves_anywhere(subject: Subject, evidence: Evidence) -> None:
    """Far out single precision rounds positions, and below zero lie positions too."""
    _, centres, patches = cut(7, side(8), 3, whole=False)
    centres = np.round(centres * 1024) / 1024
    obj, coverage, origin = whole_canvas(subject.adapter.reassemble(patches, centres))
    keep = coverage > 1e-2
    for step in ((2**20, -(2**19)), (-(2**20), 2**18), (-40, -30), (2**27 + 1, -(2**26) - 3)):
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
