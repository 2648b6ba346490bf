"""The amplitude scale (NRM)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import Refusal


def frame_energies(frames: NDArray[Any], bad_pixels: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Sum over measured pixels of the squared amplitude of each frame (NRM-011).

    Parameters
    ----------
    frames : (M, N, N) real
        Any numeric dtype; integers are converted before they are squared (NRM-005).
    bad_pixels : (N, N) bool, optional
        True where a pixel was not measured.

    Returns
    -------
    (M,) float64
    """
    # One frame at a time, so that no float64 copy of the stack is made.
    measured = True if bad_pixels is None else ~bad_pixels
    return np.array([np.square(frame, dtype=np.float64).sum(where=measured) for frame in frames])


def amplitude_scale(mean_energy: float, N: int) -> float:
    """Scale that brings the mean energy of a frame to (N/2)² (NRM-001).

    Parameters
    ----------
    mean_energy : float
        Mean over frames of the sum over pixels of amplitude², in counts.
    N : int
        Side of a frame.

    Raises
    ------
    Refusal
        The energy is zero: all frames are dark (NRM-007).
    """
    if not mean_energy > 0:
        raise Refusal(
            "every frame is zero, so the amplitude scale is a division by zero",
            clause="NRM-007",
            array="diff3d",
            remedy="Check that the shutter was open and the stack is not a dark field.",
        )
    return float(np.sqrt((N / 2) ** 2 / mean_energy))
