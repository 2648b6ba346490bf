"""Small repairs of positions, fitted to what single frames ask for: a shift, an affine map, a way along the lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import shifted_lines
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.lines import line_directions
from conformance.files.diagnose.placing import common, wishes
from conformance.files.diagnose.repairs import Repair, about
from conformance.files.diagnose.turns import turn_of

_FEW = 20
_PIXELS = _FEW * 64**2
"""Pixels of the frames that single searches look at, no fewer than eight frames."""

_REFITS = 3
_LEAST_STRETCH, _STRETCHED = 0.004, 0.3
"""Stretch of one axis against another from which it is named, and in parts of what else an affine map does."""

_NO_SHIFT = 0.1
_SHIFTS = (4.0, 2.0, 1.0, 0.5, 0.25)


def small_repairs(state: Forward, s_all: NDArray[np.float64]) -> Iterator[Repair]:
    """Repairs that the wishes of single frames ask for.

    Parameters
    ----------
    state : Forward
    s_all : (M, 2)
        All positions, in their order.
    """
    few = state.part(few_of(state, 2))
    moves, _ = wishes(few)
    directions = line_directions(s_all)
    own = None if directions is None else directions[few.index]
    for wish in common(few.s, moves, own):
        if wish.name == "shift":
            shift = finest(few, few.s, wish.shift)
            yield Repair("shift", "shift", moved_in_words(shift), state.s + shift, state.amplitude)
        elif wish.name == "affine":
            yield _affine(state, about(state.s, wish.matrix, few.s.mean(axis=0)) + wish.shift)
        elif directions is not None:
            yield _lines(state, directions, state.s + wish.shift + wish.along * directions[state.index])


def fitted(state: Forward, s_all: NDArray[np.float64], repair: Repair) -> Repair:
    """An affine repair or one along the lines, fitted again from where it leads until frames ask for little more.

    Parameters
    ----------
    state : Forward
    s_all : (M, 2)
        All positions, in their order.
    repair : Repair
    """
    directions = line_directions(s_all) if repair.family == "lines" else None
    own, s, rows = None if directions is None else directions[state.index], repair.s, few_of(state, 2)
    for _ in range(_REFITS):
        few = replace(state, s=s).part(rows)
        asked = common(few.s, wishes(few, 1.0)[0], None if own is None else own[rows])
        wish = next(one for one in asked if one.name == repair.family)
        tried = about(s, wish.matrix, few.s.mean(axis=0)) + wish.shift + (0 if own is None else wish.along * own)
        if state.missed(tried).mean() >= state.missed(s).mean():
            break
        s = tried
    return _affine(state, s) if directions is None else _lines(state, directions, s)


def _affine(state: Forward, s: NDArray[np.float64]) -> Repair:
    """The repair that brings frames to positions (m, 2) by an affine map.

    Parameters
    ----------
    state : Forward
    s : (m, 2)
    """
    rest = state.s - state.s.mean(axis=0), s - s.mean(axis=0)
    name, what = _affine_in_words(np.linalg.lstsq(*rest, rcond=None)[0].T)
    return Repair(name, "affine", what, s, state.amplitude)


def _affine_in_words(matrix: NDArray[np.float64]) -> tuple[str, str]:
    """Name and remedy of an affine map near identity, by the largest of its parts."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix))))
    angle = (turn_of(matrix).degrees + 180.0) % 360.0 - 180.0
    stretch, turned = float(np.log(np.linalg.cond(matrix))) / 2, abs(np.radians(angle))
    if stretch > max(_LEAST_STRETCH, _STRETCHED * max(abs(scale - 1), turned)):
        (yy, yx), (xy, xx) = matrix
        name = "shear" if turned > _STRETCHED * stretch else "stretch"
        return name, f"make x, y of {xx:.4f} x {xy:+.4f} y, {yx:+.4f} x {yy:+.4f} y about the middle of the scan"
    if abs(scale - 1) >= turned:
        return "scale", f"scale the positions by {scale:.4f} about the middle of the scan"
    return "small rotation", f"turn the positions by {angle:+.2f} degrees about the middle of the scan"


def _lines(state: Forward, directions: NDArray[np.float64], s: NDArray[np.float64]) -> Repair:
    """The repair that brings frames to positions (m, 2) by a shift and a way along lines that go to and fro.

    Parameters
    ----------
    state : Forward
    directions : (M, 2)
        Of the lines, for all positions.
    s : (m, 2)
    """
    own = directions[state.index]
    rest, tilt = s - state.s, own - own.mean(axis=0)
    along = float((rest * tilt).sum() / max(float((tilt**2).sum()), 1e-12))
    shift = rest.mean(axis=0) - along * own.mean(axis=0)
    what = f"move every position by {along:+.2f} px along its line, which alternates"
    if np.abs(shift).max() >= _NO_SHIFT:
        what += f", and {moved_in_words(shift)}"
    fixes = (shifted_lines(along, shift),)
    return Repair("lines", "lines", what, s, state.amplitude, fixes=fixes)


def finest(
    few: Forward, s: NDArray[np.float64], start: NDArray[np.float64], steps: tuple[float, ...] = _SHIFTS
) -> NDArray[np.float64]:
    """Common shift (2,) near ``start`` that fits best, by smaller and smaller steps.

    Parameters
    ----------
    few : Forward
    s : (m, 2)
        Positions of its frames.
    start : (2,)
    steps : tuple of float
        Pixels, from coarse to fine.
    """
    at, best = np.asarray(start, dtype=np.float64), few.missed(s + start).mean()
    for step in steps:
        around = [np.array([a, b]) * step for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        values = [few.missed(s + at + one).mean() for one in around]
        if min(values) < best:
            best = min(values)
            at = at + around[int(np.argmin(values))]
    return at


def moved_in_words(shift: NDArray[np.float64]) -> str:
    """A common shift (2,) [row, column], as a remedy."""
    return f"add {shift[1]:+.2f} to x and {shift[0]:+.2f} to y"


def few_of(state: Forward, times: int = 1) -> NDArray[np.int64]:
    """Numbers of some frames for single searches, or of some times as many."""
    return _spread(len(state.s), times * int(np.clip(_PIXELS / state.N**2, 8, _FEW)))


def _spread(number: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, number - 1, min(number, most)).astype(np.int64))
