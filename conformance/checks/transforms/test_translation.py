"""Checks of translation (TRF): where content moves, between pixels, and what enters from outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.remainders import counts
from conformance.checks.transforms.layouts import groups
from conformance.checks.transforms.translations import moved, moves_for
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes

FRAMES = axes_of("images", 3)


def wide_and_tall_follow(
    subject: Subject, evidence: Evidence, rng: np.random.Generator, shifts: NDArray[np.float64], how: str
) -> None:
    """Translate real and complex images that are wider than tall, taller than wide, and square."""
    for shape in ((7, 19), (19, 7), (12, 12)):
        for dtype in (np.complex64, np.float32):
            turned = (rng.normal(size=(4, *shape)) + 1j * rng.normal(size=(4, *shape)) + 2).astype(np.complex64)
            images: Array = turned if dtype is np.complex64 else turned.real.copy()
            evidence.close(
                subject.adapter.translate(images, shifts),
                moved(images, shifts),
                f"{shape[0]} x {shape[1]} images of {images.dtype} moved by {how}",
                rtol=0,
                atol=1e-5 * float(np.abs(images).max()),
                axes=FRAMES,
                suspects=lambda: moves_for(images, shifts),
            )


@check("TRF-009", needs=["translate"])
def test_translation_of_real_wide_and_tall_images(subject: Subject, evidence: Evidence) -> None:
    shifts = np.array([[2.0, -1.0], [-3.0, 2.0], [0.0, 4.0], [5.0, 0.0]])
    wide_and_tall_follow(subject, evidence, np.random.default_rng(21), shifts, "whole pixels")


@check("TRF-010", needs=["translate"])
def test_sub_pixel_translation_of_real_wide_and_tall_images(subject: Subject, evidence: Evidence) -> None:
    shifts = np.array([[0.25, -1.5], [-0.75, 2.125], [0.5, 0.5], [-6.625, 0.375]])
    wide_and_tall_follow(subject, evidence, np.random.default_rng(22), shifts, "fractions of pixels")


def corners_cut(images: Array, shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Images moved bilinearly, where every weighted corner is cut to a whole number before it is added."""
    result = np.zeros(images.shape)
    whole = np.floor(shifts)
    for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = np.prod(np.where(step, shifts - whole, 1 - (shifts - whole)), axis=1)[:, None, None]
        result += np.trunc(weight * moved(images.astype(np.float64), whole + step).real)
    return result


@check("TRF-010", needs=["translate"])
def test_images_of_whole_numbers_are_mixed_as_numbers(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(24)
    shifts = np.array([[0.25, -1.5], [2.0, 1.0], [-0.75, 2.125]])
    for dtype in ("int32", "uint16", "uint8", "int64"):
        images = rng.integers(0, 250, (3, 9, 13)).astype(dtype)
        right = moved(images.astype(np.float64), shifts).real
        seen = evidence.accepted(lambda: subject.adapter.translate(images, shifts), f"images of {dtype}")
        evidence.close(
            seen,
            right,
            f"images of {dtype} moved by fractions of pixels",
            rtol=0,
            atol=1e-5 * 250,
            axes=FRAMES,
            suspects=lambda: {
                "the values are cut to whole numbers, as the images are": np.trunc(right),
                "the values are rounded to whole numbers, as the images are": np.round(right),
                "each of the four corners is cut to whole numbers": corners_cut(images, shifts),
                **moves_for(images.astype(np.float64), shifts),
            },
        )


@check("TRF-009", needs=["translate"])
def test_translation_of_many_images(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend moves them in parts, whatever is left over behind the last whole part."""
    period = 23
    rng = np.random.default_rng(23)
    images = (rng.normal(size=(period, 8, 8)) + 1j * rng.normal(size=(period, 8, 8))).astype(np.complex64)
    shifts = np.round(rng.uniform(-3, 3, (period, 2)))
    expected = moved(images, shifts)
    for count in (*counts(8), 2_311):
        turns = np.arange(count) % period
        evidence.close(
            subject.adapter.translate(images[turns], shifts[turns]),
            expected[turns],
            f"{count} images moved",
            rtol=0,
            atol=1e-5 * float(np.abs(images).max()),
            axes=FRAMES,
        )


@check("TRF-010", needs=["translate"])
def test_translation_of_large_images(subject: Subject, evidence: Evidence) -> None:
    """Sides on both sides of what memory is cut to, also beyond a hundred and a thousand."""
    rng = np.random.default_rng(24)
    for height, width in ((40, 200), (260, 9), (8, 1_030)):
        images = (rng.normal(size=(1, height, width)) * (1 + 0.5j)).astype(np.complex64)
        shifts = np.round(rng.uniform(-3, 3, (1, 2))) + (np.array([0.25, 0.75]) if takes(Property.BETWEEN) else 0.0)
        what = f"images {height} x {width} moved"
        seen = subject.adapter.translate(images, shifts)
        evidence.close(
            seen,
            moved(images, shifts),
            what,
            rtol=0,
            atol=1e-5 * float(np.abs(images).max()),
            axes=FRAMES,
            suspects=lambda: moves_for(images, shifts),
        )


def translated(subject: Subject, evidence: Evidence, shifts: Array, what: str) -> None:
    """Compare translated images with the oracle."""
    images = groups(1, 1, 10, 4)[0, :8, :, :]
    images = np.stack([images[..., 0] * (k + 1) for k in range(len(shifts))])
    expected = moved(images, shifts)
    scale = 1e-5 * float(np.abs(images).max())
    evidence.close(
        subject.adapter.translate(images, shifts),
        expected,
        what,
        rtol=0,
        atol=scale,
        axes=("frame", "row", "column"),
        suspects=lambda: moves_for(images, shifts),
    )


@check("TRF-009", needs=["translate"])
def test_translation_moves_content_forward(subject: Subject, evidence: Evidence) -> None:
    image = np.zeros((1, 9, 12), dtype=np.complex64)
    image[0, 3, 4] = 2 + 1j
    for dx, dy in ((3, 0), (0, 2), (-2, 4), (5, -3)):
        expected = np.zeros_like(image)
        expected[0, 3 + dy, 4 + dx] = 2 + 1j
        seen = subject.adapter.translate(image, np.array([[dx, dy]], dtype=np.float64))
        evidence.close(
            seen,
            expected,
            f"a bright pixel moved by dx {dx}, dy {dy}",
            rtol=0,
            atol=2e-5,
            axes=("frame", "row", "column"),
            suspects=lambda: moves_for(image, np.array([[dx, dy]], dtype=np.float64)),
        )
    translated(subject, evidence, np.array([[2.0, -1.0], [-3.0, 2.0], [1.0, 0.0]]), "images moved by whole pixels")
    # Two rows of two are as many columns.
    translated(subject, evidence, np.array([[2.0, -1.0], [-3.0, 1.0]]), "two images moved by whole pixels")


@check("TRF-010", needs=["translate"])
def test_translation_is_bilinear_with_zeros_outside(subject: Subject, evidence: Evidence) -> None:
    shifts = np.array([[0.25, 0.5], [-1.75, 2.125], [0.0, -0.4], [3.3, 0.0], [40.0, -40.0], [9.5, 7.5]])
    translated(subject, evidence, shifts, "images moved by fractions of pixels")
    translated(subject, evidence, np.zeros((2, 2)), "images moved by nothing")
    far = np.array([[1.0, 12.0], [-13.0, 2.0], [2.5, -12.25], [12.25, -1.5], [0.0, 8.0], [-10.0, 0.0]])
    translated(subject, evidence, far, "images moved out along one axis")


@check("TRF-011", needs=["translate"])
def test_shifts_that_do_not_match_are_refused(subject: Subject, evidence: Evidence) -> None:
    images = (np.random.default_rng(25).normal(size=(3, 9, 12)) + 1j).astype(np.complex64)
    shifts = np.array([[1.0, -2.0], [0.0, 3.0], [-4.0, 1.0]])
    pairs = np.stack([images[0], images[1]])
    broken = [(row, axis, value) for row in (0, 2) for axis in (0, 1) for value in (np.nan, np.inf, -np.inf)]
    for what, given, moves in (
        ("one shift for three images", images, shifts[:1]),
        ("two shifts for three images", images, shifts[:-1]),
        ("three shifts for two images", images[:-1], shifts),
        ("three shifts for one image", images[:1], shifts),
        ("a single shift without its axis", images, shifts[0]),
        ("shifts in rows", images, shifts.T.copy()),
        ("shifts with a third number", images, np.column_stack([shifts, shifts[:, 0]])),
        ("shifts of one number", images, shifts[:, :1].copy()),
        ("a list of numbers", images, shifts.ravel()),
        ("shifts with a channel", images, shifts[..., np.newaxis]),
        ("no shifts", images, shifts[:0]),
        ("a single image without its axis", images[0], shifts[:1]),
        ("two images with a channel", pairs[..., np.newaxis], shifts[:2]),
        *(
            (f"shift {row} with {'xy'[axis]} = {value}", images, _with(shifts, row, axis, value))
            for row, axis, value in broken
        ),
    ):
        evidence.refused(
            lambda: subject.adapter.translate(given, moves),
            what,
            beside=lambda: subject.adapter.translate(images, shifts),
        )


def _with(shifts: NDArray[np.float64], row: int, axis: int, value: float) -> NDArray[np.float64]:
    broken = shifts.copy()
    broken[row, axis] = value
    return broken
