"""Whether frames agree where they overlap, under the probe of the file: the scale of their positions, and their places.

A turn is told by frames that agree better than after other turns, however badly they agree. Here an object is made by a
short reconstruction with positions as they are, a little larger, smaller and stretched; with a quarter of the frames
left out, which must then fit it where they lie; and from the beginning of the scan, which the rest must fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2
from scipy.spatial import cKDTree

from conformance.files.diagnose.confirmation import compact_blocks, nearest_to_the_middle
from conformance.files.diagnose.matched import top_of
from conformance.files.diagnose.reconstruction import Canvases, canvases, moved_probe, scaled_probe
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.smaller import smaller
from conformance.files.diagnose.student import student
from conformance.files.neighbours import typical_step

FEWEST = 18
_MOST = 90
RUNG = 0.05
_RUNGS = (-RUNG, 0.0, RUNG)
WAYS = (np.eye(2), np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]]))
"""Larger; rows larger and columns smaller; one diagonal larger and the other smaller."""

_FOLDS, _PARTS = 4, (0.25, 0.5, 0.75)
_REACH = 4
_SIDE, _ASKED = 16, 12
"""Frames on each side of a seam, and how many of them are asked."""

_SURE = 4.0
_ELSEWHERE, _STEPS = 1.3, 0.35
"""Pixels, and steps of the scan, from which a frame lies elsewhere."""

_SIDE_OF_FRAMES = 128
_FARTHEST = 12
"""Pixels beyond which no frame is looked for."""


@dataclass(frozen=True)
class Agreement:
    """What the frames say of their positions.

    Attributes
    ----------
    frames : int
        How many were asked, next to each other.
    strain : (3,) float64
        By how much, in parts of one, positions that let the frames agree best are larger; larger in rows and smaller in
        columns; larger along one diagonal and smaller along the other.
    spread : (3,) float64
        Standard deviations.
    lead : (3,) float64
        Student's t over blocks of frames of the stored positions over those that are 5 % larger or smaller so.
    elsewhere : float
        Part of the frames that fit the object of the others elsewhere.
    surer : float
        Student's t of that over where they lie, on pixels that did not choose it.
    apart : (2,) float64
        Rows and columns by which a later part of the scan fits the object of the earlier part elsewhere; zeros where it
        fits where it lies.
    joined : float
        Student's t with which later parts fit that object better where they lie than elsewhere, the least of them.
    """

    frames: int
    strain: NDArray[np.float64]
    spread: NDArray[np.float64]
    lead: NDArray[np.float64]
    elsewhere: float
    surer: float
    apart: NDArray[np.float64]
    joined: float


def agreement(sample: Sample, probe: NDArray[np.complexfloating], rng: np.random.Generator) -> Agreement | None:
    """Ask frames next to each other; None where they are too few, or too large to be asked in passing.

    Parameters
    ----------
    sample : Sample
        Canonical positions in object pixels, zero frequency at N/2.
    probe : (P, N, N) complex
        As the frames have it.
    rng : numpy.random.Generator
        Draws which frames are left out, and pixels.
    """
    held = smaller(sample, probe, _SIDE_OF_FRAMES) if len(sample) >= FEWEST else None
    if held is None:
        return None
    sample, probe = held
    # A gap of the detector that the file does not tell is no dark place.
    sample = replace(sample, good=sample.good & (sample.mean() > 0))
    most = int(np.clip(_MOST * 64**2 / sample.N**2, 36, _MOST))
    rows = np.sort(nearest_to_the_middle(sample.s, most))
    window = sample.part(rows)
    first = scaled_probe(probe, window.intensity)
    s, f = window.s, len(rows)
    step, middle = typical_step(s), s.mean(axis=0)
    mapped = [(s - middle) @ (np.eye(2) + rung * way).T + middle for way in WAYS for rung in _RUNGS if rung] + [s]
    fold = rng.permutation(f) % _FOLDS
    used = [np.ones(f, bool)] * len(mapped) + [fold != one for one in range(_FOLDS)]
    places = np.stack(mapped + [s] * _FOLDS)
    reach = _REACH * _stride(step) + 1
    made = canvases(window, first, places, np.array(used), reach)
    halves = rng.random((sample.N, sample.N)) < 0.5
    asked = _Asked(made, first, window, halves)
    strain, spread, lead = _strained(made.misfit[: len(mapped)], s)
    elsewhere, surer = _wishes(asked, len(mapped) + fold, step)
    apart, joined = _apart(sample, first, halves, step)
    return Agreement(f, strain, spread, lead, elsewhere, surer, apart, joined)


def _stride(step: float) -> int:
    """Pixels between the places where a frame is tried."""
    return int(np.clip(round(step / _REACH), 1, _FARTHEST // _REACH))


def _strained(
    misfit: NDArray[np.float64], s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where on each ladder frames agree best, its spread, and the lead of the stored positions; each (3,).

    Parameters
    ----------
    misfit : (7, f)
        On the rungs of each ladder, the common one last.
    s : (f, 2)
    """
    blocks = compact_blocks(s)
    told = -np.stack([np.log(misfit[:, blocks == one].mean(axis=1)) for one in range(blocks.max() + 1)], axis=1)
    found = []
    for way in range(len(WAYS)):
        values = told[[2 * way, len(told) - 1, 2 * way + 1]]
        tops = [top_of(np.array(_RUNGS), values[:, part::4].mean(axis=1)) for part in range(4)]
        lead = min(student(values[1] - values[other]) for other in (0, 2))
        top = top_of(np.array(_RUNGS), values.mean(axis=1))
        found.append((top, float(np.std(tops, ddof=1)) / 2, lead))
    strain, spread, lead = np.array(found).T
    return strain, spread, lead


class _Asked:
    """Frames against objects, moved.

    Parameters
    ----------
    made : Canvases
    probe : (N, N) complex
    window : Sample
    halves : (N, N) bool
        Which pixels choose a place; the others judge it.
    """

    def __init__(
        self, made: Canvases, probe: NDArray[np.complexfloating], window: Sample, halves: NDArray[np.bool_]
    ) -> None:
        self.made, self.probe, self.s = made, probe, window.s
        good = np.fft.ifftshift(window.good)
        self.halves = np.stack([good & halves, good & ~halves]).reshape(2, -1).astype(np.float32)

    def misfits(self, number: int, frame: int, moves: NDArray[np.int64]) -> NDArray[np.float64]:
        """Misfit (2, n) of a frame on each half of the pixels, against an object, moved by whole pixels (n, 2).

        Parameters
        ----------
        number, frame : int
        moves : (n, 2)
        """
        made = self.made
        N = made.amplitude.shape[-1]
        obj, probe = made.objects[number], moved_probe(self.probe, made.rest[number, frame : frame + 1])[0]
        at = made.corner[number, frame] + moves
        patches = np.stack([obj[y : y + N, x : x + N] for y, x in at])
        difference = np.abs(fft2(patches * probe, norm="ortho")) - made.amplitude[frame]
        return np.asarray(self.halves @ (difference**2).reshape(len(moves), -1).T, dtype=np.float64)


def _moves(reach: int, stride: int) -> NDArray[np.int64]:
    """Whole shifts (n, 2) up to some pixels, the first of them none."""
    steps = np.arange(-(reach // stride) * stride, reach + 1, stride)
    every = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(every[np.argsort(np.abs(every).sum(axis=1), kind="stable")])


def _wishes(asked: _Asked, objects: NDArray[np.int64], step: float) -> tuple[float, float]:
    """Part of the frames that fit the object made without them elsewhere, and how sure that is.

    Parameters
    ----------
    asked : _Asked
    objects : (f,)
        Number of the object that each frame has no part in.
    step : float
        Of the scan, in pixels.
    """
    stride = _stride(step)
    moves = _moves(_REACH * stride, stride)
    gains, far = [], []
    for frame, number in enumerate(objects):
        chosen, judged = asked.misfits(int(number), frame, moves)
        best = int(chosen.argmin())
        gains.append(float(np.log(judged[0] / judged[best])))
        far.append(float(np.hypot(*moves[best])))
    gain, distance = np.array(gains), np.array(far)
    moved = np.where(distance > max(_ELSEWHERE, _STEPS * step), gain, 0.0)
    # By chance the other pixels are as often against it.
    return float(np.sign(moved).mean()), student(moved) if moved.any() else 0.0


def _apart(
    sample: Sample, probe: NDArray[np.complexfloating], halves: NDArray[np.bool_], step: float
) -> tuple[NDArray[np.float64], float]:
    """Rows and columns (2,) by which later frames fit the object of earlier ones elsewhere, and these theirs; the lead.

    The lead is that of where they lie over elsewhere, the least that there is.

    Parameters
    ----------
    sample : Sample
    probe : (N, N) complex
    halves : (N, N) bool
        Which pixels choose a place.
    step : float
        Of the scan, in pixels.
    """
    least, reach = max(_ELSEWHERE, _STEPS * step), int(np.clip(2.5 * step, _REACH + 1, _FARTHEST))
    leads = []
    for part in _PARTS:
        rows, early = _seam(sample.s, round(part * len(sample)))
        window = sample.part(rows)
        used = np.stack([early, ~early])
        asked = _Asked(canvases(window, probe, np.stack([window.s] * 2), used, reach), probe, window, halves)
        later, sure = _fits(asked, 0, ~early, least)
        earlier, too = _fits(asked, 1, early, least)
        if later.any() and min(sure, too) > _SURE and np.hypot(*(later + earlier)) < max(2.0, 0.3 * np.hypot(*later)):
            return np.asarray(later - earlier) / 2, 0.0
        leads.append(max(0.0 if later.any() else sure, 0.0 if earlier.any() else too))
    return np.zeros(2), min(leads)


def _seam(s: NDArray[np.float64], begin: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Numbers of frames about the place where two parts of a scan meet, and which of them are of the earlier part.

    Parameters
    ----------
    s : (m, 2)
    begin : int
        The first frame of the later part.
    """
    far = cKDTree(s[:begin]).query(s[begin:])[0]
    close = begin + np.argsort(far, kind="stable")[: max(1, (len(s) - begin) // 10)]
    middle = s[close[np.argmin(np.hypot(*(s[close] - np.median(s[close], axis=0)).T))]]
    away = np.hypot(*(s - middle).T)
    early = np.argsort(away[:begin], kind="stable")[:_SIDE]
    rows = np.sort(np.concatenate([early, begin + np.argsort(away[begin:], kind="stable")[:_SIDE]]))
    return rows, rows < begin


def _fits(asked: _Asked, number: int, frames: NDArray[np.bool_], least: float) -> tuple[NDArray[np.float64], float]:
    """The shift (2,) with which frames next to others fit the object of these; zeros where they fit where they lie.

    And Student's t over the frames of the one over the other, of pixels that did not choose it.

    Parameters
    ----------
    asked : _Asked
    number : int
        Of the object.
    frames : (f,) bool
        The others made it.
    least : float
        Pixels from which a shift is one.
    """
    reach = int(asked.made.corner[number].min())
    far = cKDTree(asked.s[~frames]).query(asked.s[frames])[0]
    rows = np.flatnonzero(frames)[np.argsort(far, kind="stable")[:_ASKED]]
    moves = _moves(reach, 2)
    moves = moves[np.hypot(*moves.T) > least]
    best = moves[int(sum(asked.misfits(number, int(row), moves)[0] for row in rows).argmin())]
    near = best + _moves(1, 1)
    near = np.concatenate([_moves(1, 1), near[(np.abs(near).max(axis=1) <= reach) & (np.hypot(*near.T) > least)]])
    values = np.stack([asked.misfits(number, int(row), near) for row in rows])
    chosen, away = values[:, 0].sum(axis=0), np.hypot(*near.T) > least
    here, there = int(np.where(away, np.inf, chosen).argmin()), int(np.where(away, chosen, np.inf).argmin())
    lead = student(np.log(values[:, 1, there] / values[:, 1, here]))
    return (np.zeros(2), lead) if chosen[here] <= chosen[there] else (near[there].astype(np.float64), -lead)
