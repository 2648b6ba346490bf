"""Scans as beamlines and microscopes make them: probes, objects, trajectories and doses of many kinds, each by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, fftshift, ifft2, ifftshift

Beam = Literal["focus", "defocused", "far-defocused", "diffuser", "spot", "zone-plate"]
Matter = Literal["weak", "strong", "particles", "lattice", "stripes", "flat", "star"]
Path = Literal["raster", "spiral", "fermat", "fly", "jittered"]


@dataclass(frozen=True)
class Setup:
    """How a scan is made.

    Attributes
    ----------
    beam, matter, path : str
        Kind of probe, object and trajectory.
    M, N : int
        Points, about; side of a frame.
    pitch : float
        Distance of neighbouring points in parts of the beam's diameter.
    photons : float
        Mean photons a frame.
    seed : int
    """

    beam: Beam = "defocused"
    matter: Matter = "strong"
    path: Path = "jittered"
    M: int = 144
    N: int = 48
    pitch: float = 0.25
    photons: float = 1e5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Beamtime:
    """A scan and the truth about it.

    Attributes
    ----------
    counts : (M, N, N) int32
        Zero frequency at N/2.
    positions : (M, 2) float64
        Where the beam was, columns x, y, in object pixels.
    planned : (M, 2) float64
        Where it was meant to be.
    probe : (N, N) complex64
        Scaled to the counts.
    object : (H, W) complex64
    """

    counts: NDArray[np.int32]
    positions: NDArray[np.float64]
    planned: NDArray[np.float64]
    probe: NDArray[np.complex64]
    object: NDArray[np.complex64]


def beamtime(setup: Setup, wander: NDArray[np.float64] | None = None) -> Beamtime:
    """Make a scan; the same setup makes the same scan.

    ``wander`` (M, 2) is by how many pixels [x, y] the beam was off the planned positions, beside the trajectory's own.
    """
    rng = np.random.default_rng(setup.seed)
    probe = beam_of_kind(setup.beam, setup.N, rng)
    planned, positions = trajectory(setup, diameter(probe), rng)
    if wander is not None:
        positions = positions + wander
        origin = np.maximum(setup.N / 2 + 3 - positions.min(axis=0), 0)
        planned, positions = planned + origin, positions + origin
    size = np.ceil(positions.max(axis=0)).astype(int) + setup.N // 2 + 3
    matter = matter_of_kind(setup.matter, (int(size[1]), int(size[0])), rng)
    intensity = np.concatenate(
        [far_field(matter, positions[start : start + 64], probe) for start in range(0, len(positions), 64)]
    )
    gain = setup.photons / intensity.sum(axis=(1, 2)).mean()
    counts = rng.poisson(intensity * gain).astype(np.int32)
    return Beamtime(counts, positions, planned, (probe * np.sqrt(gain)).astype(np.complex64), matter)


def far_field(
    matter: NDArray[np.complexfloating], positions: NDArray[np.float64], probe: NDArray[np.complexfloating]
) -> NDArray[np.float64]:
    """Intensities (m, N, N) behind an object at positions (m, 2) [x, y], patches interpolated bilinearly.

    Parameters
    ----------
    matter : (H, W) complex
    positions : (m, 2)
    probe : (N, N) complex
    """
    N = probe.shape[-1]
    corner = np.floor(positions).astype(int)
    right, down = (positions - corner).T[:, :, np.newaxis, np.newaxis]
    whole = np.stack([matter[y - N // 2 : y + N // 2 + 1, x - N // 2 : x + N // 2 + 1] for x, y in corner])
    upper = (1 - right) * whole[:, :-1, :-1] + right * whole[:, :-1, 1:]
    lower = (1 - right) * whole[:, 1:, :-1] + right * whole[:, 1:, 1:]
    waves = fft2(((1 - down) * upper + down * lower) * probe)
    return np.asarray(fftshift(np.abs(waves) ** 2, axes=(1, 2)) / N**2)


def diameter(probe: NDArray[np.complexfloating]) -> float:
    """Diameter in pixels of the disc that has the probe's effective area."""
    power = np.abs(probe) ** 2
    return float(2 * np.sqrt(power.sum() ** 2 / (power**2).sum() / np.pi))


def beam_of_kind(kind: Beam, N: int, rng: np.random.Generator) -> NDArray[np.complex64]:
    """Probe (N, N) of a kind, a little off the middle and without symmetry.

    Parameters
    ----------
    kind : str
    N : int
    rng : numpy.random.Generator
        Draws aperture, aberrations and sign of the defocus.
    """
    if kind not in get_args(Beam):
        raise ValueError(f"beam {kind!r} is unknown; choose {', '.join(get_args(Beam))}")
    v, u = np.meshgrid(fftshift(fftfreq(N)) * N, fftshift(fftfreq(N)) * N, indexing="ij")
    radius = rng.uniform(0.16, 0.24) * N if kind != "spot" else rng.uniform(0.06, 0.09) * N
    v0, u0 = rng.uniform(-0.02, 0.02, 2) * N
    k, angle = np.hypot(v - v0, u - u0), np.arctan2(v - v0, u - u0)
    aperture = 0.5 - 0.5 * np.tanh((k - radius * (1 + 0.04 * np.cos(angle - 1))) / 0.8)
    if kind == "zone-plate":
        aperture = aperture * (0.5 + 0.5 * np.tanh((k - 0.35 * radius) / 0.8))
    # The geometric radius of the beam on the sample, in parts of the window.
    spread = {
        "focus": 0.0,
        "defocused": 0.13,
        "far-defocused": 0.24,
        "diffuser": 0.12,
        "spot": 0.02,
        "zone-plate": 0.14,
    }
    sign = rng.choice([-1, 1])
    defocus = np.pi * spread[kind] * rng.uniform(0.8, 1.2) / radius * sign
    phase = defocus * k**2 + 0.4 * (k / radius) ** 3 * np.cos(angle + 0.7) + 0.3 * (k / radius) ** 2 * np.cos(2 * angle)
    if kind == "diffuser":
        aperture = aperture * (1 + 0.3 * smooth(rng, (N, N), 3.0))
        phase = phase + 1.8 * smooth(rng, (N, N), 4.0)
    probe = fftshift(ifft2(ifftshift(aperture * np.exp(1j * phase))))
    return np.asarray(probe / np.abs(probe).max(), dtype=np.complex64)


def matter_of_kind(kind: Matter, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.complex64]:
    """Object (H, W) of a kind.

    Parameters
    ----------
    kind : str
    shape : tuple of int
    rng : numpy.random.Generator
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    if kind in ("weak", "strong"):
        depth = 0.12 if kind == "weak" else 0.9
        field = np.tanh(smooth(rng, shape, rng.uniform(1.5, 4.0)))
        thickness, phase = 0.2 * depth * (1 + field), depth * field
    elif kind == "particles":
        grains = np.zeros(shape)
        for _ in range(max(4, shape[0] * shape[1] // 300)):
            y, x, r = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(2, 7)
            grains += 0.5 - 0.5 * np.tanh((np.hypot(rows - y, columns - x) - r) / 0.7)
        thickness, phase = 0.15 * grains, 0.6 * grains
    elif kind in ("lattice", "stripes"):
        period, turn = rng.uniform(5, 9), rng.uniform(0, np.pi)
        along, across = np.cos(turn) * columns + np.sin(turn) * rows, np.cos(turn) * rows - np.sin(turn) * columns
        wave = np.cos(2 * np.pi * along / period) + (np.cos(2 * np.pi * across / period) if kind == "lattice" else 0)
        thickness, phase = 0.1 * (1 + wave / 2), 0.5 * wave
    elif kind == "star":
        y, x = rows - 0.47 * shape[0], columns - 0.53 * shape[1]
        spokes = np.tanh(np.sin(9 * np.arctan2(y, x)) * np.hypot(y, x) / 9) * (np.hypot(y, x) < 0.45 * min(shape))
        thickness, phase = 0.15 * (1 + spokes), 0.5 * spokes
    elif kind == "flat":
        thickness, phase = np.zeros(shape), 0.3 * rows / shape[0]
    else:
        raise ValueError(f"matter {kind!r} is unknown; choose {', '.join(get_args(Matter))}")
    return np.asarray(np.exp(-thickness + 1j * phase), dtype=np.complex64)


def trajectory(
    setup: Setup, across: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Planned and true positions (M, 2) [x, y] in object pixels, N/2 + 3 from the origin at least.

    Parameters
    ----------
    setup : Setup
    across : float
        Diameter of the beam in pixels.
    rng : numpy.random.Generator
    """
    pitch = max(1.0, setup.pitch * across)
    if setup.path in ("raster", "jittered", "fly"):
        columns = int(np.ceil(np.sqrt(setup.M * 1.3)))
        j, i = np.meshgrid(np.arange(columns), np.arange(max(2, round(setup.M / columns))))
        if setup.path == "fly":
            j[1::2] = j[1::2, ::-1]
        planned = np.stack([j.ravel() * pitch, i.ravel() * pitch * 1.07], axis=1)
        wander = 0.2 * pitch if setup.path == "jittered" else 0.0
    elif setup.path in ("spiral", "fermat"):
        n = np.arange(setup.M)
        if setup.path == "fermat":
            r, t = np.sqrt(n + 0.5), n * np.pi * (3 - np.sqrt(5))
        else:
            t = np.sqrt(4 * np.pi * (n + 1))
            r = t / (2 * np.pi)
        planned = pitch * np.stack([1.1 * r * np.cos(t), r * np.sin(t)], axis=1)
        wander = 0.0
    else:
        raise ValueError(f"path {setup.path!r} is unknown; choose {', '.join(get_args(Path))}")
    true = planned + rng.uniform(-wander, wander, planned.shape)
    origin = setup.N / 2 + 3 - np.minimum(true.min(axis=0), planned.min(axis=0))
    return (true if wander else planned) + origin, true + origin


def smooth(rng: np.random.Generator, shape: tuple[int, int], width: float) -> NDArray[np.float64]:
    """Gaussian noise smoothed over ``width`` pixels, of variance one.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
    width : float
    """
    f = np.hypot(*np.meshgrid(fftfreq(shape[0]), fftfreq(shape[1]), indexing="ij"))
    field = ifft2(fft2(rng.normal(size=shape)) * np.exp(-8 * (f * width) ** 2)).real
    return np.asarray(field / field.std())
