"""Synthetic scan files that are physically consistent by construction."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array
from conformance.scans.specimens import Recipe, make_specimen

# Radians a pixel² of the probe's phase: the chirp spreads the beam over the detector, and stays sampled at its edge.
_CHIRP = 0.6
_SPOKES = 9

MOST_PHOTONS = 1e15
"""Mean photons a frame above which the noise is lost in the rounding of a float32 amplitude."""

# Bytes a pixel of the stack, the object and the probe at the height of a simulation, measured.
_STACK, _OBJECT, _PROBE = 36.0, 130.0, 60.0


def siemens_star(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Object (H, W): a Siemens star with an odd number of spokes, broken by a ring, on a wavy background.

    Edges are about two pixels wide; they scatter widely, so that neighbouring orders overlap on the detector.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    y, x = rows - rng.uniform(0.45, 0.48) * shape[0], columns - rng.uniform(0.52, 0.55) * shape[1]
    radius, angle = np.hypot(x, y), np.arctan2(y, x) + rng.uniform(0, 6)
    reach = 0.36 * min(shape)
    # Signed distances in pixels, positive inside: to the nearest spoke's flank, to the rim, and to the ring.
    flank, rim, ring = np.sin(_SPOKES * angle) * radius / _SPOKES, reach - radius, np.abs(radius - reach / 2) - 3.0
    star = 0.5 + 0.5 * np.tanh(np.minimum(np.minimum(flank, rim), ring))
    waves = np.sin(4.0 * columns / shape[1] + 7.0 * (rows / shape[0]) ** 2)
    return np.asarray((1.0 - 0.4 * star + 0.05 * waves) * np.exp(1j * (star + 0.2 * waves)), dtype=np.complex64)


def defocused_probe(rng: np.random.Generator, N: int, modes: int = 1) -> NDArray[np.complex64]:
    """Probe (N, N), or (P, N, N) with more than one mode: a beam out of focus, off-centre, no symmetry.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of position and width of the beam.
    N : int
        Side of a frame in pixels.
    modes : int
        Number P of modes.
    """
    rows, columns = np.mgrid[:N, :N] - N / 2
    x0, y0 = rng.uniform(-0.06, 0.06, 2) * N
    x, y = (columns - x0) / N, (rows - y0) / N
    width_x, width_y = rng.uniform(0.15, 0.2, 2)
    beam = 20.0 * np.exp(-((x / width_x) ** 2 + (y / width_y) ** 2) / 2 + 1j * _CHIRP * N * (x**2 + 0.8 * y**2))
    probe = np.stack([beam * (1.0 + 2.5 * mode * (x + 0.6 * y)) / (1 + mode) for mode in range(modes)])
    return np.asarray(probe[0] if modes == 1 else probe, dtype=np.complex64)


def simulated_scan(recipe: Recipe, photons: float | None, rng: np.random.Generator) -> dict[str, Array]:
    """Simulate a scan whose frames follow the forward model from the object and the probe it carries (PHY-010).

    Object and probe are such that the object can be recovered from the frames, which those of the specimens are not
    made for.

    Parameters
    ----------
    recipe : Recipe
    photons : float or None
        Mean number of photons a frame; the probe is scaled to it, and the frames are square roots of Poisson counts.
        None: the probe as it is, without noise.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    dict
        ``xcoords``, ``ycoords`` and the start pair (M,) float64, ``diff3d`` (M, N, N) float32, ``probeGuess`` (N, N) or
        (P, N, N) and ``objectGuess`` (H, W) complex64, ``scan_index`` (M,) int64.

    Raises
    ------
    ValueError
        ``photons`` is not above 0.
    """
    specimen = make_specimen(recipe, make_object=siemens_star, make_probe=defocused_probe)
    arrays = dict(specimen.arrays) | {"scan_index": np.zeros(recipe.M, dtype=np.int64)}
    if photons is None:
        return arrays
    if not photons > 0:
        raise ValueError(f"photons is {photons}; it must be above 0 [RAW-010] Remedy: give a number above 0.")
    intensity = arrays["diff3d"].astype(np.float64) ** 2
    gain = photons / intensity.sum(axis=(1, 2)).mean()
    counts: NDArray[np.int64] = rng.poisson(intensity * gain)
    noisy = {
        "diff3d": np.sqrt(counts).astype(np.float32),
        "probeGuess": (arrays["probeGuess"] * np.sqrt(gain)).astype(np.complex64),
    }
    return arrays | noisy


def bytes_needed(recipe: Recipe) -> float:
    """Return about how much memory :func:`simulated_scan` takes, before anything is made."""
    root = math.sqrt(recipe.M)
    across, down = {
        "raster": (1.31 * root + 2, 0.77 * root + 2),
        "spiral": (1.97 * root + 1, 1.41 * root + 1),
        "clustered": (1.5 * root, root),
    }[recipe.pattern]
    edges = 2.0 * recipe.margin + 5.0
    canvas = (across * recipe.pitch + edges) * (down * recipe.pitch + edges)
    frame = float(recipe.N * recipe.N)
    return _STACK * recipe.M * frame + _OBJECT * canvas + _PROBE * recipe.modes * frame
