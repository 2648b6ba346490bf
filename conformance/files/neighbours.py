"""Nearest neighbours of points; SciPy is loaded by the first question, so that a file without points costs less."""

from __future__ import annotations

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


def window_distance(points: _Floats, others: _Floats) -> _Floats:
    """(M,) distance of each point (M, 2) to the nearest of others (P, 2): the larger one of those along both axes."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(others).query(points, k=[1], p=np.inf)[0]).ravel()


def typical_step(points: _Floats, most: int) -> float:
    """Median distance of a place to the nearest other place.

    Parameters
    ----------
    points : ndarray, (M, 2)
    most : int
        Places that are asked, spread over all of them.

    Returns
    -------
    float
        In the unit of the points; 0 for a single place.
    """
    from scipy.spatial import cKDTree

    places = np.unique(points, axis=0)
    if len(places) < 2:
        return 0.0
    some = places[:: max(1, len(places) // most)]
    return float(np.median(np.asarray(cKDTree(places).query(some, 2)[0])[:, 1]))
