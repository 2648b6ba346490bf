"""Mends a file that has probe and object, repair by repair, until its frames are explained or nothing helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import paired_frames
from conformance.files.diagnose.changed import changed_parts
from conformance.files.diagnose.delayed import delayed
from conformance.files.diagnose.fitting import few_of, finest, fitted, moved_in_words, small_repairs
from conformance.files.diagnose.forward import Forward, Misfit
from conformance.files.diagnose.misplaced import misplaced
from conformance.files.diagnose.order import pairings
from conformance.files.diagnose.placing import wishes
from conformance.files.diagnose.rematched import rematched
from conformance.files.diagnose.repairs import Repair, repairs
from conformance.files.diagnose.student import student
from conformance.files.diagnose.turns import Turn

BETTER = 6.0
"""Student's t over the frames from which a repair counts."""

RIVAL = 4.0
"""The same over the next best repair, from which it is named alone."""

_RATIO = 0.95
_AS_GOOD = 1.02
_ROUNDS = 3
LINEAR = ("origin", "turn", "shift", "affine")
"""Families of repairs that move all positions alike."""

_FITTED, _CLOSE = ("affine", "lines"), 2.0
"""Families that are fitted to their end, where they come this close to the best misfit."""

_COARSE, _EXPLAINED = 3.0, 0.25
"""Misfit over the floor above which large repairs are tried; part of the misfit up to which frames that were paired
anew are explained."""


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
    state : Forward
        The frames after them.
    alone : float
        Misfit over the floor where every frame lies where it itself fits best.
    wander : float
        Pixels, root mean square, by which single frames want to move beyond what they have in common.
    alike : float
        Correlation of what one frame and the next of those looked at want: near 1 in a drift, near 0 in a jitter.
    beyond : float
        Misfit of the same frames where they lie together, over ``alone``.
    beyond_lead : float
        Student's t over the frames by which it is larger.
    inside : float
        Mean share of the patches that lies on the object, as stored.
    """

    stored: Misfit
    mended: Misfit
    steps: tuple[Step, ...]
    state: Forward
    alone: float
    wander: float
    alike: float
    beyond: float
    beyond_lead: float
    inside: float


def mended(
    forward: Forward,
    s_all: NDArray[np.float64],
    turns: Sequence[Turn],
    zero: tuple[int, int] | None,
    without: frozenset[str] = frozenset(),
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
    without : frozenset of str
        Families of repairs that are not asked for.
    """
    stored = forward.misfits(forward.s)
    state, steps, s_stored = forward, list[Step](), s_all
    for _ in range(_ROUNDS):
        step = _best(state, s_all, turns, zero, {one.repair.family for one in steps} | without)
        if step is None:
            break
        steps.append(step)
        s_all = step.repair.whole_scan(state.s, s_all)
        state = step.repair.done_to(state)
    if state.misfits(state.s).over_floor > _COARSE and (step := _rematched(forward, s_stored, stored)) is not None:
        steps, state = [step], step.repair.done_to(forward)
    few = state.part(few_of(state, 2))
    moves, alone = wishes(few)
    wander = moves - np.median(moves, axis=0)
    together = few.missed(few.s)
    last = state.misfits(state.s)
    return Mending(
        stored,
        last,
        tuple(steps),
        state,
        float(alone.mean() / max(last.floor, 1e-12)),
        float(np.sqrt((wander**2).sum(axis=1).mean())),
        float((wander[1:] * wander[:-1]).sum() / max(float((wander**2).sum()), 1e-12)),
        float(together.mean() / max(alone.mean(), 1e-300)),
        _paired(np.log(together + 1e-12) - np.log(alone + 1e-12)),
        float(forward.inside(forward.s).mean()),
    )


def _best(
    state: Forward, s_all: NDArray[np.float64], turns: Sequence[Turn], zero: tuple[int, int] | None, done: set[str]
) -> Step | None:
    """The repair that helps most, where one does."""
    before = state.misfits(state.s)
    middle = (s_all.max(axis=0) + s_all.min(axis=0)) / 2
    tried = [one for one in _tried(state, s_all, middle, turns, zero, before, done) if one.family not in done]
    found = [(one, one.misfits(state)) for one in tried]
    found = [(one, misfit) for one, misfit in found if misfit.mean < _RATIO * before.mean]
    # What only makes smoother patches leaves less of the noise, and explains none of the rest.
    found = [(one, m) for one, m in found if one.amplitude is not state.amplitude or m.over_floor < before.over_floor]
    if not found:
        return None
    found.sort(key=lambda one: one[1].mean)
    # One fit to what frames ask for is rough: what comes close is fitted to its end before one is chosen.
    close = [one for one in found if one[0].family in _FITTED and one[1].mean < _CLOSE * found[0][1].mean]
    for one in close:
        closer = fitted(state, s_all, one[0])
        found[found.index(one)] = closer, closer.misfits(state)
    found.sort(key=lambda one: one[1].mean)
    repair, after = _simplest(found)
    lead = after.leads(before)
    if lead < BETTER:
        return None
    rivals = [one for one in found[1:] if _differs(one[0], repair)]
    rival_lead = after.leads(rivals[0][1]) if rivals else lead
    if repair.owner is not None:
        left = repair.done_to(state)
        after = left.misfits(left.s)
    return Step(repair, state.s, before, after, lead, rivals[0][0].name if rivals else "", rival_lead)


def _rematched(forward: Forward, s_all: NDArray[np.float64], before: Misfit) -> Step | None:
    """Every frame at the position, or the place of the object, that it fits best, where that explains the frames."""
    for repair in (rematched(forward, s_all), misplaced(forward)):
        if repair is None:
            continue
        after = repair.misfits(forward)
        moved = (repair.s != forward.s).any(axis=1)
        lead = replace(after, frames=after.frames[moved]).leads(replace(before, frames=before.frames[moved]))
        explained = after.over_floor < _COARSE or after.mean < _EXPLAINED * before.mean
        if lead > BETTER and explained:
            return Step(repair, forward.s, before, after, lead, "", lead)
    return None


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
        yield from changed_parts(state)
    if "lines" not in done:
        yield from _orders(state, s_all)
    if not done:
        yield from delayed(state, s_all)
    yield from small_repairs(state, s_all)


def _orders(state: Forward, s_all: NDArray[np.float64]) -> Iterator[Repair]:
    for pairing in pairings(s_all):
        owner = pairing.position_of[state.index]
        s = np.where(owner[:, np.newaxis] >= 0, s_all[owner], state.s)
        yield Repair(
            pairing.name,
            "order",
            pairing.what,
            s,
            state.amplitude,
            fixes=(paired_frames(pairing.rule),),
            owner=pairing.position_of,
        )


def settled(state: Forward, repair: Repair) -> Repair:
    """A repair with the common shift that suits it best, searched on a few frames.

    Parameters
    ----------
    state : Forward
    repair : Repair
    """
    rows = few_of(state)
    few, s = state.part(rows), repair.s[rows]
    anchors = [np.zeros(2)]
    off = np.array(state.object.shape) / 2 - (repair.s.max(axis=0) + repair.s.min(axis=0)) / 2
    if np.abs(off).max() > 1:
        anchors.append(off)
    shift = min((finest(few, s, anchor) for anchor in anchors), key=lambda one: few.missed(s + one).mean())
    said = f", then {moved_in_words(shift)}" if np.abs(shift).max() >= 0.25 else ""
    return replace(repair, s=repair.s + shift, what=repair.what + said)


def _paired(difference: NDArray[np.float64]) -> float:
    return student(difference)


def _differs(one: Repair, other: Repair) -> bool:
    """Whether two repairs leave different scans, beyond a quarter of a pixel."""
    apart = np.sqrt(((one.s - other.s) ** 2).sum(axis=1).mean())
    alike = all(_equal(getattr(one, part), getattr(other, part)) for part in ("amplitude", "probe", "object"))
    return bool(apart > 0.35) or not alike


def _equal(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    """Whether two arrays, which may be absent, hold the same: frames rolled by half a side are those of fftshift."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
