"""An adapter of PtyLab: windows as its engines cut them, and its propagation to a far detector.

That its positions are (row, column), that it takes double precision and cuts on whole pixels is stated, and so is that
intensities come of what it propagates. It counts positions from the middle pixel of the object, in metres.
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
    axis_order = "yx"
    quantity = "intensity"
    precision = "double"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        y, x = np.asarray(centres_xy, np.float64).T
        height, width = obj.shape
        # It knows square objects alone, so each axis is asked for by itself.
        rows = calculate_pixel_positions((y - height // 2)[:, None], 1.0, height, N, asint=True)[:, 0]
        columns = calculate_pixel_positions((x - width // 2)[:, None], 1.0, width, N, asint=True)[:, 0]
        windows = [obj[row : row + N, col : col + N] for row, col in zip(rows, columns, strict=True)]
        return np.stack(windows) if windows else np.zeros((0, N, N), complex)

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        waves = patches[:, None] * np.reshape(probe, (-1, *patches.shape[1:]))
        far = propagate_fraunhofer(waves, Params(), SimpleNamespace(esw=waves))[1]
        return (np.abs(far) ** 2).sum(axis=1)
