"""Adapters of quantem: its patch indices and sums of patches, its moved probe, its detector, and its shift of images.

That its positions are (row, column), that it gives intensities and takes single precision is stated, and so are its
moved probe, that its object repeats beyond its edge, and that little is refused. The middle of its patches and probes
is in the corner, so they are shifted by half their sides; an object that is real it takes for a phase.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from quantem.diffractive_imaging.dataset_models import PtychographyDatasetBase
from quantem.diffractive_imaging.detector_models import DetectorPixelated
from quantem.diffractive_imaging.object_models import ObjectBase
from quantem.diffractive_imaging.ptycho_utils import fourier_shift_expand, shift_array, sum_patches
from quantem.diffractive_imaging.ptychography_base import PtychographyBase

HALVES = (-2, -1)


def indices(places: torch.Tensor, shape: Any, N: int) -> torch.Tensor:
    """Numbers (n, N, N) of the pixels of windows about places (n, 2) of an object."""
    held = SimpleNamespace(scan_positions_px=places, roi_shape=np.array([N, N]), device="cpu")
    held._obj_shape_full_2d = lambda padding: np.array(shape)
    PtychographyDatasetBase._set_patch_indices(held, (0, 0))
    return held._patch_indices


def cornered(values: Any) -> torch.Tensor:
    """Images (..., N, N) in single precision with their middle in the corner."""
    return torch.tensor(np.fft.ifftshift(np.asarray(values, np.complex64), axes=HALVES))


class Quantem:
    """Patches on whole pixels; between them it moves the probe, as is stated."""

    name = "quantem"
    stages = frozenset({"patches", "reassembly", "physics"})
    subpixel = "probe"
    outside = "wrap"
    refusals = "none"
    axis_order = "yx"
    quantity = "intensity"
    precision = "single"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image, places = np.array(obj, np.complex64), torch.tensor(np.array(centres_xy, np.float32))
        cut = ObjectBase._get_obj_patches(None, torch.tensor(image)[None], indices(places, image.shape, N))
        return np.fft.fftshift(cut[0].numpy(), axes=HALVES)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; sums them all at once."""
        stack, centres = cornered(patches), np.asarray(centres_xy, np.float64)
        N, middle = stack.shape[-1], np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        shape, origin = tuple(int(side) for side in 2 * half), middle - half
        where = indices(torch.tensor((centres - origin).astype(np.float32)), shape, N)
        total, weight = sum_patches(stack, where, shape), sum_patches(torch.ones(stack.shape), where, shape)
        return {"object": (total / weight.clamp(1)).numpy(), "coverage": weight.numpy(), "origin_xy": origin}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        modes = cornered(np.reshape(probe, (-1, 1, *np.shape(patches)[1:])))
        return DetectorPixelated().forward(cornered(patches)[None] * modes).numpy()

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws no noise")
        N, image = np.shape(probe)[-1], torch.tensor(np.array(obj, np.complex64))[None]
        places = torch.tensor(np.stack([ycoords, xcoords], axis=1).astype(np.float32))
        modes = cornered(np.reshape(probe, (-1, N, N)))
        lights = fourier_shift_expand(modes, places - torch.round(places)).swapaxes(0, 1)
        cut = ObjectBase._get_obj_patches(None, image, indices(places, image.shape[1:], N))
        exits = PtychographyBase.overlap_projection(SimpleNamespace(num_slices=1), cut, lights)[1]
        return {"diff3d": DetectorPixelated().forward(exits).numpy()}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan


class Shift:
    """Images moved by bilinear weights, and no longer periodic, as it is told."""

    name = "quantem-shift"
    stages = frozenset({"transforms"})
    refusals = "none"
    axis_order = "yx"

    def translate(self, images: Any, shifts_xy: Any) -> Any:
        """Images (n, H, W), moved one by one."""
        held = np.array(images)
        steps = [tuple(map(np.float64, step)) for step in np.asarray(shifts_xy)]
        moved = [shift_array(one, *step, periodic=False, bilinear=True) for one, step in zip(held, steps, strict=True)]
        return np.array(moved, np.result_type(held, np.float32)).reshape(held.shape)
