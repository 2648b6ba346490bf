"""Checks of layout transforms and translation (TRF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import dtype_name

Array = NDArray[Any]
SIZES = {"B": st.integers(1, 4), "g": st.integers(1, 4), "N": st.sampled_from([8, 10]), "seed": st.integers(0, 99)}
FLAT = axes_of("flat", 4)
GROUPED = axes_of("channel", 4)
GRID = axes_of("grid", 6)


def groups(B: int, g: int, N: int, seed: int = 0) -> Array:
    """Complex groups (B, N, N, C) in which every value differs."""
    rng = np.random.default_rng(seed)
    shape = (B, N, N, g * g)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def flat_of(values: Array) -> Array:
    """Frames one after the other, channel by channel (TRF-001)."""
    B, N, _, C = values.shape
    flat = np.empty((B * C, N, N, 1), values.dtype)
    for b in range(B):
        for c in range(C):
            flat[b * C + c, :, :, 0] = values[b, :, :, c]
    return flat


def grid_of(values: Array, g: int) -> Array:
    """Frames on a g x g grid, row by row (TRF-005)."""
    B, N, _, C = values.shape
    grid = np.empty((B, g, g, N, N, 1), values.dtype)
    for b in range(B):
        for c in range(C):
            grid[b, c // g, c % g, :, :, 0] = values[b, :, :, c]
    return grid


def flipped_grids(g: int) -> dict[str, NDArray[np.intp]]:
    """Orders of channels of a grid that is read from another corner."""
    grid = np.arange(g * g).reshape(g, g)
    return {
        "the channel grid is flipped: its rows are read from below": grid[::-1].ravel(),
        "the channel grid is flipped: its columns are read from the right": grid[:, ::-1].ravel(),
    }


def grouped_suspects(values: Array, g: int) -> dict[str, Array]:
    """Groups (B, N, N, C) that known mistakes would give."""
    flat, (B, N, _, C) = flat_of(values), values.shape
    columns = np.arange(C).reshape(g, g).T.ravel()
    return {
        **{name: values[..., order] for name, order in flipped_grids(g).items()},
        "the channel grid is transposed: column by column in place of row by row": values[..., columns],
        "frames are taken channel by channel, not group by group": np.moveaxis(flat.reshape(C, B, N, N), 0, -1),
        "the axes are reshaped where they must be moved": flat.reshape(values.shape),
    }


def flat_suspects(values: Array, g: int) -> dict[str, Array]:
    """Flat frames (B·C, N, N, 1) that known mistakes would give."""
    B, N, _, C = values.shape
    columns = np.arange(C).reshape(g, g).T.ravel()
    shape = (B * C, N, N, 1)
    return {
        **{name: flat_of(values[..., order]) for name, order in flipped_grids(g).items()},
        "the channel grid is transposed: column by column in place of row by row": flat_of(values[..., columns]),
        "the frames are interleaved: listed channel by channel, not group by group": np.moveaxis(values, -1, 0).reshape(
            shape
        ),
        "the axes are reshaped where they must be moved": values.reshape(shape),
    }


def grid_suspects(values: Array, g: int) -> dict[str, Array]:
    """Grids (B, g, g, N, N, 1) that known mistakes would give."""
    right = grid_of(values, g)
    by_channel = np.moveaxis(values, -1, 0).reshape(right.shape)
    return {
        **{name: grid_of(values[..., order], g) for name, order in flipped_grids(g).items()},
        "the flat index is divided by the number of groups, not of grid columns": np.swapaxes(right, 0, 1).reshape(
            right.shape
        ),
        "grid rows and grid columns are exchanged: the channel grid is transposed": np.swapaxes(right, 1, 2),
        "frames are taken channel by channel, not group by group": by_channel,
        "the axes are reshaped where they must be moved": values.reshape(right.shape),
    }


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


def layouts_of(source: NDArray[Any], g: int) -> tuple[tuple[str, NDArray[Any], NDArray[Any]], ...]:
    """Every transform by name, with an array of groups (B, N, N, C) in the layout it takes and in the one it gives."""
    flat, grid = flat_of(source), grid_of(source, g)
    return (
        ("channel_to_flat", source, flat),
        ("flat_to_channel", flat, source),
        ("flat_to_grid", flat, grid),
        ("grid_to_flat", grid, flat),
        ("channel_to_grid", source, grid),
        ("grid_to_channel", grid, source),
    )


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
    for name, sound, cases in (
        ("channel_to_flat", values, (values[..., :3], values[0], values[..., np.newaxis])),
        ("flat_to_channel", flat, (flat[:-1], flat[..., 0], np.repeat(flat, 2, axis=3))),
        ("flat_to_grid", flat, (flat[:-1], flat[..., 0])),
        ("grid_to_flat", grid, (grid[:, :1], grid[..., 0])),
        ("channel_to_grid", values, (values[..., :3], values[0])),
        ("grid_to_channel", grid, (grid[:, :, :1], grid[0])),
    ):
        for wrong in cases:
            evidence.refused(
                lambda: subject.adapter.transform(name, wrong, 2),
                f"{name} of {wrong.shape} at gridsize 2",
                beside=lambda: subject.adapter.transform(name, sound, 2),
            )


def moved(images: Array, shifts: Array) -> Array:
    """Move content by [dx, dy], bilinear, zeros outside, pixel by pixel (TRF-009, TRF-010)."""
    n, H, W = images.shape
    out = np.zeros((n, H, W), dtype=np.complex128)
    for k in range(n):
        for row in range(H):
            for column in range(W):
                out[k, row, column] = sample(images[k], row - shifts[k, 1], column - shifts[k, 0])
    return out


def sample(image: Array, y: float, x: float) -> complex:
    """Value between pixels; outside there are zeros."""
    top, left = int(np.floor(y)), int(np.floor(x))
    total = 0j
    for row, column, weight in (
        (top, left, (1 - (y - top)) * (1 - (x - left))),
        (top, left + 1, (1 - (y - top)) * (x - left)),
        (top + 1, left, (y - top) * (1 - (x - left))),
        (top + 1, left + 1, (y - top) * (x - left)),
    ):
        if weight and 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
            total += weight * image[row, column]
    return total


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


def moves_for(images: Array, shifts: Array) -> dict[str, Array]:
    """Translated images that known mistakes would give."""
    whole, (height, width) = np.round(shifts), images.shape[1:]
    tiled = np.tile(images, (1, 3, 3))
    around = moved(tiled, np.mod(shifts, (width, height)))[:, height : 2 * height, width : 2 * width]
    edged = np.pad(images, ((0, 0), (height, height), (width, width)), mode="edge")
    right = moved(images, shifts)
    at_whole = (shifts == whole).all(axis=1)[:, None, None]
    wrapped = np.stack(
        [np.roll(image, (int(dy), int(dx)), (0, 1)) for image, (dx, dy) in zip(images, whole, strict=True)]
    )
    return {
        "the content moved the other way": moved(images, -shifts),
        "dx moved rows and dy columns": moved(images, shifts[:, ::-1]),
        "dy has the wrong sign: rows moved the other way": moved(images, shifts * (1, -1)),
        "dx has the wrong sign: columns moved the other way": moved(images, shifts * (-1, 1)),
        "the content moved one pixel too far": moved(images, shifts + np.sign(shifts)),
        "the sub-pixel parts of dx and dy are exchanged": moved(
            images, np.floor(shifts) + (shifts - np.floor(shifts))[:, ::-1]
        ),
        "modulus and phase are interpolated apart": moved(np.abs(images), shifts) * np.exp(1j * np.angle(right)),
        "shifts are rounded to whole pixels": moved(images, whole),
        "shifts are cut to whole pixels": moved(images, np.floor(shifts)),
        "the sub-pixel part has the wrong sign": moved(images, 2 * np.floor(shifts) - shifts),
        "what leaves on one side comes in on the other: the content wraps around": around,
        "the content wraps around for whole pixels": moved(wrapped, shifts - whole),
        "the last pixels are repeated beyond the edge": moved(edged, shifts)[:, height : 2 * height, width : 2 * width],
        "the imaginary part is dropped between pixels": np.where(at_whole, right, right.real),
        "the content is not moved": images,
        "every image is moved by the shift of the first": moved(images, np.broadcast_to(shifts[:1], shifts.shape)),
    }


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


@check("TRF-010", needs=["translate"])
def test_translation_is_bilinear_with_zeros_outside(subject: Subject, evidence: Evidence) -> None:
    shifts = np.array([[0.25, 0.5], [-1.75, 2.125], [0.0, -0.4], [3.3, 0.0], [40.0, -40.0], [9.5, 7.5]])
    translated(subject, evidence, shifts, "images moved by fractions of pixels")
    translated(subject, evidence, np.zeros((2, 2)), "images moved by nothing")
    far = np.array([[1.0, 12.0], [-13.0, 2.0], [2.5, -12.25], [12.25, -1.5], [0.0, 8.0], [-10.0, 0.0]])
    translated(subject, evidence, far, "images moved out along one axis")
