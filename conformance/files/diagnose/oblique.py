"""Whether a general angle is one: axes that are not at right angles, or not of one scale, look like a turn to some."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.matched import paired, spectra_of
from conformance.files.diagnose.orientation import Orientation, beam_in_frames, centred, trusted
from conformance.files.diagnose.overlap import Filter
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Word

LEAD, DOUBT = 4.0, 2.0
"""Student's t over the frequencies by which stretched axes explain more than turned ones: likely, and thinkable."""

_STRETCHES = (-0.15, -0.1, -0.06, -0.03, 0.03, 0.06, 0.1, 0.15)
_ALONG = (np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))


def oblique(sample: Sample, found: Orientation, rng: np.random.Generator) -> list[Fault]:
    """Compare the turn that was found with the same turn and stretched axes, under a trusted probe.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    found : Orientation
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    turn, zero = found.verdict.turn, found.zero
    if not found.verdict.general or turn is None or zero is None or not trusted(zero):
        return []
    spectra = spectra_of(centred(sample, zero), rng)
    if spectra is None:
        return []
    beam = beam_in_frames(sample, zero)

    def scores(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return Filter(beam, spectra.K @ np.linalg.inv(matrix), spectra.of).scores(spectra.stored)

    straight = max((one.matrix for one in (turn, turn.twin)), key=lambda one: scores(one).mean())
    tried = [(np.eye(2) + size * along) @ straight for size in _STRETCHES for along in _ALONG]
    told = [scores(one) for one in tried]
    best = int(np.argmax([one.mean() for one in told]))
    lead = paired(told[best], scores(straight))
    if lead < DOUBT:
        return []
    stretch = float(np.linalg.cond(tried[best]))
    said = (
        f"the axes of the positions are not at right angles, or not of one scale: with one direction {stretch:.2f}"
        f" times another the frames vary as the probe overlaps itself, and less with a turn alone (lead {lead:.1f})"
    )
    word = Word.LIKELY if lead > LEAD else Word.CANNOT_TELL
    if word is Word.CANNOT_TELL:
        said = f"whether {said}"
    remedy = "look for the angle between the axes of the stage and for their steps; a turn alone mends nothing"
    return [Fault("oblique", word, said, remedy, {"stretch": stretch, "lead": lead})]
