"""An adapter of py4DSTEM: its patch indices, its sum of overlapping patches, and its overlap in the far field.

That its positions are (row, column), that its FFT has no norm and its zero frequency is in the corner is stated. Its
patches have their middle in the corner too, so they are shifted by half their sides.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from py4DSTEM.process.phase.mixedstate_ptychography import MixedstatePtychography
from py4DSTEM.process.phase.utils import fft_shift

HALVES = (-2, -1)


def held(object_shape: Any, N: int) -> SimpleNamespace:
    """Return what its methods read of a reconstruction."""
    known = SimpleNamespace(_xp=np, _xp_storage=np, _object_type="complex")
    known._object_shape, known._region_of_interest_shape = tuple(object_shape), (N, N)
    for name in ("_sum_overlapping_patches_bincounts_base", "_return_farfield_amplitudes"):
        setattr(known, name, getattr(MixedstatePtychography, name).__get__(known))
    return known


class Py4dstem:
    """Patches on whole pixels; between them it moves the probe, as is stated."""

    name = "py4dstem"
    stages = frozenset({"patches", "reassembly", "physics"})
    subpixel = "probe"
    outside = "wrap"
    refusals = "none"
    axis_order = "yx"
    fft_norm = "backward"
    fft_order = "corner"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        with np.errstate(under="ignore"):
            image, places = np.array(obj, np.complex64), np.asarray(centres_xy, np.float64)
        rows, columns = MixedstatePtychography._extract_vectorized_patch_indices(held(image.shape, N), places)
        return np.fft.fftshift(image[rows, columns], axes=HALVES)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; sums them all at once."""
        stack, centres = np.array(patches, np.complex128), np.asarray(centres_xy, np.float64)
        N = stack.shape[-1]
        middle = np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        origin = middle - half
        known = held(2 * half, N)
        places, corner = centres - origin, np.fft.ifftshift(stack, axes=HALVES)
        total = MixedstatePtychography._sum_overlapping_patches_bincounts(known, corner, places)
        weight = MixedstatePtychography._sum_overlapping_patches_bincounts(known, np.ones(stack.shape), places)
        with np.errstate(under="ignore"):
            mean = total / np.maximum(weight, 1)
        return {"object": mean, "coverage": weight, "origin_xy": origin}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        N = np.shape(patches)[-1]
        modes = np.reshape(probe, (-1, N, N)).astype(complex)
        return self._amplitudes(patches, np.fft.ifftshift(modes, axes=HALVES)[None])

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws no noise here")
        N, places = np.shape(probe)[-1], np.stack([ycoords, xcoords], axis=1).astype(np.float64)
        modes = np.fft.ifftshift(np.reshape(probe, (-1, N, N)).astype(complex), axes=HALVES)
        lights = fft_shift(modes, places - np.round(places))
        return {"diff3d": self._amplitudes(self.patches(obj, places, N), lights)}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan

    def _amplitudes(self, patches: Any, lights: Any) -> Any:
        N = np.shape(patches)[-1]
        corner = np.fft.ifftshift(np.asarray(patches, complex), axes=HALVES)[:, None] * lights
        found = MixedstatePtychography._return_farfield_amplitudes(held((N, N), N), np.fft.fft2(corner))
        with np.errstate(under="ignore"):
            return found.astype(np.float32)
