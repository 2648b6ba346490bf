"""Scans that mean the same in other words, or the same seen from elsewhere: the second run of every relation (REL)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import PAIRS, PER_POINT
from conformance.contract.types import Array, Arrays
from conformance.scans.domain import Property, places, points, side, takes
from conformance.scans.specimens import structured_object, structured_probe


def random_scan(seed: int, M: int, N: int, *, modes: int = 1, columns: int | None = None, truth: bool = True) -> Arrays:
    """Make a scan of many points, fast: frames are random and follow no forward model.

    Parameters
    ----------
    seed : int
        Seed of all content.
    M, N, modes : int
        Scan points, frame side, probe modes.
    columns : int, optional
        Points in a row of the raster; None makes the scan wider than high.
    truth : bool
        Whether the scan carries an object.

    Returns
    -------
    dict
        Arrays under the names of the file contract. Positions are multiples of 1/1024 pixel, so that whole shifts and
        powers of two are exact; labels count the points; no frame occurs twice.
    """
    N = side(N)
    M = points(M, N)
    rng = np.random.default_rng(seed)
    wide = columns or int(np.ceil(np.sqrt(2.0 * M)))
    index = np.arange(M)
    unit = np.stack([index % wide, index // wide], axis=1) + rng.uniform(-0.3, 0.3, (M, 2))
    positions = places(np.round((unit * 2.375 + N / 2 + 3) * 1024) / 1024)
    starts = positions + _steps(np.round(rng.uniform(0.2, 0.9, (M, 2)) * 1024) / 1024)
    width, height = (np.ceil(positions.max(axis=0)) + N / 2 + 3).astype(int)
    with_object = truth or not takes(Property.NO_OBJECT)
    envelope = 12.0 * np.exp(-(((np.mgrid[:N, :N] - N / 2) / (0.3 * N)) ** 2).sum(axis=0)) + 0.05
    return {
        "xcoords": positions[:, 0].copy(),
        "ycoords": positions[:, 1].copy(),
        "xcoords_start": starts[:, 0].copy(),
        "ycoords_start": starts[:, 1].copy(),
        "diff3d": (envelope * rng.uniform(0.4, 1.6, (M, N, N))).astype(np.float32),
        "probeGuess": structured_probe(rng, N, modes),
        "scan_index": np.arange(M, dtype=np.int64) if takes(Property.LABELS) else np.zeros(M, dtype=np.int64),
        **({"objectGuess": structured_object(rng, (int(height), int(width)))} if with_object else {}),
    }


def _steps(steps: Array) -> Array:
    """Steps between positions and start positions: as they are, whole ones, or none."""
    if not takes(Property.STARTS):
        return np.zeros_like(steps)
    return steps if takes(Property.BETWEEN) else np.ceil(steps)


def positions_of(arrays: Mapping[str, Array]) -> NDArray[np.float64]:
    """Positions (M, 2), columns [x, y]."""
    return np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)


def taken(arrays: Mapping[str, Array], rows: Array) -> Arrays:
    """Return the scan of some points, or of all of them in another order."""
    return {name: values[rows] if name in PER_POINT else values for name, values in arrays.items()}


def placed(arrays: Mapping[str, Array], factor: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Arrays:
    """Return the scan with positions, and start positions, multiplied and then moved.

    Parameters
    ----------
    arrays : Mapping
        Arrays of a scan, with its start positions.
    factor : float
        What positions are multiplied by.
    shift : (float, float)
        [dx, dy] in pixels, added after that.
    """
    moved = dict(arrays)
    for pair in PAIRS:
        for key, step in zip(pair, shift, strict=True):
            moved[key] = arrays[key] * factor + step
    return moved


def exchanged(arrays: Mapping[str, Array]) -> Arrays:
    """Return the scan with x and y exchanged, and every image transposed."""
    turned = dict(arrays)
    for one, other in PAIRS:
        turned[one], turned[other] = arrays[other], arrays[one]
    for name in ("diff3d", "probeGuess", "objectGuess"):
        turned[name] = transposed(arrays[name])
    return turned


def transposed(images: Array) -> Array:
    """Exchange rows and columns of (..., H, W) images."""
    return np.ascontiguousarray(np.swapaxes(images, -1, -2))


def mirrored(arrays: Mapping[str, Array], axis: int) -> Arrays:
    """Return the scan with x (axis 0) or y (axis 1) running the other way, and every image mirrored with it."""
    turned = dict(arrays)
    side = arrays["objectGuess"].shape[1 - axis]
    for key in (pair[axis] for pair in PAIRS):
        turned[key] = side - arrays[key]
    for name in ("probeGuess", "objectGuess"):
        turned[name] = flipped(arrays[name], axis)
    turned["diff3d"] = reflected(arrays["diff3d"], axis)
    return turned


def flipped(images: Array, axis: int) -> Array:
    """Mirror the columns (axis 0) or rows (axis 1) of (..., H, W) images."""
    return np.ascontiguousarray(np.flip(images, axis=-1 - axis))


def reflected(frames: Array, axis: int) -> Array:
    """Mirror (..., N, N) frames along x (0) or y (1) about their zero frequency, pixel N/2."""
    return np.roll(flipped(frames, axis), 1, axis=-1 - axis)


def reach_of(centres: Array, N: int) -> tuple[Array, Array]:
    """First pixel [x, y] that patches at the positions touch, and the one behind the last."""
    return np.floor(centres.min(axis=0)) - N // 2, np.floor(centres.max(axis=0)) + N // 2 + 1
