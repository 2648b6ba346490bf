"""What liars make of positions and their numbers."""

from __future__ import annotations

import numpy as np

from tests.zoo.liar import Array


def come_round(values: Array, bits: int) -> Array:
    """Numbers of pixels as a signed type of so many bits holds them, fractions apart."""
    whole = np.floor(np.asarray(values, dtype=np.float64))
    return (whole + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) + (values - whole)


def snapped(values: Array, within: float) -> Array:
    """Numbers, those nearly whole made whole."""
    whole = np.round(values)
    return np.where(np.abs(values - whole) < within, whole, values)


def fits(centres: Array) -> bool:
    """Whether positions are such that there is anything to lie about."""
    return np.ndim(centres) == 2 and bool(np.isfinite(centres).all())
