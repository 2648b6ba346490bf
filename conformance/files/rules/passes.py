"""Whether two parts of a scan that go over one region show one object there."""

from __future__ import annotations

import numpy as np

from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FEWEST, _MOST, _PARTS = 40, 5000, 16
_NEAR, _COVERED, _UNLIKE, _AS_GOOD, _EVEN = 1.2, 0.5, 1.8, 0.6, 1e-9


def two_objects(view: View) -> tuple[int, float] | None:
    """Where a second scan of another object begins, and how much more unlike its frames are; None where none does.

    Frames of points side by side are alike within a scan; those of a second pass over the same region are as much like
    the first ones, unless it is of another object.

    Parameters
    ----------
    view : View
    """
    if view.x is None or view.y is None or not _FEWEST <= view.M or (view.flux <= 0).any():
        return None
    points, shown = np.stack([view.x, view.y], axis=1), _shown(view)
    step = view.M // 2 if view.M > _MOST else max(1, view.M // _PARTS)
    found = [(_unlike(points, shown, at), at) for at in range(view.M // 2 % step + view.M // 4, 3 * view.M // 4, step)]
    middle = view.M // 2
    half = _unlike(points, shown, middle), middle
    unlike, at = max([*found, half])
    unlike, at = half if half[0] > _AS_GOOD * unlike else (unlike, at)
    return (at, unlike) if unlike > _UNLIKE else None


def _shown(view: View) -> Floats:
    """(M, 5) circular centroid and light of each frame, each in units of its spread."""
    parts = [one / np.maximum(view.survey.flux[0], 1e-300) for one in view.survey.moments]
    shown = np.stack([*(part for one in parts for part in (one.real, one.imag)), np.log(view.flux)], axis=1)
    return np.asarray((shown - shown.mean(axis=0)) / np.maximum(shown.std(axis=0), _EVEN))


def _unlike(points: Floats, shown: Floats, at: int) -> float:
    """How much more frames of two parts differ than those of one do, for points as near; 0 for parts that lie apart."""
    from scipy.spatial import cKDTree

    shown, told = shown.copy(), []
    for part in (slice(0, at), slice(at, None)):
        # Another exposure is no other object.
        shown[part, -1] -= np.median(shown[part, -1])
    for mine, other in ((slice(at, None), slice(0, at)), (slice(0, at), slice(at, None))):
        own, beside = (np.asarray(one) for one in cKDTree(points[mine]).query(points[mine], 2))
        cross, across = cKDTree(points[other]).query(points[mine], 1)
        near = cross <= _NEAR * own[:, 1]
        if near.mean() < _COVERED:
            return 0.0
        within, between = shown[mine] - shown[mine][beside[:, 1]], shown[mine] - shown[other][across]
        typical = [float(np.median((one[near] ** 2).sum(axis=1))) for one in (within, between)]
        told.append(typical[1] / typical[0] if typical[0] > 0 else 0.0)
    return min(told)
