"""Synthetic scan files that are physically consistent by construction."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conformance.specimens import Array, Recipe, make_specimen


def simulated_arrays(recipe: Recipe, photons: float | None, rng: np.random.Generator) -> dict[str, Array]:
    """Simulate a scan whose frames follow the forward model from the object and the probe it carries (PHY-001).

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
    arrays = dict(make_specimen(recipe).arrays) | {"scan_index": np.zeros(recipe.M, dtype=np.int64)}
    if photons is None:
        return arrays
    if not photons > 0:
        raise ValueError(f"photons is {photons}; it must be above 0 [PHY-011] Remedy: give a number above 0.")
    intensity = arrays["diff3d"].astype(np.float64) ** 2
    gain = photons / intensity.sum(axis=(1, 2)).mean()
    counts: NDArray[np.int64] = rng.poisson(intensity * gain)
    noisy = {
        "diff3d": np.sqrt(counts).astype(np.float32),
        "probeGuess": (arrays["probeGuess"] * np.sqrt(gain)).astype(np.complex64),
    }
    return arrays | noisy


def write_whole(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an NPZ beside its place, sync it, and rename it: nobody ever sees half a file.

    Raises
    ------
    OSError
        The folder cannot be written; nothing is left behind.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
