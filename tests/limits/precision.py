"""Right backends that work in single precision: with bilinear weights, or by a phase ramp in Fourier space."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tests.limits.conventions import Placed, shifted

Array = NDArray[Any]
FOUR = ((0, 0), (0, 1), (1, 0), (1, 1))


class SingleWork(Placed):
    """Cuts, places and simulates in single precision."""

    numbers = np.complex64

    def between(self, images: Array, part: Array) -> Array:
        return mixed(images, part, -1)

    def spread(self, images: Array, part: Array) -> Array:
        return mixed(images, part, 1)

    @np.errstate(under="ignore")
    def simulate(self, patches: Any, probe: Any) -> Array:
        right = np.asarray(self.right.simulate(patches, probe))
        modes = np.asarray(probe).astype(np.complex64).reshape(-1, *right.shape[-2:])
        waves = np.asarray(patches).astype(np.complex64)[:, None] * modes
        far = scipy.fft.fft2(scipy.fft.ifftshift(waves, axes=(-2, -1)), norm="ortho")
        amplitude = np.sqrt((np.abs(scipy.fft.fftshift(far, axes=(-2, -1))) ** 2).sum(axis=1))
        return np.asarray(amplitude.astype(right.dtype))


class SingleFourier(SingleWork):
    """Works in single precision, and shifts by a phase ramp in Fourier space."""

    speaks = ("PAT-002", "REA-011")

    def between(self, images: Array, part: Array) -> Array:
        return shifted(images, -part)

    def spread(self, images: Array, part: Array) -> Array:
        return shifted(images, part)


def mixed(images: Array, part: Array, way: int) -> Array:
    """Images (n, M, M) and those a pixel on, in one way along both axes, by weights of parts (n, 2), [dx, dy]."""
    dx, dy = part.astype(np.float32).T[:, :, None, None]
    out = np.zeros_like(images)
    for row, column in FOUR:
        weight = (dy if row else 1 - dy) * (dx if column else 1 - dx)
        out += np.roll(images, (way * row, way * column), axis=(1, 2)) * weight
    return out
