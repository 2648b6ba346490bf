"""Checks of layouts and translation (TRF): every dtype, groups as many as channels, images of any shape and number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.transforms.test_transforms import (
    flat_suspects,
    grid_suspects,
    grouped_suspects,
    groups,
    layouts_of,
    moved,
    moves_for,
)
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, dtype_name

FRAMES = axes_of("images", 3)


@check("TRF-001", "TRF-002", "TRF-003", "TRF-004", "TRF-005", "TRF-006")
def test_as_many_groups_as_channels(subject: Subject, evidence: Evidence) -> None:
    """Two axes of one length let an exchange of both through; so do frames as large as a group."""
    for B, g, N in ((4, 2, 8), (9, 3, 8), (8, 2, 8), (1, 4, 16), (16, 4, 8)):
        source = groups(B, g, N, B)
        for name, given, expected in layouts_of(source, g):
            seen = subject.adapter.transform(name, given, g)
            suspects = {"flat": flat_suspects, "grid": grid_suspects, "channel": grouped_suspects}[
                name.rpartition("_")[2]
            ]
            evidence.equal(
                seen,
                expected,
                f"{name} of {B} groups of {g * g} frames {N} x {N}",
                suspects=lambda: suspects(source, g),
            )


@check("TRF-001", "TRF-002", "TRF-003", "TRF-004", "TRF-005", "TRF-006")
def test_hundreds_of_groups(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend might take them in parts, and a number that no part size divides."""
    source = groups(1_031, 2, 8, 7)
    for name, given, expected in layouts_of(source, 2):
        evidence.equal(subject.adapter.transform(name, given, 2), expected, f"{name} of 1,031 groups")


@check("TRF-007")
def test_transforms_keep_every_dtype(subject: Subject, evidence: Evidence) -> None:
    values = groups(3, 2, 8)
    for dtype in ("complex128", "int64", "int16", "uint8", "bool"):
        source = (values if dtype == "complex128" else np.abs(values) * 60).astype(dtype)
        for name, given, expected in layouts_of(source, 2):
            seen = subject.adapter.transform(name, given, 2)
            evidence.holds(dtype_name(seen) == dtype, f"{name} turned {dtype} into {dtype_name(seen)}.")
            evidence.equal(seen, expected, f"{name} of {dtype}")


def wide_and_tall_follow(
    subject: Subject, evidence: Evidence, rng: np.random.Generator, shifts: NDArray[np.float64], how: str
) -> None:
    """Translate real and complex images that are wider than tall, taller than wide, and square."""
    for shape in ((7, 19), (19, 7), (12, 12)):
        for dtype in (np.complex64, np.float32):
            turned = (rng.normal(size=(4, *shape)) + 1j * rng.normal(size=(4, *shape)) + 2).astype(np.complex64)
            images: NDArray[Any] = turned if dtype is np.complex64 else turned.real.copy()
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


def corners_cut(images: NDArray[Any], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
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
    """So many that any backend moves them in parts, and a number that no part size divides."""
    count, period = 2_311, 23
    rng = np.random.default_rng(23)
    images = (rng.normal(size=(period, 8, 8)) + 1j * rng.normal(size=(period, 8, 8))).astype(np.complex64)
    shifts = np.round(rng.uniform(-3, 3, (period, 2)))
    turns = np.arange(count) % period
    expected = moved(images, shifts)[turns]
    seen = as_numpy(subject.adapter.translate(images[turns], shifts[turns]))
    evidence.close(
        seen, expected, f"{count} images moved", rtol=0, atol=1e-5 * float(np.abs(images).max()), axes=FRAMES
    )
