"""Estimator A: the Jacobian of the centre of mass is symmetric in the right frame, for it is a gradient's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import Turn

NAME = "A, the Jacobian of the centre of mass"
NEIGHBOURS = 16
FEWEST = 24
LEAD = 6.0
_SHUFFLES, _PARTS = 200, 40


def centres_of_mass(sample: Sample) -> NDArray[np.float64]:
    """Centre of mass (m, 2) of each frame in pixels (row, column), the parabola over the scan taken out."""
    side = np.arange(sample.N) - sample.N / 2
    power = sample.intensity.sum(axis=(1, 2), dtype=np.float64)
    rows = sample.intensity.sum(axis=2, dtype=np.float64) @ side
    columns = sample.intensity.sum(axis=1, dtype=np.float64) @ side
    centres = np.stack([rows, columns], axis=1) / power[:, np.newaxis]
    y, x = ((sample.s - sample.s.mean(axis=0)) / (sample.s.std() + 1e-300)).T
    terms = [np.ones_like(y), y, x, y * y, y * x, x * x] if len(sample) > 60 else [np.ones_like(y), y, x]
    surface = np.stack(terms, axis=1)
    return np.asarray(centres - surface @ np.linalg.lstsq(surface, centres, rcond=None)[0])


def jacobian(sample: Sample, rng: np.random.Generator) -> Reading:
    """Chirality and angle, modulo 180 degrees, from the centres of mass of the frames.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
        Shuffles positions for the null, and draws parts for the spread.
    """
    if len(sample) < FEWEST:
        return silent(NAME, f"{len(sample)} frames are too few")
    v = centres_of_mass(sample)
    sound, near, slopes = _slopes(sample.s)
    if sound.sum() < FEWEST:
        return silent(NAME, "the points lie on a line")
    J = np.einsum("mka,mkb->mab", v[near], slopes)
    rho, angles = _asymmetry(_moments(J).sum(axis=0))
    null = np.array([_contrast(v[rng.permutation(len(v))], near, slopes) for _ in range(_SHUFFLES)])
    contrast = rho[1] - rho[0]
    mirrored = bool(contrast < 0)
    lead = abs(contrast) / (null.std() + 1e-9)
    spread, steady = _spread(J, sample.s[sound], mirrored, rng)
    # Whichever condition is met least says how far the whole may be heard.
    part = min(abs(contrast) / (1.5 * np.abs(null).max() + 1e-12), steady / 3.0)
    decided = bool(lead > LEAD and part > 1)
    why = (
        "" if decided else "the centre of mass follows no gradient more than chance does (flat, weak or striped object)"
    )
    figures = {
        "rho": float(rho[int(mirrored)]),
        "rho_other": float(rho[1 - int(mirrored)]),
        "null": float(np.abs(null).max()),
        "steady": steady,
    }
    turn = Turn(mirrored, float(angles[int(mirrored)]) % 180.0)
    heard = float(lead if decided else min(lead, LEAD * part)) if steady > 1 else 0.0
    return Reading(NAME, turn, spread, heard, decided, why=why, figures=figures)


def _slopes(s: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """Points (M,) that have a gradient, their neighbours (m, k), and the weights (m, k, 2) that make it."""
    near = np.asarray(cKDTree(s).query(s, min(NEIGHBOURS + 1, len(s)))[1], dtype=np.int64)
    ds = s[near] - s[near].mean(axis=1, keepdims=True)
    spread = np.einsum("mka,mkb->mab", ds, ds)
    typical = np.median(np.trace(spread, axis1=1, axis2=2))
    determinant = np.linalg.det(spread / typical) if typical > 0 else np.zeros(len(s))
    sound = determinant > 1e-3
    inverse = np.linalg.inv(spread[sound])
    return sound, near[sound], np.einsum("mka,mab->mkb", ds[sound], inverse)


def _moments(J: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moments (m, 2, 2, 2) of what must vanish, for both chiralities: cos t · first + sin t · second = 0."""
    a, b, c, d = J[:, 0, 0], J[:, 0, 1], J[:, 1, 0], J[:, 1, 1]
    terms = np.stack([np.stack([b - c, a + d], axis=1), np.stack([-b - c, a - d], axis=1)], axis=1)
    return np.asarray(terms[..., :, np.newaxis] * terms[..., np.newaxis, :])


def _asymmetry(S: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Asymmetry left (2,) at the best angle (2,) in degrees, for both chiralities."""
    values, vectors = np.linalg.eigh(S)
    rho = values[:, 0] / np.maximum(values.sum(axis=1), 1e-300)
    small = vectors[:, :, 0]
    return rho, np.degrees(np.arctan2(small[:, 1], small[:, 0])) % 180.0


def _contrast(v: NDArray[np.float64], near: NDArray[np.int64], slopes: NDArray[np.float64]) -> float:
    rho, _ = _asymmetry(_moments(np.einsum("mka,mkb->mab", v[near], slopes)).sum(axis=0))
    return float(rho[1] - rho[0])


def _spread(
    J: NDArray[np.float64], s: NDArray[np.float64], mirrored: bool, rng: np.random.Generator
) -> tuple[float, float]:
    """Spread of the angle in degrees, and the contrast over its own spread, from parts of the scan drawn again."""
    parts = _parts(s)
    sums = np.stack([_moments(J)[parts == part].sum(axis=0) for part in np.unique(parts)])
    drawn = rng.integers(0, len(sums), (200, len(sums)))
    found = [_asymmetry(sums[row].sum(axis=0)) for row in drawn]
    angles = np.array([one[1][int(mirrored)] for one in found])
    contrasts = np.array([one[0][1] - one[0][0] for one in found]) * (-1 if mirrored else 1)
    resultant = abs(np.exp(2j * np.radians(angles)).mean())
    spread = np.degrees(np.sqrt(max(0.0, -2 * np.log(max(resultant, 1e-12))))) / 2
    return float(spread), float(contrasts.mean() / (contrasts.std() + 1e-9))


def _parts(s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the compact part of the scan that each point lies in."""
    side = max(2, int(np.sqrt(min(_PARTS, len(s) / 6))))
    ranks = np.argsort(np.argsort(s, axis=0), axis=0) * side // len(s)
    return np.asarray(ranks[:, 0] * side + ranks[:, 1])
