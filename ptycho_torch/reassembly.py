"""Patches back onto a canvas (REA)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ptycho_torch.errors import refuse


@dataclass(frozen=True)
class Canvas:
    """A reassembled object.

    Attributes
    ----------
    object : (H, W)
        Patches averaged where they overlap, zero where uncovered (REA-004, REA-005).
    coverage : (H, W) float64
        Sum of ones placed like the patches (REA-002).
    origin_xy : (2,) float64
        Object coordinate [x, y] of canvas pixel [0, 0].
    """

    object: Tensor
    coverage: Tensor
    origin_xy: Tensor


class Assembly:
    """Collects patches, a chunk at a time; memory is that of the canvas.

    Parameters
    ----------
    centres_xy : (n, 2) real
        Positions of all patches that will come; they fix the canvas.
    N : int
        Side of a patch.
    device : torch.device
    """

    def __init__(self, centres_xy: Tensor, N: int, device: torch.device) -> None:
        self.N = N
        # Halves go up: rounded to even pixels, the centre would not move with the scan (REA-007).
        self.centre = torch.floor(centres_xy.mean(dim=0) + 0.5)
        reach = (centres_xy - self.centre).abs().max(dim=0).values.ceil().long() + 1
        # Every patch, with the pixel that interpolation adds, lies inside (REA-006).
        self.width, self.height = (N + 2 * reach).tolist()
        self.origin = self.centre - N // 2 - reach
        self._values = torch.zeros(self.height * self.width, dtype=torch.complex128, device=device)
        self._weights = torch.zeros(self.height * self.width, dtype=torch.float64, device=device)
        self._complex = False

    def add(self, patches: Tensor, centres_xy: Tensor) -> None:
        """Place patches (n, N, N) at positions (n, 2), by bilinear weights."""
        self._complex = self._complex or patches.is_complex()
        corner = centres_xy.to(self._weights.device) - self.origin.to(self._weights.device) - self.N // 2
        whole = torch.floor(corner)
        fraction = corner - whole
        values = patches.to(self._values.device, torch.complex128)
        steps = torch.arange(self.N, device=self._weights.device)
        for down in (0, 1):
            for right in (0, 1):
                weight = _weight(fraction[:, 1], down) * _weight(fraction[:, 0], right)
                rows = whole[:, 1:].long() + steps + down
                columns = whole[:, :1].long() + steps + right
                flat = (rows.unsqueeze(2) * self.width + columns.unsqueeze(1)).flatten()
                weights = weight[:, None, None].expand_as(values)
                self._values.index_add_(0, flat, (values * weights).flatten())
                self._weights.index_add_(0, flat, weights.flatten())

    def canvas(self) -> Canvas:
        """Return the mean of everything placed so far."""
        covered = self._weights > 1e-9
        mean = torch.where(covered, self._values / self._weights.clamp(min=1e-9), 0)
        shape = (self.height, self.width)
        result = mean.to(torch.complex64) if self._complex else mean.real.float()
        return Canvas(result.reshape(shape), self._weights.reshape(shape).clone(), self.origin.clone())


def _weight(fraction: Tensor, side: int) -> Tensor:
    return fraction if side else 1 - fraction


def reassemble(patches: Tensor, centres_xy: Tensor, chunk: int | None = None) -> Canvas:
    """Place patches at their positions and average where they overlap.

    Parameters
    ----------
    patches : (n, N, N) real or complex
    centres_xy : (n, 2) real
        Positions [x, y] in object pixels.
    chunk : int, optional
        Patches placed at a time; the result does not depend on it (REA-009).

    Raises
    ------
    Refusal
        Numbers of patches and positions differ, there are none, or a position is not finite (REA-013).
    """
    centres = centres_xy.to(patches.device, torch.float64)
    if patches.ndim != 3 or patches.shape[1] != patches.shape[2] or centres.ndim != 2 or centres.shape[1:] != (2,):
        problem = f"patches {tuple(patches.shape)} at positions {tuple(centres.shape)}"
        refuse("REA-013", "patches", problem, "Pass patches (n, N, N) and positions (n, 2).")
    if len(patches) != len(centres) or len(patches) == 0:
        problem = f"{len(patches)} patches at {len(centres)} positions"
        refuse("REA-013", "patches", problem, "Pass one position for each patch, and at least one.")
    if not bool(torch.isfinite(centres).all()):
        refuse("REA-013", "centres_xy", "a position is not finite", "Drop such positions with their patches.")
    assembly = Assembly(centres, patches.shape[-1], patches.device)
    step = len(patches) if chunk is None else max(1, int(chunk))
    for start in range(0, len(patches), step):
        assembly.add(patches[start : start + step], centres[start : start + step])
    return assembly.canvas()
