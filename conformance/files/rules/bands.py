"""Rows and columns of another sensitivity, told from what the pattern itself does from line to line (FIL-008)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.pedestal import pedestals
from conformance.files.rules.rearranged import alternating_lines
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FEWEST_FRAMES, _FEWEST_LIT = 8, 8
_MOST_LINES = 4
_MOST_COLUMNS = 256
_WIDTHS = (1, 2, 3, 4)
_LINE_FACTOR, _TYPICALLY, _LINE_SPREADS, _AGREEING = 1.5, 4.5, 6.0, 0.8
_RISING, _BEYOND_PATTERN, _CREST = 0.4, 1.7, 1.4
_NEARLY_AGREEING = 0.65
_BRIGHT = 0.7
Band = tuple[int, int, float]
"""First line, number of lines, logarithm of their factor against both neighbours."""


def wide_lines(view: View) -> Iterator[Finding]:
    """FIL-008: rows or columns that carry one factor against their neighbours."""
    if view.M < _FEWEST_FRAMES or min(view.survey.sides) < 16:
        return
    yield from alternating_lines(view)
    yield from pedestals(view)
    for image, word in ((view.intensity, "row"), (view.intensity.T, "column")):
        for first, width, factor in _of_no_pattern(image, _odd_bands(image)):
            lines = f"{word} {first} carries" if width == 1 else f"{word}s {first} to {first + width - 1} carry"
            problem = f"{lines} {np.exp(factor):.2g} times the light of the neighbours: wider pixels, or another gain"
            yield Finding("FIL-008", Severity.WARNING, view.stack, problem)


def _odd_bands(image: Floats) -> list[Band]:
    """Bands of lines (first, width, factor) that differ from both neighbours by one factor."""
    found: list[Band] = []
    for width in _WIDTHS:
        ratio, number = _log_factors(image, width)
        used = number >= _FEWEST_LIT
        if used.sum() < _FEWEST_LIT:
            continue
        centre = _medians(ratio, number)
        factor = centre - np.median(centre[used])
        agreeing = _agreeing(ratio, centre, number)
        typical = 1.4826 * float(np.median(np.abs(factor[used])))
        for at in np.flatnonzero(used & (np.abs(factor) > max(np.log(_LINE_FACTOR), _TYPICALLY * typical))):
            lines = slice(at + 1, at + 1 + width)
            spread = 1.4826 * float(np.nanmedian(np.abs(ratio[at] - centre[at])))
            limit = max(_LINE_SPREADS * spread / np.sqrt(number[at]), 2 * spread)
            told = abs(factor[at]) > limit and agreeing[at] > _AGREEING and _even(image[lines])
            if told and _in_bright_pixels(image, ratio[at], lines) * np.sign(factor[at]) > _BRIGHT * abs(factor[at]):
                found.append((int(at + 1), width, float(factor[at])))
    kept: list[Band] = []
    for one in sorted(found, key=lambda one: -abs(one[2])):
        # What is wider or narrower than the lines of a gain, or beside them, has a smaller factor.
        if not any(_touch(one, other) for other in kept):
            kept.append(one)
    return kept


def _of_no_pattern(image: Floats, bands: list[Band]) -> list[Band]:
    """Bands that are no part of the pattern, of which nothing else rises or falls as much from line to line.

    A gain ends at its lines, where a fringe, a speckle or the cross of an aperture rises towards its crest.
    """
    # Many bands are the fringes of a pattern.
    fringes = [one for one in bands if len(bands) > _MOST_LINES or _rises(image, one)]
    # Beside a crest lie its valleys.
    kept = [one for one in bands if not any(_touch(one, other) for other in fringes)]
    while kept:
        others = {width: _largest_beside(image, width, kept) for width in {width for _, width, _ in kept}}
        beyond = [one for one in kept if abs(one[2]) > _BEYOND_PATTERN * others[one[1]]]
        if len(beyond) == len(kept):
            break
        kept = beyond
    return kept


def _touch(one: Band, other: Band) -> bool:
    """Whether a line of one band is in the other, or a neighbour of it."""
    return one[0] <= other[0] + other[1] and other[0] <= one[0] + one[1]


def _rises(image: Floats, band: Band) -> bool:
    """Whether the pattern beside a band rises towards it, line by line, or falls towards a dark one."""
    first, width, factor = band
    slopes = []
    for near, far in ((first - 1, first - 2), (first + width, first + width + 1)):
        if 0 <= far < len(image):
            lit = (image[near] > 0) & (image[far] > 0)
            slopes.append(float(np.median(np.log(image[near, lit] / image[far, lit]))) if lit.any() else 0.0)
    return bool(slopes) and float(np.mean(slopes)) * np.sign(factor) > _RISING * abs(factor)


def _largest_beside(image: Floats, width: int, bands: list[Band]) -> float:
    """The largest logarithm of a factor that holds along a band of some width, of those that touch none of these."""
    ratio, number = _log_factors(image, width)
    used = number >= _FEWEST_LIT
    centre = _medians(ratio, number)
    factor = np.abs(centre - np.median(centre[used])) if used.any() else centre
    used &= _agreeing(ratio, centre, number) > _NEARLY_AGREEING
    dead = [(int(line), 1, 0.0) for line in np.flatnonzero(~(image > 0).any(axis=1))]
    for first, lines, _ in [*bands, *dead]:
        # Those lines are one of its neighbours, or in it.
        used[max(0, first - width - 2) : first + lines + 1] = False
    return float(factor[used].max(initial=0.0))


def _log_factors(image: Floats, width: int) -> tuple[Floats, NDArray[np.int64]]:
    """Logarithm of the light of bands against both neighbours, NaN where one is dark, and how many pixels are lit.

    None is where that is less than half of a band.
    """
    image = image[:, :: -(-image.shape[1] // _MOST_COLUMNS)]
    bands = len(image) - width - 1
    inside = np.mean([image[1 + k : 1 + k + bands] for k in range(width)], axis=0)
    before, after = image[:bands], image[width + 1 :]
    lit = (before > 0) & (after > 0) & (inside > 0)
    ratio = np.full(lit.shape, np.nan)
    ratio[lit] = np.log(inside[lit]) - np.log(before[lit] * after[lit]) / 2
    number = lit.sum(axis=1)
    return ratio, np.where(number >= image.shape[1] // 2, number, 0)


def _agreeing(ratio: Floats, centre: Floats, number: NDArray[np.int64]) -> Floats:
    """(m,) share of a band's pixels whose factor is half the band's or more: a gain holds all along, a fringe not."""
    alike = (ratio * np.sign(centre)[:, None] > np.abs(centre)[:, None] / 2).sum(axis=1)
    return np.asarray(alike / np.maximum(number, 1))


def _medians(values: Floats, number: NDArray[np.int64]) -> Floats:
    """(m,) median of each row, of which so many are numbers; 0 where none are."""
    ordered, rows = np.sort(values, axis=1), np.arange(len(values))
    middle = (ordered[rows, (number - 1) // 2] + ordered[rows, number // 2]) / 2
    return np.where(number > 0, middle, 0.0)


def _in_bright_pixels(image: Floats, ratio: Floats, lines: slice) -> float:
    """The logarithm of a band's factor in the brightest third of its pixels, as in all where it is a gain."""
    thinned = image[:, :: -(-image.shape[1] // _MOST_COLUMNS)]
    light = np.where(np.isfinite(ratio), thinned[lines.start - 1 : lines.stop + 1].sum(axis=0), -1.0)
    return float(np.median(ratio[light >= np.quantile(light[light >= 0], 2 / 3)]))


def _even(lines: Floats) -> bool:
    """Whether the lines of a band are alike, and no crest stands in their middle."""
    sums = lines.sum(axis=1)
    crest = len(sums) > 2 and sums[1:-1].min() > _CREST * max(sums[0], sums[-1])
    return bool(sums.max() < 2.2 * sums.min() and not crest)
