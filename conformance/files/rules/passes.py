"""Whether frames of one place show one object: of two passes over a region, or of points that repeat at once."""

from __future__ import annotations

import numpy as np

from conformance.files.poisson import root_variance
from conformance.files.rules.view import View
from conformance.files.survey import Floats, is_whole

_FEWEST, _MOST, _PARTS = 40, 5000, 16
_NEAR, _COVERED, _UNLIKE, _AS_GOOD, _EVEN = 1.2, 0.5, 1.8, 0.6, 1e-9

_FEWEST_PAIRS, _OVER_NOISE, _OF_STEPS = 4, 1.5, 0.4


def held_on(view: View) -> str:
    """Say that frames of one place, taken one after the other, differ as those of two places; empty where they do not.

    Exposures of one place differ by counting noise alone, whatever the beam does; where positions were held while the
    scan went on, they differ as much as those that it did record.

    Parameters
    ----------
    view : View
    """
    roots = not view.counts and is_whole(view.survey.sample**2)
    if view.x is None or view.y is None or not (roots or is_whole(view.survey.sample)):
        return ""
    values = np.maximum(view.survey.first[:, view.measured].astype(np.float64), 0)
    light = np.nan_to_num(values**2 if roots else values)
    m = min(len(light), len(view.x))
    power = light[:m].sum(axis=1)
    if m < 2 or not power.all():
        return ""
    # Of unlike exposures each has the noise of its own, brought to one power with its light.
    scale = (power.mean() / power)[:, np.newaxis]
    level = light[:m] * scale
    mean = (level[1:] + level[:-1]) / 2
    noise = sum((scale[part] * root_variance(mean / scale[part])).sum(axis=1) for part in (slice(1, m), slice(m - 1)))
    beyond = ((np.sqrt(level[1:]) - np.sqrt(level[:-1])) ** 2).sum(axis=1) / noise - 1
    same = (np.diff(view.x[:m]) == 0) & (np.diff(view.y[:m]) == 0)
    if min(same.sum(), (~same).sum()) < _FEWEST_PAIRS:
        return ""
    within, between = float(np.median(beyond[same])), float(np.median(beyond[~same]))
    if within < _OVER_NOISE - 1 or within < _OF_STEPS * between:
        return ""
    return (
        f"frames of one place, one after the other, differ {within + 1:.1f} times as much as counting lets them, those "
        f"of two places {between + 1:.1f} times: the positions were held while the scan went on, as where an encoder "
        "is read less often than frames are taken; interpolate them in time, or refine them"
    )


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
