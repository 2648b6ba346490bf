"""What counts that were counted hold: of any light, at least so many next to those that are seen.

Numbers of photons are a mixture of Poisson laws, whatever probe, object and beam are. With n(k) values of k counts,
E n(k + 1) / n(k) of such a mixture times k + 1 never falls as k grows (it is the mean light of the pixels that showed
k), so that n(k) tells a least number for k - 1 from k + 1, and for k + 1 from k - 1. Where none at all are there, they
were cut away.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.rules.view import View
from conformance.files.survey import is_whole

_FEWEST, _LEAST_MISSING, _LEAST_TOP = 16, 30.0, 30
_MIDDLE, _FEWEST_ALIKE, _ALIKE, _SPREADS = 256, 16, 2.0, 10.0
"""Pixels about the middle and counts of neighbours that are compared, and how often, over what counting lets, they must
be equal to be filtered."""

_OFTEN, _FEWEST_RANKED, _MOST_RANKED, _BARE = 8.0, 24, 4096, 0.3
"""How often numbers occur on the average, up to how many of them, for which a part of them is bare by no chance."""

_MIRRORS = {"point": (-1, -1), "rows upside down": (-1, 1), "columns left to right": (1, -1)}
_LEAST_COUNTS, _FEWEST_PAIRS, _FEWEST_LEVELS = 9, 64, 4
"""Mean counts from which on pixels are compared, and how many of them, with how many levels, must be equal."""

_LEAST_MEAN, _NOISY = 3.0, 0.25
"""Counts from which on differences are compared with the noise of counting, and which part of it half must show."""

_LOOKED_AT, _MOST_VALUES, _MOST_COUNTS = 3, 1 << 17, 1 << 20


def cut_below(view: View) -> str:
    """Say that few counts were taken for none; empty where they were not.

    Parameters
    ----------
    view : View
    """
    sample = view.survey.sample
    if not view.counts and is_whole(sample):
        # Amplitudes that were rounded lack the numbers between the roots of few counts.
        return ""
    smallest = float(sample.min(initial=np.inf))
    number = view.once(_histogram) if smallest > 1.1 and np.isfinite(smallest) else np.zeros(0, np.int64)
    seen = np.flatnonzero(number[1:]) + 1
    if not len(seen) or (least := int(seen[0])) < 2 or least + 1 >= len(number):
        return ""
    missing = _at_least(float(number[least]), float(number[least + 1])) * least / (least + 1)
    if missing < _LEAST_MISSING or not _follow(number[least : least + _LOOKED_AT + 2], least):
        return ""
    few = "1" if least == 2 else f"1 to {least - 1}"
    return (
        f"no value is {few} counts, and {int(number[least])} of the first frames are {least}: of light "
        f"that was counted {missing:.0f} or more would be {least - 1}. A threshold took few counts for none"
    )


def evened(view: View) -> str:
    """Say that neighbours hold equal counts more often than counts of any light do; empty where they do not.

    Two counts of mean m are equal once in 2 (pi m)^(1/2) times, and less often where their means differ. Numbers that
    stand for counts in other units are taken by their rank.

    Parameters
    ----------
    view : View
    """
    inner = tuple(slice(max(0, side // 2 - _MIDDLE), side // 2 + _MIDDLE) for side in view.survey.sides)
    known = (view.measured & ~view.survey.steady)[inner]
    counts = _counts(view, np.where(known, view.survey.first[:, *inner], 0))
    if counts is None:
        return ""
    counts = _in_its_units(counts)
    pairs, equal, expected, top = 0, 0, 0.0, int(counts.max())
    for one, other, both in (
        (counts[:, 1:], counts[:, :-1], known[1:] & known[:-1]),
        (counts[:, :, 1:], counts[:, :, :-1], known[:, 1:] & known[:, :-1]),
    ):
        mean = (one + other) / 2
        many = both & (mean >= _FEWEST_ALIKE) & (one < top) & (other < top)
        pairs, equal = pairs + int(many.sum()), equal + int((many & (one == other)).sum())
        expected += float((1 / (2 * np.sqrt(np.pi * mean[many]))).sum())
    if equal < _ALIKE * expected or equal - expected < _SPREADS * np.sqrt(max(expected, 1.0)):
        return ""
    return (
        f"{equal} of {pairs} pairs of neighbouring pixels with {_FEWEST_ALIKE} counts or more hold equal ones, where "
        f"counting lets {expected:.0f} at most: a filter, a resampling or a rounding to coarser steps took their noise"
    )


def _in_its_units(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts (m, N, N) as they are; where many numbers that others surround never occur, the ranks of those that do.

    Units of a detector, or roots in hundredths, take the place of one count each, and leave its noise.
    """
    number = np.bincount(np.minimum(counts, _MOST_RANKED).ravel())[1:_MOST_RANKED]
    often = np.flatnonzero(np.cumsum(number) >= _OFTEN * np.arange(1, len(number) + 1))
    last = int(often[-1]) + 1 if len(often) else 0
    if last < _FEWEST_RANKED or float((number[:last] == 0).mean()) < _BARE:
        return counts
    return np.asarray(np.unique(counts, return_inverse=True)[1].reshape(counts.shape), np.int64)


def are_counted(view: View) -> bool:
    """Whether the first frames are counts whose neighbours differ as much as counting makes them: of no interpolation.

    First and third differences of counts of mean m have variances of 2 m and 20 m at least, which half of them come
    near. Interpolation leaves less of the third, and pixels that were repeated nothing of the first.

    Parameters
    ----------
    view : View
    """
    first = np.where(view.measured & ~view.survey.steady, view.survey.first, 0)
    counts = np.maximum(first, 0) if first.dtype.kind in "ui" and view.counts else _counts(view, first)
    if counts is None or counts.shape[-1] < _LOOKED_AT + 1:
        return False
    shares = []
    for order, axis in ((1, 1), (1, 2), (3, 1), (3, 2)):
        lines = np.moveaxis(counts, axis, 2).astype(np.float64)
        mean = (
            lines[..., order // 2 : -1 - order // 2] + lines[..., 1 + order // 2 : len(lines[0, 0]) - order // 2]
        ) / 2
        lit = mean >= _LEAST_MEAN
        share = np.diff(lines, order, axis=2)[lit] ** 2 / (comb(2 * order, order) * mean[lit])
        shares.append(float(np.median(share)) if len(share) >= _FEWEST_PAIRS else 0.0)
    return min(shares) > _NOISY


def mirrored(view: View) -> str:
    """Say that a part of the frames is a mirror image of another part, with the same noise; empty where none is.

    Counts differ from those at the mirrored pixel however symmetric the light is.

    Parameters
    ----------
    view : View
    """
    counts = _counts(view, np.where(view.measured & ~view.survey.steady, view.survey.first, 0))
    if counts is None or len(counts) < 2:
        return ""
    for name, steps in _MIRRORS.items():
        for odd in (1, 0):
            pixels, levels = _equal_to(counts, steps, odd)
            if len(levels) >= _FEWEST_LEVELS and pixels.sum() >= _FEWEST_PAIRS:
                return (
                    f"{int(pixels.sum())} pixels hold in every frame that was looked at the very counts of their "
                    f"mirror image ({name}), where counting noise would make them differ: a part of the frames was "
                    "filled from the other, and measured nothing; state it in a mask"
                )
    return ""


def _equal_to(counts: NDArray[np.int64], steps: tuple[int, int], odd: int) -> tuple[NDArray[np.bool_], set[int]]:
    """(N, N) pixels of light that equal their mirror image in all frames, and which counts they hold.

    Parameters
    ----------
    counts : numpy.ndarray
        (m, N, N).
    steps : tuple of int
        -1 along the axes that are mirrored.
    odd : int
        1 to mirror about pixel N // 2, 0 about the middle of the frame.
    """
    image = counts[:, :: steps[0], :: steps[1]]
    shift = tuple(odd * (step < 0) * (side % 2 == 0) for step, side in zip(steps, counts.shape[1:], strict=True))
    image = np.roll(image, shift, axis=(1, 2))
    itself = np.arange(counts[0].size).reshape(counts.shape[1:])
    itself = np.roll(itself[:: steps[0], :: steps[1]], shift, axis=(0, 1)) == itself
    lit = (counts.mean(axis=0) >= _LEAST_COUNTS) & ~itself
    found = lit & (counts == image).all(axis=0)
    by_chance = float(((2 * np.sqrt(np.pi * np.maximum(counts.mean(axis=0)[lit], 1.0))) ** -len(counts)).sum())
    if found.sum() < max(_FEWEST_PAIRS, _SPREADS * by_chance):
        return found, set()
    return found, set(np.unique(counts[:, found]).tolist())


def cut_above(view: View) -> int:
    """Counts at which the largest of all were cut off; 0 where they were not.

    Parameters
    ----------
    view : View
    """
    varying = view.measured & ~view.survey.steady
    top = float(view.survey.largest[varying].max(initial=0.0))
    first = view.survey.first
    if top <= 0 or not len(first) or int((first >= top).sum()) < _FEWEST:
        return 0
    number = view.once(_histogram)
    last = len(number) - 1
    if last < _LEAST_TOP or number[last] < _FEWEST or not number[last - 1]:
        return 0
    missing = _at_least(float(number[last]), float(number[last - 1])) * last / (last + 1)
    return last if missing >= _LEAST_MISSING else 0


def _at_least(here: float, beside: float) -> float:
    """What a mixture holds on the other side at least, but for its factor; what is beside may be few by chance."""
    return here**2 / (beside + 2 * float(np.sqrt(beside)) + 1)


def _follow(number: NDArray[np.int64], least: int) -> bool:
    """Whether values that stand next to each other keep the law that those below them break."""
    if len(number) < _LOOKED_AT + 2 or number.min() < _FEWEST:
        return False
    k = least + 1 + np.arange(_LOOKED_AT)
    expected = [_at_least(*number[n + 1 : n + 3]) * k[n] / (k[n] + 1) for n in range(_LOOKED_AT)]
    return bool((number[:_LOOKED_AT] > np.array(expected) / 2).all())


def _histogram(view: View) -> NDArray[np.int64]:
    """How many of the first values are 0, 1, 2, ... counts; empty where they are no counts."""
    survey = view.survey
    if not len(survey.first):
        return np.zeros(0, np.int64)
    counts = _counts(view, survey.first[:, view.measured & ~survey.steady].ravel()[:_MOST_VALUES])
    return np.zeros(0, np.int64) if counts is None else np.bincount(counts)


def _counts(view: View, values: NDArray[Any]) -> NDArray[np.int64] | None:
    """Values of a scan as counts; None where they are none."""
    sample = view.survey.sample
    roots = not is_whole(sample)
    if not values.size or (roots and not is_whole(sample**2)):
        return None
    values = values.astype(np.float64)
    counts = np.rint(values**2 if roots else values)
    whole = counts.min() >= 0 and counts.max() < _MOST_COUNTS
    return np.asarray(counts, dtype=np.int64) if whole else None
