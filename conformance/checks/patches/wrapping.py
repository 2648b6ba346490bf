"""Positions outside an image, and where they lie once they have come round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array


def come_round(positions: Array, bits: int) -> NDArray[np.float64]:
    """Positions whose whole part is kept in a signed type of so many bits."""
    whole = np.floor(positions)
    return np.asarray((whole + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) + (positions - whole))
