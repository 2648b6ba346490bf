"""What a frame sees of the object (PAT)."""

from __future__ import annotations

import torch
from torch import Tensor

from ptycho_torch.errors import refuse

# Patches are cut in chunks, so that the four corners of an interpolation need little memory.
_CHUNK = 1 << 20


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
    step = max(1, _CHUNK // (N * N))
    parts = [_windows(obj, centres[start : start + step], N) for start in range(0, len(centres), step)]
    return torch.cat(parts) if parts else obj.new_empty((0, N, N))


def _windows(obj: Tensor, centres: Tensor, N: int) -> Tensor:
    H, W = obj.shape
    whole = torch.floor(centres)
    fraction = (centres - whole).to(torch.float32)
    # Windows that lie wholly outside are all alike, so far ones are moved near before they become integers.
    corner = torch.stack([whole[:, 0].clamp(-2 * N, W + 2 * N), whole[:, 1].clamp(-2 * N, H + 2 * N)], dim=1).long()
    steps = torch.arange(N + 1, device=obj.device) - N // 2
    rows, columns = corner[:, 1:] + steps, corner[:, :1] + steps
    inside = ((rows >= 0) & (rows < H)).unsqueeze(2) & ((columns >= 0) & (columns < W)).unsqueeze(1)
    flat = rows.clamp(0, H - 1).unsqueeze(2) * W + columns.clamp(0, W - 1).unsqueeze(1)
    wide = obj.reshape(-1)[flat] * inside
    if not bool(fraction.any()):
        return wide[:, :N, :N].contiguous()
    right, down = fraction[:, 0, None, None], fraction[:, 1, None, None]
    along = wide[:, :, :N] * (1 - right) + wide[:, :, 1:] * right
    return along[:, :N] * (1 - down) + along[:, 1:] * down
