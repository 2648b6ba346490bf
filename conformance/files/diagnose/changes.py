"""How a probe or an object may have been stored otherwise than the frames ask for: changes of arrays, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Change: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
MOVED: Mapping[str, Change] = {
    "transposed": lambda values: values.swapaxes(-1, -2),
    "mirrored left to right": lambda values: values[..., ::-1],
    "mirrored upside down": lambda values: values[..., ::-1, :],
    "turned by 180 degrees": lambda values: values[..., ::-1, ::-1],
    "turned by a quarter": lambda values: np.rot90(values, 1, (-2, -1)),
    "turned by a quarter the other way": lambda values: np.rot90(values, -1, (-2, -1)),
    "transposed along the other diagonal": lambda values: values[..., ::-1, ::-1].swapaxes(-1, -2),
}
"""What moves the pixels of (..., rows, columns)."""


def _conjugated(change: Change) -> Change:
    return lambda values: np.conj(change(values))


CHANGES: Mapping[str, Change] = {
    **MOVED,
    "conjugated": np.conj,
    **{f"{said} and conjugated": _conjugated(change) for said, change in MOVED.items()},
}
"""These, the phase reversed, and both."""


def _from_the_far_field(values: NDArray[Any]) -> NDArray[Any]:
    """The probe (..., N, N) whose transform was stored; its middle may have been taken for [0, 0] or [N/2, N/2]."""
    back = np.fft.ifft2(np.fft.ifftshift(values, axes=(-2, -1)), norm="ortho").astype(values.dtype)
    quarter = values.shape[-1] // 4
    inner = np.abs(back[..., quarter:-quarter, quarter:-quarter] ** 2).sum()
    return back if 2 * inner > np.abs(back**2).sum() else np.fft.fftshift(back, axes=(-2, -1))


OF_PROBES: Mapping[str, Change] = {
    "shifted by half its side": lambda values: np.fft.fftshift(values, axes=(-2, -1)),
    "transformed back from the far field": _from_the_far_field,
}
"""What makes a probe (..., N, N) of one whose middle is at [0, 0], or that was written where the frames are."""

OF_REAL_OBJECTS: Mapping[str, Change] = {"taken for a phase in radians": lambda values: np.exp(1j * values.real)}
"""What makes the transmission of real numbers (H, W)."""

ALL: Mapping[str, Change] = {**CHANGES, **OF_PROBES, **OF_REAL_OBJECTS}
