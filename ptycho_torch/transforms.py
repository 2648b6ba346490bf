"""Layouts of groups, and translation (TRF)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ptycho_torch.errors import refuse

_EXPECTED = {
    "channel": "(B, N, N, C)",
    "flat": "(B*C, N, N, 1)",
    "grid": "(B, g, g, N, N, 1)",
}


def _require(layout: str, values: Tensor, g: int) -> None:
    shape = tuple(values.shape)
    fits = {
        "channel": len(shape) == 4 and shape[3] == g * g,
        "flat": len(shape) == 4 and shape[3] == 1 and shape[0] % (g * g) == 0,
        "grid": len(shape) == 6 and shape[1:3] == (g, g) and shape[5] == 1,
    }[layout]
    if not fits:
        problem = f"shape {shape} is not {_EXPECTED[layout]} at gridsize {g}"
        refuse("TRF-008", "array", problem, "Pass the layout that the transform is named after.")


def channel_to_flat(values: Tensor, g: int) -> Tensor:
    """(B, N, N, C) to (B·C, N, N, 1); channel c of group b becomes b·C + c (TRF-001)."""
    _require("channel", values, g)
    return values.movedim(3, 1).flatten(0, 1).unsqueeze(3)


def flat_to_channel(values: Tensor, g: int) -> Tensor:
    """Undo :func:`channel_to_flat` (TRF-002)."""
    _require("flat", values, g)
    groups: Tensor = values.squeeze(3).unflatten(0, (-1, g * g))
    return groups.movedim(1, 3)


def flat_to_grid(values: Tensor, g: int) -> Tensor:
    """(B·C, N, N, 1) to (B, g, g, N, N, 1), row by row (TRF-003)."""
    _require("flat", values, g)
    grids: Tensor = values.unflatten(0, (-1, g, g))
    return grids


def grid_to_flat(values: Tensor, g: int) -> Tensor:
    """Undo :func:`flat_to_grid` (TRF-004)."""
    _require("grid", values, g)
    return values.flatten(0, 2)


def channel_to_grid(values: Tensor, g: int) -> Tensor:
    """(B, N, N, C) to (B, g, g, N, N, 1); channel c to row c // g, column c % g (TRF-005)."""
    return flat_to_grid(channel_to_flat(values, g), g)


def grid_to_channel(values: Tensor, g: int) -> Tensor:
    """Undo :func:`channel_to_grid` (TRF-006)."""
    return flat_to_channel(grid_to_flat(values, g), g)


TRANSFORMS: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "channel_to_flat": channel_to_flat,
    "flat_to_channel": flat_to_channel,
    "flat_to_grid": flat_to_grid,
    "grid_to_flat": grid_to_flat,
    "channel_to_grid": channel_to_grid,
    "grid_to_channel": grid_to_channel,
}


def translate(images: Tensor, shifts_xy: Tensor) -> Tensor:
    """Move the content of images by [dx, dy], bilinear, zeros from outside (TRF-009, TRF-010).

    Parameters
    ----------
    images : (n, H, W) real or complex
    shifts_xy : (n, 2) real

    Returns
    -------
    (n, H, W)
        ``out[k, r, c]`` is ``images[k, r - dy, c - dx]``, in the dtype given; float64 for whole numbers.

    Raises
    ------
    Refusal
        Shapes do not fit, or a shift is not finite (TRF-011).
    """
    if images.ndim != 3 or tuple(shifts_xy.shape) != (len(images), 2):
        problem = f"shifts {tuple(shifts_xy.shape)} for images {tuple(images.shape)}"
        refuse("TRF-011", "shifts_xy", problem, "Pass images (n, H, W) and one shift [dx, dy] for each.")
    if not bool(torch.isfinite(shifts_xy).all()):
        refuse("TRF-011", "shifts_xy", "a shift is not finite", "Drop such shifts with their images.")
    _, H, W = images.shape
    shifts = shifts_xy.to(images.device, torch.float64)
    rows = torch.arange(H, device=images.device) - shifts[:, 1:]
    columns = torch.arange(W, device=images.device) - shifts[:, :1]
    down, right = (axis - axis.floor() for axis in (rows, columns))
    kind = images.dtype if images.is_floating_point() or images.is_complex() else torch.float64
    images = images.to(kind)
    result = torch.zeros_like(images)
    for row_step, vertical in ((0, 1 - down), (1, down)):
        for column_step, horizontal in ((0, 1 - right), (1, right)):
            weight = (vertical.unsqueeze(2) * horizontal.unsqueeze(1)).to(kind)
            result += weight * _picked(images, rows.floor() + row_step, columns.floor() + column_step)
    return result


def _picked(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    _, H, W = images.shape
    inside = ((rows >= 0) & (rows < H)).unsqueeze(2) & ((columns >= 0) & (columns < W)).unsqueeze(1)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    row, column = rows.clamp(0, H - 1).long().unsqueeze(2), columns.clamp(0, W - 1).long().unsqueeze(1)
    return images[which, row, column] * inside
