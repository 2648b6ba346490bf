"""Estimator F: spatial frequencies of the scan lie where two copies of the beam overlap on the detector.

For a frequency K of the object the frames vary as P*(k) P(k - K) and P(k) P*(k + K), P being the transform of the
probe. In the right frame of positions, and in no other, the variation G(k, K) lies in the span of these two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift, ifft2, ifftshift

from conformance.files.diagnose.sample import Sample

_PIXELS = 1600
_FREQUENCIES, _TRIED = 96, 400
_LIT = 2e-2


@dataclass(frozen=True, eq=False)
class Variation:
    """Frames whitened by their counting noise, on the lit pixels, ready to be analysed.

    Attributes
    ----------
    frames : (m, n) float32
        Frames less their mean, over the root of the mean.
    rows, columns : (n,) int64
        The pixels.
    root : (n,) float32
        Root of the mean.
    s : (m, 2) float64
        Positions, row and column, in object pixels, less their mean.
    N : int
        Side of a frame.
    """

    frames: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    root: NDArray[np.float32]
    s: NDArray[np.float64]
    N: int


def variation(sample: Sample, rng: np.random.Generator) -> Variation:
    """Prepare frames for :class:`Filter`; at most a few thousand pixels of those with light are kept."""
    mean = sample.mean()
    noise = mean + 1e-3 * mean.max()
    lit = np.flatnonzero((mean > _LIT * np.percentile(mean, 99.5)) & sample.good)
    if len(lit) > _PIXELS:
        lit = np.sort(rng.choice(lit, _PIXELS, replace=False))
    rows, columns = np.unravel_index(lit, mean.shape)
    root = np.sqrt(noise[rows, columns]).astype(np.float32)
    frames = sample.intensity[:, rows, columns]
    return Variation(
        (frames - frames.mean(axis=0)) / root,
        np.asarray(rows),
        np.asarray(columns),
        (mean[rows, columns] / root).astype(np.float32),
        sample.s - sample.s.mean(axis=0),
        sample.N,
    )


def frequencies(of: Variation, mean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Frequencies (n, 2) of the stored positions, in detector pixels, at which the frames vary most beyond their noise.

    Parameters
    ----------
    of : Variation
    mean : (N, N)
        Mean intensity; its support says how far copies of the beam overlap.
    rng : numpy.random.Generator
        Draws among them where there are many.
    """
    lit = mean > 0.1 * np.percentile(mean, 99.5)
    radius = max(3.0, float(np.sqrt(lit.sum() / np.pi)))
    reach = int(min(1.2 * radius, of.N / 2 - 1))
    extent = float(np.ptp(of.s, axis=0).max())
    thin = max(1, round(of.N / max(extent, 1.0)))
    u, v = np.meshgrid(np.arange(0, reach + 1, thin), np.arange(-reach // thin * thin, reach + 1, thin), indexing="ij")
    K = np.stack([u.ravel(), v.ravel()], axis=1)
    far = np.hypot(*K.T)
    K = K[((K[:, 0] > 0) | (K[:, 1] > 0)) & (far >= max(1.0, of.N / max(extent, 1.0))) & (far <= reach)]
    if len(K) > _TRIED:
        near = 1 / (np.hypot(*K.T) + 0.1 * radius)
        K = K[rng.choice(len(K), _TRIED, replace=False, p=near / near.sum())]
    power = (np.abs(spectrum(of, K.astype(float), of.s)) ** 2).sum(axis=1)
    return np.asarray(K[np.argsort(-power)[:_FREQUENCIES]])


def spectrum(of: Variation, K: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Variation G (n, pixels) of the frames, the share of the beam's current taken out.

    Parameters
    ----------
    of : Variation
    K : (n, 2)
        Frequencies in detector pixels.
    s : (m, 2)
        Positions in object pixels.
    """
    phase = (-2 * np.pi / of.N) * (K @ s.T)
    G = np.cos(phase).astype(np.float32) @ of.frames + 1j * (np.sin(phase).astype(np.float32) @ of.frames)
    current = of.root / np.linalg.norm(of.root)
    return np.asarray(G - (G @ current)[:, np.newaxis] * current, dtype=np.complex64)


class Filter:
    """The overlap of a probe with itself at some frequencies; asked how much of a variation lies in it.

    Parameters
    ----------
    beam : (P, N, N) complex
        Fourier transform of the probe, zero frequency at N/2.
    K : (n, 2) int64 or float64
        Frequencies, row and column, in detector pixels.
    of : Variation
    """

    def __init__(
        self, beam: NDArray[np.complexfloating], K: NDArray[np.int64] | NDArray[np.float64], of: Variation
    ) -> None:
        self.K, self.of = K, of
        self.first, self.second = self._basis(beam)

    def _basis(self, beam: NDArray[np.complexfloating]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Two orthonormal vectors (n, pixels) a frequency, without the share of the beam's current."""
        of = self.of
        first = np.zeros((len(self.K), len(of.rows)), dtype=np.complex64)
        second = np.zeros_like(first)
        for mode in beam.astype(np.complex64):
            behind, before = self._overlaps(mode)
            first += behind
            second += before
        weight = 1 / np.maximum(of.root, 1e-6 * of.root.max())
        current = of.root / np.linalg.norm(of.root)
        for one in (first, second):
            one *= weight
            one -= (one @ current)[:, np.newaxis] * current
            one /= np.linalg.norm(one, axis=1, keepdims=True) + 1e-30
        second -= (np.conj(first) * second).sum(axis=1, keepdims=True) * first
        size = np.linalg.norm(second, axis=1, keepdims=True)
        second *= np.where(size > 1e-2, 1 / np.maximum(size, 1e-2), 0)
        return first, second

    def _overlaps(self, mode: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """How the lit pixels vary at each frequency, and at its opposite, each (n, pixels), for one mode."""
        here = mode[self.of.rows, self.of.columns]
        behind, before = self._shifted(mode)
        return np.conj(here) * behind, here * np.conj(before)

    def _shifted(self, mode: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """The mode on the lit pixels moved by the frequencies, forwards and backwards, each (n, pixels)."""
        of, N = self.of, self.of.N
        if self.K.dtype.kind == "i":
            wide = 3 * N
            padded = np.pad(mode, N).ravel()
            place = (of.rows + N) * wide + of.columns + N
            step = (self.K[:, 0] * wide + self.K[:, 1])[:, np.newaxis]
            return padded[place - step], padded[place + step]
        # Between pixels by a ramp over the probe.
        probe = ifft2(ifftshift(mode))
        r = np.fft.fftfreq(N)
        ramps = (np.exp(2j * np.pi * np.outer(self.K[:, axis], r)).astype(np.complex64) for axis in (0, 1))
        rows, columns = (
            ramp[:, :, np.newaxis] if axis == 0 else ramp[:, np.newaxis] for axis, ramp in enumerate(ramps)
        )
        lit = np.ravel_multi_index(((of.rows - N // 2) % N, (of.columns - N // 2) % N), (N, N))
        moved = (
            fft2(probe * ramp).reshape(len(self.K), -1)[:, lit] for ramp in (rows * columns, np.conj(rows * columns))
        )
        behind, before = moved
        return behind.astype(np.complex64), before.astype(np.complex64)

    def scores(self, G: NDArray[np.complex64]) -> NDArray[np.float64]:
        """For each frequency, log(1 + r), r the variation in the overlap over what would lie there by chance."""
        power = (np.abs(G) ** 2).sum(axis=1) + 1e-30
        inside = (
            np.abs((np.conj(self.first) * G).sum(axis=1)) ** 2 + np.abs((np.conj(self.second) * G).sum(axis=1)) ** 2
        )
        return np.log1p(np.asarray(inside / power * (len(self.of.rows) / 2), dtype=np.float64))


def beam_of(probe: NDArray[np.complexfloating]) -> NDArray[np.complex64]:
    """Fourier transform (P, N, N) of a probe, zero frequency at N/2."""
    N = probe.shape[-1]
    shifted = np.roll(probe.reshape(-1, N, N), (-(N // 2), -(N // 2)), (1, 2))
    return np.asarray(fftshift(fft2(shifted), axes=(1, 2)) / N, dtype=np.complex64)


def flat_beam(mean: NDArray[np.float64], defocus: float) -> NDArray[np.complex64]:
    """A beam (1, N, N) with the modulus that the mean frame has, and a phase of ``defocus`` radians a pixel²."""
    N = len(mean)
    total = mean.sum()
    rows, columns = np.mgrid[:N, :N]
    row, column = (mean * rows).sum() / total, (mean * columns).sum() / total
    phase = defocus * ((rows - row) ** 2 + (columns - column) ** 2)
    return np.asarray((np.sqrt(mean) * np.exp(1j * phase))[np.newaxis], dtype=np.complex64)
