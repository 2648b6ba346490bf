"""Rules about parts of frames that were not read: nothing stands there, or what stood there before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.pixels import quantum
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed

_FEWEST_LIT, _RUN, _SHARE, _MOST = 40, 12, 0.04, 0.6
"""Lit pixels below which nothing is told; pixels, and part of the lit ones, that a run has; part of the frames."""

_RARELY, _NEARLY, _OF_LIGHT, _FEWEST_PARTS = 0.35, 0.2, 0.002, 6
"""Share of the frames, part of what is typical of a part, and of all light, from which it is lit; parts that are."""

_FEWEST_LOST, _ALIKE, _SURE = 2, 0.8, 40.0
"""Parts of the detector that are lost at once, share of them that all such frames have in common, and counts of which
none is seen by no chance."""

_DEEP, _WHOLE = 2.5, 0.9
"""Usual runs that one is longer than; part of the lit pixels from which on the frame as a whole is the matter."""


def torn_frames(view: View) -> Iterator[Finding]:
    """FIL-003: frames a part of which holds nothing, where there is light in the others.

    Parameters
    ----------
    view : View
    """
    rows, where = view.once(_lost_parts)
    if len(rows):
        problem = (
            f"in {len(rows)} of {view.M} frames {where} hold nothing, which are lit in all others: a module or a part "
            f"of the readout was lost: {listed(rows)}; mask those pixels in these frames, or leave them out"
        )
        yield Finding("FIL-003", Severity.WARNING, view.stack, problem, (int(rows[0]),))
        return
    rows = lost_rows(view)
    if len(rows):
        problem = (
            f"in {len(rows)} of {view.M} frames runs of pixels hold nothing that are lit before and after: packets or "
            f"lines of the readout were lost: {listed(rows)}; mask those pixels in these frames, or leave them out"
        )
        yield Finding("FIL-003", Severity.WARNING, view.stack, problem, (int(rows[0]),))


def stale_frames(view: View) -> Iterator[Finding]:
    """FIL-025: frames a part of which repeats the frame before, value by value.

    Parameters
    ----------
    view : View
    """
    rows = _standing_out(view, view.survey.runs.repeats)
    # Dark pixels end the runs of a copy, and are copied too.
    rows = rows[view.survey.runs.alike[rows] < _WHOLE * view.survey.runs.lit]
    if len(rows):
        part = float(np.median(view.survey.runs.repeats[rows])) / view.survey.runs.lit
        problem = (
            f"{len(rows)} of {view.M} frames repeat the one before in {part:.0%} of their lit pixels, value by value, "
            f"and not in the rest: {listed(rows)}; a buffer was read before it was filled: leave these frames out"
        )
        yield Finding("FIL-025", Severity.WARNING, view.stack, problem, (int(rows[0]),))


def lost_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the frames a part of which holds nothing."""
    parts = view.once(_lost_parts)[0]
    return parts if len(parts) else _standing_out(view, view.survey.runs.nothing)


def _lost_parts(view: View) -> tuple[NDArray[np.intp], str]:
    """Frames in which the same lit parts of the detector hold nothing, and which; none where no such part is lost."""
    sketches, sides = view.survey.sketches, view.survey.sides
    many = int(np.sqrt(sketches.shape[1]))
    none = np.zeros(0, np.intp), ""
    typical = np.median(sketches, axis=0)
    # What holds light nearly always holds it everywhere on the sample.
    steady = np.quantile(sketches, _RARELY, axis=0) > _NEARLY * typical
    count = quantum(view)
    counted = typical / (count if view.counts else np.sqrt(count)) if count > 0 else np.zeros(len(typical))
    # No less than that were counted: a root is no larger than its count.
    lit = steady & (typical > _OF_LIGHT * typical.sum()) & (counted > _SURE)
    if lit.sum() < _FEWEST_PARTS:
        return none
    empty = (sketches == 0) & lit
    number = empty.sum(axis=1)
    rows = np.flatnonzero((number >= _FEWEST_LOST) & (number < _WHOLE * lit.sum()))
    if not 0 < len(rows) <= _MOST * len(sketches):
        return none
    common = empty[rows].all(axis=0).reshape(many, many)
    if common.sum() < _ALIKE * number[rows].max():
        return none
    spans = [np.flatnonzero(common.any(axis=1 - axis)) for axis in (0, 1)]
    words = [
        f"{name}s {-(-int(one[0]) * side // many)} to {-(-(int(one[-1]) + 1) * side // many) - 1}"
        for one, side, name in zip(spans, sides, ("row", "column"), strict=True)
    ]
    return rows, f"about {words[0]} of {words[1]}"


def _standing_out(view: View, longest: NDArray[np.int32]) -> NDArray[np.intp]:
    """Frames that hold a long run where the others do not; whole frames are told by themselves."""
    lit = view.survey.runs.lit
    if lit < _FEWEST_LIT:
        return np.zeros(0, np.intp)
    usual = float(np.quantile(longest, 1 - _MOST))
    odd = (longest >= max(_RUN, _SHARE * lit, _DEEP * usual)) & (longest < _WHOLE * lit)
    # Where the sample darkens pixels it does so by degrees: long runs, and shorter ones.
    between = (longest > max(_RUN / 3, _DEEP / 2 * usual)) & ~odd & (longest < _WHOLE * lit)
    return np.flatnonzero(odd) if odd.sum() > 2 * between.sum() else np.zeros(0, np.intp)
