"""What a frame sees of the object (PAT)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from ptycho_torch.errors import refuse

# Patches are cut in chunks that stay in a processor's cache.
_CHUNK = 1 << 17


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
        The object is not (H, W), or the positions are not finite (n, 2).
    """
    if obj.ndim != 2:
        refuse("PAT-001", "objectGuess", f"an object of shape {tuple(obj.shape)}", "Pass one layer, (H, W).")
    if centres_xy.ndim != 2 or centres_xy.shape[1] != 2 or not bool(torch.isfinite(centres_xy).all()):
        problem = f"positions of shape {tuple(centres_xy.shape)}, or not finite"
        refuse("PAT-001", "centres_xy", problem, "Pass finite positions as (n, 2), columns [x, y].")
    obj = obj.to(torch.complex64)
    centres = centres_xy.to(obj.device)
    whole = torch.floor(centres)
    fraction = (centres - whole).to(torch.float32)
    H, W = obj.shape
    # Windows that lie wholly outside are all alike, so far ones are moved near before they become integers.
    corner = torch.stack([whole[:, 0].clamp(-2 * N, W + 2 * N), whole[:, 1].clamp(-2 * N, H + 2 * N)], dim=1).long()
    side = N + int(bool(fraction.any()))
    followed = torch.is_grad_enabled() and (obj.requires_grad or centres.requires_grad)
    if followed or obj.device.type != "cpu":
        return _patches(partial(_indexed, obj, side), corner - N // 2, fraction, N)
    with torch.no_grad():
        return _patches(_copier(obj, side), corner - N // 2, fraction, N)


def _patches(cut: Callable[[Tensor], Tensor], corner: Tensor, fraction: Tensor, N: int) -> Tensor:
    """Cut windows at their upper left pixels [x, y], and interpolate, in chunks."""
    step = max(1, _CHUNK // (N * N))
    parts = (_interpolated(cut(c), f, N) for c, f in zip(corner.split(step), fraction.split(step), strict=True))
    if torch.is_grad_enabled():
        return torch.cat(list(parts))
    patches = torch.empty((len(corner), N, N), dtype=torch.complex64, device=corner.device)
    for place, part in zip(patches.split(step), parts, strict=True):
        place.copy_(part)
    return patches


def _indexed(obj: Tensor, side: int, corner: Tensor) -> Tensor:
    """Windows (n, side, side) by the indices of all their pixels, zero outside."""
    H, W = obj.shape
    steps = torch.arange(side, device=obj.device)
    rows, columns = corner[:, 1:] + steps, corner[:, :1] + steps
    inside = ((rows >= 0) & (rows < H)).unsqueeze(2) & ((columns >= 0) & (columns < W)).unsqueeze(1)
    flat = rows.clamp(0, H - 1).unsqueeze(2) * W + columns.clamp(0, W - 1).unsqueeze(1)
    return obj.reshape(-1)[flat] * inside


def _copier(obj: Tensor, side: int) -> Callable[[Tensor], Tensor]:
    """Cut the same windows by copying whole rows of an object with a margin of zeros: faster, and without gradient."""
    windows = sliding_window_view(np.pad(obj.detach().resolve_conj().resolve_neg().numpy(), side), (side, side))
    last = torch.tensor([windows.shape[1] - 1, windows.shape[0] - 1])

    def cut(corner: Tensor) -> Tensor:
        columns, rows = torch.minimum((corner + side).clamp(min=0), last).unbind(1)
        return torch.from_numpy(windows[rows.numpy(), columns.numpy()])

    return cut


def _interpolated(wide: Tensor, fraction: Tensor, N: int) -> Tensor:
    """Patches (n, N, N) of windows that are one pixel wider; of others, the windows."""
    if wide.shape[-1] == N:
        return wide
    right, down = fraction[:, :, None, None, None].unbind(1)
    parts = torch.view_as_real(wide)
    along = torch.lerp(parts[:, :, :N], parts[:, :, 1:], right)
    return torch.view_as_complex(torch.lerp(along[:, :N], along[:, 1:], down))
