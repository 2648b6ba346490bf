"""Mends a file that has probe and object, repair by repair, until its frames are explained or nothing helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward, Misfit
from conformance.files.diagnose.order import pairings
from conformance.files.diagnose.placing import common, line_directions, wishes
from conformance.files.diagnose.repairs import Repair, about, repairs
from conformance.files.diagnose.turns import Turn, turn_of

BETTER = 6.0
"""Student's t over the frames from which a repair counts."""

RIVAL = 4.0
"""The same over the next best repair, from which it is named alone."""

_RATIO = 0.95
_AS_GOOD = 1.02
_ROUNDS = 3
_FEW = 20
_PIXELS = _FEW * 64**2
"""Pixels of the frames that single searches look at, no fewer than eight frames."""

_SHIFTS = (4.0, 2.0, 1.0, 0.5, 0.25)
_COARSE = 3.0
"""Misfit over the floor above which large repairs are tried."""


@dataclass(frozen=True, eq=False)
class Step:
    """A repair that was done.

    Attributes
    ----------
    repair : Repair
    s : (m, 2) float64
        Positions before it.
    before, after : Misfit
    lead : float
        Student's t of the misfit after over that before.
    rival : str
        Name of the next best repair of its family or another; empty where there is none.
    rival_lead : float
        Student's t over it.
    """

    repair: Repair
    s: NDArray[np.float64]
    before: Misfit
    after: Misfit
    lead: float
    rival: str
    rival_lead: float


@dataclass(frozen=True, eq=False)
class Mending:
    """What was done to explain the frames.

    Attributes
    ----------
    stored, mended : Misfit
        Misfit before and after all steps.
    steps : tuple of Step
    alone : float
        Misfit over the floor where every frame lies where it itself fits best.
    wander : float
        Pixels, root mean square, by which single frames want to move beyond what they have in common.
    inside : float
        Mean share of the patches that lies on the object, as stored.
    """

    stored: Misfit
    mended: Misfit
    steps: tuple[Step, ...]
    alone: float
    wander: float
    inside: float


def mended(
    forward: Forward, s_all: NDArray[np.float64], turns: Sequence[Turn], zero: tuple[int, int] | None
) -> Mending:
    """Look for the repairs that explain the frames by the file's own probe and object.

    Parameters
    ----------
    forward : Forward
    s_all : (M, 2)
        All positions, row and column, in object pixels.
    turns : sequence of Turn
        Turns that are worth a try.
    zero : tuple of int or None
        Where the zero frequency lies off the middle, by the probe.
    """
    stored = forward.misfits(forward.s)
    state, steps = forward, list[Step]()
    for _ in range(_ROUNDS):
        step = _best(state, s_all, turns, zero, {one.repair.family for one in steps})
        if step is None:
            break
        steps.append(step)
        state = replace(state, s=step.repair.s, amplitude=step.repair.amplitude)
    few = state.part(_few(state))
    moves, alone = wishes(few)
    wander = moves - np.median(moves, axis=0)
    last = state.misfits(state.s)
    return Mending(
        stored,
        last,
        tuple(steps),
        float(alone.mean() / max(last.floor, 1e-12)),
        float(np.sqrt((wander**2).sum(axis=1).mean())),
        float(forward.inside(forward.s).mean()),
    )


def _best(
    state: Forward, s_all: NDArray[np.float64], turns: Sequence[Turn], zero: tuple[int, int] | None, done: set[str]
) -> Step | None:
    """The repair that helps most, where one does."""
    before = state.misfits(state.s)
    middle = (s_all.max(axis=0) + s_all.min(axis=0)) / 2
    tried = [one for one in _tried(state, s_all, middle, turns, zero, before, done) if one.family not in done]
    found = [(one, state.misfits(one.s, one.amplitude)) for one in tried]
    found = [(one, misfit) for one, misfit in found if misfit.mean < _RATIO * before.mean]
    if not found:
        return None
    found.sort(key=lambda one: one[1].mean)
    repair, after = _simplest(found)
    lead = after.leads(before)
    if lead < BETTER:
        return None
    rivals = [one for one in found[1:] if _differs(one[0], repair)]
    rival_lead = after.leads(rivals[0][1]) if rivals else lead
    return Step(repair, state.s, before, after, lead, rivals[0][0].name if rivals else "", rival_lead)


def _simplest(found: list[tuple[Repair, Misfit]]) -> tuple[Repair, Misfit]:
    """The best; a common shift where that does as well."""
    shifts = [one for one in found if one[0].family == "shift" and one[1].mean < _AS_GOOD * found[0][1].mean]
    return shifts[0] if shifts else found[0]


def _tried(
    state: Forward,
    s_all: NDArray[np.float64],
    middle: NDArray[np.float64],
    turns: Sequence[Turn],
    zero: tuple[int, int] | None,
    before: Misfit,
    done: set[str],
) -> Iterator[Repair]:
    if before.over_floor > _COARSE:
        for one in repairs(state, middle, turns, zero):
            yield settled(state, one) if one.name == "origin" or one.family == "turn" else one
    if "lines" not in done:
        yield from _orders(state, s_all)
    yield from _small(state, s_all, middle)


def _orders(state: Forward, s_all: NDArray[np.float64]) -> Iterator[Repair]:
    for pairing in pairings(s_all):
        owner = pairing.position_of[state.index]
        s = np.where(owner[:, np.newaxis] >= 0, s_all[owner], state.s)
        yield Repair(pairing.name, "order", pairing.what, s, state.amplitude)


def _small(state: Forward, s_all: NDArray[np.float64], middle: NDArray[np.float64]) -> Iterator[Repair]:
    """Repairs that the wishes of single frames ask for."""
    few = state.part(_few(state, 2))
    moves, _ = wishes(few)
    directions = line_directions(s_all)
    own = None if directions is None else directions[few.index]
    for wish in common(few.s, moves, own):
        if wish.name == "shift":
            shift = finest(few, few.s, wish.shift)
            yield Repair("shift", "shift", _moved(shift), state.s + shift, state.amplitude)
        elif wish.name == "affine":
            s = about(state.s, wish.matrix, few.s.mean(axis=0)) + wish.shift
            yield Repair(*_affine_in_words(wish.matrix), s, state.amplitude)
        elif directions is not None:
            s = state.s + wish.shift + wish.along * directions[state.index]
            what = f"move every position by {wish.along:+.2f} px along its line, which alternates"
            yield Repair("lines", "lines", what, s, state.amplitude)


def _affine_in_words(matrix: NDArray[np.float64]) -> tuple[str, str, str]:
    """Name, family and remedy of an affine map near identity, by the largest of its parts."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix))))
    turn = turn_of(matrix)
    angle = (turn.degrees + 180.0) % 360.0 - 180.0
    if abs(scale - 1) >= abs(np.radians(angle)):
        return "scale", "affine", f"scale the positions by {scale:.4f} about the middle of the scan"
    return "small rotation", "affine", f"turn the positions by {angle:+.2f} degrees about the middle of the scan"


def settled(state: Forward, repair: Repair) -> Repair:
    """A repair with the common shift that suits it best, searched on a few frames.

    Parameters
    ----------
    state : Forward
    repair : Repair
    """
    rows = _few(state)
    few, s = state.part(rows), repair.s[rows]
    anchors = [np.zeros(2)]
    off = np.array(state.object.shape) / 2 - (repair.s.max(axis=0) + repair.s.min(axis=0)) / 2
    if np.abs(off).max() > 1:
        anchors.append(off)
    shift = min((finest(few, s, anchor) for anchor in anchors), key=lambda one: few.misfits(s + one).mean)
    said = f", then {_moved(shift)}" if np.abs(shift).max() >= 0.25 else ""
    return replace(repair, s=repair.s + shift, what=repair.what + said)


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
    at, best = np.asarray(start, dtype=np.float64), few.misfits(s + start).mean
    for step in steps:
        around = [np.array([a, b]) * step for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        values = [few.misfits(s + at + one).mean for one in around]
        if min(values) < best:
            best = min(values)
            at = at + around[int(np.argmin(values))]
    return at


def _moved(shift: NDArray[np.float64]) -> str:
    return f"add {shift[1]:+.2f} to x and {shift[0]:+.2f} to y"


def _differs(one: Repair, other: Repair) -> bool:
    """Whether two repairs leave different scans, beyond a quarter of a pixel."""
    apart = np.sqrt(((one.s - other.s) ** 2).sum(axis=1).mean())
    return bool(apart > 0.35) or one.amplitude is not other.amplitude


def _few(state: Forward, times: int = 1) -> NDArray[np.int64]:
    return _spread(len(state.s), times * int(np.clip(_PIXELS / state.N**2, 8, _FEW)))


def _spread(number: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, number - 1, min(number, most)).astype(np.int64))
