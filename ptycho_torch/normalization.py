"""Scales of amplitudes (NRM)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ptycho_torch.errors import refuse

_CHUNK = 1 << 22


def frame_energies(frames: Tensor, mask: Tensor | None = None) -> Tensor:
    """Sum over pixels of amplitude² of each frame, (M,) float64; integers are widened first (NRM-005).

    What ``mask`` (N, N) bool marks was not measured, and counts for nothing (NRM-011).
    """
    if mask is not None and bool(mask.any()):
        frames = frames.masked_fill(mask.to(frames.device), 0)
    if frames.device.type == "cpu":
        values = frames.numpy(force=True)
        return torch.from_numpy(np.einsum("mij,mij->m", values, values, dtype=np.float64))
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


def data_scales(mean_energies: Tensor, N: int) -> tuple[Tensor, Tensor]:
    """Amplitude scale and 1 / mean energy, float32, of each mean energy; dark ones give infinity (DAT-012)."""
    return ((N / 2) / mean_energies.sqrt()).float(), mean_energies.reciprocal().float()
