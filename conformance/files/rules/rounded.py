"""Positions that were rounded: by their type, by one that held them before, or to the steps of a unit (FIL-014)."""

from __future__ import annotations

import numpy as np

from conformance.files.diagnose.lines import exact_raster
from conformance.files.rules.passes import held_on
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_COARSE, _FEWEST_LATTICE, _OFF_LATTICE = 0.1, 5, 0.02
_FEWEST, _STEP, _WITHIN, _SHARED = 16, 1.5, 2.0, 0.6


def rounded_places(view: View) -> str:
    """Say that positions were rounded to a good part of a pixel, by their type or by who wrote them; else empty.

    Parameters
    ----------
    view : View
    """
    if view.place_type is None or view.x is None or view.y is None:
        return ""
    if view.place_type.itemsize >= 8 and (single := _was_single(view.x) or _was_single(view.y)):
        return single
    if together := _fallen_together(view):
        return together
    if view.place_type.itemsize >= 8:
        return ""
    top = float(max(np.abs(view.x).max(), np.abs(view.y).max()))
    apart = float(np.spacing(view.place_type.type(top)))
    if not apart > _COARSE:
        return ""
    return (
        f"the positions are {view.place_type.name}, in which numbers near {top:.6g} lie {apart:.3g} apart: they were "
        f"rounded by up to {apart / 2:.3g} pixels; write them as float64 from the source, or without their origin"
    )


def _was_single(values: Floats) -> str:
    """Say that coordinates lie on the lattice of single precision at their offset, coarser than a part of a pixel."""
    kept = np.unique(values)
    steps = np.diff(kept)
    apart = float(steps.min(initial=np.inf))
    top = float(np.abs(kept).max(initial=0.0))
    # In whatever unit they were stored, single precision has 2^23 to 2^24 steps up to a number.
    if len(kept) < _FEWEST_LATTICE or not _COARSE < apart < np.inf or not 2.0**23 < top / apart < 2.0**24 * 1.01:
        return ""
    whole = steps / apart
    if np.abs(whole - np.rint(whole)).max() > _OFF_LATTICE:
        return ""
    return (
        f"the positions are multiples of {apart:.3g} pixels, the steps of single precision at their offset of "
        f"{top:.3g} pixels: the offset of a stage took their digits, and they are rounded by up to {apart / 2:.3g} "
        "pixels; take them from the source, in double precision or without the offset"
    )


def perhaps_rounded(view: View) -> str:
    """Say that positions several steps apart are multiples of steps of pixels, which no raster makes; else empty.

    Parameters
    ----------
    view : View
    """
    steps = _steps_of(view)
    if view.x is None or view.y is None or view.places is None or not steps:
        return ""
    apart = float(np.median(view.places.distances))
    between = apart > _WITHIN * max(steps) and not exact_raster(np.stack([view.x, view.y], axis=1))
    return f"{_multiples(steps)}: were they rounded, to whole steps of a unit or of a motor?" if between else ""


def _fallen_together(view: View) -> str:
    """Say that positions share places, as multiples of a step, though their frames differ; empty where they do not."""
    steps = _steps_of(view)
    if not steps or view.places is None:
        return ""
    many, times = len(view.places.points), view.places.times
    # Exposures at one place are alike, however often it was exposed.
    if many > _SHARED * view.M or times.min() == times.max() or not held_on(view):
        return ""
    return (
        f"{_multiples(steps)}, so that {view.M} points share {many} places, and their frames differ: they were rounded "
        f"by up to {max(steps) / 2:.3g} pixels, to whole steps of a unit or of a motor; take more digits from the "
        "source"
    )


def _multiples(steps: tuple[float, float]) -> str:
    return f"all positions are multiples of {steps[0]:.4g} pixels in x and of {steps[1]:.4g} in y"


def _steps_of(view: View) -> tuple[float, float] | tuple[()]:
    """Steps in x and y of which all positions are multiples; none where these are fine, or there is no such step."""
    if view.x is None or view.y is None or len(view.x) < _FEWEST:
        return ()
    steps = _step_of(view.x), _step_of(view.y)
    return steps if min(steps) >= _STEP else ()


def _step_of(values: Floats) -> float:
    """The step of which the differences of values are multiples; 0 where they are of none, or all one step apart."""
    steps = np.diff(np.unique(values))
    apart = float(steps.min(initial=np.inf))
    if len(steps) < _FEWEST_LATTICE - 2 or not 0 < apart < np.inf:
        return 0.0
    whole = steps / apart
    return apart if np.abs(whole - np.rint(whole)).max() < _OFF_LATTICE else 0.0
