"""Oracle of the pools (GRP): which scan points may share a group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BRUTE_FORCE = 2000
# Points at the same distance as the K-th neighbour are as near as it, whatever the last bit of a square root says.
_TIE = 1e-9


def pool_radii(positions: NDArray[np.float64], K: int) -> NDArray[np.float64]:
    """Distance of every scan point to its K-th nearest other point.

    Parameters
    ----------
    positions : (M, 2) float64
    K : int
        Neighbours, the point itself not counted; with K >= M the pool is the whole scan.

    Returns
    -------
    (M,) float64
        Infinity where the pool is the whole scan.
    """
    M = len(positions)
    if K >= M:
        return np.full(M, np.inf)
    if M > _BRUTE_FORCE:
        # It takes as long to import as all else together, and every command imports the oracles.
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(positions).query(positions, k=K + 1)[0])[:, -1]
    radii = np.empty(M)
    for point in range(M):
        distance = np.hypot(*(positions - positions[point]).T)
        radii[point] = np.sort(np.delete(distance, point))[K - 1]
    return radii


def lies_in_pool(
    positions: NDArray[np.float64], members: NDArray[np.int64], seed: int, radii: NDArray[np.float64]
) -> bool:
    """Whether every member is the seed or one of its K nearest other points.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y].
    members : (C,) int64
        Scan indices of one group.
    seed : int
        Scan index of the point whose pool is meant.
    radii : (M,) float64
        Distance of each point's K-th nearest other point, as :func:`pool_radii` gives it.
    """
    distance = np.hypot(*(positions[members] - positions[seed]).T)
    slack = _TIE * (1.0 + float(np.abs(positions).max()))
    return bool(np.all((members == seed) | (distance <= radii[seed] + slack)))


def seed_of(positions: NDArray[np.float64], members: NDArray[np.int64], radii: NDArray[np.float64]) -> int | None:
    """Return a scan point in whose pool the members lie; None when there is none.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y].
    members : (C,) int64
        Scan indices of one group.
    radii : (M,) float64
        Distance of each point's K-th nearest other point.
    """
    reach = np.zeros(len(positions))
    for member in members:
        distance = np.hypot(*(positions - positions[member]).T)
        distance[member] = 0.0
        reach = np.maximum(reach, distance)
    slack = _TIE * (1.0 + float(np.abs(positions).max()))
    candidates = np.flatnonzero(reach <= radii + slack)
    return int(candidates[0]) if len(candidates) else None
