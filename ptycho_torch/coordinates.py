"""Positions of groups, and relative to them (CRD)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class GroupCoordinates(NamedTuple):
    """Coordinates of B groups, float64, channels first: (B, C, 1, 2), offsets (B, 1, 1, 2), last axis [x, y]."""

    absolute: Tensor
    offsets: Tensor
    relative: Tensor


def group_coordinates(positions: Tensor, members: Tensor) -> GroupCoordinates:
    """Positions of the members, their mean, and minus the difference (CRD-001 to CRD-003).

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y].
    members : (B, C) integer
    """
    absolute = positions[members.long()].unsqueeze(2)
    offsets = absolute.mean(dim=1, keepdim=True)
    return GroupCoordinates(absolute, offsets, offsets - absolute)


def channels_last(values: Tensor) -> Tensor:
    """Bring (B, C, ·, ·) to (B, ·, ·, C), contiguous."""
    return values.permute(0, 2, 3, 1).contiguous()
