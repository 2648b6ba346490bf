"""Right backends that work in single precision: with bilinear weights, or by a phase ramp in Fourier space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tests.limits.conventions import OwnPatches

Array = NDArray[Any]
FOUR = ((0, 0), (0, 1), (1, 0), (1, 1))


class SingleWork(OwnPatches):
    """Cuts, places, moves and simulates in single precision."""

    speaks: tuple[str, ...] = ()

    @np.errstate(under="ignore")
    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        whole = np.floor(centres)
        cut = np.asarray(self.right.patches(obj, whole, N + 2)).astype(np.complex64)
        return self.between(cut, (centres - whole).astype(np.float32))[:, 1 : N + 1, 1 : N + 1]

    def between(self, images: Array, part: Array) -> Array:
        """Read images (n, M, M) at parts of a pixel (n, 2), [dx, dy], further on."""
        rolled = {step: np.roll(images, (-step[0], -step[1]), axis=(1, 2)) for step in FOUR}
        return sum((rolled[step] * weight for step, weight in weights(part).items()), np.zeros_like(images))

    def spread(self, images: Array, part: Array) -> Array:
        """Place images (n, M, M) parts of a pixel (n, 2), [dx, dy], further on."""
        rolled = {step: np.roll(images, step, axis=(1, 2)) for step in FOUR}
        return sum((rolled[step] * weight for step, weight in weights(part).items()), np.zeros_like(images))

    @np.errstate(under="ignore")
    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Mapping[str, Any]:
        self.right.reassemble(patches, centres_xy, chunk)
        stack, centres = np.asarray(patches).astype(np.complex64), np.asarray(centres_xy, np.float64)
        N, whole, middle = stack.shape[-1], np.floor(centres), np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        total, weight = np.zeros(2 * half[::-1], np.complex64), np.zeros(2 * half[::-1], np.float32)
        part = (centres - whole).astype(np.float32)
        wide = ((0, 0), (1, 1), (1, 1))
        values = self.spread(np.pad(stack, wide), part)
        ones = self.spread(np.pad(np.ones_like(stack), wide), part).real
        for value, one, corner in zip(values, ones, (whole - middle + half - N // 2 - 1).astype(int), strict=True):
            place = slice(corner[1], corner[1] + N + 2), slice(corner[0], corner[0] + N + 2)
            total[place] += value
            weight[place] += one
        covered = np.abs(weight) > 1e-7
        mean = np.divide(total, weight, out=np.zeros_like(total), where=covered)
        return {"object": mean, "coverage": np.where(covered, weight, 0.0), "origin_xy": middle - half}

    @np.errstate(under="ignore")
    def simulate(self, patches: Any, probe: Any) -> Array:
        right = np.asarray(self.right.simulate(patches, probe))
        modes = np.asarray(probe).astype(np.complex64).reshape(-1, *right.shape[-2:])
        waves = np.asarray(patches).astype(np.complex64)[:, None] * modes
        shifted = scipy.fft.ifftshift(waves, axes=(-2, -1))
        far = scipy.fft.fftshift(scipy.fft.fft2(shifted, norm="ortho"), axes=(-2, -1))
        return np.sqrt((np.abs(far) ** 2).sum(axis=1)).astype(right.dtype)


class SingleFourier(SingleWork):
    """Works in single precision, and shifts by a phase ramp in Fourier space."""

    speaks = ("PAT-002", "REA-011")

    def between(self, images: Array, part: Array) -> Array:
        return ramped(images, -part)

    def spread(self, images: Array, part: Array) -> Array:
        return ramped(images, part)


def weights(part: Array) -> dict[tuple[int, int], Array]:
    """Bilinear weights (n, 1, 1) of a pixel and those after it, by (row, column)."""
    dx, dy = part.T[:, :, None, None]
    return {(row, column): (dy if row else 1 - dy) * (dx if column else 1 - dx) for row, column in FOUR}


def ramped(images: Array, shifts: Array) -> Array:
    """Move the content of (n, M, M) images by (n, 2) shifts [dx, dy] around the edges, in single precision."""
    if not shifts.any():
        return images
    column, row = (np.fft.fftfreq(images.shape[axis]).astype(np.float32) for axis in (2, 1))
    dx, dy = shifts.T[:, :, None, None]
    ramp = np.exp(np.complex64(-2j * np.pi) * (dx * column[None, :] + dy * row[:, None]))
    return np.asarray(scipy.fft.ifft2(scipy.fft.fft2(images) * ramp))
