"""A scan in groups: frames, coordinates and truth of the same members (GRP, CRD, PAT, NRM)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ptycho_torch.cache import sampled_groups
from ptycho_torch.coordinates import channels_last, group_coordinates
from ptycho_torch.errors import refuse
from ptycho_torch.grouping import Grouping, group_members, require_possible
from ptycho_torch.normalization import amplitude_scale, frame_energies
from ptycho_torch.patches import cut_patches
from ptycho_torch.scan import Scan


@dataclass(frozen=True)
class GroupSettings:
    """A grouping of a scan, with what belongs to it.

    Attributes
    ----------
    grouping : Grouping
    N : int
        Side of the frames; must be that of the scan (GRP-025).
    dataset : Path or None
        Data set beside which a groups cache may lie.
    amplitude_scale : float or None
        Scale to apply as it is; None: that of this result.
    device : str or torch.device
        Where the result lies.
    """

    grouping: Grouping
    N: int
    dataset: Path | None = None
    amplitude_scale: float | None = None
    device: str | torch.device = field(default="cpu")


def members_for(positions: np.ndarray[Any, Any], N: int, settings: GroupSettings) -> Tensor:
    """Draw the members of the groups, (B, C) int32 on the CPU.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    N : int
        Side of the frames.
    settings : GroupSettings

    Raises
    ------
    Refusal
        The scan cannot give what is asked.
    """
    asked = settings.grouping
    if settings.N != N:
        refuse("GRP-025", "N", f"it is {settings.N}, the frames have side {N}", "Ask for the side of the frames.")
    if asked.strategy == "group_then_sample" and asked.C > 1:
        require_possible(asked, len(positions))
        return sampled_groups(positions, asked, settings.dataset)
    return group_members(positions, asked)


def group_scan(scan: Scan, settings: GroupSettings) -> dict[str, Any]:
    """Group a scan.

    Returns
    -------
    dict
        Tensors on the device, channels last: ``diffraction``, ``X_full`` (B, N, N, C) float32; ``coords_nn``,
        ``coords_relative`` (B, 1, 2, C) and ``coords_offsets`` (B, 1, 2, 1) float64, the same with ``coords_start_``;
        ``nn_indices`` (B, C) int32; ``Y`` (B, N, N, C) complex64 or None; ``objectGuess`` (H, W) or None;
        ``bad_pixels`` (N, N) bool or None; ``amplitude_scale`` and ``mean_energy``, numbers.
    """
    members = members_for(scan.positions, scan.N, settings)
    device = torch.device(settings.device)
    frames = gathered(scan.frames, members).to(device)
    held = scan.arrays["bad_pixels"]
    mask = None if held is None else torch.from_numpy(held.copy()).to(device)
    mean_energy = float(frame_energies(frames.flatten(0, 1), mask).mean())
    scale = settings.amplitude_scale
    factor = amplitude_scale(mean_energy, scan.N) if scale is None else float(scale)
    diffraction = channels_last(frames)
    obj = scan.arrays["objectGuess"]
    return {
        "diffraction": diffraction,
        "X_full": diffraction * factor,
        **_coordinates("coords", scan.positions, members, device),
        **_coordinates("coords_start", scan.start_positions, members, device),
        "nn_indices": members.to(device),
        "Y": _truth(scan, members, device),
        "objectGuess": None if obj is None else torch.from_numpy(obj.copy()).to(device),
        "bad_pixels": mask,
        "amplitude_scale": factor,
        "mean_energy": mean_energy,
    }


def gathered(stack: np.ndarray[Any, Any], members: Tensor) -> Tensor:
    """Frames of the members, (B, C, N, N); each is read once from a mapped stack."""
    return torch.from_numpy(np.ascontiguousarray(stack[members.numpy()]))


def _coordinates(
    name: str, positions: np.ndarray[Any, Any], members: Tensor, device: torch.device
) -> dict[str, Tensor]:
    found = group_coordinates(torch.from_numpy(positions).to(device), members.to(device))
    return {
        f"{name}_nn": channels_last(found.absolute),
        f"{name}_offsets": channels_last(found.offsets),
        f"{name}_relative": channels_last(found.relative),
    }


def _truth(scan: Scan, members: Tensor, device: torch.device) -> Tensor | None:
    stored, obj = scan.arrays["Y"], scan.arrays["objectGuess"]
    if stored is not None:
        return channels_last(gathered(stored, members).to(device))
    if obj is None:
        return None
    centres = torch.from_numpy(scan.positions)[members.long().flatten()]
    patches = cut_patches(torch.from_numpy(obj).to(device), centres.to(device), scan.N)
    return channels_last(patches.unflatten(0, tuple(members.shape)))
