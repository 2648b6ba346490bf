"""Whether frames lie in the order in which they were taken, by how alike those are that follow each other (FIL-014).

Beams of neighbouring points overlap, so that their frames are alike; the frames tell it without any positions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FEWEST, _LARGEST = 40, 1e100
_SURE, _MORE = 5.0, 1.15
_PEAK, _NO_LINE, _SHORTEST = 6.0, 3.0, 5
_UNEVEN, _ON_ITS_WAY = 0.3, 2.0


def out_of_order(view: View) -> Iterator[Finding]:
    """FIL-014: frames that follow each other better in the order of their numbers than in that of text.

    Parameters
    ----------
    view : View
    """
    yield from _points_unsorted(view)
    told = _sketches(view)
    if told is None or ordered_as_text(view):
        return
    M = len(told)
    stored = _alike(told, np.arange(M))
    for first in (0, 1):
        by_text = np.array(sorted(range(first, first + M), key=str)) - first
        restored = _alike(told, np.argsort(by_text))
        gain = restored - stored
        lead = float(gain.mean() / max(gain.std() / np.sqrt(M), 1e-12))
        if lead > _SURE and restored.mean() > _MORE * max(float(stored.mean()), 0.0):
            like = ", ".join(str(one + first) for one in by_text[:4])
            problem = (
                f"the frames lie in the order of numbers sorted as text ({like}, ...): in the order of the numbers "
                f"those that follow each other are more alike ({restored.mean():.2f}, as stored {stored.mean():.2f}); "
                "read the files in the order of their numbers, unless the positions lie in the order of text too"
            )
            yield Finding("FIL-014", Severity.WARNING, view.stack, problem)
            return


def _points_unsorted(view: View) -> Iterator[Finding]:
    """FIL-014: frames that were sorted by their light, where their points were not."""
    steps = np.diff(view.flux)
    if view.M < _FEWEST or view.x is None or view.y is None or view.nearest is None or not np.isfinite(steps).all():
        return
    steps = steps * np.sign(steps.sum())
    # A beam that decays does so by even steps.
    uneven = bool((steps >= 0).all() and (steps > 0).mean() > 1 / 2 and steps.std() > _UNEVEN * steps.mean())
    apart = float(np.median(np.hypot(np.diff(view.x), np.diff(view.y))))
    if not uneven or apart > _ON_ITS_WAY * float(np.median(view.nearest)):
        return
    word = "brighter" if view.flux[-1] > view.flux[0] else "darker"
    problem = (
        f"every frame is {word} than the one before, by uneven steps, while the points follow each other as in a scan: "
        "the frames were sorted by their light, and the positions were not; give both in the order in which they were "
        "taken"
    )
    yield Finding("FIL-014", Severity.WARNING, view.stack, problem)


def other_lines(view: View, raster: tuple[int, int]) -> str:
    """Say that the sides of a raster were exchanged: its lines have as many frames as it should have lines; else empty.

    Parameters
    ----------
    view : View
    raster : tuple of int
        Lines and frames a line, as the file has them, of frames in the order of the view.
    """
    told, M = _sketches(view), view.M
    if told is None or raster[0] * raster[1] != M or len(told) != M or min(raster) < _SHORTEST:
        return ""
    # Frames are stored as they were taken, or down the columns of the shape that they were given.
    turned = told.reshape(*raster, -1).swapaxes(0, 1).reshape(told.shape)
    taken, shaped = max(((told, raster[1]), (turned, raster[0])), key=lambda one: _lead(one[0], 1))
    leads = np.array([_lead(taken, lag) for lag in range(1, M // 2)])
    found = M // shaped
    if leads[0] < _PEAK or shaped == found or max(shaped, found) >= len(leads):
        return ""
    if leads[shaped - 1] > _NO_LINE or not _is_line(leads, found):
        return ""
    return (
        f"the frames are shaped as {found} lines of {shaped}, and are alike at a distance of {found}, not of "
        f"{shaped}: the scan has {shaped} lines of {found}, and its sides were exchanged; shape them {shaped} x {found}"
    )


def _is_line(leads: Floats, n: int) -> bool:
    """Whether frames are alike again at a distance of n, and not before: a lattice repeats itself within a line."""
    if n + 1 > len(leads) or leads[n - 1] < max(leads[n - 2], leads[n], _PEAK):
        return False
    lag = np.arange(1, len(leads) - 1)[: 3 * n]
    beside = np.minimum((lag + 1) % n, n - (lag + 1) % n)
    crests = leads[lag][(leads[lag] > leads[lag - 1]) & (leads[lag] > leads[lag + 1]) & (beside > 1)]
    return bool(leads[n - 1] > leads[: n - 1].min() + _PEAK and crests.max(initial=-np.inf) < leads[n - 1] / 2)


def _sketches(view: View) -> NDArray[np.float64] | None:
    """(m, 64) brightness of parts of the frames, less that of all; None where there are too few frames."""
    held = np.clip(np.nan_to_num(view.survey.sketches), -_LARGEST, _LARGEST)
    if len(held) < _FEWEST:
        return None
    held = np.sqrt(np.maximum(held, 0)) if view.counts else held
    held = held - held.mean(axis=0)
    # One burst, or one dark frame, would rule the rest.
    size = np.linalg.norm(held, axis=1, keepdims=True)
    typical = float(np.median(size))
    return np.asarray(held / np.maximum(size, typical)) if typical > 0 else None


def ordered_as_text(view: View) -> bool:
    """Whether positions lie in the order of text, as frames may that go with them.

    Parameters
    ----------
    view : View
    """
    if view.x is None or view.y is None:
        return False
    points = np.stack([view.x, view.y], axis=1)

    def length(order: NDArray[np.int64]) -> float:
        with np.errstate(over="ignore"):
            return float(np.mean(np.hypot(*np.diff(points[order], axis=0).T)))

    M = len(points)
    others = (np.argsort(np.array(sorted(range(first, first + M), key=str))) for first in (0, 1))
    return min(length(one) for one in others) < length(np.arange(M))


def _alike(told: NDArray[np.float64], order: NDArray[np.int64]) -> Floats:
    """(m,) how alike each frame is to the one before and the one after it, in some order of the frames."""
    held = told[order]
    both = (held[1:] * held[:-1]).sum(axis=1)
    mean = (np.concatenate([both[:1], both]) + np.concatenate([both, both[-1:]])) / 2
    found = np.empty_like(mean)
    found[order] = mean
    return np.asarray(found)


def _lead(told: NDArray[np.float64], lag: int) -> float:
    """Student's t of how alike frames are at a distance."""
    both = (told[lag:] * told[:-lag]).sum(axis=1)
    return float(both.mean() / max(both.std() / np.sqrt(len(both)), 1e-12))
