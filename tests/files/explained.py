"""How well a scan's own probe, object and positions explain its frames, against what counting noise would leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.files.scans import Arrays

Floats = NDArray[np.float64]


def over_floor(arrays: Arrays, left_out: Any = None, *, between: bool = True) -> float:
    """Misfit of the frames over that of counting noise; 1 where nothing else is in it.

    Parameters
    ----------
    arrays : dict
        Scan under the contract's names, amplitudes that are square roots of counts.
    left_out : numpy.ndarray, optional
        (N, N) bool: pixels that are not measured.
    between : bool
        Whether patches lie between pixels (bilinear); else at the pixel below.
    """
    model, frames = far_fields(arrays, between), arrays["diff3d"].astype(np.float64)
    kept = np.ones(frames.shape[1:], bool) if left_out is None else ~left_out
    gain = float((model * frames)[:, kept].sum() / (model**2)[:, kept].sum())
    noise = np.sqrt(np.random.default_rng(7).poisson((gain * model) ** 2))
    misfit, floor = (
        float((((gain * model) - one)[:, kept] ** 2).sum() / (one[:, kept] ** 2).sum()) for one in (frames, noise)
    )
    return misfit / floor


def far_fields(arrays: Arrays, between: bool) -> Floats:
    """Amplitudes (M, N, N) that follow from probe, object and positions."""
    probe = arrays["probeGuess"].reshape(-1, *arrays["probeGuess"].shape[-2:])
    patches = _patches(arrays, probe.shape[-1], between)
    waves = np.fft.fftshift(np.fft.fft2(patches[:, None] * probe), axes=(-2, -1))
    return np.asarray(np.sqrt((np.abs(waves) ** 2).sum(axis=1)))


def _patches(arrays: Arrays, N: int, between: bool) -> NDArray[np.complex128]:
    truth = np.pad(arrays["objectGuess"].astype(np.complex128), ((0, 1), (0, 1)))
    found = []
    for x, y in zip(arrays["xcoords"], arrays["ycoords"], strict=True):
        column, row = int(np.floor(x + 1e-6)), int(np.floor(y + 1e-6))
        fx, fy = (x - column, y - row) if between else (0.0, 0.0)
        held = truth[row - N // 2 : row + N // 2 + 1, column - N // 2 : column + N // 2 + 1]
        above, below = ((1 - fx) * part[:, :-1] + fx * part[:, 1:] for part in (held[:-1], held[1:]))
        found.append((1 - fy) * above + fy * below)
    return np.stack(found)
