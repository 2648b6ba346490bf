"""Nearest neighbours of points; SciPy is loaded by the first question, so that a file without points costs less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]


def nearest_other(points: _Floats) -> tuple[_Floats, NDArray[np.int64]]:
    """Distance of each point to the nearest other one, and the row of that one.

    Parameters
    ----------
    points : ndarray, (M, 2), M > 1

    Returns
    -------
    distances : ndarray, (M,), in the unit of the points
    rows : ndarray, (M,), int64
    """
    from scipy.spatial import cKDTree

    distances, rows = cKDTree(points).query(points, k=[2])
    return np.asarray(distances).ravel(), np.asarray(rows, dtype=np.int64).ravel()


@dataclass(frozen=True, eq=False)
class Places:
    """The distinct points of a scan.

    Attributes
    ----------
    points : (P, 2) float64
        x first, in the order of x, then of y.
    times : (P,) int64
        How many frames were taken at each.
    of_point : (M,) int64
        The place of each frame.
    distances : (P,) float64
        To the nearest other place; infinite where there is none.
    others : (P,) int64
        Which place that is; the place itself where there is none.
    """

    points: _Floats
    times: NDArray[np.int64]
    of_point: NDArray[np.int64]
    distances: _Floats
    others: NDArray[np.int64]

    @property
    def last(self) -> NDArray[np.int64]:
        """Number of the last frame that was taken at each, (P,)."""
        found = np.zeros(len(self.points), np.int64)
        found[self.of_point] = np.arange(len(self.of_point))
        return found


def places_of(x: _Floats, y: _Floats) -> Places:
    """The distinct points of a scan, each with its nearest neighbour.

    Parameters
    ----------
    x, y : ndarray, (M,)
        Finite.
    """
    order = np.lexsort((y, x))
    points = np.stack([x[order], y[order]], axis=1)
    new = np.concatenate([[True], (points[1:] != points[:-1]).any(axis=1)])
    first = np.flatnonzero(new)
    of_point = np.empty(len(x), np.int64)
    of_point[order] = np.cumsum(new) - 1
    points = points[first]
    distances, others = np.full(len(points), np.inf), np.arange(len(points))
    if len(points) > 1:
        # On a scale on which no square of a distance is beyond what a number can hold.
        scale = max(1.0, float(np.abs(points).max()))
        distances, others = nearest_other(points / scale)
        distances = distances * scale
    return Places(points, np.diff(np.append(first, len(x))), of_point, distances, others)


def tied_parts(points: _Floats, reach: float) -> NDArray[np.int64]:
    """(n,) how many places there are in each part that no step of at most ``reach`` leads out of, the largest first.

    Parameters
    ----------
    points : ndarray, (P, 2)
        Places, each once.
    reach : float
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import Delaunay, QhullError

    P = len(points)
    try:
        triangles = Delaunay(points - points.mean(axis=0)).simplices
    except (QhullError, ValueError):
        return np.array([P])
    # The shortest way to a part leads along an edge of a triangle.
    edges = np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    edges = edges[np.hypot(*(points[edges[:, 0]] - points[edges[:, 1]]).T) <= reach]
    joined = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (P, P))
    return np.asarray(np.sort(np.bincount(connected_components(joined, directed=False)[1]))[::-1])


def window_distance(points: _Floats, others: _Floats) -> _Floats:
    """(M,) distance of each point (M, 2) to the nearest of others (P, 2): the larger one of those along both axes."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(others).query(points, k=[1], p=np.inf)[0]).ravel()


def typical_step(points: _Floats, most: int | None = None) -> float:
    """Median distance of a place to the nearest other place.

    Parameters
    ----------
    points : ndarray, (M, 2)
    most : int, optional
        Places that are asked, spread over all of them; all where it is not given.

    Returns
    -------
    float
        In the unit of the points; 0 for a single place.
    """
    from scipy.spatial import cKDTree

    places = np.unique(points, axis=0)
    if len(places) < 2:
        return 0.0
    some = places[:: max(1, len(places) // (most or len(places)))]
    return float(np.median(np.asarray(cKDTree(places).query(some, 2)[0])[:, 1]))
