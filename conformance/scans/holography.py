"""Scans of the near field: holograms behind an object in a beam that is wider than the frames, or ends inside them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2

from conformance.scans.beamline import Beamtime, Setup, matter_of_kind, smooth

Light = Literal["plain", "speckle", "disc"]


def holograms(setup: Setup, light: Light, distance: float, step: float) -> Beamtime:
    """Holograms in a parallel beam, whose shadows move by a pixel for a pixel of the scan.

    Parameters
    ----------
    setup : Setup
        Its object, number of points, side, photons and seed; points are jittered about a raster.
    light : str
        ``plain`` and ``speckle`` are wider than the frames, ``disc`` ends inside them.
    distance : float
        Wavelength times distance over the area of a pixel.
    step : float
        Pixels.

    Raises
    ------
    ValueError
        If ``light`` is unknown.
    """
    rng, N = np.random.default_rng(setup.seed), setup.N
    side = 3 * N
    beam = _light(light, side, N, rng)
    positions = _jittered(setup.M, step, rng) + side / 2 + 3
    size = np.ceil(positions.max(axis=0)).astype(int) + side // 2 + 3
    matter = matter_of_kind(setup.matter, (int(size[1]), int(size[0])), rng)
    f = np.fft.fftfreq(side)
    lens = np.exp(-1j * np.pi * distance * (f[:, np.newaxis] ** 2 + f**2))
    intensity = np.stack([np.abs(_recorded(matter, at, beam, lens, N)) ** 2 for at in positions])
    gain = setup.photons / intensity.sum(axis=(1, 2)).mean()
    probe = (beam[N : 2 * N, N : 2 * N] * np.sqrt(gain)).astype(np.complex64)
    return Beamtime(rng.poisson(intensity * gain).astype(np.int32), positions, positions, probe, matter)


def _light(light: Light, side: int, N: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    if light not in get_args(Light):
        raise ValueError(f"light {light!r} is unknown; choose {', '.join(get_args(Light))}")
    if light == "plain":
        return np.ones((side, side), dtype=np.complex128)
    if light == "speckle":
        return np.asarray(1 + 0.3 * smooth(rng, (side, side), 3.0) + 0.6j * smooth(rng, (side, side), 3.0))
    r = np.arange(side) - side / 2
    radius = np.hypot(r[:, np.newaxis], r)
    edge = 0.5 - 0.5 * np.tanh((radius - rng.uniform(0.25, 0.45) * N) / 2)
    return np.asarray(edge * np.exp(0.5j * smooth(rng, (side, side), 6.0)))


def _jittered(M: int, step: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Positions (m, 2) [x, y] from zero on."""
    columns = max(2, int(np.sqrt(M)))
    j, i = np.meshgrid(np.arange(columns), np.arange(columns))
    positions = np.stack([j.ravel(), i.ravel()], axis=1) * step
    positions = positions + rng.uniform(-0.25, 0.25, positions.shape) * step
    return np.asarray(positions - positions.min(axis=0))


def _recorded(
    matter: NDArray[np.complexfloating],
    at: NDArray[np.float64],
    beam: NDArray[np.complexfloating],
    lens: NDArray[np.complexfloating],
    N: int,
) -> NDArray[np.complexfloating]:
    """The wave (N, N) on the detector, the patch at ``at`` [x, y] interpolated bilinearly."""
    half = len(beam) // 2
    x, y = np.floor(at).astype(int)
    right, down = at - (x, y)
    window = matter[y - half : y + half + 1, x - half : x + half + 1]
    patch = (1 - right) * window[:, :-1] + right * window[:, 1:]
    patch = (1 - down) * patch[:-1] + down * patch[1:]
    return np.asarray(ifft2(fft2(patch * beam) * lens))[N : 2 * N, N : 2 * N]
