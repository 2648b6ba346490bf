"""Where the zero frequency of the frames lies, and how they stand to the probe: by the modulus of its transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2

from conformance.files.diagnose.overlap import beam_of
from conformance.files.diagnose.turns import EIGHT, Turn, turned_frames

TRUSTED = 0.75
"""Correlation of mean amplitude and probe below which the probe is not believed."""

_ALIKE = 0.02
"""Of a correlation: less than this tells no turn of the frames from another."""


_AS_ALIKE, _BEAM, _BETTER, _CLEARLY = 0.95, 0.9, 0.1, 0.3
"""Correlation of patterns with a probe of the far field, and by how much that of its transform is smaller."""


@dataclass(frozen=True)
class Zero:
    """The best place of the zero frequency.

    Attributes
    ----------
    shift : tuple of int
        Rows and columns that the frames lie off the middle.
    correlation : float
        Of mean amplitude and probe's modulus at that place.
    stored : float
        The same with the zero frequency at N/2.
    runner_up : float
        The same at the best place more than two pixels away.
    turn : Turn
        Turn of the frames against the probe that correlates best, identity unless another is clearly better.
    alike : tuple of Turn
        Those that correlate about as well, the one that was taken first.
    """

    shift: tuple[int, int]
    correlation: float
    stored: float
    runner_up: float
    turn: Turn
    alike: tuple[Turn, ...] = ()


def zero_frequency(mean: NDArray[np.float64], probe: NDArray[np.complexfloating], good: NDArray[np.bool_]) -> Zero:
    """Find it by correlating the mean amplitude with the modulus of the probe's transform.

    Parameters
    ----------
    mean : (N, N)
        Mean intensity.
    probe : (P, N, N) complex
    good : (N, N) bool
        Pixels that hold data.
    """
    beam = np.sqrt((np.abs(beam_of(probe)) ** 2).sum(axis=0))
    amplitude = np.where(good, np.sqrt(np.maximum(mean, 0)), 0)
    found = [_correlate(amplitude, turned_frames(beam.astype(np.float32), turn.inverse)) for turn in EIGHT]
    best = int(np.argmax([one.max() for one in found]))
    chosen = best if found[best].max() > found[0].max() + _ALIKE else 0
    correlation = found[chosen]
    N = len(mean)
    place = np.unravel_index(int(correlation.argmax()), correlation.shape)
    shift = tuple(int((p + N // 2) % N - N // 2) for p in place)
    rows, columns = np.indices((N, N))
    apart = np.maximum(
        np.abs((rows - place[0] + N // 2) % N - N // 2), np.abs((columns - place[1] + N // 2) % N - N // 2)
    )
    away = float(correlation[apart > 2].max()) if N > 8 else 0.0
    near = [turn for turn, one in zip(EIGHT, found, strict=True) if one.max() > correlation.max() - _ALIKE]
    alike = (EIGHT[chosen], *(turn for turn in near if turn != EIGHT[chosen]))
    return Zero((shift[0], shift[1]), float(correlation.max()), float(correlation[0, 0]), away, EIGHT[chosen], alike)


def of_the_far_field(intensity: NDArray[np.floating], probe: NDArray[np.complexfloating]) -> tuple[float, float] | None:
    """How alike the mean pattern is to the probe as stored, and to its transform, where it is the first; else None.

    Parameters
    ----------
    intensity : (N, N)
        Mean of the frames.
    probe : (P, N, N) complex
    """
    pattern = np.sqrt(np.maximum(intensity, 0))
    modulus = np.sqrt((np.abs(probe) ** 2).sum(axis=0))
    far = np.sqrt((np.abs(np.fft.fftshift(np.fft.fft2(probe), axes=(-2, -1))) ** 2).sum(axis=0))
    if min(one.std() for one in (pattern, far, modulus)) <= 0:
        return None
    here, there = (float(np.corrcoef(pattern.ravel(), one.ravel())[0, 1]) for one in (modulus, far))
    # Alike in light too: a logarithm of patterns is broad as many probes are.
    light = float(np.corrcoef(pattern.ravel() ** 2, modulus.ravel() ** 2)[0, 1])
    far_light = float(np.corrcoef(pattern.ravel() ** 2, far.ravel() ** 2)[0, 1])
    alike = min(here, light) >= _AS_ALIKE and here - there >= _BETTER
    # What the object scatters lies beside the beam, and is dim.
    beam = here >= _BEAM and light >= _AS_ALIKE and here - there >= _BETTER and light - far_light >= _CLEARLY
    return (here, there) if alike or beam else None


def _correlate(amplitude: NDArray[np.float64], beam: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pearson's correlation (N, N) of two images for every cyclic shift of the first against the second."""
    a = amplitude - amplitude.mean()
    b = beam - beam.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b) + 1e-300
    return np.asarray(ifft2(fft2(a) * np.conj(fft2(b))).real / size)
