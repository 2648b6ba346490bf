"""Diffraction stacks on disk: how they lie, and what is in them, seen block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files import signs
from conformance.files.ahead import read_ahead
from conformance.files.formats.values import Stored, stored_shape
from conformance.files.rules.wording import listed
from conformance.files.survey import Ends, Survey, are_plain, ends_of, is_whole

_SINGLE = float(np.finfo(np.float32).max)
_CENTRED = ": every pixel has mean zero, its mean over the frames was subtracted; the frames before that are needed"
_NO_MEAN = 1e-3
_STANDARDISED = ": mean zero and deviation one, as standardised for training; the frames before that are needed"
_SAMPLED_FRAMES = 256
_MOST_PIXELS, _FEWEST_PIXELS, _FEWEST_FRAMES = 1 << 22, 24, 16


@dataclass(frozen=True)
class StackLayout:
    """Which axis of a stack counts frames (NPZ-009 to NPZ-012, NPZ-020).

    Attributes
    ----------
    frame_axis : int or None
        0 canonical, 2 legacy; None: neither fits.
    M : int
        Number of frames.
    sides : tuple of int
        Rows and columns of a frame.
    """

    frame_axis: int | None
    M: int
    sides: tuple[int, int]

    @property
    def N(self) -> int:
        """Side of a square frame."""
        return self.sides[0]


def layout_of(shape: tuple[int, ...], positions: int) -> StackLayout:
    """Decide the layout of a stack from its shape and the number of positions alone."""
    if len(shape) != 3:
        return StackLayout(None, 0, (0, 0))
    if shape[0] == positions:
        return _canonical(shape)
    if shape[2] == positions and (shape[0] == shape[1] or shape[1] != shape[2]):
        return _legacy(shape)
    if shape[1] == shape[2]:
        return _canonical(shape)
    if shape[0] == shape[1]:
        return _legacy(shape)
    return StackLayout(None, 0, (0, 0))


def _canonical(shape: tuple[int, ...]) -> StackLayout:
    return StackLayout(0, shape[0], (shape[1], shape[2]))


def _legacy(shape: tuple[int, ...]) -> StackLayout:
    return StackLayout(2, shape[2], (shape[0], shape[1]))


@dataclass(frozen=True)
class Content:
    """What one pass over a stack shows.

    Attributes
    ----------
    non_finite, overflowing, negative : tuple or None
        Index in the axes of the stored array, and value, of the first such pixel; overflowing is what is finite and
        beyond single precision.
    counts_evidence : str
        What suggests counts in place of amplitudes (NPZ-034); empty when nothing does.
    whole : bool
        Whether all finite values are whole numbers.
    survey : Survey or None
        What frames and pixels show; None where the layout is not known, or a frame is too large for it.
    """

    non_finite: tuple[tuple[int, ...], float] | None
    overflowing: tuple[tuple[int, ...], float] | None
    negative: tuple[tuple[int, ...], float] | None
    counts_evidence: str
    whole: bool = False
    survey: Survey | None = None


def content_of(stack: Stored, layout: StackLayout | None, mask: Stored | None = None) -> Content:
    """Look at every value of a stack once; memory does not grow with it.

    Parameters
    ----------
    stack : Stored
    layout : StackLayout or None
        How it lies.
    mask : Stored, optional
        What is said not to be measured, where it fits.
    """
    non_finite = overflowing = negative = None
    statistics = _CountStatistics(stack, layout)
    survey = _survey_for(layout, mask)
    for block, offset, ends in read_ahead(_with_ends(stack, statistics)):
        plain = are_plain(ends)
        if not plain and block.dtype.kind == "f":
            non_finite = non_finite or _first(stack, offset, block, ~np.isfinite(block))
        if not plain or float(ends[1].max(initial=0.0)) > _SINGLE:
            overflowing = overflowing or _first(stack, offset, block, beyond(block, np.float32))
        if not plain:
            negative = negative or _first(stack, offset, block, block < 0)
        if survey is not None and layout is not None:
            _add(survey, block, offset, layout, stack.fortran, ends)
    sound = non_finite is None and overflowing is None and negative is None
    evidence = statistics.evidence(survey) if sound or statistics.whole else ""
    if negative is not None and not evidence and survey is not None and signs.scattered(survey) == signs.NOISE:
        evidence = "the values scatter about zero, as no amplitudes do"
    return Content(non_finite, overflowing, negative, evidence, statistics.whole, survey)


def _survey_for(layout: StackLayout | None, mask: Stored | None) -> Survey | None:
    if layout is None or layout.frame_axis is None or math.prod(layout.sides) > _MOST_PIXELS or layout.M == 0:
        return None
    return Survey(layout.M, layout.sides, None if mask is None else bad_in_any(mask, layout.M, layout.sides))


def bad_in_any(mask: Stored, M: int, sides: tuple[int, int]) -> NDArray[np.bool_] | None:
    """(N, N): pixels that a mask, of all frames or of each, marks in any; None for one that does not fit.

    Parameters
    ----------
    mask : Stored
        (N, N) or (M, N, N) booleans.
    M : int
    sides : tuple of int
    """
    if mask.needs_unpickling or mask.dtype.kind != "b" or mask.shape not in (sides, (M, *sides)):
        return None
    if mask.shape == sides:
        return mask.array().astype(bool)
    found = np.zeros(sides, bool)
    for block in mask.blocks() if not mask.fortran else (mask.array(),):
        found |= block.any(axis=0)
    return found


def _with_ends(stack: Stored, statistics: _CountStatistics) -> Iterator[tuple[NDArray[Any], int, Ends]]:
    """Blocks, where they begin, and smallest and largest values, NaN where one is: most blocks need no further look."""
    offset = 0
    for block in stack.blocks():
        with np.errstate(invalid="ignore"):
            ends = ends_of(block, statistics.frames_first)
        statistics.add(block, offset, float(ends[1].max(initial=0.0)))
        yield block, offset, ends
        offset += len(block)


def _add(survey: Survey, block: NDArray[Any], offset: int, layout: StackLayout, fortran: bool, ends: Ends) -> None:
    """Hand a block to the survey, in whatever order the stack is stored."""
    part, whole = slice(offset, offset + len(block)), slice(None)
    legacy = layout.frame_axis == 2
    if legacy != fortran:
        # Rows, or columns, of all frames.
        turned = np.moveaxis(block, -1, 0)
        if legacy:
            survey.add(turned, whole, part, whole, ends)
        else:
            survey.add(turned.swapaxes(1, 2), whole, whole, part, ends)
    elif fortran:
        survey.add(block.swapaxes(1, 2), part, whole, whole, (ends[0].T, ends[1].T))
    else:
        survey.add(block, part, whole, whole, ends)


def reach_of(content: Content, kind: str, dtype: np.dtype[Any]) -> str:
    """Say how far values of a kind reach, and what that tells.

    Parameters
    ----------
    content : Content
    kind : str
        ``non-finite`` or ``negative``.
    dtype : numpy.dtype
        Data type of the stack.
    """
    if content.survey is None:
        return ""
    extent = content.survey.extent(kind)
    if extent.values == 1:
        return ""
    always = extent.always == extent.pixels
    told = ": flags of the detector, no data" if always and kind == "negative" else ""
    if kind == "negative" and not always:
        survey = content.survey
        told = signs.wrapped_negative(survey) or signs.subtracted(survey) or signs.scattered(survey)
    told = _CENTRED if kind == "negative" and _is_centred(content.survey) else told
    told = _STANDARDISED if kind == "negative" and _is_standardised(content.survey) else told
    if kind == "non-finite":
        told = ": pixels that are not measured" if always else _lost_frames(content.survey)
        told = told or signs.roots_below_zero(content.survey, content.non_finite)
    narrow = "; float16 ends at 65504, and these were brighter" if kind == "non-finite" and dtype == np.float16 else ""
    return f"; {extent.sentence(content.survey.M)}{told}{narrow}"


def _lost_frames(survey: Survey) -> str:
    """Say which frames hold no number at all; empty where none do."""
    lost = survey.lost()
    few = f"{len(lost)} frames hold" if len(lost) > 1 else "1 frame holds"
    if not 0 < len(lost) < survey.M:
        return ""
    always = int(survey.always("non-finite").sum())
    masked = f"; {always} pixels hold none in any frame: not measured" if always else ""
    return f": {few} no number at all ({listed(lost)}){masked}"


def _is_centred(survey: Survey) -> bool:
    """Whether every pixel has mean zero over the frames."""
    M = survey.M
    lit = survey.squares > 0
    if not lit.any() or M < _FEWEST_FRAMES:
        return False
    spread = np.sqrt(survey.squares[lit] / M)
    return bool((np.abs(survey.sums[lit]) / M < _NO_MEAN * spread).all())


def _is_standardised(survey: Survey) -> bool:
    """Whether all values have a mean of zero and a deviation of one."""
    number = survey.M * survey.sides[0] * survey.sides[1]
    mean, square = survey.sums.sum() / number, survey.squares.sum() / number
    return bool(abs(mean) < 1e-2 and abs(square - mean**2 - 1) < 1e-2)


def beyond(values: NDArray[Any], dtype: type[np.inexact[Any]]) -> NDArray[np.bool_]:
    """Which finite values become infinite in a narrower dtype (NPZ-038).

    Parameters
    ----------
    values : ndarray
        Real or complex.
    dtype : type
        What they are converted to.
    """
    if values.dtype.kind not in "fc" or np.finfo(values.dtype).max <= np.finfo(np.dtype(dtype)).max:
        return np.zeros(values.shape, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.isfinite(values) & ~np.isfinite(values.astype(dtype)))


def first_of(member: Stored, bad: Callable[[NDArray[Any]], NDArray[np.bool_]]) -> tuple[tuple[int, ...], Any] | None:
    """Index and value of the first value that is bad; every value is read, and the checksum with it.

    Parameters
    ----------
    member : Stored
    bad : callable
        Tells the bad values of a block.
    """
    found, offset = None, 0
    for block in member.blocks():
        found = found or _first(member, offset, block, bad(block))
        offset += len(block) if block.ndim else 0
    return found


def non_finite(block: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values are NaN or infinite."""
    return np.asarray(~np.isfinite(block)) if block.dtype.kind in "fc" else np.zeros(block.shape, dtype=bool)


def no_label(block: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values are no whole number of 64 bits (NPZ-039)."""
    if block.dtype.kind == "u":
        return np.asarray(block > np.iinfo(np.int64).max)
    if block.dtype.kind != "f":
        return np.zeros(block.shape, dtype=bool)
    block = block.astype(np.promote_types(block.dtype, np.float64))
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(block) & (block == np.rint(block)) & (block >= -(2.0**63)) & (block < 2.0**63)
        return np.asarray(~whole)


def _first(
    member: Stored, offset: int, block: NDArray[Any], bad: NDArray[np.bool_]
) -> tuple[tuple[int, ...], Any] | None:
    if not bad.any():
        return None
    where = np.unravel_index(int(bad.argmax()), bad.shape)
    value = block[where].item()
    stored = tuple(int(i) + (offset if axis == 0 else 0) for axis, i in enumerate(where))
    return (stored[::-1] if member.fortran else stored), value


_FEWEST_STEPS, _TELLING, _FEWEST_OTHERS = 8, 0.15, 8


def _step(values: NDArray[np.float64]) -> float:
    """The number that values are whole multiples of; 1 where there is none."""
    least = float(values.min(initial=np.inf))
    return least if np.isfinite(least) and least > 0 and is_whole(values / least) else 1.0


def _are_scaled_roots(values: NDArray[np.float64]) -> bool:
    """Whether whole numbers are roots of counts times one factor, rounded: the least of them, squared, is one count."""
    least = float(values.min(initial=np.inf))
    if not _FEWEST_STEPS <= least < np.inf:
        return False
    counts, error = (values / least) ** 2, (values + least) / least**2
    told = counts[error < _TELLING]
    nearest = np.rint(told)
    off = np.abs(told - nearest) <= error[error < _TELLING]
    roots = np.sqrt(nearest)
    # Multiples of one number have squares alone.
    others = len(np.unique(nearest[roots != np.rint(roots)]))
    return others >= _FEWEST_OTHERS and bool(off.mean() > 0.97)


def _is_noise_of_counts(mean: NDArray[np.float64], variance: NDArray[np.float64]) -> bool:
    """Whether dim pixels vary by their mean; how the object varies brighter ones says nothing."""
    told = []
    for least, most, limit in ((0.05, 0.5, 1.5), (1.0, 3.0, 4.0)):
        dim = (mean > least) & (mean < most)
        told.append(dim.sum() >= _FEWEST_PIXELS and 0.7 < float(np.median(variance[dim] / mean[dim])) < limit)
    return all(told)


class _CountStatistics:
    """Gathers what tells counts from amplitudes: whole numbers, and variance over mean of each pixel across frames."""

    def __init__(self, stack: Stored, layout: StackLayout | None) -> None:
        stored = stored_shape(stack)
        canonical = layout is None or layout.frame_axis != 2
        self.frames_first = canonical != stack.fortran
        self.M = stored[0] if self.frames_first else stored[-1]
        self.step = max(1, self.M // _SAMPLED_FRAMES)
        self.whole, self.largest = True, 0.0
        self.count = 0
        # Fewer frames tell nothing, and their sums would outgrow them.
        self.enough = self.M >= _FEWEST_FRAMES
        self.sums = np.zeros((2, *stored[1:]) if self.frames_first and self.enough else (2, 0))
        self.moments: list[NDArray[np.float64]] = []

    def add(self, block: NDArray[Any], offset: int, largest: float) -> None:
        """Take in the next block, and its largest value."""
        with np.errstate(invalid="ignore", over="ignore"):
            self.largest = max(self.largest, largest)
            if self.whole and block.dtype.kind == "f":
                self.whole = bool(((block == np.rint(block)) | ~np.isfinite(block)).all())
            if not self.enough:
                return
            if self.frames_first:
                sample = block[-offset % self.step :: self.step].astype(np.float64)
                self.count += len(sample)
                self.sums += np.stack([sample.sum(axis=0), (sample**2).sum(axis=0)])
            else:
                sample = block[..., :: self.step].astype(np.float64)
                self.count = sample.shape[-1]
                self.moments.append(np.stack([sample.mean(axis=-1), sample.var(axis=-1)]).reshape(2, -1))

    def evidence(self, survey: Survey | None) -> str:
        """What suggests counts, in words; empty when nothing does."""
        # Markers of a detector are no counts.
        largest = self.largest if survey is None or survey.steady.all() else float(survey.largest[~survey.steady].max())
        if self.whole and survey is not None and _are_scaled_roots(survey.sample):
            return ""
        if self.whole and largest > 1:
            return f"all values are whole numbers, up to {largest:g}"
        if self.count < _FEWEST_FRAMES or (survey is not None and is_whole(survey.sample**2)):
            # Roots of counts, however much the object varies them.
            return ""
        if survey is not None and (each := signs.counted_each(survey.first)):
            return each
        mean, variance = self._moments()
        step = 1.0 if survey is None else _step(survey.sample)
        if step != 1.0:
            noisy = _is_noise_of_counts(mean / step, variance / step**2)
            return f"all values are whole multiples of {step:.4g}, as noisy as counts times that gain" if noisy else ""
        bright = np.flatnonzero(mean > 1)
        if len(bright) < _FEWEST_PIXELS:
            return ""
        # The scan itself varies the frames too, but only counting noise gives one ratio to dim and bright pixels alike.
        by_brightness, ratio = np.array_split(bright[np.argsort(mean[bright])], 3), variance / np.maximum(mean, 1)
        levels, ratios = ([float(np.median(of[part])) for part in by_brightness] for of in (mean, ratio))
        if levels[2] < 3 * levels[0] or not all(0.75 < ratio < 1.35 for ratio in ratios):
            return ""
        return f"variance over mean across frames is {ratios[1]:.2f} for dim and bright pixels alike, as of counts"

    def _moments(self) -> NDArray[np.float64]:
        if not self.frames_first:
            return np.concatenate(self.moments, axis=1)
        mean, square = self.sums.reshape(2, -1) / self.count
        return np.stack([mean, square - mean**2])
