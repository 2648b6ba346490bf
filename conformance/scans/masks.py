"""Masks of pixels that were not measured, and scans that carry one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import MASK, STACKS
from conformance.contract.types import Array


def mask_of(N: int, seed: int = 1) -> NDArray[np.bool_]:
    """Make a mask (N, N), True where nothing was measured: a gap and dead pixels, without any symmetry.

    Parameters
    ----------
    N : int
        Side of a frame in pixels, at least 8.
    seed : int
        Where the gap and the dead pixels lie.
    """
    rng = np.random.default_rng([seed, 7])
    mask = rng.random((N, N)) < 0.08
    mask[1 + seed % (N // 2), 2 : N - 1] = True
    mask[N - 2 :, 0] = (False, True)
    # The beam is at the middle: what is left always holds light.
    mask[N // 2, N // 2 : N // 2 + 2] = False
    return mask


def masks_of(N: int, seed: int = 1) -> dict[str, NDArray[np.bool_]]:
    """Make masks (N, N) of every extent, each by what it masks: some pixels, a single one, half of the frame's rows.

    Parameters
    ----------
    N : int
        Side of a frame in pixels, at least 8.
    seed : int
        Where the masked pixels lie.
    """
    single, half = np.zeros((N, N), bool), np.zeros((N, N), bool)
    single[seed % (N // 2), 1] = True
    half[N // 2 + 2 :] = half[: N // 4] = True
    return {"a mask": mask_of(N, seed), "a mask of one pixel": single, "a mask of half the frame": half}


def masked(arrays: Mapping[str, Any], mask: Array, value: float | None = 0.0) -> dict[str, Any]:
    """Return the arrays of a scan with a mask, canonical frames, and a value in every masked pixel.

    Parameters
    ----------
    arrays : Mapping
        Of a sound scan, frames (M, N, N).
    mask : (N, N) bool
        True where nothing was measured.
    value : float or None
        Times the brightest pixel, brighter in later frames; 0 as files should hold it; None leaves the frames.
    """
    held = dict(arrays) | {MASK: mask}
    name = next(one for one in STACKS if one in held)
    if value is not None:
        frames = np.array(held[name], dtype=np.float32)
        rising = 1 + np.arange(len(frames), dtype=np.float32) / len(frames)
        frames[:, mask] = (value * frames.max() * rising)[:, np.newaxis]
        held[name] = frames
    return held
