"""The noise of counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def root_variance(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squared distance of the root of a Poisson count from the root of its mean."""
    return np.interp(np.sqrt(mean), _ROOTS, _SPREAD)


def _table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    roots = np.concatenate([np.linspace(0, 5, 101), [7.0, 10.0, 1e8]])
    counts = np.arange(400)
    logs = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    spread = []
    for root in roots[:-1]:
        chance = np.exp(counts * np.log(max(root**2, 1e-300)) - root**2 - logs)
        spread.append(float((chance * (np.sqrt(counts) - root) ** 2).sum()))
    return roots, np.array([*spread, 0.25])


_ROOTS, _SPREAD = _table()
