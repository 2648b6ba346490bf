"""Estimator G: clusters of frames that share none, each reconstructed by itself, vote on the orientation.

No cluster knows of another, so that the votes are independent and a sign test of them may be believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from conformance.files.diagnose.confirmation import ASIDE, four
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.reconstruction import scaled_probe, small_steps
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import Turn
from conformance.files.neighbours import typical_step

NAME = "G, the votes of clusters"
LEAD = 3.3
"""Votes won less votes lost against each rival, in standard deviations of a fair coin."""
MEMBERS = 9
_MOST, _FEWEST = 24, 12
ROUNDS = 5
_PIXELS = 24 * 128 * 128
"""Pixels of frames that are reconstructed at once."""
_APART = 4.0
"""Steps of the scan that members of a cluster lie from its first at most."""


def clusters(s: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Numbers (n, 9) of neighbouring points, at most ``most`` times nine, none of them twice.

    Parameters
    ----------
    s : (m, 2)
        Positions.
    most : int
    """
    free, found = np.ones(len(s), dtype=bool), list[NDArray[np.int64]]()
    reach = _APART * typical_step(s)
    for first in np.lexsort((s[:, 1], np.rint(s[:, 0] / max(3 * typical_step(s), 1e-12)))):
        left = np.flatnonzero(free)
        if not free[first] or len(left) < MEMBERS:
            continue
        away, near = cKDTree(s[left]).query(s[first], MEMBERS)
        if np.max(away) <= reach:
            found.append(left[near])
            free[left[near]] = False
    every = np.reshape(np.array(found, dtype=np.int64), (-1, MEMBERS))
    return np.asarray(every[np.linspace(0, len(every) - 1, min(most, len(every))).astype(int)])


def clusters_of(sample: Sample) -> NDArray[np.int64]:
    """Clusters (n, 9) of a sample, as many as fit in memory."""
    return clusters(sample.s, int(np.clip(_PIXELS / sample.N**2, _FEWEST, _MOST)))


def votes(sample: Sample, probe: NDArray[np.complexfloating], turn: Turn, rng: np.random.Generator) -> Reading:
    """G: how clusters of nine frames vote between a turn, its quarter turn and their mirror images.

    A cluster votes for what fits better, and better than frames of elsewhere do at the same positions: frames that are
    all alike would vote as one.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    probe : (P, N, N) complex
    turn : Turn
        The likeliest.
    rng : numpy.random.Generator
        Shuffles frames for the null.
    """
    members = clusters_of(sample)
    if len(members) < _FEWEST:
        return silent(NAME, f"{len(members)} clusters of {MEMBERS} frames are too few")
    elsewhere = rng.permutation(members.ravel()).reshape(members.shape)
    candidates = four(turn)
    fits, null = (_fits(sample, members, rows, probe, candidates) for rows in (members, elsewhere))
    best = int(fits.mean(axis=1).argmin())
    won = min(int(_won(fits, null, best, other).sum()) for other in range(len(candidates)) if other != best)
    lead = (2 * won - len(members)) / float(np.sqrt(len(members)))
    why = "" if lead > LEAD else f"{won} of {len(members)} clusters vote for the best orientation"
    if not why and not _stands(sample, members, probe, candidates[best]):
        why = "clusters of frames fit better at another angle"
    figures = {"votes": float(won), "clusters": float(len(members))}
    return Reading(NAME, candidates[best], 10.0, lead, not why, why=why, figures=figures)


def _fits(
    sample: Sample,
    members: NDArray[np.int64],
    rows: NDArray[np.int64],
    probe: NDArray[np.complexfloating],
    turns: Sequence[Turn],
) -> NDArray[np.float64]:
    """Logarithm of the misfit (t, n) of each cluster in each turn: frames ``rows`` at the positions of ``members``."""
    scaled = scaled_probe(probe, sample.intensity[rows.ravel()])
    found = [
        small_steps(sample.intensity[rows], sample.s[members] @ one.matrix.T, scaled, ROUNDS)[0].mean(axis=1)
        for one in turns
    ]
    return np.asarray(np.log(np.stack(found)))


def _won(fits: NDArray[np.float64], null: NDArray[np.float64], best: int, other: int) -> NDArray[np.bool_]:
    """Which clusters (n,) fit the best turn better than the other, by more than any frames do at such positions."""
    return np.asarray(fits[other] - fits[best] > max(0.0, float(np.median(null[other] - null[best]))))


def _stands(sample: Sample, members: NDArray[np.int64], probe: NDArray[np.complexfloating], turn: Turn) -> bool:
    """Whether clusters fit a turn better than angles to its sides."""
    beside = [Turn(turn.mirrored, turn.degrees + step) for step in (-ASIDE, 0.0, ASIDE)]
    return bool(_fits(sample, members, members, probe, beside).mean(axis=1).argmin() == 1)
