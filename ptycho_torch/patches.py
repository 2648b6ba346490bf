"""What a frame sees of the object (PAT)."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from ptycho_torch.errors import refuse

# Patches are cut in chunks, so that the corners of an interpolation need little memory. Without a gradient they stay in
# the processor's cache, and below the size at which PyTorch's threads wake each other.
_CHUNK = 1 << 20
_SMALL_CHUNK = 3 << 12


def cut_patches(obj: Tensor, centres_xy: Tensor, N: int) -> Tensor:
    """Cut a patch of the object at each position, on the object's device.

    Differentiable in the object.

    Parameters
    ----------
    obj : (H, W) complex
        Transmission.
    centres_xy : (n, 2) real
        Positions [x, y] in object pixels.
    N : int
        Side of a patch.

    Returns
    -------
    (n, N, N) complex64
        Pixel (i, j) is object pixel (y - N/2 + i, x - N/2 + j), bilinear between pixels, zero outside (PAT-001 to
        PAT-003).

    Raises
    ------
    Refusal
        The object is not (H, W), the positions are not finite (n, 2), or N is no positive whole number (PAT-015).
    """
    if obj.ndim != 2:
        refuse("PAT-001", "objectGuess", f"an object of shape {tuple(obj.shape)}", "Pass one layer, (H, W).")
    if centres_xy.ndim != 2 or centres_xy.shape[1] != 2 or not bool(torch.isfinite(centres_xy).all()):
        problem = f"positions of shape {tuple(centres_xy.shape)}, or not finite"
        refuse("PAT-012", "centres_xy", problem, "Pass finite positions as (n, 2), columns [x, y].")
    obj, N = obj.to(torch.complex64), _side(N)
    centres = centres_xy.to(obj.device)
    centres = centres if centres.is_floating_point() else centres.double()
    whole = torch.floor(centres)
    fraction = (centres - whole).to(torch.float32)
    H, W = obj.shape
    # Windows that lie wholly outside are all alike, so far ones are moved near before they become integers.
    corner = torch.stack([whole[:, 0].clamp(-2 * N, W + 2 * N), whole[:, 1].clamp(-2 * N, H + 2 * N)], dim=1).long()
    followed = torch.is_grad_enabled() and (obj.requires_grad or centres.requires_grad)
    ways = _indexed if followed or obj.device.type != "cpu" else _copied
    return ways(obj, corner - N // 2, fraction, N)


def _side(N: Any) -> int:
    """Side as a plain number: a narrow one overflows in sums with the sides of an object."""
    try:
        side = index(N)
    except TypeError:
        side = 0
    if side < 1:
        refuse("PAT-015", "N", f"it is {N!r}", "Pass the side of the frames, a positive whole number.")
    return side


def _indexed(obj: Tensor, corner: Tensor, fraction: Tensor, N: int) -> Tensor:
    """Patches of windows with their upper left pixels [x, y], by the indices of all pixels."""
    step = max(1, _CHUNK // (N * N))
    side = N + int(bool(fraction.any()))
    parts = zip(corner.split(step), fraction.split(step), strict=True)
    return torch.cat([_interpolated(_window_by_index(obj, at, side), between, N) for at, between in parts])


def _window_by_index(obj: Tensor, corner: Tensor, side: int) -> Tensor:
    H, W = obj.shape
    steps = torch.arange(side, device=obj.device)
    rows, columns = corner[:, 1:] + steps, corner[:, :1] + steps
    inside = ((rows >= 0) & (rows < H)).unsqueeze(2) & ((columns >= 0) & (columns < W)).unsqueeze(1)
    flat = rows.clamp(0, H - 1).unsqueeze(2) * W + columns.clamp(0, W - 1).unsqueeze(1)
    return obj.reshape(-1)[flat] * inside


def _copied(obj: Tensor, corner: Tensor, fraction: Tensor, N: int) -> Tensor:
    """Give the same patches by copying whole rows of an object with a margin of zeros: faster, without a gradient."""
    between = bool(fraction.any())
    side = N + int(between)
    windows = sliding_window_view(np.pad(obj.detach().resolve_conj().resolve_neg().numpy(), side), (side, side))
    columns, rows = ((corner[:, axis] + side).clamp(0, windows.shape[1 - axis] - 1).numpy() for axis in range(2))
    if not between:
        return torch.from_numpy(windows[rows, columns])
    patches = np.empty((len(rows), N, N), dtype=np.complex64)
    step = max(1, _SMALL_CHUNK // (N * N))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        wide = torch.from_numpy(windows[rows[part], columns[part]])
        patches[part] = _interpolated(wide, fraction[part].detach(), N).numpy()
    return torch.from_numpy(patches)


def _interpolated(wide: Tensor, fraction: Tensor, N: int) -> Tensor:
    """Patches (n, N, N) of windows that are one pixel wider; of others, the windows."""
    if wide.shape[-1] == N:
        return wide
    right, down = fraction[:, :, None, None, None].unbind(1)
    parts = torch.view_as_real(wide)
    along = torch.lerp(parts[:, :, :N], parts[:, :, 1:], right)
    return torch.view_as_complex(torch.lerp(along[:, :N], along[:, 1:], down))
