"""The scale of the positions by estimator F: which factor puts the frames' variation where the beam overlaps itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.files.diagnose.matched import LEAD, paired, searched, spectra_of, top_of
from conformance.files.diagnose.orientation import beam_in_frames, centred, trusted
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.scale import scale_guess
from conformance.files.diagnose.turns import Turn
from conformance.files.diagnose.zero import Zero

SURE = 5.0
"""Lead from which a scale other than the stored one is named."""

_STEP = 1.18
_REACH = 9
_FINE = 0.025
_OFF = 0.3
"""Logarithm of the factor from which F may speak of it; smaller ones need a reconstruction."""


@dataclass(frozen=True)
class Scale:
    """The factor from stored positions to object pixels.

    Attributes
    ----------
    factor : float
        NaN where it cannot be told.
    spread : float
    lead : float
        Of the factor over the stored scale, or of the turn at it over other turns.
    decided : bool
    """

    factor: float
    spread: float
    lead: float
    decided: bool


def unit(sample: Sample, zero: Zero, turn: Turn | None, rng: np.random.Generator) -> Scale:
    """Search the unit of positions that are not in object pixels, around the estimate of E.

    Parameters
    ----------
    sample : Sample
        With a probe.
    zero : Zero
    turn : Turn or None
        The turn, modulo 180 degrees, where A or B know it.
    rng : numpy.random.Generator
    """
    guess = scale_guess(sample, rng)
    if not trusted(zero) or not np.isfinite(guess):
        return Scale(float("nan"), float("nan"), 0.0, False)
    upright, beam = centred(sample, zero), beam_in_frames(sample, zero)
    angle = 0.0 if turn is None else turn.degrees % 90.0
    found: list[tuple[float, float]] = []
    for power in range(-_REACH, _REACH + 1):
        factor = guess * _STEP**power
        spectra = spectra_of(upright.moved(sample.s * factor), rng)
        if spectra is None:
            continue
        search = searched(
            spectra, [(0.0, beam)], np.array([angle if turn is None or not turn.mirrored else -angle % 90])
        )
        best, _, lead = search.leader()
        if turn is None or search.turns[best].apart(turn, 180.0) < 20.0:
            found.append((lead, factor))
    if not found:
        return Scale(float("nan"), float("nan"), 0.0, False)
    lead, factor = max(found)
    fine = refined(sample.moved(sample.s * factor), zero, turn or Turn(False, 0.0), rng)
    return Scale(factor * fine.factor, factor * fine.spread, lead, lead > LEAD)


def refined(sample: Sample, zero: Zero, turn: Turn, rng: np.random.Generator) -> Scale:
    """The factor near 1 that scores best, for positions in object pixels.

    Parameters
    ----------
    sample : Sample
        With a probe.
    zero : Zero
    turn : Turn
    rng : numpy.random.Generator
    """
    spectra = spectra_of(centred(sample, zero), rng)
    if spectra is None:
        return Scale(1.0, float("nan"), 0.0, False)
    beam = beam_in_frames(sample, zero)
    factors = np.exp(np.arange(-8, 9) * _FINE)
    ahead = spectra.exactly(beam, turn).mean() >= spectra.exactly(beam, turn.twin).mean()
    facing = turn if ahead else turn.twin
    scores = np.stack([spectra.exactly(beam, facing, float(factor)) for factor in factors])
    tops = [top_of(np.log(factors), scores[:, part::3].mean(axis=1)) for part in range(3)]
    top = top_of(np.log(factors), scores.mean(axis=1))
    spread = float(np.std(tops, ddof=1) / np.sqrt(3)) + 0.003
    lead = paired(spectra.exactly(beam, facing, float(np.exp(top))), scores[len(factors) // 2])
    return Scale(float(np.exp(top)), spread, lead, lead > SURE and abs(top) > max(_OFF, 4 * spread))
