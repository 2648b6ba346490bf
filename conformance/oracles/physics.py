"""Oracle of the forward model (PHY)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array


def amplitude_of(patch: Array, probe: Array) -> NDArray[np.float64]:
    """Diffraction amplitude of one patch.

    Parameters
    ----------
    patch : (N, N) complex
    probe : (N, N) or (P, N, N) complex
        Incoherent modes add in intensity.

    Returns
    -------
    (N, N) float64
        sqrt(fftshift(sum over modes of |FFT2(probe * patch)|²) / N²).
    """
    modes = np.asarray(probe, dtype=np.complex128)
    modes = modes[np.newaxis] if modes.ndim == 2 else modes
    side = patch.shape[-1]
    intensity = np.zeros((side, side), dtype=np.float64)
    for mode in modes:
        intensity += np.abs(np.fft.fft2(mode * patch)) ** 2
    return np.asarray(np.sqrt(np.fft.fftshift(intensity) / side**2))


def amplitudes_of(patches: Array, probe: Array) -> NDArray[np.float64]:
    """Diffraction amplitudes ``(n, N, N)`` of ``(n, N, N)`` patches."""
    return np.stack([amplitude_of(patch, probe) for patch in patches])
