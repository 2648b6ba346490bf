"""Rules about positions: steps, repeated points, points alone, planned positions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import exact_raster, line_length
from conformance.files.finding import Finding, Severity
from conformance.files.overflow import Overflow, overflows
from conformance.files.rules.numbered import in_polar, stood_still, too_different, too_small
from conformance.files.rules.ordered import ordered_as_text, other_lines, out_of_order
from conformance.files.rules.passes import held_on, two_objects
from conformance.files.rules.rounded import perhaps_rounded, rounded_places
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed
from conformance.files.survey import Floats

_TINY_STEP = 1e-2
_FAR, _PART = 20.0, 0.1
_ABSURD = 1e9
_FAR_APART = 4.0
_FEWEST_POINTS = 8
_STUCK = 4
_BESIDE, _FAR_OFF, _APART, _PATCHES = 3, 8.0, 3.0, 0.75
_REGULAR, _STEPS, _STAMPS = 0.1, 6.0, 1e4
_ALIKE_MOVES, _COVERED, _HEAPED = 2.0, (0.2, 3.0), 10.0
_ONE_PATCH, _FLAT, _FINE = 2.0, 1e-3, 0.4
_FEWEST_LINES, _SQUEEZED, _PARALLEL = 4, 8.0, 0.9
_FEWEST_SORTED, _UNEVEN = 20, 0.3
"""Points, and radians by which the directions of their steps vary."""


def repeated(view: View) -> Iterator[Finding]:
    """FIL-014: points that are all at one place, repeated, or closer than a part of a pixel; frames in other order."""
    yield from out_of_order(view)
    distance = view.nearest
    if distance is None or view.x is None or view.y is None or len(view.x) < _FEWEST_POINTS:
        return
    points = np.stack([view.x, view.y], axis=1)
    assert view.places is not None
    places, times = view.places.points, view.places.times
    if len(places) == 1:
        yield Finding("FIL-014", Severity.WARNING, "xcoords", f"all {len(points)} points are at one place")
        return
    if over := view.once(ran_over):
        for one in over:
            name, problem = f"{'xy'[one.axis]}coords", f"{one.sentence}; {one.remedy}"
            yield Finding("FIL-014", Severity.WARNING, name, problem, (int(one.at[0]),))
    elif unit := of_another_unit(view):
        yield Finding("FIL-014", Severity.WARNING, "xcoords", unit)
    elif numbers := _numbered(points, places):
        yield Finding("FIL-014", Severity.NOTE, "xcoords", numbers)
    elif coarse := rounded_places(view):
        yield Finding("FIL-014", Severity.WARNING, "xcoords", coarse)
    elif line := _line(points) or _squeezed(points):
        yield Finding("FIL-014", Severity.WARNING, "xcoords", line)
    elif held := stood_still(view):
        yield Finding("FIL-014", Severity.WARNING, "xcoords", held)
    if steps := perhaps_rounded(view):
        yield Finding("FIL-014", Severity.NOTE, "xcoords", steps)
    length = line_length(points) if exact_raster(points) else None
    if length is not None and not view.M % length and (shaped := other_lines(view, (view.M // length, length))):
        yield Finding("FIL-014", Severity.WARNING, "xcoords", shaped)
    if len(places) > 1 and times.min() == times.max() > 1:
        problem = f"each of {len(places)} places was exposed {times.max()} times: parts of a split share what they show"
        moving = held_on(view)
        severity = Severity.WARNING if moving else Severity.NOTE
        yield Finding("FIL-014", severity, "xcoords", moving or problem)
    # What ran over comes back to where it was.
    if not view.once(ran_over) and (second := view.once(two_objects)) is not None:
        at, unlike = second
        problem = (
            f"from about frame {at} on the scan goes over the same region again, where frames of neighbouring points "
            f"are {unlike:.2g} times more unlike those before than each other: two scans, of two objects, in one file?"
        )
        yield Finding("FIL-014", Severity.WARNING, "xcoords", problem, (at,))
    # A scan that visits every place equally often does so on purpose; an encoder that sticks repeats itself at once.
    stuck = _longest_run(points)
    if times.min() < times.max() and len(stuck) >= _STUCK:
        first = int(stuck[0])
        problem = (
            f"{len(stuck)} points in a row stand at x = {points[first, 0]:.6g}, y = {points[first, 1]:.6g} "
            f"({listed(stuck)}); {int((times - 1).sum())} points repeat another one"
        )
        yield Finding("FIL-014", Severity.WARNING, "xcoords", problem, (first,))


def ran_over(view: View) -> tuple[Overflow, ...]:
    """Axes whose counter ran over."""
    return overflows(np.stack([view.x, view.y], axis=1)) if view.x is not None and view.y is not None else ()


def at_one_place(view: View) -> bool:
    """Whether all points of a scan are at one place."""
    return view.x is not None and view.y is not None and len(view.x) > 1 and not (np.ptp(view.x) or np.ptp(view.y))


def of_another_unit(view: View) -> str:
    """Say that positions are no object pixels: within a few of them, far apart, or numbers of rows and columns."""
    distance = view.nearest
    if distance is None or view.x is None or view.y is None or len(view.x) < _FEWEST_POINTS:
        return ""
    points = np.stack([view.x, view.y], axis=1)
    assert view.places is not None
    places = view.places.points
    steps = distance[distance > 0]
    typical = float(np.median(steps)) if len(steps) else 0.0
    extent = float(np.ptp(points, axis=0).max())
    tiny = 0 < typical < _TINY_STEP and extent < 1
    # Many points within two pixels see one patch; no scan takes ten steps to a pixel over a part of a patch.
    dense = len(places) >= 16 and (extent < _ONE_PATCH or (typical < _FINE and extent < view.N / 4))
    if _are_moves(points, typical):
        return (
            f"the points lie in heaps, most of them {float(np.median(np.hypot(*points.T))):.3g} from (0, 0), and their "
            "sums fill an area as a scan does: are they the moves from point to point? Sum them up"
        )
    if polar := in_polar(points, typical):
        return polar
    if tiny or (dense and extent > 0):
        return (
            f"all points lie within {extent:.3g} pixels, {typical:.2g} apart: are they in metres or micrometres, or "
            "in pixels of the detector?"
        )
    if typical > _FAR_APART * view.N and not len(lonely_rows(view)):
        return (
            f"neighbouring points lie {typical:.3g} apart, where a frame has {view.N} pixels: are they in nanometres, "
            "or in steps of a motor?"
        )
    return _numbered(points, places) if too_small(view) or too_different(view) else ""


def _are_moves(points: Floats, apart: float) -> bool:
    """Whether points are moves from each to the next: in heaps, all of one length, and their sums fill an area."""
    length = np.hypot(*points[1:].T)
    short, typical, long = (float(one) for one in np.quantile(length, (0.1, 0.5, 0.9)))
    # Points of a scan have the area that they cover to themselves.
    heaped = float(np.ptp(points, axis=0).prod()) > _HEAPED * len(points) * apart * apart
    if not heaped or not 0 < short * _ALIKE_MOVES > long or len(points) < 2 * _FEWEST_POINTS:
        return False
    covered = float(np.ptp(np.cumsum(points, axis=0), axis=0).prod()) / (len(points) * typical * typical)
    return _COVERED[0] < covered < _COVERED[1]


def _numbered(points: Floats, places: Floats) -> str:
    """Say that positions count the rows and columns of a raster; empty where they do not."""
    first, last = points.min(axis=0), points.max(axis=0)
    counted = np.isin(first, (0.0, 1.0)).all() and np.array_equal(points, np.rint(points))
    columns, rows = (int(n) for n in np.clip(last - first + 1, 0, _ABSURD))
    if len(places) < 16 or not counted or min(rows, columns) < 2 or rows * columns != len(places):
        return ""
    return (
        f"the positions are whole numbers from {first[0]:g} to {last[0]:g} and from {first[1]:g} to {last[1]:g}: "
        f"columns and rows of a raster of {columns} x {rows} points, not pixels? Multiply them by its step"
    )


def _line(points: Floats) -> str:
    """Say that points lie along a line, and what may have made one of them; empty where they do not."""
    x, y = points.T
    # Points that lie alone are no axis in another unit.
    spans = np.ptp(np.quantile(points, (0.1, 0.9), axis=0), axis=0)
    if np.array_equal(x, y):
        return "xcoords and ycoords hold the same numbers: one column read twice?"
    names = ("xcoords", "ycoords")
    for name, values, other in ((names[0], x, y), (names[1], y, x)):
        if _counts_on(values) and np.ptp(other) > _STEPS * float(np.median(np.abs(np.diff(other)))) > 0:
            return (
                f"{name} goes from {values[0]:.10g} to {values[-1]:.10g} in equal steps, a frame a step, whatever the "
                "other axis does: times or numbers of the frames in place of a coordinate?"
            )
    if len(points) >= _FEWEST_SORTED and _only_grow(points):
        return (
            "xcoords and ycoords both grow from point to point, and by uneven steps: was each of them sorted by itself?"
        )
    low = int(spans.argmin())
    if np.ptp(points[:, low]) == 0:
        return f"{names[low]} holds one value: all points lie along a line, or one axis was not read"
    if spans[low] < _FLAT * spans[1 - low]:
        other = f"{names[1 - low]} {spans[1 - low]:.4g}"
        return f"{names[low]} spans {spans[low]:.3g} pixels, {other}: is one in another unit?"
    return ""


def _only_grow(points: Floats) -> bool:
    """Whether both coordinates only grow, or only fall, by steps of no common direction: along no line of a scan."""
    steps = np.diff(points, axis=0)
    steps = steps * np.sign(steps.sum(axis=0))
    if (steps < 0).any() or not steps.any(axis=0).all():
        return False
    angles = np.arctan2(steps[:, 1], steps[:, 0])[steps.any(axis=1)]
    return bool(angles.std() > _UNEVEN)


def _squeezed(points: Floats) -> str:
    """Say that the lines of a scan lie far closer than the points of a line; empty where they do not.

    A scan on the fly has many points to a line, and not the other way.
    """
    length = line_length(points)
    if length is None or len(points) < _FEWEST_LINES * length:
        return ""
    lines = points[: len(points) // length * length].reshape(-1, length, 2)
    along = float(np.median(np.hypot(*np.moveaxis(np.diff(lines, axis=1), -1, 0))))
    between = float(np.median(np.hypot(*np.diff(np.median(lines, axis=1), axis=0).T)))
    ahead = lines[:, -1] - lines[:, 0]
    angles = 2j * np.arctan2(ahead[:, 1], ahead[:, 0])
    # Lines through one middle, as of a star, lie on each other there, and go in all directions.
    if not 0 < between * _SQUEEZED < along or abs(np.exp(angles).mean()) < _PARALLEL:
        return ""
    axis = "xy"[int(np.ptp(points, axis=0).argmin())]
    return f"the points of a line lie {along:.3g} apart, and the lines {between:.2g}: is {axis} in another unit?"


def _counts_on(values: Floats) -> bool:
    """Whether values are times or numbers: they grow by equal steps, whole ones, or small beside where they begin."""
    steps = np.diff(values)
    steady = bool((steps > 0).all()) and float(steps.std()) < _REGULAR * float(steps.mean())
    numbers = bool((steps == 1).all() and values[0] in (0, 1))
    return steady and (numbers or bool(abs(values[0]) > _STAMPS * np.ptp(values)))


def _longest_run(points: Floats) -> NDArray[np.intp]:
    """Return the rows of the longest run of equal points."""
    same = np.concatenate([[False], (points[1:] == points[:-1]).all(axis=1), [False]])
    edges = np.flatnonzero(np.diff(same.astype(np.int8)))
    if not len(edges):
        return np.arange(0)
    starts, ends = edges[::2], edges[1::2]
    best = int((ends - starts).argmax())
    return np.arange(starts[best], ends[best] + 1)


def alone(view: View) -> Iterator[Finding]:
    """FIL-015: points far from all others."""
    from scipy.spatial import cKDTree

    far, distance = lonely_rows(view), view.nearest
    if len(far) and distance is not None and view.x is not None and view.y is not None:
        first = int(far[0])
        few = f"{len(far)} points lie" if len(far) > 1 else "1 point lies"
        rest = np.delete(np.stack([view.x, view.y], axis=1), far, axis=0)
        away = np.asarray(cKDTree(rest).query(np.stack([view.x[far], view.y[far]], axis=1))[0])
        problem = (
            f"{few} {away.min():.4g} pixels or more from all others ({listed(far)}); the first at "
            f"x = {view.x[first]:.6g}, y = {view.y[first]:.6g}"
        )
        yield Finding("FIL-015", Severity.WARNING, "xcoords", problem, (first,))
    yield from parts_apart(view)


def parts_apart(view: View) -> Iterator[Finding]:
    """FIL-015, as a note: a scan in parts that lie farther apart than patches reach."""
    distance = view.nearest
    if distance is None or len(distance) < 2 * _FEWEST_POINTS or view.x is None or view.y is None:
        return
    steps = distance[distance > 0]
    # As far apart as a patch is wide, nothing lies under both.
    limit = max(_FAR_OFF * float(np.median(steps)), 1.0 * view.N) if len(steps) else 1.0 * view.N
    for values, axis in ((view.x, "x"), (view.y, "y")):
        ordered = np.sort(values)
        gaps = np.diff(ordered)
        at = int(gaps.argmax())
        share = min(at + 1, len(values) - at - 1) / len(values)
        if gaps[at] > limit and share > _PART:
            turns = np.flatnonzero(np.diff(values > ordered[at])) + 1
            where = f"; the one ends and the other begins at frame {turns[0]}" if len(turns) == 1 else ""
            problem = (
                f"the points lie in two parts, {gaps[at]:.4g} pixels apart along {axis} ({at + 1} and "
                f"{len(values) - at - 1} points{where}): several scans in one file, or a jump of the stage?"
            )
            yield Finding("FIL-015", Severity.NOTE, "xcoords", problem)
            return


def lonely_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the few points that lie far from all others."""
    distance = view.nearest
    if distance is None or len(distance) < _FEWEST_POINTS or view.x is None or view.y is None:
        return np.arange(0)
    if view.once(ran_over):
        return np.arange(0)
    steps = distance[distance > 0]
    limit = max(_FAR * float(np.median(steps)), 2.0 * view.N) if len(steps) else 2.0 * view.N
    places = np.stack([view.x, view.y])
    # So far away that the others coincide beside it.
    absurd = (np.abs(places - np.median(places, axis=1, keepdims=True)) > _ABSURD).any(axis=0)
    gap = max(_FAR_OFF * float(np.median(steps)), _PATCHES * view.N) if len(steps) else limit
    aside = _excursions(places.T)
    if aside.any() and ordered_as_text(view):
        # 11 stands between 109 and 110.
        aside[:] = False
    odd = absurd | _beyond_gaps(view, gap) | _jumps(view, distance) | aside
    far = np.flatnonzero((distance > limit) | odd)
    return far if len(far) <= len(distance) // 10 else np.arange(0)


def _beyond_gaps(view: View, limit: float) -> NDArray[np.bool_]:
    """(M,): the few points on the far side of a gap that no other point lies in: failures may repeat themselves."""
    found = np.zeros(view.M, bool)
    for values in (view.x, view.y):
        assert values is not None
        order = np.argsort(values, kind="stable")
        gaps = np.flatnonzero(np.diff(values[order]) > limit) + 1
        few = [at for at in gaps if min(at, view.M - at) <= view.M // 10]
        for at in few:
            found[order[:at] if at < view.M - at else order[at:]] = True
    return found


def _jumps(view: View, distance: Floats) -> NDArray[np.bool_]:
    """(M,): points far from those before and after them, at places where no other point lies."""
    assert view.x is not None
    assert view.y is not None
    points = np.stack([view.x, view.y], axis=1)
    typical = float(np.median(np.hypot(*np.diff(points, axis=0).T)))
    padded = np.pad(points, ((_BESIDE, _BESIDE), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _BESIDE + 1, axis=0)
    off = np.hypot(*(points - np.median(windows, axis=-1)).T)
    near = float(np.median(distance))
    return np.asarray((typical > 0) & (off > _FAR_OFF * typical) & (distance > _APART * near))


def _excursions(points: Floats) -> NDArray[np.bool_]:
    """(M,): a few points in a row far aside, with a jump there and a jump back to where the scan goes on."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    jumps = np.flatnonzero(steps > _FAR_OFF * float(np.median(steps)))
    found = np.zeros(len(points), bool)
    for first, last in pairwise(jumps):
        on = float(np.hypot(*(points[last + 1] - points[first])))
        # A line and its flyback are as long as each other.
        if last - first <= len(points) // 10 and min(steps[first], steps[last]) > _APART * on:
            found[first + 1 : last + 1] = True
    return found


def misplaced_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the points that lie alone, or at one place many in a row: they are named, and tell no origin."""
    if view.x is None or view.y is None:
        return np.arange(0)
    stuck = _longest_run(np.stack([view.x, view.y], axis=1))
    rows = np.union1d(lonely_rows(view), stuck if len(stuck) >= _STUCK else stuck[:0])
    return rows if len(rows) < view.M // 2 else rows[:0]


def along_a_line(view: View) -> bool:
    """Whether one axis is in another unit than the other, or was not read."""
    if view.x is None or view.y is None or len(view.x) < _FEWEST_POINTS:
        return False
    return bool(_line(np.stack([view.x, view.y], axis=1)))


def planned(view: View) -> Iterator[Finding]:
    """FIL-016: positions that are an exact raster, and equal to the start positions where there are any."""
    if view.x is None or view.y is None or len(view.x) < 16:
        return
    if view.start is not None and not (np.array_equal(view.x, view.start[0]) and np.array_equal(view.y, view.start[1])):
        return
    if _exact_steps(view.x) and _exact_steps(view.y):
        equal = " and equal the start positions" if view.start is not None else ""
        problem = f"the positions are an exact raster{equal}: planned values, not measured ones?"
        yield Finding("FIL-016", Severity.NOTE, "xcoords", problem)


def _exact_steps(values: Floats) -> bool:
    """Whether few distinct values occur, at equal distances."""
    distinct = np.unique(values)
    if not 2 <= len(distinct) <= len(values) // 3:
        return False
    steps = np.diff(distinct)
    return bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0))
