"""The layouts of grouped images by their definition, and what they are when axes are mistaken."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.scans.domain import named

SIZES = {
    "B": st.integers(1, 4),
    "g": st.sampled_from([2, 1, 3, 4, 5, 7]),
    "N": st.sampled_from([8, 10]),
    "seed": st.integers(0, 99),
}
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


def layouts_of(source: Array, g: int) -> tuple[tuple[str, Array, Array], ...]:
    """Every transform that is taken, by name, with groups (B, N, N, C) in the layouts it takes and gives."""
    flat, grid = flat_of(source), grid_of(source, g)
    rows = (
        ("channel_to_flat", source, flat),
        ("flat_to_channel", flat, source),
        ("flat_to_grid", flat, grid),
        ("grid_to_flat", grid, flat),
        ("channel_to_grid", source, grid),
        ("grid_to_channel", grid, source),
    )
    return tuple(named(*rows))
