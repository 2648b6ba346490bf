"""Whether each axis of the positions is on its scale, and on one all along: a mirror that swings, a step of one motor.

Frames that were left out of an object fit it best where the positions along each axis are as far apart as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.rescaled import FRAMES, gained, left_out
from conformance.files.diagnose.sample import Sample

_FACTORS = (0.72, 0.88, 1.0, 1.14, 1.4)
_FOLDS = 4
_GAIN, _LEAD = 0.06, 4.0
"""Logarithm of the misfit, and Student's t over the frames, by which frames must fit better on another scale."""

_ENDS, _UNEVEN = (0.1, 0.9), 1.3
"""Parts of the way along an axis at which it is asked again; ratio of its scales from which it is not even."""


@dataclass(frozen=True)
class Stretched:
    """An axis that frames ask to be on another scale.

    Attributes
    ----------
    axis : int
        0 for y, 1 for x.
    factor : float
        On its positions, in the middle of the scan.
    lead : float
        Student's t over the frames.
    ends : tuple of float
        The factors near its first and its last positions; 1 where the frames there ask for none.
    """

    axis: int
    factor: float
    lead: float
    ends: tuple[float, ...]

    @property
    def uneven(self) -> bool:
        """Whether both ends of the axis ask for another scale than its middle, on the same side of it."""
        apart = np.log(self.ends) - np.log(self.factor)
        return bool((apart > np.log(_UNEVEN)).all() or (apart < -np.log(_UNEVEN)).all())


def stretched(sample: Sample, probe: NDArray[np.complexfloating]) -> list[Stretched]:
    """Name the axes of which frames clearly ask for another scale, at the nearest of a few factors.

    Parameters
    ----------
    sample : Sample
        Turned as they are to be, zero frequency at N/2, positions in object pixels.
    probe : (P, N, N) complex
    """
    found = []
    for axis in (0, 1):
        factor, lead = _asked(sample, probe, axis)
        if factor == 1.0:
            continue
        along = sample.s[:, axis]
        places = along.min() + np.array(_ENDS) * np.ptp(along)
        near = [np.argsort(np.abs(along - place), kind="stable")[: len(along) // 4] for place in places]
        ends = [
            _asked(sample.part(np.sort(rows)), probe, axis)[0] if len(rows) >= FRAMES // 2 else 1.0 for rows in near
        ]
        found.append(Stretched(axis, factor, lead, tuple(ends)))
    return found


def _asked(sample: Sample, probe: NDArray[np.complexfloating], axis: int) -> tuple[float, float]:
    """The factor on an axis that frames ask for, and its Student's t; 1 where they ask clearly for none."""
    maps = [np.diag([factor if one == axis else 1.0 for one in (0, 1)]) for factor in _FACTORS]
    misfit = np.concatenate([left_out(sample, probe, maps, fold) for fold in range(_FOLDS)], axis=1)
    best = int(np.log(misfit + 1e-12).mean(axis=1).argmin())
    gain, lead = gained(misfit[_FACTORS.index(1.0)], misfit[best])
    return (_FACTORS[best], lead) if gain > _GAIN and lead > _LEAD else (1.0, lead)
