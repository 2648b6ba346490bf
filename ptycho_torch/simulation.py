"""Scans of a known object (RAW-007)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptycho_torch.errors import refuse
from ptycho_torch.grouping import generator_for
from ptycho_torch.patches import cut_patches
from ptycho_torch.physics import diffraction_amplitude, noisy_amplitude
from ptycho_torch.scan import Scan

_CHUNK = 1 << 22


def simulate_scan(
    positions: NDArray[np.float64], probe: Tensor, obj: Tensor, nphotons: float | None = None, seed: int | None = None
) -> Scan:
    """Simulate the frames of an object under a probe.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    probe : (N, N) or (P, N, N) complex
    obj : (H, W) complex
    nphotons : float, optional
        Mean photons a frame: the probe is scaled to it and counts are drawn. None: no noise.
    seed : int, optional
        Seed of the counts.

    Returns
    -------
    Scan
        With the patches as ``Y`` and the object.

    Raises
    ------
    Refusal
        ``nphotons`` is not above 0, or the frames are dark (RAW-010).
    """
    N = probe.shape[-1]
    patches = cut_patches(obj, torch.from_numpy(positions), N)
    # Squares of a faint scene are nothing in single precision: it is computed at order one.
    light, view = _largest(probe), _largest(obj)
    unit, shown = (probe / light).to(torch.complex64), patches / view
    step = max(1, _CHUNK // (N * N))
    amplitude = torch.cat([diffraction_amplitude(part, unit) for part in shown.split(step)])
    if nphotons is None:
        probe, amplitude = probe.to(torch.complex64), amplitude * (light * view)
    else:
        gain = _gain(amplitude, nphotons)
        probe = unit * (gain / view)
        amplitude = noisy_amplitude(amplitude.double() * gain, generator_for(seed))
    given = {
        "xcoords": positions[:, 0],
        "ycoords": positions[:, 1],
        "diff3d": amplitude,
        "probeGuess": probe,
        "objectGuess": obj,
        "Y": patches,
    }
    return Scan.assemble(given)


def _largest(values: Tensor) -> float:
    """Largest modulus; 1 where there is none."""
    held = values if values.is_complex() else values.double()
    return float(held.abs().max()) or 1.0 if values.numel() else 1.0


def _gain(amplitude: Tensor, nphotons: float) -> float:
    energy = float(amplitude.double().square().sum(dim=(1, 2)).mean())
    if not nphotons > 0 or not energy > 0:
        problem = f"nphotons {nphotons} on frames of mean energy {energy}"
        refuse("RAW-010", "nphotons", problem, "Use a positive number of photons and a probe that is not dark.")
    return float((nphotons / energy) ** 0.5)
