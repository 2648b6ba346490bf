"""The noise of counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PER_UNIT = 20
_LARGEST = 10
"""Root beyond which the spread is as good as constant."""


def root_variance(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squared distance of the root of a Poisson count from the root of its mean."""
    at = np.fmin(np.sqrt(mean) * _PER_UNIT, len(_SLOPE))
    low = np.minimum(at.astype(np.intp), len(_SLOPE) - 1)
    return np.asarray(_SPREAD[low] + (at - low) * _SLOPE[low])


def _table() -> NDArray[np.float64]:
    counts = np.arange(400)
    logs = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    spread = []
    for root in np.arange(_LARGEST * _PER_UNIT + 1) / _PER_UNIT:
        chance = np.exp(counts * np.log(max(root**2, 1e-300)) - root**2 - logs)
        spread.append(float((chance * (np.sqrt(counts) - root) ** 2).sum()))
    return np.array(spread)


_SPREAD = _table()
_SLOPE = np.diff(_SPREAD)
