"""Whether every other frame belongs with the others, and whether both axes of the positions do, under a believed probe.

Frames of one object help each other: one that is left out fits an object made from all others better than one made from
those of its own half alone. Where two scans are interleaved it is the other way round. And it fits one from positions
that were moved at random by a step along one axis worse, unless that axis told nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import matched
from conformance.files.diagnose.confirmation import nearest_to_the_middle
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.orientation import Orientation, centred, probe_in_frames, trusted
from conformance.files.diagnose.reconstruction import canvases, scaled_probe
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.smaller import smaller
from conformance.files.diagnose.student import mean_and_student
from conformance.files.diagnose.verdict import Verdict, Word
from conformance.files.neighbours import typical_step

NAME = "interleaved"
_FEWEST, _MOST, _SIDE = 32, 90, 128
_HEARD = 2.0
"""Lead of F from which its turn is taken where there is no verdict."""

_TOLD, _PART, _MUCH = 2.0, 0.62, 0.2
"""Student's t from which an axis is told; part of what moving the other axis does that moving one must do, where that
is as much as this."""

_BOTH = 10.0
"""Student's t from which either axis is told beyond doubt, however much more the other is."""

_GAIN, _SURE = 0.15, 6.0
"""Logarithm of the misfit, and Student's t over the frames, by which frames must fit better among their own."""


@dataclass(frozen=True)
class Halves:
    """What frames left out of an object say of those that made it.

    Attributes
    ----------
    frames : int
        How many were asked.
    gain : float
        Mean logarithm of the misfit to an object of all others over that to one of every other frame alone; below zero
        where all are of one scan.
    lead : float
        Student's t of that over the frames.
    misfit : float
        Part of the power that is left over in frames that were left out, the lesser of both.
    worse : (2,) float64
        Mean logarithm of the misfit where rows, and where columns, of the positions are moved at random by about a
        step, over that where they are not.
    surely : (2,) float64
        Student's t of these over the frames.
    """

    frames: int
    gain: float
    lead: float
    misfit: float
    worse: NDArray[np.float64]
    surely: NDArray[np.float64]

    @property
    def doubt(self) -> str:
        """Which axis of the positions the frames do not tell; empty where they tell both."""
        row, column = self.worse
        if self.worse.max() < _MUCH:
            hardly = "frames that were left out hardly fit worse where positions are moved by a step"
            return hardly if self.surely.min() < _TOLD else ""
        if self.worse.min() > _PART * self.worse.max() or self.surely.min() > _BOTH:
            return ""
        axis, other = ("y", "x") if row < column else ("x", "y")
        return (
            f"the frames tell {axis} of their positions far less than {other}: {axis} may be that of another run, or "
            f"the object changes along {other} alone"
        )

    @property
    def apart(self) -> bool:
        """Whether odd frames and even ones do not belong together."""
        return self.gain > _GAIN and self.lead > _SURE


def halves(sample: Sample, probe: NDArray[np.complexfloating], rng: np.random.Generator) -> Halves | None:
    """Ask the frames of odd and of even numbers; None where they are too few, or too large to be asked in passing.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels, zero frequency at N/2.
    probe : (P, N, N) complex
        As the frames have it.
    rng : numpy.random.Generator
        Draws which frames are left out.
    """
    held = smaller(sample, probe, _SIDE) if len(sample) >= _FEWEST else None
    if held is None:
        return None
    sample, probe = held
    most = int(np.clip(_MOST * 64**2 / sample.N**2, 36, _MOST))
    rows = np.sort(nearest_to_the_middle(sample.s, most))
    some = replace(sample.part(rows), good=sample.good & (sample.mean() > 0))
    odd, left_out = some.index % 2, rng.permutation(len(rows)) % 2
    if min(odd.sum(), len(odd) - odd.sum()) < _FEWEST // 4:
        return None
    made_by = [left_out != part for part in (0, 1)]
    made_by += [(left_out != part) & (odd == one) for one in (0, 1) for part in (0, 1)]
    places = [some.s] * len(made_by)
    for axis in ((1.0, 0.0), (0.0, 1.0)):
        made_by += made_by[:2]
        places += [some.s + rng.normal(0, typical_step(some.s), (len(rows), 1)) * np.array(axis)] * 2
    misfit = canvases(some, scaled_probe(probe, some.intensity), np.stack(places), np.array(made_by), 1).misfit
    frame = np.arange(len(rows))
    together, among_own, *moved = (misfit[of + left_out, frame] for of in (0, 2 + 2 * odd, 6, 8))
    gain, lead = mean_and_student(np.log(together / among_own))
    worse, surely = np.array([mean_and_student(np.log(one / together)) for one in moved]).T
    return Halves(len(rows), gain, lead, float(min(together.mean(), among_own.mean())), worse, surely)


def belonging(
    sample: Sample, found: Orientation, verdict: Verdict, rng: np.random.Generator
) -> tuple[list[Fault], str]:
    """Whether two scans are interleaved, and why the turn is not certain; nothing without a probe that fits the frames.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    found : Orientation
    verdict : Verdict
        The turn that makes them canonical.
    rng : numpy.random.Generator
    """
    overlap = [one.turn for one in found.readings if one.estimator == matched.NAME and one.lead > _HEARD]
    turn = verdict.turn or next(iter(overlap), None)
    if turn is None or found.zero is None or not trusted(found.zero) or not np.isfinite(sample.s).all():
        return [], ""
    upright, probe = centred(sample, found.zero), probe_in_frames(sample, found.zero)
    # Under the twin of the right turn frames agree with few others, and by chance with those of their own half.
    turns = [turn] if verdict.turn is not None and not verdict.twin_open else [turn, turn.twin]
    told = [halves(upright.moved(sample.s @ one.matrix.T), probe, rng) for one in turns]
    best = min((one for one in told if one is not None), key=lambda one: one.misfit, default=None)
    if best is None:
        return [], ""
    return [fault_of(best)] if best.apart else [], best.doubt


def fault_of(told: Halves) -> Fault:
    """Name frames of which every other one does not belong with the rest.

    Parameters
    ----------
    told : Halves
        Of frames that are apart.
    """
    said = (
        f"every other frame is of another sample, or lies elsewhere: of {told.frames} frames those of odd and those of "
        f"even numbers each fit among themselves (lead {told.lead:.0f}), and not with the others: two scans that were "
        "interleaved, or positions of every other point"
    )
    remedy = "diagnose frames 0, 2, 4, ... and frames 1, 3, 5, ... with their positions as scans of their own"
    return Fault(NAME, Word.LIKELY, said, remedy, {"gain": told.gain, "lead": told.lead})
