"""Oracle of the coordinates of a group (CRD): member after member of all groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array


class Triple(NamedTuple):
    """Absolute coordinates, offsets and relative coordinates, shaped as the contract says."""

    absolute: NDArray[np.float64]
    offsets: NDArray[np.float64]
    relative: NDArray[np.float64]


def coordinates_of(positions: NDArray[np.float64], members: Array) -> Triple:
    """Coordinates of groups.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y].
    members : (B, C) integer
    """
    B, C = members.shape
    absolute, offsets, relative = np.empty((B, 1, 2, C)), np.empty((B, 1, 2, 1)), np.empty((B, 1, 2, C))
    for c in range(C):
        absolute[:, 0, :, c] = positions[members[:, c]]
    offsets[:, 0, :, 0] = sum(absolute[:, 0, :, c] for c in range(C)) / C
    for c in range(C):
        relative[:, 0, :, c] = -(absolute[:, 0, :, c] - offsets[:, 0, :, 0])
    return Triple(absolute, offsets, relative)
