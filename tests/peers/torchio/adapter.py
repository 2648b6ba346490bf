"""An adapter of TorchIO: patches of images by their first voxel, and the mean of patches that overlap.

That its locations are (row, column) of the upper left pixel of the window, that they are whole, that it takes single
precision and refuses little is stated. Images are real, of channels and three axes: two channels and one voxel are
added. It keeps how many patches lie on a pixel to itself, where it is taken from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torchio


def volumes(images: Any) -> torch.Tensor:
    """Complex images (n, H, W) as volumes (n, 2, H, W, 1): real and imaginary parts."""
    held = np.array(images)
    return torch.tensor(np.stack([held.real, held.imag], axis=1)[..., np.newaxis])


def sampler_of(volume: torch.Tensor, N: int) -> torchio.GridSampler:
    """What cuts windows of a volume, and knows its shape."""
    return torchio.GridSampler(torchio.Subject(image=torchio.ScalarImage(tensor=volume)), (N, N, 1))


class Torchio:
    """Patches at whole places, and their mean."""

    name = "torchio"
    stages = frozenset({"patches", "reassembly"})
    subpixel = "whole"
    refusals = "none"
    axis_order = "yx"
    refers_to = "corner"
    precision = "single"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        cutter = sampler_of(volumes([obj])[0], int(N))
        corners = np.round(np.asarray(centres_xy)).astype(int).tolist()
        if not corners:
            return np.zeros((0, N, N), np.complex64)
        cut = [cutter.extract_patch(cutter.subject, (*corner, 0)).image.data[..., 0].numpy() for corner in corners]
        return np.stack([one[0] + 1j * one[1] for one in cut])

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas, batch by batch."""
        stack, corners = volumes(patches), np.round(np.asarray(centres_xy)).astype(int)
        N, n = stack.shape[2], len(stack)
        middle = np.floor(np.asarray(centres_xy, np.float64).mean(axis=0) + 0.5).astype(int)
        half = np.abs(corners - middle).max(axis=0) + N + 2
        mean = torchio.GridAggregator(sampler_of(torch.zeros(1, *(2 * half).tolist(), 1), N), overlap_mode="average")
        begin = np.pad(corners - (middle - half), ((0, 0), (0, 1)))
        where = torch.tensor(np.concatenate([begin, begin + np.array([N, N, 1])], axis=1))
        step = int(chunk or n)
        for first in range(0, n, step):
            some = slice(first, first + step)
            mean.add_batch(stack[some], where[some])
        real, imaginary = mean.get_output_tensor()[..., 0].numpy()
        weight = mean._avgmask_tensor[0, ..., 0].numpy()
        return {"object": np.nan_to_num(real + 1j * imaginary), "coverage": weight, "origin_xy": middle - half}
