"""Oracle of a Fourier shift: the sum of an image's waves, each evaluated between the pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array


def between(image: Array, right: float, down: float) -> NDArray[np.complex128]:
    """Evaluate an image at its pixels plus a fraction, as the sum of its waves, which repeat beyond its edges.

    Parameters
    ----------
    image : (H, W) complex
    right, down : float
        Fractions of a pixel along the columns and along the rows.

    Returns
    -------
    (H, W) complex128
        Pixel (i, j) is the image at row i + down, column j + right.
    """
    rows, columns = (_interpolation(size, part) for size, part in zip(image.shape, (down, right), strict=True))
    return np.asarray(rows @ image @ columns.T, dtype=np.complex128)


def _interpolation(size: int, part: float) -> NDArray[np.complex128]:
    """Matrix (size, size) that evaluates waves at pixels plus a fraction; the fastest wave counts as a negative one."""
    if part == 0:
        return np.eye(size, dtype=np.complex128)
    waves, pixels = np.arange(size) - size // 2, np.arange(size)
    there = np.exp(2j * np.pi * np.outer(pixels + part, waves) / size)
    return np.asarray(there @ np.exp(-2j * np.pi * np.outer(waves, pixels) / size) / size)
