"""Whether the lines of a raster lean where a turn was told: to who asks for turns alone, one looks like the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.orientation import Orientation, centred, probe_in_frames, trusted
from conformance.files.diagnose.rescaled import gained, left_out
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Verdict, Word

LEANING = "leaning"
"""Name of the fault."""

_TIMES, _FOLDS, _STEEPEST = (1.0, 2.0), 4, 35.0
"""Angles of the lean against that of the turn, parts left out in turn, and degrees that are no lean any more."""

_GAIN, _LEAD = 0.1, 4.0
"""Logarithm of the misfit, and Student's t over the frames, by which frames must fit better."""


def leaning(sample: Sample, s_all: NDArray[np.float64], found: Orientation, verdict: Verdict) -> list[Fault]:
    """Say that frames left out of an object fit it better where lines lean than where the scan is turned.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    s_all : (M, 2)
        All positions, row and column.
    found : Orientation
    verdict : Verdict
        The turn that was told.
    """
    turn = verdict.turn
    if turn is None or not verdict.general or found.zero is None or not trusted(found.zero):
        return []
    if line_length(s_all) is None or abs(turn.off_quarter) > _STEEPEST:
        return []
    upright, probe = centred(sample, found.zero), probe_in_frames(sample, found.zero)
    leads = [_lead(upright, probe, one.matrix, np.radians(turn.off_quarter)) for one in {turn, turn.twin}]
    _, gain, lead = min(leads)
    if gain < _GAIN or lead < _LEAD:
        return []
    said = (
        f"the lines of the raster lean: frames that were left out of an object fit it {np.exp(gain):.1f} times better "
        f"where every line begins a little further along than the one before (lead {lead:.0f}) than where the scan is "
        "turned by an angle"
    )
    remedy = (
        "look for a drift, a clock of another pace or axes that are not at right angles, and take measured positions"
    )
    return [Fault(LEANING, Word.LIKELY, said, remedy, {"gain": gain, "lead": lead})]


def _lead(
    sample: Sample, probe: NDArray[np.complexfloating], turned: NDArray[np.float64], angle: float
) -> tuple[float, float, float]:
    """Misfit of the best, and what the best lean gains over a turn: a logarithm, and Student's t of it."""
    c, s = np.cos(angle), np.sin(angle)
    backs = [np.array([[c, sign * s], [-sign * s, c]]) for sign in (1, -1)]
    # Of both turns back by the angle one leaves a quarter turn.
    straight = min((turned @ back for back in backs), key=lambda one: float(np.abs(one - np.rint(one)).max()))
    leans = []
    for times in _TIMES:
        for by in (np.tan(times * angle), -np.tan(times * angle)):
            leans += [straight @ np.array([[1.0, by], [0.0, 1.0]]), straight @ np.array([[1.0, 0.0], [by, 1.0]])]
    maps = [turned, *leans]
    misfit = np.concatenate([left_out(sample, probe, maps, fold) for fold in range(_FOLDS)], axis=1)
    told = np.log(misfit + 1e-12).mean(axis=1)
    best = 1 + int(told[1:].argmin())
    return float(told.min()), *gained(misfit[0], misfit[best])
