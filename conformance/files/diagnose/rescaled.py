"""On which scale of the positions frames that were left out of an object fit it best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.confirmation import nearest_to_the_middle
from conformance.files.diagnose.reconstruction import canvases, scaled_probe
from conformance.files.diagnose.sample import Sample

_FACTORS = (0.7, 0.8, 0.88, 0.94, 1.0, 1.06, 1.14, 1.25, 1.38)
_FRAMES, _FEWEST, _EVERY, _BORDER = 49, 24, 4, 2
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
    few = sample.part(np.sort(nearest_to_the_middle(sample.s, _FRAMES)))
    off = few.s - few.s.mean(axis=0)
    scales = np.stack([factor * off for factor in _FACTORS])
    out = np.arange(len(few)) % _EVERY == 1
    used = np.broadcast_to(~out, scales.shape[:2])
    misfit = canvases(few, scaled_probe(probe, few.intensity), scales, used, _BORDER).misfit[:, out]
    stored, best = _FACTORS.index(1.0), int(misfit.mean(axis=1).argmin())
    gain = np.log((misfit[stored] + 1e-12) / (misfit[best] + 1e-12))
    lead = float(gain.mean() / (gain.std(ddof=1) + 1e-9) * np.sqrt(len(gain)))
    return Rescaled(_FACTORS[best], float(misfit[best].mean() / misfit[stored].mean()), lead)
