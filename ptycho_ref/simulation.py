"""Physically consistent scans of a known object (RAW-007, PHY-010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal
from ptycho_ref.patches import cut_patches
from ptycho_ref.physics import forward_amplitude, noisy_amplitude


@dataclass(frozen=True)
class SimulatedScan:
    """Frames with the patches and the probe that explain them.

    Attributes
    ----------
    diffraction : (M, N, N) float32
        Amplitude: square root of counts.
    patches : (M, N, N) complex64
    probe : (N, N) or (P, N, N) complex64
        The probe given, scaled to the dose when there is one.
    """

    diffraction: NDArray[np.float32]
    patches: NDArray[np.complex64]
    probe: NDArray[np.complex64]


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def simulate_diffraction(
    obj: NDArray[Any],
    probe: NDArray[Any],
    centres_xy: NDArray[Any],
    nphotons: float | None,
    rng: np.random.Generator,
) -> SimulatedScan:
    """Simulate the frames at given positions.

    Parameters
    ----------
    obj : (H, W) complex
    probe : (N, N) or (P, N, N) complex
    centres_xy : (M, 2) real
        Positions in object pixels, columns [x, y].
    nphotons : float or None
        Mean photons a frame; None: no noise and the probe as given.
    rng : numpy.random.Generator
        Source of the counts.

    Raises
    ------
    RequestRefusal
        nphotons is not positive, or the scene is dark (RAW-010).
    """
    patches = cut_patches(obj, centres_xy, probe.shape[-1])
    amplitude = forward_amplitude(patches, probe)
    if nphotons is None:
        return SimulatedScan(amplitude, patches, probe.astype(np.complex64))
    energy = float(np.square(amplitude, dtype=np.float64).sum(axis=(1, 2)).mean())
    if not nphotons > 0 or not energy > 0:
        raise RequestRefusal(
            f"{nphotons} photons on frames of mean energy {energy}",
            clause="RAW-010",
            array="nphotons",
            remedy="Pass a positive dose and a scene that is not dark, or None for no noise.",
        )
    dose = np.sqrt(nphotons / energy)
    return SimulatedScan(noisy_amplitude(amplitude * dose, rng), patches, (probe * dose).astype(np.complex64))
