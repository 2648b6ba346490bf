"""An adapter of DeepInverse: its ptychography, whose patches are cut and placed by methods of their own, and its noise.

That its positions are (row, column), that it cuts at whole ones, takes one mode and single precision, gives intensities
with the zero frequency in the corner and refuses little is stated. It counts positions from the window in the middle of
the object, and cuts off what is left of a pixel there: they are rounded before. It divides the probe by the root of the
mean light on the object, which is undone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from deepinv.physics import PoissonNoise, Ptychography
from deepinv.physics.phase_retrieval import PtychographyLinearOperator


def shifts_of(places: Any, shape: Any, N: int) -> torch.Tensor:
    """Whole shifts (n, 2) from the window in the middle of an object."""
    middle = (np.array(shape) - N) // 2 + N // 2
    return torch.tensor(np.round(np.asarray(places)).astype(np.int64) - middle)


class Deepinv:
    """Patches, their sums, diffraction patterns of one mode, and counts."""

    name = "deepinv"
    stages = frozenset({"patches", "reassembly", "physics"})
    subpixel = "whole"
    modes = "one"
    refusals = "none"
    axis_order = "yx"
    fft_order = "corner"
    quantity = "intensity"
    precision = "single"

    def _cutting(self, shape: Any, places: Any, N: int) -> PtychographyLinearOperator:
        shape = tuple(int(side) for side in shape)
        return PtychographyLinearOperator((1, *shape), torch.ones(1, N, N), shifts_of(places, shape, N))

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image = torch.tensor(np.array(obj))
        return self._cutting(image.shape, centres_xy, N).extract_patch(image[None, None])[0].numpy()

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; sums them all at once."""
        stack, centres = torch.tensor(np.array(patches)), np.asarray(centres_xy, np.float64)
        N, middle = stack.shape[-1], np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        placing = self._cutting(2 * half, centres - (middle - half), N)
        total, weight = (placing.place_patch(one[None])[0, 0] for one in (stack, torch.ones(stack.shape)))
        return {"object": (total / weight.clamp(1)).numpy(), "coverage": weight.numpy(), "origin_xy": middle - half}

    def _patterns(self, obj: Any, places: Any, probe: Any) -> Any:
        image, N = torch.tensor(np.array(obj)), np.shape(probe)[-1]
        light, shifts = torch.tensor(np.array(probe).reshape(1, N, N)), shifts_of(places, image.shape, N)
        operator = Ptychography((1, *image.shape), light, shifts)
        return (operator(image[None, None])[0] * operator.B.get_overlap_img(shifts).mean()).numpy()

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N) of patches that are objects of their own."""
        middle = [[np.shape(patches)[-1] // 2] * 2]
        return np.concatenate([self._patterns(one, middle, probe) for one in patches])

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws noise by a gain, not by photons")
        return {"diff3d": self._patterns(obj, np.stack([ycoords, xcoords], axis=1), probe)}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan

    def noisy(self, amplitude: Any, seed: int) -> Any:
        """Counts of intensities."""
        # PyTorch's own generator looks at 32 bits of a seed.
        mixed = int(np.random.SeedSequence(int(seed)).generate_state(1)[0])
        drawn = PoissonNoise(gain=1.0, rng=torch.Generator().manual_seed(mixed))
        return drawn(torch.tensor(np.array(amplitude))).numpy()
