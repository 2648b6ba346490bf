"""On which scale of the positions frames that were left out of an object fit it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.confirmation import nearest_to_the_middle
from conformance.files.diagnose.reconstruction import canvases, scaled_probe
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.student import mean_and_student

_FACTORS = (0.7, 0.8, 0.88, 0.94, 1.0, 1.06, 1.14, 1.25, 1.38)
FRAMES, _FEWEST, _EVERY, _BORDER = 49, 24, 4, 2
"""Frames next to the middle that are asked, fewest of them; one of how many is left out; pixels about the object."""

_LEAD, _BETTER, _OFF = 4.0, 0.85, 0.1


@dataclass(frozen=True)
class Rescaled:
    """The scale that frames ask for.

    Attributes
    ----------
    factor : float
        On the positions.
    better : float
        Misfit of the frames that were left out on this scale, over that on the scale as stored.
    lead : float
        Student's t over these frames.
    """

    factor: float
    better: float
    lead: float

    @property
    def clear(self) -> bool:
        """Whether the frames ask for it clearly, and not for a step of the factors that are tried alone."""
        return self.better < _BETTER and self.lead > _LEAD and abs(self.factor - 1) > _OFF


def rescaled(sample: Sample, probe: NDArray[np.complexfloating]) -> Rescaled | None:
    """The scale on which frames left out of an object fit it best; None of too few frames.

    Frames that an object is made of fit it the better the less they overlap; those that were left out do not.

    Parameters
    ----------
    sample : Sample
        Turned as they are to be, zero frequency at N/2, positions in object pixels.
    probe : (P, N, N) complex
    """
    if len(sample) < _FEWEST:
        return None
    misfit = left_out(sample, probe, [factor * np.eye(2) for factor in _FACTORS])
    stored, best = _FACTORS.index(1.0), int(misfit.mean(axis=1).argmin())
    _, lead = gained(misfit[stored], misfit[best])
    return Rescaled(_FACTORS[best], float(misfit[best].mean() / misfit[stored].mean()), lead)


def mapped_better(
    sample: Sample, probe: NDArray[np.complexfloating], matrix: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean logarithm of the misfit of frames left out, as stored over that with positions mapped; its Student's t.

    Parameters
    ----------
    sample : Sample
        As for :func:`rescaled`.
    probe : (P, N, N) complex
    matrix : (2, 2)
    """
    maps = [np.eye(2), matrix]
    return gained(*np.concatenate([left_out(sample, probe, maps, fold) for fold in range(_EVERY)], axis=1))


def left_out(
    sample: Sample, probe: NDArray[np.complexfloating], maps: Sequence[NDArray[np.float64]], fold: int = 1
) -> NDArray[np.float64]:
    """Misfit (maps, frames) of frames that were left out of objects, positions mapped about their middle.

    Parameters
    ----------
    sample : Sample
        As for :func:`rescaled`.
    probe : (P, N, N) complex
    maps : sequence of (2, 2)
    fold : int
        Of every four frames next to the middle, which is left out.
    """
    few = sample.part(np.sort(nearest_to_the_middle(sample.s, FRAMES)))
    off = few.s - few.s.mean(axis=0)
    places = np.stack([off @ one.T for one in maps])
    out = np.arange(len(few)) % _EVERY == fold
    used = np.broadcast_to(~out, places.shape[:2])
    return canvases(few, scaled_probe(probe, few.intensity), places, used, _BORDER).misfit[:, out]


def gained(stored: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean logarithm of one misfit over another, and Student's t of it.

    Parameters
    ----------
    stored, other : (n,)
        Of the same frames.
    """
    return mean_and_student(np.log((stored + 1e-12) / (other + 1e-12)))
