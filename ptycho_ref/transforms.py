"""Layouts of groups, and translation of images (TRF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal

Array = NDArray[Any]


def channel_to_flat(groups: Array, gridsize: int) -> Array:
    """(B, N, N, C) to (B·C, N, N, 1); flat index b·C + c (TRF-001)."""
    _require(groups.ndim == 4 and groups.shape[3] == gridsize**2, groups, "(B, N, N, C)", gridsize)
    return np.moveaxis(groups, 3, 1).copy().reshape(-1, *groups.shape[1:3], 1)


def flat_to_channel(flat: Array, gridsize: int) -> Array:
    """(B·C, N, N, 1) to (B, N, N, C) (TRF-002)."""
    _require_flat(flat, gridsize)
    return np.moveaxis(flat.reshape(-1, gridsize**2, *flat.shape[1:3]), 1, 3).copy()


def flat_to_grid(flat: Array, gridsize: int) -> Array:
    """(B·C, N, N, 1) to (B, g, g, N, N, 1); flat index b·C + row·g + col (TRF-003)."""
    _require_flat(flat, gridsize)
    return flat.reshape(-1, gridsize, gridsize, *flat.shape[1:]).copy()


def grid_to_flat(grid: Array, gridsize: int) -> Array:
    """(B, g, g, N, N, 1) to (B·C, N, N, 1) (TRF-004)."""
    fits = grid.ndim == 6 and grid.shape[1:3] == (gridsize, gridsize) and grid.shape[5] == 1
    _require(fits, grid, "(B, g, g, N, N, 1)", gridsize)
    return grid.reshape(-1, *grid.shape[3:]).copy()


def channel_to_grid(groups: Array, gridsize: int) -> Array:
    """(B, N, N, C) to (B, g, g, N, N, 1); channel c at row c // g, column c % g (TRF-005)."""
    return flat_to_grid(channel_to_flat(groups, gridsize), gridsize)


def grid_to_channel(grid: Array, gridsize: int) -> Array:
    """(B, g, g, N, N, 1) to (B, N, N, C) (TRF-006)."""
    return flat_to_channel(grid_to_flat(grid, gridsize), gridsize)


TRANSFORMS = {
    function.__name__: function
    for function in (channel_to_flat, flat_to_channel, flat_to_grid, grid_to_flat, channel_to_grid, grid_to_channel)
}


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def translate(images: Array, shifts_xy: Array) -> Array:
    """Move the content of images: out(r) = in(r - t), bilinear, zero outside (TRF-009, TRF-010).

    Parameters
    ----------
    images : (n, H, W) real or complex
    shifts_xy : (n, 2) real
        Shifts [dx, dy] in pixels; positive dx moves content to larger columns.

    Returns
    -------
    (n, H, W) of the same dtype; float64 for whole numbers

    Raises
    ------
    RequestRefusal
        Shapes do not fit, or a shift is not finite (TRF-011).
    """
    shifts = np.asarray(shifts_xy, dtype=np.float64)
    if images.ndim != 3 or shifts.shape != (len(images), 2) or not np.isfinite(shifts).all():
        raise RequestRefusal(
            f"images {images.shape} and shifts {shifts.shape} do not match",
            clause="TRF-011",
            array="shifts_xy",
            remedy="Pass (n, H, W) images with (n, 2) finite shifts [dx, dy].",
        )
    moved = np.zeros(images.shape, images.dtype if images.dtype.kind in "fc" else np.float64)
    for image, (dx, dy), target in zip(images, shifts, moved, strict=True):
        column, row = int(np.floor(dx)), int(np.floor(dy))
        right, down = dx - column, dy - row
        for step_row, step_column, weight in (
            (0, 0, (1 - down) * (1 - right)),
            (0, 1, (1 - down) * right),
            (1, 0, down * (1 - right)),
            (1, 1, down * right),
        ):
            if weight:
                _add_shifted(target, image, row + step_row, column + step_column, weight)
    return moved


def _add_shifted(target: Array, image: Array, down: int, right: int, weight: float) -> None:
    height, width = image.shape
    if abs(down) >= height or abs(right) >= width:
        return
    to_rows, from_rows = slice(max(down, 0), height + min(down, 0)), slice(max(-down, 0), height + min(-down, 0))
    to_columns, from_columns = (
        slice(max(right, 0), width + min(right, 0)),
        slice(max(-right, 0), width + min(-right, 0)),
    )
    target[to_rows, to_columns] += (weight * image[from_rows, from_columns]).astype(target.dtype)


def _require_flat(flat: Array, gridsize: int) -> None:
    fits = flat.ndim == 4 and flat.shape[3] == 1 and len(flat) % gridsize**2 == 0
    _require(fits, flat, "(B·C, N, N, 1)", gridsize)


def _require(fits: bool, array: Array, layout: str, gridsize: int) -> None:
    if not fits:
        raise RequestRefusal(
            f"{array.shape} is not {layout} at gridsize {gridsize}",
            clause="TRF-008",
            array="array",
            remedy=f"Pass an array in the layout {layout}.",
        )
