"""What numbers below zero tell, and numbers that ran over the end of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.survey import Survey, is_whole

NOISE = ": scattered about zero, as a subtracted background leaves them, or an interpolation of the frames"
ROOTED = ": roots with the sign of numbers about zero: square them, take 0 for what was below, and then the root"
_FEWEST_ROOTS, _DIMMER, _BORDER = 24, 0.1, 8
_QUANTILES, _OF_ROOTS, _NEARLY = (0.1, 0.25, 0.5), np.array([0.397, 0.632, 0.919]), 0.06
"""Of the roots of normal noise, in units of their root mean square, quantiles; of the noise itself 0.13, 0.32, 0.67."""
_FEWEST, _OFTEN, _SMALL = 64, 0.02, 0.2
_SIGNED = 1 << 15
_DEEP, _HIGH, _LOW, _FEWEST_HOLES, _NEAR_END, _CUT = 0.02, 0.7, 0.15, 3, 0.97, 0.05
_NEAR_ONE, _FALLEN, _FEWEST_FALLEN, _FEWEST_NEAR, _STEADIER, _MOST_SINGLE = 0.85, 0.3, 2, 4, 0.4, 16
_MANY_DARK = 0.1
_FEWEST_EACH, _OWN = 4, 1.001
_FOLLOWING, _OF_SLOPE, _PASSING = 0.6, (0.75, 1.35), 0.9
_BITS = (8, 10, 12, 14, 15, 16, 24, 31, 32)


def is_noise(survey: Survey) -> bool:
    """Whether values below zero are many, small, and scattered like those of noise.

    Parameters
    ----------
    survey : Survey
    """
    values = survey.first[np.isfinite(survey.first)] if survey.first.dtype.kind == "f" else survey.first
    below = values[values < 0]
    if len(below) < max(_FEWEST, _OFTEN * values.size):
        return False
    common = int(np.unique(below, return_counts=True)[1].max())
    # Flags hold few values; noise of whole numbers holds its smallest one most often.
    flags = survey.first.dtype.kind == "f" and common > len(below) // 4
    return bool(not flags and -float(below.min()) < _SMALL * float(values.max()))


def counted_each(frames: NDArray[Any]) -> str:
    """Say that the values of every frame are whole multiples of a number of its own; empty where they are not.

    Parameters
    ----------
    frames : (m, ...)
        As they are stored, all of a frame or some pixels.
    """
    steps, tops = list[float](), set[float]()
    for one in np.reshape(frames, (len(frames), -1)).astype(np.float64) if len(frames) >= _FEWEST_EACH else ():
        lit = one[np.isfinite(one) & (one > 0)]
        least = float(lit.min(initial=np.inf))
        if not np.isfinite(least) or not is_whole(lit / least):
            return ""
        steps.append(least)
        tops.add(float(np.rint(lit.max() / least)))
    # Frames of which each was scaled to the numbers of an image reach the same.
    if not steps or max(steps) < _OWN * min(steps) or len(tops) < len(steps) // 2:
        return ""
    return (
        f"the values of each frame are whole multiples of a number of its own, {min(steps):.3g} to {max(steps):.3g}: "
        "counts divided by a monitor, or by another flux of each frame"
    )


def scattered(survey: Survey) -> str:
    """Say that values below zero are noise, or roots of noise with its sign; empty where they are neither.

    Roots leave zero bare, where noise itself is most frequent.

    Parameters
    ----------
    survey : Survey
    """
    if not is_noise(survey):
        return ""
    below = -survey.first[survey.first < 0].astype(np.float64)
    return ROOTED if survey.first.dtype.kind == "f" and are_roots(below) else NOISE


def are_roots(below: NDArray[np.float64]) -> bool:
    """Whether sizes (n,) of values below zero are distributed as roots of normal noise, and not as the noise itself.

    Parameters
    ----------
    below : numpy.ndarray
    """
    shape = np.quantile(below, _QUANTILES) / np.sqrt((below**2).mean())
    return bool((np.abs(shape - _OF_ROOTS) < _NEARLY).all())


def subtracted(survey: Survey) -> str:
    """Say that a constant was subtracted: what holds no light, now here and now there, holds one number below zero.

    Parameters
    ----------
    survey : Survey
    """
    values = survey.first
    if values.dtype.kind != "f" or not values.size or not (least := float(np.nanmin(values))) < 0:
        return ""
    dark = values == least
    passing = dark.any(axis=0) & ~dark.all(axis=0)
    if float(dark.mean()) < _MANY_DARK or 2 * passing.sum() < dark.any(axis=0).sum():
        return ""
    return f": {least:g} wherever no light falls: a constant was subtracted; add it again"


def wrapped_negative(survey: Survey) -> str:
    """Say that values below zero are counts beyond the largest of a signed type; empty where they are not.

    Parameters
    ----------
    survey : Survey
    """
    frames = survey.first.astype(np.float64)
    if survey.first.dtype.kind == "f" and 0 < frames.max(initial=0.0) <= np.sqrt(_SIGNED):
        # Roots were taken where there was one.
        frames = np.where(frames > 0, frames**2, frames)
    if not frames.size or not -_SIGNED <= frames.min() < -_DEEP * _SIGNED or frames.max() >= _SIGNED:
        return ""
    deep = frames < -_DEEP * _SIGNED
    beside = np.max([np.where(one < 0, _SIGNED, one) for one in _beside(frames)], axis=0)
    # What has run over lies among what nearly has, in the brightest part of the pattern.
    if frames.max() < _HIGH * _SIGNED or float((beside[deep] > _HIGH * _SIGNED / 2).mean()) < 1 - _LOW:
        return ""
    return ": counts above 32767, which a signed type of 16 bits wraps round: add 65536 to them, or read uint16"


def wrapped(survey: Survey) -> tuple[int, int]:
    """Count pixels that ran over the end of their type in some of the first frames, and say where it ends; else 0, 0.

    A dark hole among pixels that reach nearly to the end is no light: what lies there is that much brighter.

    Parameters
    ----------
    survey : Survey
    """
    frames = np.nan_to_num(survey.first.astype(np.float64))
    with np.errstate(over="ignore"):
        counts = frames if bool((frames == np.rint(frames)).all()) else np.rint(frames**2)
    largest = float(counts.max(initial=0.0))
    end = next((1 << bits for bits in _BITS if largest <= (1 << bits)), 0)
    if not end or largest < _NEAR_ONE * end or counts.min() < 0:
        return 0, 0
    if float((counts == largest).sum()) > max(1, _CUT * float((counts > _HIGH * end).sum())):
        # Values that end at one number were cut off there.
        return 0, 0
    if over := _single(counts, end):
        return over, end
    if largest < _NEAR_END * end:
        return 0, 0
    sides = np.sort(np.stack(_beside(counts)), axis=0)
    # A pixel that is dark in every frame lies behind a beam stop.
    holes = (counts < _LOW * end) & (sides[-2] > _HIGH * end) & (counts.max(axis=0) > _FALLEN * end)
    if holes.sum() < _FEWEST_HOLES or holes.any(axis=(1, 2)).sum() < min(_FEWEST_HOLES, len(counts)):
        return 0, 0
    return int(holes.any(axis=0).sum()), end


def _single(counts: NDArray[np.float64], end: int) -> int:
    """Count single bright pixels that fall from nearly the end to few counts while the light around them stays.

    Against the light around it a pixel is steadier where the end is added to its low values than as it is stored.
    """
    bright = np.argwhere(counts.max(axis=0) > _NEAR_ONE * end)
    around = np.mean(_beside(counts), axis=0)
    found = 0
    for row, column in bright if len(bright) <= _MOST_SINGLE else ():
        values, light = counts[:, row, column], around[:, row, column]
        low, high = values < _FALLEN * end, values > _HIGH * end
        if low.sum() < _FEWEST_FALLEN or high.sum() < _FEWEST_NEAR or (light <= 0).any():
            continue
        mended = np.where(values < end / 2, values + end, values)
        before, after = (float(np.std(np.log((some + 1) / light))) for some in (values, mended))
        # What ran over the end is no darker than what came near it, and nor is the light around it.
        brighter = light[low].min() > light[high].min() * _HIGH and np.median(light[low]) > np.median(light[high])
        found += after < _STEADIER * before and bool(brighter)
    return found + _ever_over(counts, end)


def _ever_over(counts: NDArray[np.float64], end: int) -> int:
    """Count pixels in the brightest light that ran over the end in nearly every frame.

    With the end added they are a peak, and rise with the light around them as a peak of that height does.
    """
    sides = _beside(counts)
    hidden = (np.max(sides, axis=0) > end / 2) & (counts < np.max(sides, axis=0))
    around = np.mean(sides, axis=0)
    candidates = np.argwhere(hidden.mean(axis=0) > _PASSING)
    found = 0
    for row, column in candidates if len(counts) >= _MOST_SINGLE and len(candidates) <= _MOST_SINGLE else ():
        values, light = counts[:, row, column], around[:, row, column]
        mended = np.where(values < end / 2, values + end, values)
        over = float((values < end / 2).mean())
        if over < _PASSING or light.std() <= 0 or values.std() <= 0:
            continue
        slope = float(np.cov(values, light)[0, 1] / light.var(ddof=1)) / float(mended.mean() / light.mean())
        follows = float(np.corrcoef(values, light)[0, 1]) > _FOLLOWING and _OF_SLOPE[0] < slope < _OF_SLOPE[1]
        before, after = (float(np.std(np.log((some + 1) / light))) for some in (values, mended))
        found += follows and after < _STEADIER * before
    return found


def _beside(frames: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The four neighbours of every pixel, 0 beyond the border."""
    padded = np.pad(frames, ((0, 0), (1, 1), (1, 1)))
    return [padded[:, 2:, 1:-1], padded[:, :-2, 1:-1], padded[:, 1:-1, 2:], padded[:, 1:-1, :-2]]


def roots_below_zero(survey: Survey, first: tuple[tuple[int, ...], float] | None) -> str:
    """Say that what is no number may be the root of what lay below zero: now here, now there, where it is dark.

    Parameters
    ----------
    survey : Survey
    first : tuple or None
        Index and value of the first that is no number.
    """
    if first is None or not np.isnan(first[1]):
        return ""
    times = survey.times("non-finite")
    some, never = (times > 0) & (times < survey.M), times == 0
    if some.sum() < _FEWEST_ROOTS:
        return ""
    if _come_in_at_the_edge(some):
        return (
            ": whole lines along the borders, other ones from frame to frame, as come in where frames are shifted, "
            "turned or resampled one by one: take the frames before that, or 0 there and a mask of these borders"
        )
    mean = survey.squares / np.maximum(survey.M - times, 1)
    dim = float(np.median(mean[some]))
    bright = float(mean[never].max()) if never.any() else float(mean.max())
    spread = float((times[some] < survey.M / 2).mean())
    if dim > _DIMMER * bright or spread < _DIMMER:
        return ""
    return (
        ": in other pixels from frame to frame, where there is least light: roots of what a subtracted background left "
        "below zero? Take 0 in place of it before the root, from the frames before that"
    )


def _come_in_at_the_edge(some: NDArray[np.bool_]) -> bool:
    """Whether pixels are lines along the borders, whole ones, and none inside."""
    rows, columns = (max(1, side // _BORDER) for side in some.shape)
    lines = [some[0], some[-1], some[:, 0], some[:, -1]]
    return not some[rows:-rows, columns:-columns].any() and any(line.all() for line in lines)
