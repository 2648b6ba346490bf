"""Checks of translation (TRF): along one axis, of many images, in double precision, real and complex."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.patches.windows import NEAR, snapped
from conformance.checks.patches.wrapping import come_round
from conformance.checks.transforms.translations import moved
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects


def images_of(shape: tuple[int, int, int], dtype: str, seed: int) -> Array:
    """Images of noise in a dtype."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape) + (1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else 0.0)
    return values.astype(dtype)


def follows(
    subject: Subject,
    evidence: Evidence,
    images: Array,
    shifts: Array,
    what: str,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Compare translated images with the oracle."""
    expected = moved(images, shifts)
    scale = 1e-5 * float(np.abs(images).max())
    seen = subject.adapter.translate(images, shifts)
    axes = ("frame", "row", "column")
    evidence.close(seen, expected, what, rtol=0, atol=scale, axes=axes, suspects=suspects)


@check("TRF-010", needs=["translate"])
def test_translation_along_one_axis(subject: Subject, evidence: Evidence) -> None:
    for shape in ((3, 8, 8), (3, 7, 12), (3, 12, 7), (1, 9, 10), (3, 1, 9), (3, 9, 1), (2, 1, 1)):
        images = images_of(shape, "complex64", 61)
        part = np.array([0.4, -1.3, 2.5])[: shape[0]]
        for axis, what in enumerate(("x", "y")):
            shifts = np.zeros((shape[0], 2))
            shifts[:, axis] = part
            follows(subject, evidence, images, shifts, f"images {shape[1]} x {shape[2]} moved along {what} only")


@check("TRF-010", needs=["translate"])
def test_translation_in_any_precision(subject: Subject, evidence: Evidence) -> None:
    shifts = np.array([[0.25, -0.5], [1.0, 2.0], [0.0, 0.0], [-1.75, 0.375]])
    for dtype in ("complex64", "complex128", "float32", "float64"):
        follows(subject, evidence, images_of((4, 8, 10), dtype, 62), shifts, f"images in {dtype}")


@check("TRF-010", needs=["translate"])
def test_small_shifts_are_shifts(subject: Subject, evidence: Evidence) -> None:
    """Of different sizes, and all of one size, far and near: what is close enough to whole may be asked of all."""
    steps = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, -1.0], [-1.0, 1.0]])
    whole = np.array([[8.0, -11.0], [-9.0, 12.0], [10.0, 8.0], [-8.0, -8.0]])
    small = np.array([[0.05, -0.03], [4e-3, 0.0], [0.0, -5e-4], [2.998, -1.004]])
    cases = {"by hundredths of pixels": small}
    for step in (4e-3, 5e-4, 6e-5):
        cases[f"by {step:g} of a pixel"] = step * steps
        cases[f"by {step:g} of a pixel more than whole ones"] = step * steps + whole
    images = images_of((4, 19, 21), "complex64", 63)
    for what, shifts in cases.items():
        follows(
            subject,
            evidence,
            images,
            shifts,
            f"images moved {what}",
            lambda: {
                f"shifts within {near:g} pixels of whole ones are rounded": moved(images, snapped(shifts, near))
                for near in NEAR
            },
        )


@check("TRF-010", needs=["translate"])
def test_a_shift_keeps_its_fraction_however_long(subject: Subject, evidence: Evidence) -> None:
    """Along both sides of narrow images, from a pixel to a thousand of them, past each power of two between."""
    reach = np.array([1.0, 3, 7, 11, 18, 29, 47, 70, 101, 150, 201, 270, 400, 530, 700, 900, 1030])
    for axis, (what, shape) in enumerate((("x", (4, 1100)), ("y", (1100, 4)))):
        images = np.zeros((len(reach), *shape), dtype=np.complex64)
        images[:, :2, :2] = images_of((len(reach), 2, 2), "complex64", 67)
        shifts = np.zeros((len(reach), 2))
        shifts[:, axis], shifts[:, 1 - axis] = reach + 0.3719, 0.4173
        expected = np.zeros(images.shape, dtype=np.complex128)
        for frame, whole in enumerate(reach.astype(int)):
            near = moved(np.pad(images[frame, :2, :2], 1)[None], np.mod(shifts[frame : frame + 1], 1))[0, 1:, 1:]
            at = (slice(3), slice(whole, whole + 3)) if axis == 0 else (slice(whole, whole + 3), slice(3))
            expected[frame][at] = near
        for sign, way in ((1, "on"), (-1, "back")):
            evidence.close(
                subject.adapter.translate(np.ascontiguousarray(images[:, ::sign, ::sign]), sign * shifts),
                expected[:, ::sign, ::sign],
                f"images moved far {way} along {what}",
                rtol=0,
                atol=1e-5 * float(np.abs(images).max()),
                axes=("frame", "row", "column"),
            )


@check("TRF-010", needs=["translate"])
def test_far_shifts_leave_nothing(subject: Subject, evidence: Evidence) -> None:
    """So far that a pixel number in eight, sixteen or 32 bits comes round to the image again."""
    steps = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, -1], [0, 0]])
    images = images_of((6, 9, 11), "complex64", 64)
    for reach in (60.0, 2.0**8, 2.0**16, 1e5, 2.0**32):
        shifts = steps * reach + np.array([1.0, 0.25])
        follows(
            subject,
            evidence,
            images,
            shifts,
            f"images moved by {reach:g} pixels, and one by hardly any",
            lambda: {
                f"shifts come round after {bits} bits": moved(images, come_round(shifts, bits)) for bits in (8, 16, 32)
            },
        )


@check("TRF-009", needs=["translate"])
def test_images_that_change_between_calls(subject: Subject, evidence: Evidence) -> None:
    images, shifts = images_of((3, 8, 10), "complex64", 65), np.array([[1.0, 2.0], [-2.0, 0.0], [0.0, -3.0]])
    follows(subject, evidence, images, shifts, "images moved by whole pixels")
    before, there = moved(images, shifts), shifts.copy()
    images[...] = images_of((3, 8, 10), "complex64", 66)
    stale = {"the images are as they were at an earlier call": before}
    follows(subject, evidence, images, shifts, "images moved after their array was written anew", lambda: stale)
    shifts[1:] += 1
    stale = {"the shifts are as they were at an earlier call": moved(images, there)}
    follows(subject, evidence, images, shifts, "images moved after the shifts were written anew", lambda: stale)
