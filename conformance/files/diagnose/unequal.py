"""Frames that probe and object explain worse than the others: on every second line, from one on, or more and more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.explained import SOUND, SOUND_ALONE, sound
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.forward import Forward, Misfit, misfit_of
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.mending import mended
from conformance.files.diagnose.residual import residual_of
from conformance.files.diagnose.verdict import Word
from conformance.files.rules.wording import pixels

NAME, TREND = "unequal", "trend"
_FEWEST, _TIMES, _TIMES_WITHIN, _SURE = 6, 1.5, 2.0, 6.0
"""Frames of either part, the misfit of one over that of the other, the same where both are explained, and Student's t
from which they are unequal."""

_MIRRORED = {"left to right": np.s_[:, :, ::-1], "upside down": np.s_[:, ::-1], "both ways": np.s_[:, ::-1, ::-1]}
_LEAD, _BETTER, _LIGHT = 4.0, 0.2, 0.1
_BEYOND, _OF_LIGHT, _FEW = 8.0, 1.0, 0.02
"""Errors of the mean, and mean lights of a pixel, by which a pixel is hotter, and part of them that may be."""


def unequal(state: Forward, misfit: Misfit, s_all: NDArray[np.float64], wandering: bool = False) -> Fault | None:
    """What sets the frames apart that are explained worse; None where none do, or in no order.

    Parameters
    ----------
    state : Forward
        Some frames, as far as they could be mended.
    misfit : Misfit
        Of these.
    s_all : (M, 2)
        All positions of the scan, in their order.
    wandering : bool
        Whether frames are explained where each lies by itself: positions that are the worse the later are no more.
    """
    allowed = max(SOUND * misfit.floor, SOUND_ALONE)
    explained = float(np.quantile(misfit.frames, _BETTER)) < allowed
    if len(misfit.frames) != len(state.index) or not explained:
        return None
    left = np.log(misfit.frames + 1e-12)
    lines = _lines(state, misfit, left, line_length(s_all))
    # Where all frames wander, a part of them is no other one unless the rest is explained as it is.
    rest = SOUND * misfit.floor if wandering else float("inf")
    return lines or _time(state, left, s_all, (wandering, rest), allowed)


def _lines(state: Forward, misfit: Misfit, left: NDArray[np.float64], length: int | None) -> Fault | None:
    odd = (state.index // (length or 1)) % 2 == 1
    for other in (odd, ~odd) if length else ():
        times, sure = _apart(left[~other], left[other])
        if times < _TIMES or sure < _SURE:
            continue
        first = 1 if other is odd else 0
        said = f"frames of every second line of {length} points, from line {first} on, are explained {times:.1f} times "
        said += "worse than the others"
        for way, flip in _MIRRORED.items():
            turned = state.misfits(state.s, _rolled(state.amplitude, flip))
            was, now = (replace(one, frames=one.frames[other]) for one in (misfit, turned))
            if now.leads(was) > _LEAD and _apart(left[~other], np.log(now.frames))[0] < _TIMES:
                said += f", and as well as these once they are mirrored {way}"
                return Fault(NAME, Word.CERTAIN, said, f"mirror the frames of these lines {way}")
        remedy = "were these lines read the other way round, or their frames turned? mend them, or leave them out"
        return Fault(NAME, Word.LIKELY, said, remedy)
    return None


def _rolled(amplitude: NDArray[np.float32], flip: tuple[slice, ...]) -> NDArray[np.float32]:
    """Frames (m, N, N) mirrored about the zero frequency, which stays at N // 2."""
    axes = [axis for axis, one in enumerate(flip) if one.step == -1]
    return np.roll(amplitude[flip], [1 - amplitude.shape[-1] % 2] * len(axes), axes)


def _time(
    state: Forward, left: NDArray[np.float64], s_all: NDArray[np.float64], wander: tuple[bool, float], allowed: float
) -> Fault | None:
    """Frames that are explained worse from one on, or the worse the later.

    Where ``allowed`` bounds what they leave over too, so much more is what another part of the sample leaves; where
    they wander, the others must be explained to within what is given with it.
    """
    index = state.index
    splits = range(_FEWEST, len(left) - _FEWEST + 1)
    told = [(sure, at, times) for at in splits for times, sure in [_apart(left[:at], left[at:])]]
    sure, at, times = max(told, default=(0.0, 0, 1.0), key=lambda one: abs(one[0]))
    worse = max(times, 1 / times)
    within = float(np.exp(np.median(left[at:] if times > 1 else left[:at]))) < allowed
    if abs(sure) < _SURE or worse < (_TIMES_WITHIN if within else _TIMES):
        return None
    if float(np.exp(np.median(left[:at] if times > 1 else left[at:]))) > wander[1]:
        return None
    figures: dict[str, float] = {}
    where = "later" if times > 1 else "earlier"
    line = np.polynomial.Polynomial.fit(index, left, 1)(index)
    if float(((left - line) ** 2).sum()) < float(left[:at].var() * at + left[at:].var() * (len(left) - at)):
        if wander[0]:
            return None
        said = f"frames are explained worse the {where} they were taken, {worse:.1f} times over the scan"
        why, figures = "a sample that is damaged, a probe or focus that drifts", {TREND: worse}
    else:
        side = f"from about {index[at]} on" if times > 1 else f"up to about {index[at - 1]}"
        said = f"frames {side} are explained {worse:.1f} times worse than the others"
        why = "the probe, the focus or the sample changed there, or these frames are of another scan"
        parts = np.arange(at, len(left)), np.arange(at)
        known = _known(state, *(parts if times > 1 else parts[::-1]), left, s_all)
        if known is not None:
            return Fault(NAME, Word.LIKELY, f"{said}, {known[0]}", known[1])
    return Fault(NAME, Word.LIKELY, f"{said}: {why}", "diagnose the parts by themselves, or leave one out", figures)


def _known(
    state: Forward,
    worse: NDArray[np.int64],
    others: NDArray[np.int64],
    left: NDArray[np.float64],
    s_all: NDArray[np.float64],
) -> tuple[str, str] | None:
    """What explains a part of the frames as well as the others, and what is to be done; None where it is not known."""
    part, rest = state.part(worse), state.part(others)
    misfit = part.misfits(part.s)
    light = (rest.misfits(rest.s).gain / max(misfit.gain, 1e-300)) ** -2
    if abs(np.log(light)) > _LIGHT and _apart(left[others], np.log(misfit.frames + 1e-12))[0] < _TIMES:
        told = f"and as well as these with {light:.2g} times the light: another exposure, or another flux"
        return told, "divide these frames by their measured flux, or leave them out"
    if (hot := _hotter(part, rest, left[others])) is not None:
        return hot
    if not np.array_equal(state.s, s_all[state.index], equal_nan=True):
        return None
    done = mended(part, s_all, (), None)
    if not done.steps or not sound(done):
        return None
    what = done.steps[0].repair.what
    if done.steps[0].repair.name == "lag":
        what = f"{what.partition(':')[0]}, as where a frame or a position was lost: drop its partner"
    return f"and explained once this is done to them: {what}", f"for these frames alone: {what}"


def _hotter(part: Forward, rest: Forward, left: NDArray[np.float64]) -> tuple[str, str] | None:
    """The few pixels by which a part of the frames is worse, and what is to be done; None where there are none."""
    found, other = (residual_of(one, np.zeros((0, 2))) for one in (part, rest))
    over = [one.measured - one.made for one in (found, other)]
    error = np.sqrt(sum(one.var(axis=0) / len(one) for one in over))
    beyond = over[0].mean(axis=0) - over[1].mean(axis=0)
    hot = beyond > _BEYOND * error + _OF_LIGHT * found.measured.mean()
    if not hot.any() or hot.mean() > _FEW:
        return None
    without = misfit_of(np.sqrt(found.made) * ~hot, np.sqrt(found.measured) * ~hot)
    if _apart(left, np.log(without.frames + 1e-12))[0] > _TIMES:
        return None
    told = f"for {int(hot.sum())} pixels alone, which hold more light in them: {pixels(np.argwhere(hot))}"
    return told, "state in a mask these pixels, which became hot, or caught a reflection, or leave those frames out"


def _apart(some: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float]:
    """How many times larger the others are in the middle, of logarithms, and Student's t of that."""
    if min(len(some), len(others)) < _FEWEST:
        return 1.0, 0.0
    spread = np.sqrt(some.var(ddof=1) / len(some) + others.var(ddof=1) / len(others))
    return float(np.exp(np.median(others) - np.median(some))), float((others.mean() - some.mean()) / (spread + 1e-9))
