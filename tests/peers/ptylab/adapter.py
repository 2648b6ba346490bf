"""An adapter of PtyLab: windows as its engines cut them, and its propagation to a far detector.

Its positions are (row, column) from the middle pixel of the object, in metres; they become the upper left corners of
windows, on whole pixels. Its probe and its patterns have their middle at N // 2, and its FFT keeps the energy.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from PtyLab import Params
from PtyLab.Operators.Operators import propagate_fraunhofer
from PtyLab.Reconstruction.Reconstruction import calculate_pixel_positions


class PtyLab:
    """Windows on whole pixels, and diffraction patterns of modes."""

    name = "ptylab"
    stages = frozenset({"patches", "physics"})
    subpixel = "whole"
    refusals = "none"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image = np.array(obj, np.complex64)
        x, y = np.asarray(centres_xy, np.float64).T
        height, width = image.shape
        # It knows square objects alone, so each axis is asked for by itself.
        rows = calculate_pixel_positions((y - height // 2)[:, None], 1.0, height, N, asint=True)[:, 0]
        columns = calculate_pixel_positions((x - width // 2)[:, None], 1.0, width, N, asint=True)[:, 0]
        return np.stack([image[row : row + N, col : col + N] for row, col in zip(rows, columns, strict=True)])

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        modes = np.reshape(probe, (-1, *np.shape(patches)[-2:])).astype(complex)
        waves = np.asarray(patches, complex)[:, None] * modes
        far = propagate_fraunhofer(waves, Params(), SimpleNamespace(esw=waves))[1]
        return np.sqrt((np.abs(far) ** 2).sum(axis=1)).astype(np.float32)
