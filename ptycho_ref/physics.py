"""Forward model: from patches and probe to diffraction amplitude (PHY)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def forward_amplitude(patches: NDArray[Any], probe: NDArray[Any]) -> NDArray[np.float32]:
    """Diffraction amplitude of each patch (PHY-001).

    Parameters
    ----------
    patches : (n, N, N) complex
        Object patches.
    probe : (N, N) or (P, N, N) complex
        Illumination; incoherent modes add in intensity (PHY-005).

    Returns
    -------
    (n, N, N) float32
        sqrt(fftshift(sum over modes of |FFT2(probe * patch)|²) / N²), zero frequency at (N/2, N/2).

    Raises
    ------
    RequestRefusal
        Patches and probe differ in their side (PHY-014).
    """
    stack = np.asarray(patches)
    modes = np.asarray(probe)
    modes = modes[np.newaxis] if modes.ndim == 2 else modes
    if stack.ndim != 3 or modes.ndim != 3 or stack.shape[1:] != modes.shape[1:]:
        raise RequestRefusal(
            f"patches {stack.shape} and probe {np.shape(probe)} do not share the side N",
            clause="PHY-014",
            array="probe",
            remedy="Pass patches (n, N, N) with a probe (N, N) or (P, N, N).",
        )
    N = stack.shape[-1]
    intensity = np.zeros(stack.shape, dtype=np.float64)
    for mode in modes.astype(np.complex128):
        wave = np.fft.fft2(stack * mode)
        intensity += wave.real**2 + wave.imag**2
    amplitude: NDArray[np.float32] = np.sqrt(np.fft.fftshift(intensity, axes=(1, 2)) / N**2).astype(np.float32)
    return amplitude


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def noisy_amplitude(amplitude: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw Poisson counts of ``amplitude²`` and return their square root (PHY-011).

    Parameters
    ----------
    amplitude : (...) real
        Noise-free amplitude in square roots of counts.
    rng : numpy.random.Generator

    Returns
    -------
    (...) float32
    """
    return np.sqrt(rng.poisson(np.asarray(amplitude, dtype=np.float64) ** 2)).astype(np.float32)
