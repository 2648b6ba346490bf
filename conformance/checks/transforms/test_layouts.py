"""Checks of layout transforms (TRF)."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.transforms.layouts import (
    FLAT,
    GRID,
    GROUPED,
    SIZES,
    flat_of,
    flat_suspects,
    grid_of,
    grid_suspects,
    grouped_suspects,
    groups,
    layouts_of,
)
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import dtype_name
from conformance.scans.domain import named


@check("TRF-001", given=SIZES)
def test_channel_to_flat(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    evidence.equal(
        subject.adapter.transform("channel_to_flat", values, g),
        flat_of(values),
        "channel_to_flat",
        axes=FLAT,
        suspects=lambda: flat_suspects(values, g),
    )


@check("TRF-002", given=SIZES)
def test_flat_to_channel(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    evidence.equal(
        subject.adapter.transform("flat_to_channel", flat_of(values), g),
        values,
        "flat_to_channel",
        axes=GROUPED,
        suspects=lambda: grouped_suspects(values, g),
    )


@check("TRF-003", given=SIZES)
def test_flat_to_grid(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    seen = subject.adapter.transform("flat_to_grid", flat_of(values), g)
    evidence.equal(seen, grid_of(values, g), "flat_to_grid", axes=GRID, suspects=lambda: grid_suspects(values, g))


@check("TRF-004", given=SIZES)
def test_grid_to_flat(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    evidence.equal(
        subject.adapter.transform("grid_to_flat", grid_of(values, g), g),
        flat_of(values),
        "grid_to_flat",
        axes=FLAT,
        suspects=lambda: flat_suspects(values, g),
    )


@check("TRF-005", given=SIZES)
def test_channel_to_grid(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    evidence.equal(
        subject.adapter.transform("channel_to_grid", values, g),
        grid_of(values, g),
        "channel_to_grid",
        axes=GRID,
        suspects=lambda: grid_suspects(values, g),
    )


@check("TRF-006", given=SIZES)
def test_grid_to_channel(subject: Subject, evidence: Evidence, B: int, g: int, N: int, seed: int) -> None:
    values = groups(B, g, N, seed)
    seen = subject.adapter.transform("grid_to_channel", grid_of(values, g), g)
    evidence.equal(seen, values, "grid_to_channel", axes=GROUPED, suspects=lambda: grouped_suspects(values, g))


@check("TRF-007")
def test_transforms_keep_values_and_dtype(subject: Subject, evidence: Evidence) -> None:
    values = groups(3, 2, 8)
    for dtype in ("complex64", "float32", "float64", "int32"):
        source = (values if dtype == "complex64" else values.real * 100).astype(dtype)
        for name, given, expected in layouts_of(source, 2):
            seen = subject.adapter.transform(name, given, 2)
            evidence.holds(dtype_name(seen) == dtype, f"{name} turned {dtype} into {dtype_name(seen)}.")
            evidence.equal(seen, expected, f"{name} of {dtype}")


@check("TRF-008")
def test_wrong_shapes_are_refused(subject: Subject, evidence: Evidence) -> None:
    values = groups(3, 2, 8)
    flat, grid = flat_of(values), grid_of(values, 2)
    for name, sound, cases in named(
        ("channel_to_flat", values, (values[..., :3], values[0], values[..., np.newaxis])),
        ("flat_to_channel", flat, (flat[:-1], flat[..., 0], np.repeat(flat, 2, axis=3))),
        ("flat_to_grid", flat, (flat[:-1], flat[..., 0])),
        ("grid_to_flat", grid, (grid[:, :1], grid[..., 0])),
        ("channel_to_grid", values, (values[..., :3], values[0])),
        ("grid_to_channel", grid, (grid[:, :, :1], grid[0])),
    ):
        # What has its channels first is of another layout, whichever backend it comes from.
        for wrong in (*cases, np.moveaxis(sound, -1, sound.ndim - 3)):
            evidence.refused(
                lambda: subject.adapter.transform(name, wrong, 2),
                f"{name} of {wrong.shape} at gridsize 2",
                beside=lambda: subject.adapter.transform(name, sound, 2),
            )


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


def _only_held_by(dtype: str) -> Array:
    """Two values next to each other where another type has none or one."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.array([True, False])
    if dtype == "int64":
        return np.array([2**53 + 1, 2**53 + 2])
    most = np.iinfo(dtype).max if kind in "iu" else np.finfo(dtype).max
    return np.array([most, most - 1] if kind in "iu" else [most, np.nextafter(most, most * 0)], dtype)


@check("TRF-007")
def test_transforms_keep_every_dtype(subject: Subject, evidence: Evidence) -> None:
    values = groups(3, 2, 8)
    for dtype in ("complex128", "int64", "uint32", "int32", "uint16", "int16", "uint8", "bool", "float16", "float64"):
        source = (values if dtype == "complex128" else np.abs(values) * (60 if dtype[0] in "iu" else 1)).astype(dtype)
        source.flat[5:7] = _only_held_by(dtype)
        for name, given, expected in layouts_of(source, 2):
            seen = subject.adapter.transform(name, given, 2)
            evidence.holds(dtype_name(seen) == dtype, f"{name} turned {dtype} into {dtype_name(seen)}.")
            evidence.equal(seen, expected, f"{name} of {dtype}")
