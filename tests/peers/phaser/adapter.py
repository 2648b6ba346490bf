"""An adapter of phaser: what its object grid cuts and adds up, its moved probe, and its far field.

That its positions are (row, column) and refer to (N - 1)/2, that it gives intensities with the zero frequency in the
corner is stated, and so are its moved probe, that windows which leave the object are refused, and that little else is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from phaser.utils.num import Sampling, abs2, fft2, ifft2
from phaser.utils.object import ObjectSampling
from phaser.utils.optics import fourier_shift_filter


def grid_of(image: Any, corner: Any = (0.0, 0.0)) -> ObjectSampling:
    """Return its grid of an object (H, W) of which a pixel is one wide."""
    return ObjectSampling(np.shape(image)[-2:], 1.0, corner)


class Phaser:
    """Patches on whole pixels; between them it moves the probe, as is stated."""

    name = "phaser"
    stages = frozenset({"patches", "reassembly", "physics"})
    subpixel = "probe"
    outside = "refused"
    refusals = "none"
    axis_order = "yx"
    refers_to = "(N-1)/2"
    fft_order = "corner"
    quantity = "intensity"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        with np.errstate(under="ignore"):
            image = np.array(obj, np.complex64)
        return grid_of(image).get_view_at_pos(image, np.asarray(centres_xy, np.float64), (N, N))

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; sums them all at once."""
        stack, centres = np.array(patches, np.complex128), np.asarray(centres_xy, np.float64)
        middle = np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + stack.shape[-1] // 2 + 2).astype(int)
        total, weight = np.zeros(2 * half, complex), np.zeros(2 * half)
        grid = grid_of(total, middle - half)
        grid.add_view_at_pos(total, centres, stack)
        grid.add_view_at_pos(weight, centres, np.ones(stack.shape))
        return {"object": total / np.maximum(weight, 1), "coverage": weight, "origin_xy": middle - half}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        modes = np.reshape(np.asarray(probe, complex), (-1, *np.shape(patches)[1:]))
        return np.sum(abs2(fft2(np.asarray(patches)[:, np.newaxis] * modes)), axis=1)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws no noise")
        places, N = np.stack([ycoords, xcoords], axis=1).astype(np.float64), np.shape(probe)[-1]
        modes, image = np.reshape(np.asarray(probe, complex), (-1, N, N)), np.asarray(obj, complex)
        frequencies = Sampling((N, N), sampling=(1.0, 1.0)).recip_grid()
        moved = fourier_shift_filter(*frequencies, grid_of(image).get_subpx_shifts(places, (N, N)))[:, np.newaxis]
        views = grid_of(image).get_view_at_pos(image, places, (N, N))[:, np.newaxis]
        return {"diff3d": np.sum(abs2(fft2(views * ifft2(fft2(modes) * moved))), axis=1)}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan
