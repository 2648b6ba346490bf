"""Whether an object resembles itself when it is moved: then turns of a scan may leave it what it was.

Positions that a turn takes to others a period away, or along stripes, are right positions too: a reconstruction tells
them from the true ones by chance only, and then beyond any doubt that chance would leave.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2

ALIKE = 0.5
"""Correlation of an object with itself at another place, from which its own symmetries may look like turns."""

_FALLEN = 0.3
"""Mean correlation at a distance, below which a place is another one."""

_SHARED = 0.3
"""Part of the object that must lie under both copies."""


def resemblance(obj: NDArray[np.complexfloating]) -> float:
    """Highest modulus of the correlation of an object (h, w) with itself at another place; 0 to 1."""
    varied = obj - obj.mean()
    if np.abs(varied).max() <= 1e-6 * np.abs(obj).max():
        return 1.0
    h, w = varied.shape
    shape = (2 * h, 2 * w)
    there, power = fft2(varied, shape), fft2(np.abs(varied) ** 2, shape)
    everywhere = fft2(np.ones((h, w)), shape)
    shared = np.abs(ifft2(np.abs(everywhere) ** 2))
    first, second = np.abs(ifft2(power * np.conj(everywhere))), np.abs(ifft2(everywhere * np.conj(power)))
    correlation = np.abs(ifft2(np.abs(there) ** 2)) / np.sqrt(first * second + 1e-30)
    rows, columns = (np.minimum(np.arange(2 * n), 2 * n - np.arange(2 * n)) for n in (h, w))
    far = np.hypot(rows[:, np.newaxis], columns)
    rings = far.astype(np.int64)
    seen = shared > _SHARED * h * w
    sums = np.bincount(rings[seen], correlation[seen]) / np.maximum(np.bincount(rings[seen]), 1)
    below = np.flatnonzero(sums < _FALLEN)
    elsewhere = seen & (far > below[0] + 2) if len(below) else np.zeros_like(seen)
    return float(correlation[elsewhere].max()) if elsewhere.any() else 1.0
