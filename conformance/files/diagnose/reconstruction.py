"""Short reconstructions with a small step, many at once: what orientation of the positions lets frames agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2, ifftshift

from conformance.files.diagnose.sample import Sample

STEP = 0.1
"""Part of the correction that is applied; a large step fits noise in any orientation."""

_ROUNDS = 12
_PULL = 0.9
"""The same of a reconstruction that must converge in few rounds: an object that has not prefers more overlap."""


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
    each, windows = np.arange(sets), sliding_window_view(objects, (N, N), axis=(1, 2), writeable=True)
    probes = np.repeat(probe.astype(np.complex64)[np.newaxis], sets, axis=0)
    misfit = np.zeros((sets, frames))
    power = float((measured**2).sum()) / (sets * frames)
    for number in range(rounds):
        for frame in range(frames):
            at = corner[:, frame]
            patches = windows[each, at[:, 0], at[:, 1]]
            waves = fft2(patches * probes, norm="ortho")
            modulus = np.sqrt(waves.real**2 + waves.imag**2)
            misfit[:, frame] = ((modulus - measured[:, frame]) ** 2).sum(axis=(1, 2)) / power
            change = ifft2(waves * (measured[:, frame] / np.maximum(modulus, 1e-9) - 1), norm="ortho")
            light = np.abs(probes) ** 2
            moved = patches + STEP * 5 * np.conj(probes) / light.max(axis=(1, 2), keepdims=True) * change
            if number:
                there = np.abs(patches) ** 2
                probes = probes + STEP * np.conj(patches) / there.max(axis=(1, 2), keepdims=True) * change
            windows[each, at[:, 0], at[:, 1]] = moved
    return misfit, objects


def scaled_probe(probe: NDArray[np.complexfloating], intensity: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The strongest mode (N, N) of a probe with the mean power of some frames."""
    modes = probe.reshape(-1, *probe.shape[-2:])
    first = modes[int(np.argmax((np.abs(modes) ** 2).sum(axis=(1, 2))))]
    power = float(intensity.sum(dtype=np.float64)) / len(intensity)
    return np.asarray(first * np.sqrt(power / max(float((np.abs(first) ** 2).sum()), 1e-300)), dtype=np.complex64)


def moved_probe(probe: NDArray[np.complexfloating], shift: NDArray[np.float64]) -> NDArray[np.complex64]:
    """A probe (N, N) moved by each of several shifts (c, 2), by less than a pixel."""
    k = np.fft.fftfreq(probe.shape[-1])
    ramps = np.exp(-2j * np.pi * (shift[:, :1, np.newaxis] * k[:, np.newaxis] + shift[:, 1:, np.newaxis] * k))
    return np.asarray(ifft2(fft2(probe) * ramps), dtype=np.complex64)


@dataclass(frozen=True, eq=False)
class Canvases:
    """Objects reconstructed from the same frames at several sets of positions, under one probe that is believed.

    Attributes
    ----------
    misfit : (c, f) float64
        As of :func:`small_steps`.
    objects : (c, h, w) complex64
    corner : (c, f, 2) int64
        Where the patch of each frame begins.
    rest : (c, f, 2) float64
        What its position has beyond that, below one pixel.
    amplitude : (f, N, N) float32
        Of the frames, zero frequency at [0, 0].
    """

    misfit: NDArray[np.float64]
    objects: NDArray[np.complex64]
    corner: NDArray[np.int64]
    rest: NDArray[np.float64]
    amplitude: NDArray[np.float32]


def canvases(
    sample: Sample,
    probe: NDArray[np.complexfloating],
    s: NDArray[np.float64],
    used: NDArray[np.bool_],
    border: int,
) -> Canvases:
    """Reconstruct from some frames each of several objects, at positions between pixels too.

    Parameters
    ----------
    sample : Sample
        The f frames, zero frequency at N/2.
    probe : (N, N) complex
        Scaled to the frames.
    s : (c, f, 2)
        Positions, row and column, in object pixels.
    used : (c, f) bool
        Which frames an object is made from.
    border : int
        Pixels around the patches.
    """
    N, frames = sample.N, len(sample)
    amplitude = ifftshift(np.sqrt(np.maximum(sample.intensity, 0)), axes=(1, 2)).astype(np.float32)
    good = ifftshift(sample.good)
    s = s - s.min(axis=(0, 1)) + border
    corner = np.floor(s).astype(np.int64)
    objects = np.ones((len(s), *(corner.reshape(-1, 2).max(axis=0) + N + border)), dtype=np.complex64)
    probes = [moved_probe(probe, s[:, frame] - corner[:, frame]) for frame in range(frames)]
    light, power = float((np.abs(probe) ** 2).max()), float((amplitude**2).sum()) / frames
    pulls = [_PULL / light * np.conj(one) for one in probes]
    each, windows = np.arange(len(s)), sliding_window_view(objects, (N, N), axis=(1, 2), writeable=True)
    misfit = np.zeros((len(s), frames))
    for _ in range(_ROUNDS):
        for frame in range(frames):
            at = corner[:, frame]
            patches = windows[each, at[:, 0], at[:, 1]]
            waves = fft2(patches * probes[frame], norm="ortho")
            modulus = np.sqrt(waves.real**2 + waves.imag**2)
            misfit[:, frame] = (good * (modulus - amplitude[frame]) ** 2).sum(axis=(1, 2)) / power
            waves *= good * (amplitude[frame] / np.maximum(modulus, 1e-9) - 1)
            patches += pulls[frame] * ifft2(waves, norm="ortho", overwrite_x=True)
            into = used[:, frame]
            windows[each[into], at[into, 0], at[into, 1]] = patches[into]
    return Canvases(misfit, objects, corner, s - corner, amplitude)
