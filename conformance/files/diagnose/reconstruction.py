"""Short reconstructions with a small step, many at once: what orientation of the positions lets frames agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2, ifftshift

STEP = 0.1
"""Part of the correction that is applied; a large step fits noise in any orientation."""


def small_steps(
    intensity: NDArray[np.float32], s: NDArray[np.float64], probe: NDArray[np.complexfloating], rounds: int
) -> tuple[NDArray[np.float64], NDArray[np.complex64]]:
    """Reconstruct an object for each of several sets of frames, and say how badly each frame fits at last.

    Parameters
    ----------
    intensity : (c, f, N, N)
        Frames of each set, zero frequency at N/2.
    s : (c, f, 2)
        Positions, row and column, in object pixels; rounded to whole ones.
    probe : (N, N) complex
        Scaled to the frames; refined in each set by itself from the second round on.
    rounds : int
        Passes over the frames.

    Returns
    -------
    misfit : (c, f) float64
        Squared misfit of the amplitude in the last round, before the frame is used, over the mean power of a frame.
    objects : (c, h, w) complex64
        One object a set, the corner of the first patch at its corner.
    """
    sets, frames, N = intensity.shape[:3]
    measured = ifftshift(np.sqrt(np.maximum(intensity, 0)), axes=(2, 3)).astype(np.float32)
    corner = np.rint(s - s.min(axis=1, keepdims=True)).astype(np.int64)
    size = corner.reshape(-1, 2).max(axis=0) + N
    objects = np.ones((sets, *size), dtype=np.complex64)
    probes = np.repeat(probe.astype(np.complex64)[np.newaxis], sets, axis=0)
    misfit = np.zeros((sets, frames))
    power = float((measured**2).sum()) / (sets * frames)
    for number in range(rounds):
        for frame in range(frames):
            at = corner[:, frame]
            patches = np.stack([one[y : y + N, x : x + N] for one, (y, x) in zip(objects, at, strict=True)])
            waves = fft2(patches * probes, norm="ortho")
            modulus = np.abs(waves)
            misfit[:, frame] = ((modulus - measured[:, frame]) ** 2).sum(axis=(1, 2)) / power
            change = ifft2(waves * (measured[:, frame] / np.maximum(modulus, 1e-9) - 1), norm="ortho")
            light = np.abs(probes) ** 2
            moved = patches + STEP * 5 * np.conj(probes) / light.max(axis=(1, 2), keepdims=True) * change
            if number:
                there = np.abs(patches) ** 2
                probes = probes + STEP * np.conj(patches) / there.max(axis=(1, 2), keepdims=True) * change
            for one, (y, x), patch in zip(objects, at, moved, strict=True):
                one[y : y + N, x : x + N] = patch
    return misfit, objects


def scaled_probe(probe: NDArray[np.complexfloating], intensity: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The strongest mode (N, N) of a probe with the mean power of some frames."""
    modes = probe.reshape(-1, *probe.shape[-2:])
    first = modes[int(np.argmax((np.abs(modes) ** 2).sum(axis=(1, 2))))]
    power = float(intensity.sum(dtype=np.float64)) / len(intensity)
    return np.asarray(first * np.sqrt(power / max(float((np.abs(first) ** 2).sum()), 1e-300)), dtype=np.complex64)
