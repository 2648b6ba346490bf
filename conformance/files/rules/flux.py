"""How the light of the frames goes along the scan, beside what the object does: exposures in turn, an unsteady beam."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_LONGEST, _TURNS = 6, 4
_APART, _WITHIN = float(np.log(1.4)), 0.3
_UNSTEADY, _BEYOND, _OF_NOISE, _ALIKE = 0.05, 2.0, 3.0, 0.7
_PARTS, _BY_PLACE = 8, 0.5
_HELD = 0.999
"""Part of the pixels in which a frame holds no less than the one before it."""


def in_turn(view: View) -> str:
    """Say that exposures of several lengths alternate; empty where they do not.

    Parameters
    ----------
    view : View
    """
    said = alternating(view.brightness, np.arange(len(view.brightness)))[0]
    first = np.asarray(view.survey.first, np.float64)
    return (accumulated(first, np.arange(len(first))) or said) if said else ""


def accumulated(frames: NDArray[np.floating], numbers: NDArray[np.int64]) -> str:
    """Say that frames hold those before them, but for every second, third, ... one; empty where they do not.

    Parameters
    ----------
    frames : (m, N, N)
        Counts or amplitudes.
    numbers : (m,) int64
        Of the frames in the scan, increasing.
    """
    follows = np.flatnonzero(np.diff(numbers) == 1)
    least = -1e-5 * float(frames.max(initial=0.0))
    holds = np.array([float((frames[k + 1] - frames[k] >= least).mean()) > _HELD for k in follows], bool)
    for period in range(2, _LONGEST + 1):
        for reset in range(period):
            anew = numbers[follows + 1] % period == reset
            if min(anew.sum(), (~anew).sum()) > 1 and holds[~anew].all() and not holds[anew].any():
                return (
                    f"every frame holds the one before it in every pixel, but for one in {period} (first frame "
                    f"{reset}): counters that were read {period} times and not reset in between; take the differences"
                )
    return ""


def alternating(light: Floats, numbers: NDArray[np.int64]) -> tuple[str, Floats]:
    """Say that the light of frames goes up and down in turn, and by how much each is brighter than the dimmest.

    Parameters
    ----------
    light : (m,) float64
    numbers : (m,) int64
        Of the frames in the scan.

    Returns
    -------
    str
        Empty where it does not.
    numpy.ndarray
        (m,) factors, 1 where it does not.
    """
    even = np.ones(len(light))
    if not (light > 0).all():
        return "", even
    level = np.log(light)
    for period in range(2, min(_LONGEST, len(level) // _TURNS) + 1):
        phases = [level[numbers % period == first] for first in range(period)]
        if min(map(len, phases)) < _TURNS:
            continue
        middle = np.array([np.median(one) for one in phases])
        spread = max(float(np.quantile(np.abs(one - np.median(one)), 0.9)) for one in phases)
        apart = float(np.ptp(middle))
        dim = int((middle < middle.max() - apart / 2).sum())
        if apart > _APART and spread < _WITHIN * apart and (period == 2 or 1 < dim < period - 1 or _steps(middle) > 2):
            told = " : ".join(f"{float(np.exp(one - middle.min())):.3g}" for one in middle)
            said = (
                f"the light of the frames goes {told} in turn, from each frame to the next, over the whole scan: long "
                "and short exposures alternate and were not scaled or merged"
            )
            return said, np.asarray(np.exp(middle - middle.min())[numbers % period])
    return "", even


def _steps(middle: Floats) -> int:
    """How many levels differ."""
    return int((np.diff(np.sort(middle)) > _APART).sum()) + 1


def unsteady(view: View, quantum: float) -> Iterator[Finding]:
    """FIL-004: frames that darken and outshine each other by more than is expected of them.

    Parameters
    ----------
    view : View
    quantum : float
        Intensity of one count.
    """
    if said := _unsteady(view, quantum):
        yield Finding("FIL-004", Severity.WARNING, view.stack, said)


def _unsteady(view: View, quantum: float) -> str:
    """Say how the light varies, and by how much more than it should; empty where nobody can tell."""
    expected = view.expected
    if expected is None or view.M < 4 * _PARTS or not (expected > 0).all() or not (view.flux > 0).all():
        return ""
    off = np.log(view.flux / expected)
    off = off - np.median(off)
    varies, allowed = _spread(off), _spread(np.log(expected))
    noise = float(np.sqrt(quantum / np.median(view.flux)))
    if varies < max(_UNSTEADY, _BEYOND * allowed, _OF_NOISE * noise):
        return ""
    if _spread(np.sort(np.log(view.flux)) - np.sort(np.log(expected))) < varies / 2:
        # The same light in another order: frames and positions are not paired.
        return ""
    parts = np.array([np.median(one) for one in np.array_split(off, _PARTS)])
    rising = np.sign(np.diff(parts))
    alike = float((off[1:] * off[:-1]).mean() / (off**2).mean())
    if alike <= _ALIKE and _of_place(view, off) > _BY_PLACE:
        # What neighbours share is no fault of the beam: a beam stop, or lost pixels, take what is scattered there.
        return ""
    how = "flickers from frame to frame"
    if (rising == rising[0]).all():
        word, factor = ("falls", parts[0] - parts[-1]) if rising[0] < 0 else ("grows", parts[-1] - parts[0])
        how = f"{word} over the scan, by a factor of {float(np.exp(factor)):.3g} between its first and last eighth"
    elif alike > _ALIKE:
        how = "falls and rises again along the scan, as of a beam that decays and is filled up"
    return (
        f"the light of the frames varies by {varies:.1%}, where probe and object make it vary by {allowed:.1%} and "
        f"counting by {noise:.1%}: the beam {how}"
    )


def _of_place(view: View, off: Floats) -> float:
    """Correlation of the light of each frame (M,) with that of the one taken nearest to it."""
    if view.places is None:
        return 0.0
    there = off[view.places.last]
    return float((there * there[view.places.others]).mean() / (off**2).mean())


def _spread(values: Floats) -> float:
    """Standard deviation of values, but for those that lie far aside."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
