"""Positions outside an image, and where they lie once they have come round."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def come_round(positions: NDArray[Any], bits: int) -> NDArray[np.float64]:
    """Positions whose whole part is kept in a signed type of so many bits."""
    whole = np.floor(positions)
    return np.asarray((whole + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) + (positions - whole))
