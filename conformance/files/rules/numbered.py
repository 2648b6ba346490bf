"""Whether positions that may count rows and columns can be pixels: what a step of one pixel may change at most."""

from __future__ import annotations

import numpy as np

from conformance.files.rules.view import View
from conformance.files.survey import Floats

_NOISE, _FEWEST, _TINY, _NO_PLACE = 0.85, 3, 1e-300, 1e9
_WIDER = 1.25
_LONG, _LONGER = 8, 2.5
_FEWEST_OF_A_SPIRAL, _ALONG_A_CURVE, _EVENLY, _FILLED = 24, 4.0, 0.25, (0.5, 3.0)
"""Points; times the area that points have to themselves which a curve spans; parts of the distance to the nearest by
which it varies; and times that area which a scan fills."""


def too_different(view: View) -> bool:
    """Whether neighbouring frames differ by more than steps of one pixel can make them.

    A frame keeps its intensities where its exit wave is moved as a whole, so that a step moves the probe over an object
    that stands still: amplitudes change by less than the probe does, and by noise.

    Parameters
    ----------
    view : View
        With positions.
    """
    frames, probe = np.nan_to_num(view.survey.first.astype(np.float64), posinf=0.0, neginf=0.0), view.probe
    if probe is None or view.x is None or view.y is None or len(frames) < 2 or frames.shape[1:] != probe.shape[1:]:
        return True
    amplitudes = np.sqrt(np.abs(frames)) if view.counts else np.abs(frames)
    amplitudes = np.where(view.steady | ~view.measured, 0.0, amplitudes)
    largest = float(amplitudes.max(initial=0.0))
    amplitudes = amplitudes / max(largest, _TINY)
    noise = _noise_of_pairs(amplitudes)
    steps = np.stack([np.diff(view.y[: len(frames)]), np.diff(view.x[: len(frames)])], axis=1)
    seen, allowed = [], []
    for at in np.flatnonzero(np.abs(steps).sum(axis=1) == 1):
        moved = np.roll(probe, tuple(int(n) for n in steps[at]), axis=(-2, -1))
        share = float((np.abs(moved - probe) ** 2).sum() / max((np.abs(probe) ** 2).sum(), _TINY))
        pair = amplitudes[at : at + 2]
        seen.append(float(((pair[1] - pair[0]) ** 2).sum()) - noise)
        allowed.append(share * float((pair**2).sum() / 2))
    return len(seen) < _FEWEST or bool(np.median(seen) > np.median(allowed))


def too_small(view: View) -> bool:
    """Whether the object of the file is far larger than positions in pixels let expect.

    Parameters
    ----------
    view : View
        With positions.
    """
    if view.object_shape is None or view.x is None or view.y is None:
        return False
    spans = (float(np.ptp(view.y)), float(np.ptp(view.x)))
    return all(side > span + _WIDER * view.N for side, span in zip(view.object_shape, spans, strict=True))


def in_polar(points: Floats, apart: float) -> str:
    """Say that positions are a radius and an angle: along a curve as stored, and over an area once they are taken so.

    Parameters
    ----------
    points : (M, 2) float64
        x and y.
    apart : float
        Median distance of a point from the nearest.
    """
    if len(points) < _FEWEST_OF_A_SPIRAL or np.abs(points).max() > _NO_PLACE:
        return ""
    from scipy.spatial import cKDTree

    if _area(points) < _ALONG_A_CURVE * len(points) * apart**2:
        return ""
    for first, (radius, angle) in enumerate((points.T, points.T[::-1])):
        for unit, per_unit in (("radians", 1.0), ("degrees", np.pi / 180)):
            turns = float(np.ptp(angle)) * per_unit / (2 * np.pi)
            if radius.min() < 0 or turns < 2:
                continue
            plane = np.stack([radius * np.cos(angle * per_unit), radius * np.sin(angle * per_unit)], axis=1)
            near = np.asarray(cKDTree(plane).query(plane, k=2)[0])[:, 1]
            typical = float(np.median(near))
            even = typical > 0 and float(np.median(np.abs(near - typical))) < _EVENLY * typical
            if even and _FILLED[0] < _area(plane) / (len(points) * typical**2) < _FILLED[1]:
                return (
                    f"the points lie along a curve, and fill an area where {'xy'[first]} is taken for a radius and "
                    f"{'yx'[first]} for an angle in {unit}: are they polar coordinates? Take radius times cosine and "
                    "sine"
                )
    return ""


def _area(points: Floats) -> float:
    return float(np.ptp(points, axis=0).prod())


def stood_still(view: View) -> str:
    """Say that one axis kept one value while the other went on, as nowhere else in the scan; empty where none did.

    Along the lines of a scan one axis rests as well, but along all of them for as long.

    Parameters
    ----------
    view : View
        With positions.
    """
    if view.x is None or view.y is None or view.M < 2 * _LONG:
        return ""
    for name, values, other in (("x", view.x, view.y), ("y", view.y, view.x)):
        ends = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1, [len(values)]])
        lengths = np.diff(ends)
        longest = int(lengths.argmax())
        first, last = int(ends[longest]), int(ends[longest + 1])
        rest = float(np.sort(lengths)[-2]) if len(lengths) > 1 else 0.0
        if last - first < max(_LONG, _LONGER * rest) or last - first > view.M // 2:
            continue
        if np.ptp(other[first:last]):
            return (
                f"{name} keeps the value {values[first]:.6g} over {last - first} points in a row ({first} to "
                f"{last - 1}), while the other axis goes on, and over {rest:.0f} at most elsewhere: the axis stood "
                "still, or was not read; take these frames out, or give their measured positions"
            )
    return ""


def _noise_of_pairs(amplitudes: Floats) -> float:
    """Squared difference of two frames that the noise of counts makes at most."""
    lit = amplitudes[amplitudes > 0]
    quantum = float(lit.min()) ** 2 if lit.size else 0.0
    counts = (amplitudes**2).mean(axis=0) / max(quantum, _TINY)
    return quantum * float(np.minimum(_NOISE, 2 * counts).sum())
