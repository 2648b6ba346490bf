"""An adapter of abTEM: the diffraction patterns of its waves, and the noise of its measurements.

That its FFT has no norm, that it gives intensities and takes double precision is stated. The first axis of its arrays
is x: both axes are exchanged on the way.
"""

from __future__ import annotations

from typing import Any

import abtem
import numpy as np


class Abtem:
    """Diffraction patterns of exit waves, and counts."""

    name = "abtem"
    stages = frozenset({"physics"})
    refusals = "any"
    fft_norm = "backward"
    quantity = "intensity"
    precision = "double"

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        waves = np.swapaxes(patches[:, None] * np.reshape(probe, (-1, *patches.shape[1:])), -2, -1).astype(complex)
        axes = [abtem.core.axes.OrdinalAxis(values=tuple(range(size))) for size in waves.shape[:2]]
        held = abtem.Waves(waves, energy=1e5, sampling=0.1, ensemble_axes_metadata=axes)
        found = held.diffraction_patterns(max_angle="full", parity="same").array
        return np.swapaxes(found.sum(axis=1), -2, -1)

    def noisy(self, amplitude: Any, seed: int) -> Any:
        """Counts of intensities, which is what its measurements hold."""
        axes = [abtem.core.axes.OrdinalAxis(values=tuple(range(len(amplitude))))]
        held = abtem.measurements.DiffractionPatterns(amplitude, sampling=0.1, ensemble_axes_metadata=axes)
        return held.poisson_noise(total_dose=1.0, seed=seed).array
