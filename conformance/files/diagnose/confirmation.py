"""Estimator C: a short reconstruction of a window of frames in four orientations, compared block by block.

The four are a turn, its quarter turn and their mirror images: isometries, so that none has an advantage by itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.reconstruction import scaled_probe, small_steps
from conformance.files.diagnose.resemblance import ALIKE, resemblance
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.student import student
from conformance.files.diagnose.turns import Turn

WHOLE = "C, a short reconstruction"
LEAD, SURE = 4.0, 5.0
"""Student's t over blocks from which it counts, and from which others that do not count by themselves may join it."""

_MOST_FRAMES, _FEWEST = 90, 18
_BLOCKS = 18
_BORDER = 3
"""Part of a frame by which the light reaches over the outermost positions, where an object is hardly told."""

RESEMBLANCE = "resemblance"
"""Name of the figure that says how much the object resembles itself elsewhere."""

ASIDE = 20.0
"""Degrees to each side at which the angle of a reconstruction is questioned."""


def four(turn: Turn) -> tuple[Turn, ...]:
    """A turn, its quarter turn and their mirror images, each modulo 180 degrees."""
    return (
        turn,
        Turn(turn.mirrored, (turn.degrees + 90) % 360),
        Turn(not turn.mirrored, -turn.degrees % 360),
        Turn(not turn.mirrored, (90 - turn.degrees) % 360),
    )


def whole(sample: Sample, probe: NDArray[np.complexfloating], turn: Turn, twin_known: bool) -> Reading:
    """C: all frames of a window reconstructed in each orientation, compared block by block.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    probe : (P, N, N) complex
    turn : Turn
        The likeliest.
    twin_known : bool
        Whether the probe is trusted, so that the twin of the best orientation is tried too.
    """
    most = int(np.clip(_MOST_FRAMES * 64**2 / sample.N**2, 36, _MOST_FRAMES))
    if len(sample) < _FEWEST:
        return silent(WHOLE, f"{len(sample)} frames are too few")
    rows = nearest_to_the_middle(sample.s, most)
    candidates = [*four(turn), *(one.twin for one in four(turn))] if twin_known else list(four(turn))
    s = np.stack([sample.s[rows] @ one.matrix.T for one in candidates])
    frames = np.broadcast_to(sample.intensity[rows], (len(candidates), *sample.intensity[rows].shape))
    misfit, objects = small_steps(frames, s, scaled_probe(probe, sample.intensity[rows]), 4)
    blocks = compact_blocks(sample.s[rows])
    told = np.stack([np.log(misfit[:, blocks == one].mean(axis=1)) for one in range(blocks.max() + 1)], axis=1)
    found = _reading(WHOLE, candidates, told, twin_known)
    if not found.decided or found.turn is None:
        return found
    alike = _resemblance(objects[candidates.index(found.turn)], sample.N // _BORDER)
    if alike > ALIKE:
        why = f"the object resembles itself elsewhere ({alike:.2f}): what it looks like after some turns"
        return replace(found, decided=False, lead=0.0, why=why, figures={RESEMBLANCE: alike})
    # Another angle may fit better still: then the four were tried about a wrong one, and nothing is decided.
    beside = [Turn(found.turn.mirrored, found.turn.degrees + step) for step in (-ASIDE, 0.0, ASIDE)]
    s = np.stack([sample.s[rows] @ one.matrix.T for one in beside])
    around = small_steps(frames[:3], s, scaled_probe(probe, sample.intensity[rows]), 4)[0].mean(axis=1)
    if around.argmin() == 1:
        return replace(found, figures={RESEMBLANCE: alike})
    return replace(found, decided=False, lead=0.0, why="a short reconstruction fits better at another angle")


def _resemblance(obj: NDArray[np.complex64], border: int) -> float:
    """Of an object with itself elsewhere, its border left out; 1 where nothing is left."""
    inner = obj[border:-border, border:-border]
    return resemblance(inner) if min(inner.shape) > border else 1.0


def nearest_to_the_middle(s: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Numbers of at most ``most`` points of (m, 2) about the middle of the scan."""
    return np.asarray(cKDTree(s).query(np.median(s, axis=0), min(most, len(s)))[1])


def compact_blocks(s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the compact block that each point lies in, all about alike in size."""
    across = int(np.sqrt(_BLOCKS))
    strips = np.argsort(np.argsort(s[:, 0])) * across // len(s)
    numbers = np.zeros(len(s), dtype=np.int64)
    for strip in range(across):
        inside = np.flatnonzero(strips == strip)
        numbers[inside] = strip * across + np.argsort(np.argsort(s[inside, 1])) * across // len(inside)
    return numbers


def _reading(name: str, candidates: list[Turn], told: NDArray[np.float64], twin_known: bool) -> Reading:
    order = np.argsort(told.mean(axis=1))
    best = candidates[int(order[0])]
    leads, twin = [], 0.0
    for other in order[1:]:
        difference = told[other] - told[order[0]]
        t = student(difference)
        if candidates[int(other)].apart(best, 180.0) < 1e-6:
            twin = t if twin_known else 0.0
        else:
            leads.append(t)
    lead = min(leads)
    why = "" if lead > LEAD else "a short reconstruction fits as well in another orientation"
    return Reading(name, best, 10.0, lead, lead > LEAD, twin, why)
