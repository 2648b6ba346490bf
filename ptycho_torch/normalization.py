"""Scales of amplitudes (NRM)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ptycho_torch.errors import refuse

_CHUNK = 1 << 22


def frame_energies(frames: Tensor) -> Tensor:
    """Sum over pixels of amplitude² of each frame, (M,) float64; integers are widened first (NRM-005)."""
    step = max(1, _CHUNK // max(1, frames[0].numel())) if len(frames) else 1
    parts = [part.double().square().sum(dim=(1, 2)) for part in frames.split(step)]
    return torch.cat(parts) if parts else frames.new_empty(0, dtype=torch.float64)


def amplitude_scale(mean_energy: float, N: int) -> float:
    """Return sqrt((N/2)² / mean energy of a frame) (NRM-001).

    Raises
    ------
    Refusal
        The frames are all zero (NRM-007).
    """
    if not mean_energy > 0:
        refuse("NRM-007", "diff3d", "all frames of the groups are zero", "Leave dark frames out.")
    return (N / 2) / math.sqrt(mean_energy)
