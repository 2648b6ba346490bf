"""Estimator B: a shadow of the object moves over the detector as the scan moves, in near and in defocused far field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.spatial import cKDTree

from conformance.files.diagnose.parallax import FEWEST_PIXELS, beam_disc
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import Turn, turn_of

NAME = "B, the motion of the shadow"
FEWEST = 40
LEAD = 6.0
_PAIRS, _SHUFFLES, _DRAWN, _ROUNDS = 400, 200, 200, 12
_TUKEY = 4.7
_ROUND = 0.3
"""Smaller over larger magnification of the shadow, below which its motion has one direction only."""
_REPEATS = 0.4
"""Second peak of the autocorrelation over the first, above which shadows repeat themselves, as a lattice's do."""
_FADES, _WELL = 0.3, 0.5
"""How far below zero that second peak lies where frames brighten and fade as wholes, as in a beam in focus: what moves
is no shadow then, unless its motion explains so much of the shifts."""


def shadow(sample: Sample, rng: np.random.Generator) -> Reading:
    """Chirality and angle, modulo 180 degrees, from shifts between frames of neighbouring points.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
        Draws pairs, shuffles steps for the null, and draws pairs again for the spread.
    """
    pairs = neighbour_pairs(sample.s, rng)
    if len(pairs) < FEWEST:
        return silent(NAME, f"{len(pairs)} pairs of neighbours are too few")
    steps = sample.s[pairs[:, 1]] - sample.s[pairs[:, 0]]
    scale = float(np.sqrt((steps**2).sum(axis=1).mean()))
    if not scale > 0:
        return silent(NAME, "neighbours lie at one place")
    steps = steps / scale
    if np.linalg.cond(steps.T @ steps) > 1e4:
        return silent(NAME, "the points lie on a line")
    if beam_disc(sample).sum() < FEWEST_PIXELS:
        return silent(NAME, "the beam lights too few pixels to cast a shadow")
    shifts, repeats = shadow_shifts(sample, pairs)
    if repeats > _REPEATS:
        return silent(NAME, "there is no shadow, or it repeats itself (beam in focus, lattice, stripes)")
    M, explained = _robust(steps, shifts)
    null = np.array([_robust(steps[rng.permutation(len(steps))], shifts)[1] for _ in range(_SHUFFLES // 4)])
    lead = (explained - null.mean()) / (null.std() + 1e-9)
    turn = turn_of(M)
    drawn = [_robust(steps[row], shifts[row])[0] for row in rng.integers(0, len(steps), (_DRAWN // 4, len(steps)))]
    determinants = np.array([np.linalg.det(one) for one in drawn]) * (-1 if turn.mirrored else 1)
    steady = float(determinants.mean() / (determinants.std() + 1e-12))
    angles = np.array([turn_of(one).degrees for one in drawn if (np.linalg.det(one) < 0) == turn.mirrored])
    resultant = abs(np.exp(2j * np.radians(angles)).mean()) if len(angles) else 0.0
    spread = float(np.degrees(np.sqrt(max(0.0, -2 * np.log(max(resultant, 1e-12))))) / 2)
    strengths = np.linalg.svd(M, compute_uv=False)
    roundness = float(strengths[1] / max(strengths[0], 1e-12))
    # Whichever condition is met least says how far the whole may be heard.
    well = explained / _WELL if repeats < -_FADES else np.inf
    part = min(explained / (2 * np.abs(null).max() + 1e-12), steady / 4.0, roundness / _ROUND, well)
    decided = bool(lead > LEAD and part > 1)
    figures = {
        "determinant": float(np.linalg.det(M)),
        "steady": steady,
        "repeats": repeats,
        "explained": float(explained),
        "null": float(null.max()),
        "roundness": roundness,
        "pixels_a_step": float(np.sqrt(abs(np.linalg.det(M)))),
        "over_chance": float(lead) if steady > 1 else 0.0,
    }
    why = (
        "" if decided else "the shadows do not move with the scan (beam in focus, diffuser, lattice or steps too wide)"
    )
    told = Turn(turn.mirrored, turn.degrees % 180.0)
    motion = tuple((M / scale).ravel().tolist())
    heard = figures["over_chance"] if decided else min(figures["over_chance"], LEAD * part)
    return Reading(NAME, told, spread, heard, decided, why=why, figures=figures, motion=motion)


def neighbour_pairs(s: NDArray[np.float64], rng: np.random.Generator, most: int = _PAIRS) -> NDArray[np.int64]:
    """Pairs (n, 2) of neighbouring points, each once, at most ``most`` of them.

    Parameters
    ----------
    s : (m, 2)
        Positions.
    rng : numpy.random.Generator
        Draws among the pairs.
    most : int
    """
    if len(s) < 3:
        return np.zeros((0, 2), dtype=np.int64)
    near = np.asarray(cKDTree(s).query(s, min(7, len(s)))[1])
    first = np.repeat(np.arange(len(s)), near.shape[1] - 1)
    pairs = np.stack([first, near[:, 1:].ravel()], axis=1)
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    if len(pairs) > most:
        pairs = pairs[np.sort(rng.choice(len(pairs), most, replace=False))]
    return np.asarray(pairs, dtype=np.int64)


def shadow_shifts(sample: Sample, pairs: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Shift (n, 2) in pixels that takes the shadow in the first frame of each pair to that in the second.

    And how much the shadows repeat themselves: the second highest peak of their mean autocorrelation over the highest;
    1 where there is no second, for then a beam in focus casts no shadow.
    """
    N = sample.N
    mean = sample.mean()
    lit = gaussian_filter((mean > 0.1 * np.percentile(mean, 99)).astype(float), max(1.0, N / 64))
    w = np.where(mean > 0.02 * np.percentile(mean, 99), lit, 0)
    over = (w / np.maximum(mean, 1e-300)).astype(np.float32)
    size = next_fast_len(N + N // 2, real=True)
    found, power = np.empty((len(pairs), 2)), np.zeros((size, size // 2 + 1))
    for start in range(0, len(pairs), 64):
        part = pairs[start : start + 64]
        first, second = (_spectra(sample.intensity[part[:, side]], over, w, size) for side in (0, 1))
        middles = _middle(irfft2(np.conj(first) * second, (size, size)), N // 4)
        found[start : start + 64] = [_peak(one) - N // 4 for one in middles]
        power += (np.abs(first) ** 2).sum(axis=0)
    window = irfft2(np.abs(rfft2(w, (size, size))) ** 2, (size, size))
    alike = irfft2(power, (size, size)) / np.maximum(window, 0.05 * window.max())
    return found, _second_peak(_middle(alike[np.newaxis], N // 4)[0])


def _middle(correlations: NDArray[np.floating], reach: int) -> NDArray[np.floating]:
    """Shifts of up to ``reach`` pixels, zero in the middle."""
    rolled = np.roll(correlations, (reach, reach), (1, 2))
    return rolled[:, : 2 * reach + 1, : 2 * reach + 1]


def _spectra(
    frames: NDArray[np.float32], over: NDArray[np.float32], w: NDArray[np.float64], size: int
) -> NDArray[np.complex64]:
    power = frames.sum(axis=(1, 2), keepdims=True) / frames.sum(axis=(1, 2)).mean()
    shadows = frames / np.maximum(power, 1e-12) * over - w
    shadows -= shadows.sum(axis=(1, 2), keepdims=True) * (w / w.sum())
    # A little smoothing, so that single photons do not correlate with themselves alone.
    return np.asarray(rfft2(gaussian_filter(shadows, (0, 1.0, 1.0)), (size, size)), dtype=np.complex64)


def _peak(correlation: NDArray[np.floating]) -> NDArray[np.float64]:
    """Place (2,) of the highest value, between pixels by a parabola through three."""
    top = np.unravel_index(int(correlation.argmax()), correlation.shape)
    place = np.array(top, dtype=np.float64)
    for axis in (0, 1):
        if 0 < top[axis] < correlation.shape[axis] - 1:
            at = [tuple(t + (step if a == axis else 0) for a, t in enumerate(top)) for step in (-1, 0, 1)]
            low, middle, high = (float(correlation[one]) for one in at)
            curve = low - 2 * middle + high
            place[axis] += 0.5 * (low - high) / curve if curve < 0 else 0.0
    return place


def _second_peak(correlation: NDArray[np.floating]) -> float:
    """Height of the second highest local maximum over that of the highest; 1 where there is none."""
    tops = correlation[correlation == maximum_filter(correlation, 3)]
    if len(tops) < 2:
        return 1.0
    second, first = np.partition(tops, -2)[-2:]
    return float(second / first) if first > 0 else 1.0


def _robust(steps: NDArray[np.float64], shifts: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Map M (2, 2) of steps to shifts by Tukey's weights, and how much weight lies near it beyond what zero has."""
    weights = np.ones(len(steps))
    M: NDArray[np.float64] = np.zeros((2, 2))
    residual: NDArray[np.float64] = weights
    for _ in range(_ROUNDS):
        moment = (steps * weights[:, np.newaxis]).T @ steps + 1e-9 * np.eye(2)
        M = np.asarray(np.linalg.solve(moment, (steps * weights[:, np.newaxis]).T @ shifts).T, dtype=np.float64)
        residual = np.hypot(*(shifts - steps @ M.T).T)
        width = _TUKEY * max(float(np.median(residual)) / 1.18, 0.15)
        weights = np.clip(1 - (residual / width) ** 2, 0, None) ** 2 + 1e-6
    moved = weights @ (shifts**2).sum(axis=1)
    left = weights @ residual**2
    return M, float((moved - left) / max(moved, 1e-12) * np.sqrt(weights.mean()))
