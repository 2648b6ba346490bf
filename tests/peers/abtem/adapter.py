"""An adapter of abTEM: the diffraction patterns of its waves, and the noise of its measurements.

Its patterns are of an FFT without norm, and the first axis of its arrays is x: both axes are exchanged on the way.
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

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        N = np.shape(patches)[-1]
        modes = np.reshape(probe, (-1, N, N)).astype(complex)
        waves = np.swapaxes(np.asarray(patches, complex)[:, None] * modes, -2, -1)
        axes = [abtem.core.axes.OrdinalAxis(values=tuple(range(size))) for size in waves.shape[:2]]
        held = abtem.Waves(waves, energy=1e5, sampling=0.1, ensemble_axes_metadata=axes)
        found = held.diffraction_patterns(max_angle="full", parity="same").array
        return np.swapaxes(np.sqrt(found.sum(axis=1)) / N, -2, -1).astype(np.float32)

    def noisy(self, amplitude: Any, seed: int) -> Any:
        """Square roots of counts of ``amplitude**2``."""
        rate = np.asarray(amplitude, float) ** 2
        axes = [abtem.core.axes.OrdinalAxis(values=tuple(range(len(rate))))]
        held = abtem.measurements.DiffractionPatterns(rate, sampling=0.1, ensemble_axes_metadata=axes)
        return np.sqrt(held.poisson_noise(total_dose=1.0, seed=seed).array)
