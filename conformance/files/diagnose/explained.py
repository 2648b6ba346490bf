"""What a file's own probe and object say of its positions and frames: as a reading of the turn, and as faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import moved_positions, scaled_probe
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.fitting import finest
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.leant import leant
from conformance.files.diagnose.lines import exact_raster
from conformance.files.diagnose.mending import BETTER, LINEAR, RIVAL, Mending, Step, mended
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.repairs import about
from conformance.files.diagnose.residual import mixture, residual_of
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import EIGHT, Turn, turn_between
from conformance.files.diagnose.verdict import Word
from conformance.files.rules.wording import listed

NAME = "O, the probe and the object of the file"
SOUND = 3.0
"""Misfit over the floor up to which frames count as explained; a reconstruction of measured data is at 2."""

SOUND_ALONE = 0.02
"""Misfit up to which they do whatever the floor."""

_FRAMES = 48
_WANDER, _GAIN = 0.25, 1.3
_BEYOND, _BEYOND_LEAD = 1.2, 4.0
"""Misfit over that of frames which lie each where it fits best, and Student's t, from which no common repair is one."""

_BY_PLACES = 0.4
"""Part of what is left over beyond the noise that single places must explain."""

_SHARE = 0.8
"""Part of what single places would explain that a repair must, to be named beside frames that wander."""

_ALIKE = 0.6
"""Correlation of neighbours in time from which frames drift."""

_UNNAMED = 2.0
"""Lead over the next best repair below which neither is likely."""

_FEWEST_OF_A_PART, _OF_A_PART, _UNLIKE_OTHERS = 5, 0.9, 4.0
"""Frames from which a part of them is told by itself, the share of it that must be so, and the misfit over that of the
better half from which a frame is not explained as others are."""

_MOST_SINGLE = 0.15
"""Part of the frames that may be unlike the others and be named one by one."""

_SMALL = ("shift", "affine")
_ALONG = frozenset({"lines", "path", *_SMALL})

_ANOTHER = (
    "see first what validate says of the values; else the fault is another one, or probe or object of another scan"
)
"""What is to be done where no repair fits."""


def forward_of(sample: Sample, obj: NDArray[np.complexfloating], factor: float, unit: float = 1.0) -> Forward:
    """The forward model of some frames.

    Parameters
    ----------
    sample : Sample
        With a probe.
    obj : (H, W) complex
    factor : float
        Object pixels in a unit of the positions.
    unit : float
        Intensity of one count: frames and probe are taken in counts.
    """
    assert sample.probe is not None
    rows = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), _FRAMES)).astype(np.int64))
    amplitude = np.sqrt(np.maximum(sample.intensity[rows] / np.float32(unit), 0))
    s, probe = sample.s[rows] * factor, sample.probe / np.float32(np.sqrt(unit))
    return Forward(amplitude, s, probe, np.asarray(obj, np.complex64), sample.good, sample.index[rows], unit)


def mending_of(
    forward: Forward, s_all: NDArray[np.float64], turns: Sequence[Turn], zero: tuple[int, int] | None
) -> tuple[Mending, Reading]:
    """Mend a file, and say which turn its object speaks for.

    Parameters
    ----------
    forward : Forward
    s_all : (M, 2)
        All positions, row and column, in object pixels.
    turns : sequence of Turn
        Turns that are worth a try.
    zero : tuple of int or None
        Where the zero frequency lies off the middle.
    """
    done = mended(forward, s_all, turns, zero)
    family = done.steps[0].repair.family if done.steps else ""
    if family in _ALONG:
        left = residual_of(forward, s_all)
        glow = mixture(left)
        # What is left of the frame before looks like a position a little way back along the path.
        if glow is not None and left.after(glow[1]).leads(done.mended) > RIVAL:
            done = mended(forward, s_all, turns, zero, _ALONG)
    done = replace(done, steps=leant(done.steps, forward, done.state))
    return done, _reading(done)


def sound(done: Mending) -> bool:
    """Whether the frames are explained after what was done."""
    return done.mended.over_floor < SOUND or done.mended.mean < SOUND_ALONE


def _reading(done: Mending) -> Reading:
    if not sound(done):
        return silent(NAME, f"they do not explain the frames (misfit {done.mended.over_floor:.1f} times the floor)")
    turned = [one for one in done.steps if one.repair.turn is not None]
    turn = turned[0].repair.turn if turned else EIGHT[0]
    if turned and turned[0].repair.family == "turn":
        # What a smaller repair turned afterwards belongs to it.
        for step in done.steps:
            if step.repair.family in LINEAR and step is not turned[0]:
                turn = turn_between(step.s, step.repair.s).after(turn or EIGHT[0])
    m = len(done.state.s)
    few = done.state.part(np.unique(np.linspace(0, m - 1, min(m, 24)).astype(np.int64)))
    own = few.misfits(few.s)
    middle = few.s.mean(axis=0)
    leads = {}
    for other in EIGHT[1:]:
        s = about(few.s, other.matrix, middle)
        leads[other] = own.leads(few.misfits(s + finest(few, s, np.zeros(2), (1.0,))))
    twin = leads[EIGHT[2]]
    lead = min(value for other, value in leads.items() if other != EIGHT[2])
    why = "" if lead > BETTER else "other turns explain the frames as well"
    assert turn is not None
    return Reading(NAME, turn, 0.5, lead, lead > BETTER, twin, why, {"misfit_over_floor": done.mended.over_floor})


def faults_of(done: Mending, s_all: NDArray[np.float64], counts: bool) -> list[Fault]:
    """What is wrong with the file by its own probe and object.

    Parameters
    ----------
    done : Mending
    s_all : (M, 2)
        All positions, for what they look like.
    counts : bool
        Whether the frames are known to be counts or their roots, so that the floor can be believed.
    """
    left = done.mended.over_floor
    wandering = done.wander > _WANDER and done.beyond > _BEYOND and done.beyond_lead > _BEYOND_LEAD
    wandering = wandering and (sound(done) or done.alone < SOUND)
    # What lies below the noise by moving each frame alone was fitted to the noise.
    wandering = wandering and (not counts or left > _BEYOND)
    # What single places leave is no matter of places.
    wandering = wandering and left - done.alone > _BY_PLACES * (left - 1)
    # Where single frames want to move, what they have in common on the average is no fault of its own.
    # Where no repair explains the frames in the end, the nearest ones are no answer.
    steps = done.steps if sound(done) or wandering else ()
    found = [_fault(step, done) for step in steps if not wandering or _stands(step, done)]
    if done.inside < 0.5 and not done.steps:
        said = f"only {done.inside:.0%} of the patches lies on the object, and no shift of the positions helps"
        found.append(Fault("origin", Word.CERTAIN, said, "bring object and positions to one origin"))
    gain = done.mended.scale
    if counts and sound(done) and not 1 / _GAIN < gain < _GAIN:
        said = f"amplitudes of probe and object are {1 / gain:.3g} times those of the frames"
        remedy = f"multiply the probe by {gain:.4g}"
        found.append(Fault("probe-scale", Word.CERTAIN, said, remedy, {"gain": gain}, (scaled_probe(gain),)))
    if wandering:
        raster = "; they are an exact raster: planned in place of measured ones?" if exact_raster(s_all) else ""
        alike = ", neighbours in time alike, as in a drift or after a jump" if done.alike > _ALIKE else ""
        said = (
            f"no common repair places all frames: single ones want to move by {done.wander:.1f} px{alike} (misfit over "
            f"the floor {left:.2f}, {done.alone:.2f} where each lies by itself){raster}"
        )
        figures = {"wander": done.wander, "alone": done.alone, "alike": done.alike}
        found.append(Fault("wandering", Word.LIKELY, said, "take the measured positions, or refine them", figures))
    elif not sound(done) and len(few := _single(done, counts)):
        said = (
            f"{len(few)} of {len(done.mended.frames)} frames that were looked at are not explained, where all others "
            f"are: {listed(few)}: of another place than stated, of another sample, or spoilt"
        )
        found.append(Fault("part", Word.LIKELY, said, "find their places, or leave them out"))
    elif not sound(done):
        said = (
            "none of the usual repairs makes probe, object and positions explain the frames: misfit "
            f"{done.mended.mean:.3f}, {left:.3g} times what noise leaves"
        )
        said += (
            f", after the nearest of them ({', '.join(one.repair.name for one in done.steps)})" if done.steps else ""
        )
        some, others = _belonging(done, counts)
        said += f"; {some}, the others{f', {others},' if others else ''} are not" if some else ""
        found.append(Fault("none", Word.CERTAIN, said, _ANOTHER))
    elif others := _belonging(done, counts)[1]:
        said = f"a part of the frames, {others}, is not explained as the others are: of another sample, or elsewhere"
        found.append(Fault("part", Word.LIKELY, said, "diagnose them by themselves, or leave them out"))
    return found


def _single(done: Mending, counts: bool) -> NDArray[np.int64]:
    """Numbers of the few frames by which alone the frames as stored are not explained; none where it is not they.

    Parameters
    ----------
    done : Mending
    counts : bool
        Whether the floor can be believed.
    """
    misfit, index = done.stored, done.state.index
    allowed = SOUND * misfit.floor if counts else SOUND_ALONE
    odd = misfit.frames > allowed
    few = len(index) == len(odd) and 0 < odd.sum() <= _MOST_SINGLE * len(odd)
    # Of moderate ones many are just above.
    clear = few and float(np.min(misfit.frames[odd])) > _UNLIKE_OTHERS * float(np.median(misfit.frames))
    return np.asarray(index[odd] if clear else index[:0])


def _belonging(done: Mending, counts: bool) -> tuple[str, str]:
    """How many frames are explained where others are not, and which the others are; empty where they are not so many.

    Parameters
    ----------
    done : Mending
    counts : bool
        Whether the floor can be believed.
    """
    misfit, index = done.mended, done.state.index
    usual = float(np.median(np.sort(misfit.frames)[: len(misfit.frames) // 2]))
    if usual > max(SOUND * misfit.floor, SOUND_ALONE):
        return "", ""
    others = misfit.frames > max(_UNLIKE_OTHERS * usual, SOUND * misfit.floor if counts else SOUND_ALONE)
    if len(index) != len(others) or min(others.sum(), len(others) - others.sum()) < _FEWEST_OF_A_PART:
        return "", ""
    rows, told = np.flatnonzero(others), ""
    for odd, name in ((0, "even"), (1, "odd")):
        if ((index % 2 == odd) == others).mean() > _OF_A_PART:
            told = f"those of {name} numbers"
    if not told and np.ptp(rows) + 1 <= len(rows) / _OF_A_PART:
        told = f"about those from {index[rows[0]]} to {index[rows[-1]]}"
    return f"{len(others) - len(rows)} of {len(others)} frames that were looked at are explained", told


def _stands(step: Step, done: Mending) -> bool:
    """Whether a repair explains most of what is wrong with frames that wander, and is not their common part."""
    wrong = step.before.over_floor - done.alone
    return step.repair.family not in _SMALL and step.before.over_floor - step.after.over_floor > _SHARE * wrong


def _fault(step: Step, done: Mending) -> Fault:
    clear = step.rival_lead > RIVAL and sound(done)
    before, after = step.before, step.after
    said = f"the frames are explained better by {step.repair.name}: misfit {after.mean:.4f}, not {before.mean:.4f}"
    said += f" (lead {step.lead:.0f} standard errors over the frames"
    said += f", {step.rival_lead:.0f} over {step.rival})" if step.rival else ")"
    figures = {"before": before.mean, "after": after.mean, "lead": step.lead, "rival_lead": step.rival_lead}
    fixes = step.repair.fixes
    if step.repair.family in LINEAR:
        fixes += moved_positions(step.s, step.repair.s)
    word = Word.CERTAIN if clear else Word.LIKELY
    if step.rival and step.rival_lead < _UNNAMED:
        word = Word.CANNOT_TELL
    return Fault(step.repair.name, word, said, step.repair.what, figures, fixes)
