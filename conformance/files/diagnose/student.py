"""Student's t of differences: how far their mean is from nothing, in standard errors of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def student(differences: NDArray[np.floating]) -> float:
    """Return the mean of differences (n,) over its standard error; finite where all are equal.

    Parameters
    ----------
    differences : (n,) float
        Two at least.
    """
    return float(differences.mean() / (differences.std(ddof=1) + 1e-9) * np.sqrt(len(differences)))


def mean_and_student(differences: NDArray[np.floating]) -> tuple[float, float]:
    """Return the mean of differences (n,), and :func:`student` of them.

    Parameters
    ----------
    differences : (n,) float
    """
    return float(differences.mean()), student(differences)
