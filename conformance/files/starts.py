"""Objects that are no truth: what a reconstruction starts from (FIL-027)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-6


def is_start(held: NDArray[Any]) -> bool:
    """Whether an object (H, W) has one value everywhere, other than zero.

    Parameters
    ----------
    held : numpy.ndarray
        Transmissions, complex or real.
    """
    first = held.flat[0] if held.size else 0
    return bool(first != 0 and np.isfinite(first) and (np.abs(held - first) <= _ROUNDING * np.abs(first)).all())
