"""Oracle of the amplitude scale (NRM): loops over groups and channels."""

from __future__ import annotations

import numpy as np

from conformance.contract.types import Array


def amplitude_scale_of(diffraction: Array) -> float:
    """Scale of grouped amplitudes ``(B, N, N, C)``: sqrt((N/2)² / mean over frames of the sum of squares)."""
    energies = [
        float((diffraction[b, :, :, c].astype(np.float64) ** 2).sum())
        for b in range(diffraction.shape[0])
        for c in range(diffraction.shape[3])
    ]
    return float(np.sqrt((diffraction.shape[1] / 2) ** 2 / (sum(energies) / len(energies))))
