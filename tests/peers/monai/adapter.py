"""An adapter of MONAI: crops of images by their centre, and the mean of patches that overlap.

That its places are (row, column), that they are whole and that it refuses little is stated. Images are real, of
channels first: the real and the imaginary part are two channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from monai.inferers.merger import AvgMerger
from monai.transforms import SpatialCrop


def channels(images: Any) -> torch.Tensor:
    """Complex images (n, H, W) as (n, 2, H, W): real and imaginary parts."""
    held = np.array(images)
    return torch.tensor(np.stack([held.real, held.imag], axis=1))


class Monai:
    """Patches at whole places, and their mean."""

    name = "monai"
    stages = frozenset({"patches", "reassembly"})
    subpixel = "whole"
    refusals = "none"
    axis_order = "yx"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image, size = channels([obj])[0], (int(N), int(N))
        centres = np.round(np.asarray(centres_xy)).astype(int).tolist()
        if not centres:
            return np.zeros((0, *size), np.complex64)
        cut = [SpatialCrop(roi_center=one, roi_size=size)(image).numpy() for one in centres]
        return np.stack([one[0] + 1j * one[1] for one in cut]).astype(np.complex64)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas, one by one."""
        stack, centres = channels(patches), np.round(np.asarray(centres_xy)).astype(int)
        N = stack.shape[-1]
        middle = np.floor(np.asarray(centres_xy, np.float64).mean(axis=0) + 0.5).astype(int)
        half = np.abs(centres - middle).max(axis=0) + N + 2
        mean = AvgMerger(merged_shape=(1, 2, *(2 * half).tolist()))
        for patch, begin in zip(stack, centres - N // 2 - (middle - half), strict=True):
            mean.aggregate(patch[None], begin.tolist())
        # To finish divides in place, and lets go of the counts.
        coverage = mean.get_counts()[0, 0].numpy().astype(np.float64)
        real, imaginary = np.nan_to_num(mean.finalize().numpy()[0])
        return {"object": real + 1j * imaginary, "coverage": coverage, "origin_xy": middle - half}
