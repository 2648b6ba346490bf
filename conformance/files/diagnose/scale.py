"""Estimator E: the distance over which frames stay alike, against the probe's width, tells the unit of positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2
from scipy.spatial import cKDTree

from conformance.files.diagnose.overlap import variation
from conformance.files.diagnose.sample import Sample

WITHIN = 3.0
"""Factor within which the estimate may be off."""

_NEAR, _BINS = 40, 14
_BIAS = 1.5
"""Of the estimate on simulated scans."""


def likeness(sample: Sample, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances (b,) in the unit of the positions, and how alike frames at them are (b,), 1 near zero distance.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
        Draws pairs.
    """
    of = variation(sample, rng)
    s = sample.s
    near = np.asarray(cKDTree(s).query(s, min(_NEAR, len(s)))[1])[:, 1:]
    first = np.concatenate([np.repeat(np.arange(len(s)), near.shape[1]), rng.integers(0, len(s), 2000)])
    second = np.concatenate([near.ravel(), rng.integers(0, len(s), 2000)])
    kept = rng.permutation(np.flatnonzero(first != second))[:4000]
    first, second = first[kept], second[kept]
    alike = np.einsum("pn,pn->p", of.frames[first], of.frames[second]) / len(of.rows)
    apart = np.hypot(*(s[first] - s[second]).T)
    order = np.argsort(apart)
    bins = np.array_split(order, _BINS)
    return np.array([apart[one].mean() for one in bins]), np.array([alike[one].mean() for one in bins])


def half_distance(distances: NDArray[np.float64], alike: NDArray[np.float64]) -> float:
    """Distance at which likeness falls to half of the nearest pairs'; NaN where it never stands out."""
    base = float(np.median(alike[-4:]))
    top = float(alike[0] - base)
    if not top > 2 * np.std(alike[-5:]) + 1e-12:
        return float("nan")
    below = np.flatnonzero(alike - base < top / 2)
    return float(distances[below[0]]) if len(below) else float("nan")


def half_width(probe: NDArray[np.complexfloating]) -> float:
    """Shift in pixels at which the autocorrelation of the probe's intensity falls to half."""
    N = probe.shape[-1]
    power = (np.abs(probe.reshape(-1, N, N)) ** 2).sum(axis=0)
    spectrum = np.abs(fft2(power, (2 * N, 2 * N))) ** 2
    correlation = ifft2(spectrum).real
    area = float((correlation > correlation[0, 0] / 2).sum())
    return float(np.sqrt(area / np.pi))


def scale_guess(sample: Sample, rng: np.random.Generator) -> float:
    """Object pixels in a unit of the stored positions, within a factor of about two; NaN where nothing tells it.

    Parameters
    ----------
    sample : Sample
        With a probe.
    rng : numpy.random.Generator
        Draws pairs.
    """
    if sample.probe is None or len(sample) < 16:
        return float("nan")
    distance = half_distance(*likeness(sample, rng))
    return _BIAS * half_width(sample.probe) / distance if distance > 0 else float("nan")
