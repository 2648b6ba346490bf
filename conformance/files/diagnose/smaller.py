"""Frames made smaller where nothing is lost: cropped where their rims are dark, binned where the probe is narrow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift, ifft2, ifftshift

from conformance.files.diagnose.sample import Sample

_WHOLE = 0.98
"""Part of the light that must lie in what is kept."""


def smaller(
    sample: Sample, probe: NDArray[np.complexfloating], side: int
) -> tuple[Sample, NDArray[np.complexfloating]] | None:
    """Frames of at most so many pixels a side, with their positions and probe; None where that costs light or width.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels, zero frequency at N/2.
    probe : (P, N, N) complex
    side : int
        Even.
    """
    N = sample.N
    if side >= N:
        return sample, probe
    if _held(sample.mean(), side) > _WHOLE:
        return _cropped(sample, probe, side)
    times = -(-N // side)
    if N % times == 0 and _held((np.abs(probe) ** 2).sum(axis=0), N // times) > _WHOLE:
        return _binned(sample, probe, times)
    return None


def _middle(N: int, side: int) -> slice:
    return slice(N // 2 - side // 2, N // 2 - side // 2 + side)


def _held(power: NDArray[np.floating], side: int) -> float:
    """Part of a power (N, N) that lies in the middle of it."""
    inner = _middle(len(power), side)
    return float(power[inner, inner].sum() / max(power.sum(), 1e-300))


def _cropped(
    sample: Sample, probe: NDArray[np.complexfloating], side: int
) -> tuple[Sample, NDArray[np.complexfloating]]:
    """The middle of the frames, of larger object pixels."""
    inner = _middle(sample.N, side)
    beam = fftshift(fft2(ifftshift(probe, axes=(1, 2)), norm="ortho"), axes=(1, 2))[:, inner, inner]
    kept = fftshift(ifft2(ifftshift(beam, axes=(1, 2)), norm="ortho"), axes=(1, 2))
    intensity, good = sample.intensity[:, inner, inner], sample.good[inner, inner]
    return replace(sample, intensity=intensity, good=good, s=sample.s * (side / sample.N)), kept


def _binned(
    sample: Sample, probe: NDArray[np.complexfloating], times: int
) -> tuple[Sample, NDArray[np.complexfloating]]:
    """Sums of neighbouring pixels, which a narrower field of view is seen by."""
    N, side = sample.N, sample.N // times
    shape = (side, times, side, times)
    intensity = sample.intensity.reshape(-1, *shape).sum(axis=(2, 4))
    good = np.asarray(sample.good.reshape(shape).all(axis=(1, 3)))
    # The middle of the pixels that are summed lies half of one less than their number beside the first.
    r = np.arange(N) - N // 2
    ramp = np.exp(-1j * np.pi * (times - 1) / N * r)
    inner = _middle(N, side)
    kept = (probe * np.outer(ramp, ramp))[:, inner, inner]
    return replace(sample, intensity=intensity, good=good, probe=None), kept
