"""Oracle of the forward model (PHY)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array
from conformance.oracles.rules import Floor, following, rules_here

_TELLING = 400
"""Counts of which half the variance is six standard errors off."""
_PIXELS_TOGETHER = 1 << 14
"""Few enough that the memory of a simulation stays that of its frames."""


def amplitude_of(patch: Array, probe: Array) -> NDArray[np.float64]:
    """Diffraction amplitude of one patch, or of each of several.

    Parameters
    ----------
    patch : (..., N, N) complex
    probe : (N, N) or (P, N, N) complex
        Incoherent modes add in intensity.

    Returns
    -------
    (..., N, N) float64
        sqrt(fftshift(sum over modes of |FFT2(probe * patch)|²) / N²), or with the floor that is in force
        (:mod:`conformance.oracles.rules`).
    """
    modes = np.asarray(probe, dtype=np.complex128)
    modes = modes[np.newaxis] if modes.ndim == 2 else modes
    intensity = np.zeros(patch.shape, dtype=np.float64)
    for mode in modes:
        intensity += np.abs(np.fft.fft2(mode * patch)) ** 2
    return floored(np.fft.fftshift(intensity, axes=(-2, -1)) / patch.shape[-1] ** 2)


def floored(intensity: Array) -> NDArray[np.float64]:
    """Return the amplitudes of intensities, of any shape, with the floor that is in force."""
    return np.sqrt(rules_here().floor.under(np.asarray(intensity, np.float64)))


def amplitudes_of(patches: Array, probe: Array) -> NDArray[np.float64]:
    """Diffraction amplitudes ``(n, N, N)`` of ``(n, N, N)`` patches."""
    together = max(1, _PIXELS_TOGETHER // patches.shape[-1] ** 2)
    starts = range(0, len(patches), together)
    return np.concatenate([amplitude_of(patches[start : start + together], probe) for start in starts])


def bare_amplitudes_of(patches: Array, probe: Array) -> NDArray[np.float64]:
    """Diffraction amplitudes ``(n, N, N)`` without the floor that is in force: no scan of the suite has one."""
    with following(replace(rules_here(), floor=Floor())):
        return amplitudes_of(patches, probe)


def variation_of(counts: Array, mean: Array) -> float:
    """Variance of counts over that of Poisson's, where a count or more is expected; 1 where too few pixels are lit.

    Parameters
    ----------
    counts, mean : ndarray of one shape
        Counts as drawn and as expected.
    """
    lit = mean >= 1
    return float(((counts - mean)[lit] ** 2 / mean[lit]).mean()) if lit.sum() > _TELLING else 1.0
