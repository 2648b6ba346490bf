"""Whether a raster of frames has the axes of the detector before those of the scan (FIL-002)."""

from __future__ import annotations

import numpy as np

from conformance.files.rules.view import View

_EVEN, _PEAKED, _FEWEST = 3.0, 10.0, 16
"""Largest over median of what is even, and of a pattern that is concentrated; pixels, and frames, to be told by."""


def detector_first(view: View, raster: tuple[int, int]) -> str:
    """Say that frames are slices over the scan, one a pixel of the detector; empty where they are patterns.

    The light of a scan is much the same from point to point, and a pattern is far brighter in its middle.

    Parameters
    ----------
    view : View
    raster : tuple of int
        Rows and columns of the scan, as the file has them.
    """
    mean = view.survey.sums
    if min(mean.size, view.M) < _FEWEST or (mean <= 0).any() or view.survey.extent("negative").values:
        return ""
    light, pattern = view.survey.flux[0], mean.ravel()
    middle, between = float(np.quantile(light, 0.5)), float(np.quantile(light, 0.9))
    peaked = float(light.max()) > _PEAKED * max(middle, 0.1 * between, 1e-300)
    if not peaked or float(pattern.max()) > _EVEN * float(np.median(pattern)):
        return ""
    rows, columns = view.survey.sides
    return (
        f"the axes seem to be exchanged: over {raster[0]} x {raster[1]} points the light falls off as a pattern does, "
        f"and in each frame of {rows} x {columns} all pixels get much the same, as points of a scan do; write it "
        f"with the axes of the scan first: ({rows}, {columns}, {raster[0]}, {raster[1]})"
    )
