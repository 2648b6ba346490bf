"""Coordinates of the members of a group (CRD)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class GroupCoordinates(NamedTuple):
    """Positions of members, their mean, and where members stand relative to it; third axis [x, y], float64.

    Attributes
    ----------
    absolute, relative : (B, 1, 2, C)
    offsets : (B, 1, 2, 1)
    """

    absolute: NDArray[np.float64]
    offsets: NDArray[np.float64]
    relative: NDArray[np.float64]


def group_coordinates(x: NDArray[np.float64], y: NDArray[np.float64], members: NDArray[np.int32]) -> GroupCoordinates:
    """Gather and centre the positions of each group (CRD-001, CRD-002, CRD-003).

    Parameters
    ----------
    x, y : (M,) float64
        Positions in object pixels.
    members : (B, C) int32
        Scan indices.
    """
    absolute = np.stack([x[members], y[members]], axis=1)[:, np.newaxis]
    offsets = absolute.mean(axis=3, keepdims=True)
    return GroupCoordinates(absolute, offsets, -(absolute - offsets))
