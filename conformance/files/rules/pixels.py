"""Rules about single pixels and lines of a detector: markers, stuck and saturated pixels, wide lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files import signs
from conformance.files.byte_order import exchanged_bytes
from conformance.files.finding import Finding, Severity
from conformance.files.rules.counted import cut_above
from conformance.files.rules.flares import flared_pixels, flares_in_words
from conformance.files.rules.gaps import dead_beyond_edges, outshining_pixels, padding_around
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed, pixels
from conformance.files.survey import Floats, is_whole

_FEWEST_FRAMES = 8
_EXPECTED_COUNTS, _BURST = 30.0, 5.0
_WIDEST_GAP, _MOST_ROOT = 4, 1e8
_WIDTHS = (8, 10, 12, 14, 15, 16, 20, 24, 31, 32, 63, 64)
_LARGEST_WHOLE = np.unique([2.0**bits - below for bits in _WIDTHS for below in (0.0, 1.0, 2.0)])
_LARGEST = np.unique([_LARGEST_WHOLE, _LARGEST_WHOLE.astype(np.float32).astype(float)])
_ROOTS, _ROUNDING = np.sqrt(_LARGEST_WHOLE), 1e-6
_FAR_ABOVE, _MOST_MARKED = 20.0, 0.25
_OF_PEAK, _HALF = 0.15, 0.5
_FEWEST_CUT, _LEAST_CUT, _NEAR_CUT = 3, 30.0, 0.9


def markers(view: View) -> Iterator[Finding]:
    """FIL-005: pixels that hold a marker of the detector in every frame."""
    survey = view.survey
    if view.M < 2:
        return
    steady = view.steady
    passing = passing_markers(view)
    if passing.any():
        top = float(survey.largest[passing].max())
        problem = (
            f"{int(passing.sum())} pixels hold {top:.10g} in some frames, the largest number of an integer type, far "
            f"above all that the others reach: a marker and no light: {pixels(np.argwhere(passing))}"
        )
        yield Finding("FIL-005", Severity.WARNING, view.stack, problem, _first(passing))
    for marked, why in _marked(view, steady):
        values = np.unique(survey.largest[marked])
        value = " or ".join(f"{one:.10g}" for one in values[:3])
        where = pixels(np.argwhere(marked))
        problem = f"{int(marked.sum())} pixels hold {value} in every frame, {why}, a marker and no light: {where}"
        yield Finding("FIL-005", Severity.WARNING, view.stack, problem, _first(marked))


def marker_pixels(view: View) -> NDArray[np.bool_]:
    """(N, N): measured pixels that hold a marker in every frame, or in some."""
    found = passing_markers(view) if view.M >= 2 else np.zeros(view.survey.sides, bool)
    for marked, _ in _marked(view, view.steady) if view.M >= 2 else ():
        found |= marked
    return found


def passing_markers(view: View) -> NDArray[np.bool_]:
    """(N, N): measured pixels that hold a marker in some frames only, which nothing comes near."""
    largest = np.where(view.measured & ~view.survey.steady, view.survey.largest, 0.0)
    top = float(largest.max(initial=0.0))
    found = largest == top
    rest = float(largest[~found].max(initial=0.0))
    alone = top > _FAR_ABOVE * rest > 0 and found.mean() < _MOST_MARKED
    if not alone or not _full_scale(np.array([top]), view.dtype)[0].any():
        return np.zeros_like(found)
    return np.asarray(found)


def _marked(view: View, steady: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], str]]:
    largest = view.survey.largest
    negative = steady & (largest < 0)
    if negative.any() and not signs.subtracted(view.survey):
        yield negative, "below zero"
    limit = np.zeros_like(steady)
    limit[steady], why = _full_scale(largest[steady], view.dtype)
    full = limit & (largest > largest[~steady].max(initial=0.0)) & ~of_the_beam(view)
    if full.any():
        yield full, why


def of_the_beam(view: View) -> NDArray[np.bool_]:
    """(N, N): the brightest pixel, where it holds one value in all frames and the light around it comes near."""
    largest = np.where(np.isfinite(view.survey.largest), view.survey.largest, 0.0)
    top = view.steady & (largest == largest.max(initial=0.0)) & (largest > 0)
    if int(top.sum()) != 1:
        return np.zeros_like(top)
    row, column = (int(n) for n in np.argwhere(top)[0])
    beside = largest[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    second = float(np.partition(beside.ravel(), -2)[-2])
    means = (view.survey.sums / max(1, view.M))[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    near = float(np.median(means)) > _OF_PEAK * float(largest[row, column])
    return top if near and second > _HALF * float(largest[row, column]) else np.zeros_like(top)


def _full_scale(values: Floats, dtype: np.dtype[Any]) -> tuple[NDArray[np.bool_], str]:
    """Pixels whose value is a largest number of an integer type, next to it, or a root of one; and which, in words."""
    if dtype.kind in "iu":
        own = values >= float(np.iinfo(dtype).max) - 2
        if own.any():
            return own, f"the largest of {dtype.name}"
    found = values > (1 - _ROUNDING) * _ROOTS[0]
    some = values[found]
    near = _ROOTS[np.clip(np.searchsorted(_ROOTS, some), 1, len(_ROOTS) - 1) - np.array([[1], [0]])]
    rooted = (np.abs(some - near) <= _ROUNDING * near).any(axis=0)
    found[found] = np.isin(some, _LARGEST) | rooted
    return found, "the largest number of an integer type, or its root"


def stuck(view: View) -> Iterator[Finding]:
    """FIL-006: lit pixels that hold one value in all frames, and dead ones among neighbours that count."""
    if view.M < _FEWEST_FRAMES:
        return
    survey, (hot, dead) = view.survey, stuck_pixels(view)
    if hot.any():
        values = np.unique(survey.largest[hot])
        said = f"{values[0]:.6g}" if len(values) == 1 else f"{values[0]:.4g} to {values[-1]:.4g}"
        problem = f"{_count(hot)} {said} in all {view.M} frames: {pixels(np.argwhere(hot))}"
        yield Finding("FIL-006", Severity.WARNING, view.stack, problem, _first(hot))
    if dead.any():
        number, width = int(dead.sum()), int(np.argmin(dead.all(axis=1)))
        problem = f"{number} pixels never count, though light falls around them: {_lines_or_pixels(dead)}"
        if width and np.array_equal(dead, padding_around(*_counts(view), _EXPECTED_COUNTS)):
            problem = (
                f"a rim of {width} pixels on all four sides never counts ({number} pixels), though light reaches it: "
                "smaller frames were padded with zeros, where nothing was measured"
            )
        yield Finding("FIL-006", Severity.WARNING, view.stack, problem, _first(dead))
    flared = view.once(flares)
    bright = flickering_pixels(view)
    if bright.any():
        problem = f"{int(bright.sum())} single pixels outshine all around them by far: {pixels(np.argwhere(bright))}"
        yield Finding("FIL-006", Severity.WARNING, view.stack, problem, _first(bright))
    if flared.any():
        yield Finding("FIL-006", Severity.WARNING, view.stack, flares_in_words(view, flared), _first(flared))


def flares(view: View) -> NDArray[np.bool_]:
    """(N, N): pixels that flare up in one frame, in frames without passing markers."""
    if view.M < 2 or passing_markers(view).any():
        return np.zeros(view.survey.sides, bool)
    return flared_pixels(view, quantum(view))


def flickering_pixels(view: View) -> NDArray[np.bool_]:
    """(N, N): single pixels that change, not once alone, and outshine all around them by far."""
    dark = view.survey.steady & (view.survey.largest == 0)
    usable = view.measured & (~view.survey.steady | dark)
    return outshining_pixels(view.intensity, usable, least=quantum(view) / view.M) & ~view.once(flares)


def stuck_pixels(view: View) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(N, N) twice: lit pixels that hold one value in all frames, and those that never count among others that do."""
    if view.M < _FEWEST_FRAMES:
        return np.zeros(view.survey.sides, bool), np.zeros(view.survey.sides, bool)
    hot = view.steady & (view.survey.largest > 0) & ~_at_the_end(view) & ~marker_pixels(view) & ~of_the_beam(view)
    floor = view.floor
    if floor > 0:
        # What all dark pixels hold is an offset of the whole stack.
        hot &= view.survey.largest != floor
    return hot, _dead(view)


def _count(found: NDArray[np.bool_]) -> str:
    number = int(found.sum())
    return f"{number} pixels hold" if number > 1 else "1 pixel holds"


def _dead(view: View) -> NDArray[np.bool_]:
    """Pixels that are zero throughout, between pixels whose light lets expect so many counts that this is no chance."""
    survey = view.survey
    zero = view.steady & (survey.largest == 0) & ~survey.ever("non-finite")
    if not zero.any() or zero.all():
        return np.zeros_like(zero)
    counts, _ = _counts(view)
    along, across = _between(counts, zero), _between(counts.T, zero.T).T
    # A line of dead pixels has neighbours that count on two sides; a dark fringe has dim ones along it.
    expected = np.where((along > 0) & (across > 0), np.minimum(along, across), np.maximum(along, across))
    found = np.asarray((zero & (expected > _EXPECTED_COUNTS)) | dead_beyond_edges(counts, zero, _EXPECTED_COUNTS))
    return found | padding_around(counts, zero, _EXPECTED_COUNTS)


def _counts(view: View) -> tuple[Floats, NDArray[np.bool_]]:
    """(N, N) twice: counts of all frames together, and the pixels that never count."""
    zero = view.steady & (view.survey.largest == 0) & ~view.survey.ever("non-finite")
    # One frame tells nothing of the others: a strike lights its pixel once, and is worth one count.
    with np.errstate(over="ignore", invalid="ignore"):
        largest = view.survey.largest if view.counts else view.survey.largest**2
        total, one = view.intensity * view.M, quantum(view)
        others = total - np.where(np.isfinite(largest), largest, 0.0)
        counts = np.maximum(others, np.minimum(total, one)) / one
    sample, first = view.survey.sample, view.survey.first
    sample = sample[sample < _MOST_ROOT]
    if len(first) and not (is_whole(sample) or is_whole(sample**2)):
        # Of values that are no counts, each frame in which a pixel has light tells once.
        counts = np.minimum(counts, (first > 0).sum(axis=0) * (view.M / len(first)))
    return counts, zero


def _between(counts: Floats, zero: NDArray[np.bool_]) -> Floats:
    """Counts of the dimmer one of the nearest pixels above and below that are not zero, at most so many lines away."""
    sides = []
    for flip in (1, -1):
        nearest = np.zeros_like(counts)
        known = np.where(zero, 0.0, counts)[::flip]
        for distance in range(_WIDEST_GAP, 0, -1):
            shifted = np.zeros_like(known)
            shifted[distance:] = known[:-distance]
            nearest = np.where(shifted > 0, shifted, nearest)
        sides.append(nearest[::flip])
    return np.minimum(*sides)


def quantum(view: View) -> float:
    """Intensity of one count: the smallest that any pixel shows besides zero.

    Parameters
    ----------
    view : View
    """
    survey = view.survey
    varying = ~view.steady & (survey.largest > 0)
    if not varying.any():
        return 1.0
    # A pixel that rarely counts has shown one count at most.
    dimmest = float(survey.largest[varying].min())
    if float(view.flux.max()) > _BURST * float(np.median(view.flux)) and len(survey.sample):
        # A burst lights every pixel.
        dimmest = min(dimmest, float(survey.sample.min()))
    return dimmest if view.counts else dimmest**2


def _lines_or_pixels(found: NDArray[np.bool_]) -> str:
    said = []
    rest = found.copy()
    (top, left), (bottom, right) = (end(np.argwhere(found), axis=0) for end in (np.min, np.max))
    if found[top : bottom + 1, left : right + 1].all() and min(bottom - top, right - left) > 1:
        return f"rows {top} to {bottom} of columns {left} to {right}"
    for axis, word in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(found.mean(axis=axis) > 0.3)
        if len(lines):
            said.append(f"{word}{'s' * (len(lines) > 1)} {listed(lines)}")
            if axis == 1:
                rest[lines] = False
            else:
                rest[:, lines] = False
    return ", ".join([*said, pixels(np.argwhere(rest))] if rest.any() else said)


def order_of_bytes(view: View) -> str:
    """Say that the bytes of the numbers are in the wrong order; empty where they are not."""
    return exchanged_bytes(view.survey)


def saturated(view: View) -> Iterator[Finding]:
    """FIL-007: values that change from frame to frame and stand at the largest of their integer type."""
    if order := view.once(order_of_bytes):
        yield Finding("FIL-007", Severity.WARNING, view.stack, order)
        return
    over, end = signs.wrapped(view.survey)
    if over:
        few = f"{over} pixels are" if over > 1 else "1 pixel is"
        problem = (
            f"{few} dark among neighbours that stay bright, where counts reach nearly to {end}: counts of {end} and "
            "more were wrapped round the end of a type"
        )
        yield Finding("FIL-007", Severity.WARNING, view.stack, problem)
        return
    if of_the_beam(view).any():
        top = float(view.survey.largest[of_the_beam(view)][0])
        problem = (
            f"the brightest pixel holds {top:.10g} in every frame, and its neighbours come near: each frame was "
            "scaled to end there, and its power is lost, or the beam saturates there"
        )
        yield Finding("FIL-007", Severity.WARNING, view.stack, problem, _first(of_the_beam(view)))
        return
    full = _at_the_end(view)
    if full.any():
        largest = float(view.survey.largest[full].max())
        own = view.dtype.kind in "iu" and largest >= float(np.iinfo(view.dtype).max)
        cut = "cut off there, or scaled to it"
        alone = f", at one place alone: {cut}?" if int(full.sum()) == 1 else ""
        why = f"the largest of {view.dtype.name}{alone}" if own else f"and no value lies above it: {cut}"
        where = pixels(np.argwhere(full))
        problem = f"{int(full.sum())} pixels reach {largest:.10g}, {why}: {where}"
        yield Finding("FIL-007", Severity.WARNING, view.stack, problem, _first(full))


def _at_the_end(view: View) -> NDArray[np.bool_]:
    """Pixels that reach the largest value of an integer type, or one that several share and none passes."""
    largest, none = view.survey.largest, np.zeros(view.survey.sides, bool)
    if view.dtype.kind in "iu":
        full = (largest >= float(np.iinfo(view.dtype).max)) & view.measured
        if (full & ~view.steady).any():
            return full
    varying = view.measured & ~view.survey.steady
    top = float(largest[varying].max(initial=0.0))
    full = view.measured & (largest == top)
    if top <= 0 or (full & varying).sum() < _FEWEST_CUT:
        return none
    power, sums = (top, view.survey.sums) if view.counts else (top**2, view.survey.squares)
    # The largest of a few dozen counts is shared by chance, and by pixels that are mostly far below it.
    near = float(sums[full].max()) > _NEAR_CUT * power * view.M
    return full if (near and power > _LEAST_CUT * quantum(view)) or cut_above(view) else none


def _first(found: NDArray[np.bool_]) -> tuple[int, ...]:
    return (0, *(int(n) for n in np.argwhere(found)[0]))
