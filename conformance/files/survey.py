"""One pass over a diffraction stack: what every frame and every pixel shows, in memory for frames plus pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.files.torn import Runs

_CACHED = 1 << 17
_PARTS, _MOST_SKETCHED = 8, 1 << 15
_LOOKED_AT = 64
_SAMPLED, _MOST_SAMPLED, _MOST_SORTED = 16, 1 << 14, 1 << 18
Floats = NDArray[np.float64]
Values = NDArray[Any]
Ends: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
_FEWEST_DISTINCT, _MOST_RELIABLE = 8, 1e4


@dataclass(frozen=True)
class Extent:
    """Where values of one kind stand.

    Attributes
    ----------
    values, frames, pixels : int
        How many values there are, in how many frames and at how many pixels.
    always : int
        At how many of these pixels all frames hold one.
    """

    values: int
    frames: int
    pixels: int
    always: int

    def sentence(self, M: int) -> str:
        """How many, where, in words."""
        if self.values == 1:
            return "1 value"
        if self.always == self.pixels:
            return f"the same {self.pixels} pixel{'s' * (self.pixels > 1)} in all {M} frames"
        frames = f"all {M} frames" if self.frames == M else f"{self.frames} of {M} frames"
        return f"{self.values} values at {self.pixels} pixels in {frames}"


class Survey:
    """Statistics of a stack (M, N, N), gathered block by block.

    Attributes
    ----------
    M : int
    sides : tuple of int
        Rows and columns of a frame.
    least, largest : numpy.ndarray
        (N, N) smallest and largest finite value of each pixel over the frames.
    sums, squares : numpy.ndarray
        (N, N) sums of values and of squares over the frames.
    sample : numpy.ndarray
        Some distinct values above zero.
    peaks : numpy.ndarray
        (M,) largest value of each frame, without pixels that never change and outshine all others.
    sketches : numpy.ndarray
        (m, 64) sums of the values of the first frames over 8 by 8 parts of a frame, row by row.
    first : numpy.ndarray
        (m, N, N) some of the first frames as they are stored; none where frames are not stored one after the other.
    runs : Runs
        The longest runs of lit pixels of each frame that hold nothing, or what the frame before held.

    Parameters
    ----------
    M : int
    sides : tuple of int
    masked : numpy.ndarray, optional
        (N, N) pixels that are said not to be measured: what they hold is no light of any frame.
    """

    def __init__(self, M: int, sides: tuple[int, int], masked: NDArray[np.bool_] | None = None) -> None:
        self.M, self.sides = M, sides
        self._power, self._total = np.zeros(M), np.zeros(M)
        self._row_moment, self._column_moment = np.zeros(M, np.complex128), np.zeros(M, np.complex128)
        self.least, self.largest = np.full(sides, np.inf), np.full(sides, -np.inf)
        self.sums, self.squares = np.zeros(sides), np.zeros(sides)
        self._odd = {kind: (np.zeros(M, np.int64), np.zeros(sides, np.int64)) for kind in ("non-finite", "negative")}
        self.sample: Floats = np.zeros(0)
        self.peaks = np.full(M, -np.inf)
        self.first: Values = np.zeros((0, *sides))
        self._room: Values = np.empty((0, *sides), np.float64)
        self._outshining = np.zeros(sides, bool) if masked is None else masked.copy()
        self._seen = np.zeros(sides, bool)
        self._parts = tuple(_parts_of(side) for side in sides)
        self.sketches = np.zeros((min(M, _MOST_SKETCHED), _PARTS**2))
        self.runs = Runs(M)
        self._waves = tuple(np.exp(2j * np.pi * np.arange(side) / side) for side in sides)

    def add(
        self,
        block: NDArray[np.generic],
        frames: slice,
        rows: slice,
        columns: slice,
        ends: Ends | None = None,
    ) -> None:
        """Take in a block.

        Parameters
        ----------
        block : numpy.ndarray
            (m, r, c) values of some frames, or of some rows or columns of all frames; real numbers.
        frames, rows, columns : slice
            Which these are.
        ends : tuple of numpy.ndarray, optional
            As :func:`ends_of` the block, where that was looked at before.
        """
        ends = ends_of(block, True) if ends is None else ends
        plain = are_plain(ends)
        self._look_first(block, (rows, columns))
        if frames.start is None or len(block) != frames.stop - frames.start:
            self._add(block, frames, (rows, columns), plain)
            return
        if block.shape[1:] == self.sides:
            self.runs.add(block, frames.start)
        by_pixel = plain and ends[0].shape == self.sides
        if by_pixel:
            self._compare(*ends, (rows, columns))
        # As many frames at a time as stay in the processor's cache while they are looked at from all sides.
        step = max(1, _CACHED // max(1, block[0].size))
        for first in range(0, len(block), step):
            few = block[first : first + step]
            here = slice(frames.start + first, frames.start + first + len(few))
            self._add(few, here, (rows, columns), plain, compared=not by_pixel)

    def _add(
        self,
        block: NDArray[np.generic],
        frames: slice,
        part: tuple[slice, slice],
        plain: bool,
        *,
        compared: bool = True,
    ) -> None:
        # Two bytes fit single precision, and their sums need no more.
        values = self._room_for(block.shape, np.dtype(np.float32 if block.dtype.itemsize <= 2 else np.float64))
        values[...] = block
        if not plain and block.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                self._count("non-finite", ~finite, frames, part)
                values[~finite] = 0.0
        if not plain and block.dtype.kind != "u" and values.min(initial=0.0) < 0:
            self._count("negative", values < 0, frames, part)
        if compared:
            self._compare(values.min(axis=0), values.max(axis=0), part)
        self._add_pixels(values, part)
        if self._outshining[part].any():
            values[:, self._outshining[part]] = 0.0
        self._add_frames(values, frames, part)

    def _room_for(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Values:
        """Memory for values, the same for every block: asking the system for it takes as long as filling it."""
        if self._room.dtype != dtype or self._room.shape[1:] != shape[1:] or len(self._room) < shape[0]:
            self._room = np.empty(shape, dtype)
        return self._room[: shape[0]]

    def _look_first(self, block: NDArray[np.generic], part: tuple[slice, slice]) -> None:
        """Keep some of the first values, and the pixels that outshine all others in the first block that has them."""
        if not len(block) or self._seen[part].any():
            return
        self._seen[part] = True
        if block.shape[1:] == self.sides:
            self.first = np.array(block[: max(1, min(_SAMPLED, _MOST_SORTED // max(1, block[0].size)))])
        values: Values = block[:_LOOKED_AT].astype(np.float64)
        values[~np.isfinite(values)] = 0.0
        if not len(self.sample):
            first = values[:_SAMPLED]
            # Whole lines of pixels, not each so many pixels: a stride may miss the lit ones.
            some = np.unique(first[:, :: max(1, first.size // _MOST_SORTED)])
            self.sample = some[some > 0][:_MOST_SAMPLED]
        self._outshining[part] |= _outshining(values)

    def _add_frames(self, values: Values, frames: slice, part: tuple[slice, slice]) -> None:
        m, r, c = values.shape
        wave = self._waves[1][part[1]]
        moments = np.stack([np.ones(c), wave.real, wave.imag], axis=1)
        weights = np.concatenate([moments, self._parts[1][part[1]]], axis=1).astype(values.dtype)
        both = (values.reshape(m * r, c) @ weights).reshape(m, r, -1)
        by_row = both[..., :3].astype(np.float64)
        held = self.sketches[frames]
        held += (self._parts[0][part[0]].T.astype(values.dtype) @ both[: len(held), :, 3:]).reshape(-1, _PARTS**2)
        np.maximum(self.peaks[frames], values.reshape(m, r * c).max(axis=1), out=self.peaks[frames])
        self._power[frames] += np.einsum("mp,mp->m", values.reshape(m, r * c), values.reshape(m, r * c))
        self._total[frames] += by_row[..., 0].sum(axis=1)
        self._row_moment[frames] += by_row[..., 0] @ self._waves[0][part[0]]
        self._column_moment[frames] += (by_row[..., 1] + 1j * by_row[..., 2]).sum(axis=1)

    def _compare(self, least: Values, largest: Values, part: tuple[slice, slice]) -> None:
        np.minimum(self.least[part], least, out=self.least[part])
        np.maximum(self.largest[part], largest, out=self.largest[part])

    def _add_pixels(self, values: Values, part: tuple[slice, slice]) -> None:
        m, r, c = values.shape
        flat = values.reshape(m, r * c)
        self.sums[part] += (np.ones(m, values.dtype) @ flat).reshape(r, c)
        self.squares[part] += np.einsum("mp,mp->p", flat, flat).reshape(r, c)

    def _count(self, kind: str, odd: NDArray[np.bool_], frames: slice, part: tuple[slice, slice]) -> None:
        by_frame, by_pixel = self._odd[kind]
        by_frame[frames] += odd.sum(axis=(1, 2))
        by_pixel[part] += odd.sum(axis=0)

    def extent(self, kind: str) -> Extent:
        """How far values of a kind, ``non-finite`` or ``negative``, reach."""
        by_frame, by_pixel = self._odd[kind]
        always = int((by_pixel == self.M).sum())
        return Extent(int(by_frame.sum()), int((by_frame > 0).sum()), int((by_pixel > 0).sum()), always)

    def ever(self, kind: str) -> NDArray[np.bool_]:
        """(N, N): pixels that hold a value of a kind in some frame."""
        return np.asarray(self._odd[kind][1] > 0)

    def always(self, kind: str) -> NDArray[np.bool_]:
        """(N, N): pixels that hold a value of a kind in every frame."""
        return np.asarray(self._odd[kind][1] == self.M)

    def times(self, kind: str) -> NDArray[np.int64]:
        """(N, N): in how many frames a pixel holds a value of a kind."""
        return self._odd[kind][1]

    def lost(self) -> NDArray[np.intp]:
        """Numbers of the frames in which no value is a finite number."""
        return np.flatnonzero(self._odd["non-finite"][0] == self.sides[0] * self.sides[1])

    @property
    def steady(self) -> NDArray[np.bool_]:
        """(N, N): pixels that hold one and the same value in all frames."""
        return np.asarray(self.least == self.largest)

    @property
    def flux(self) -> tuple[Floats, Floats]:
        """(M,) sums of values and of squares of each frame, without the pixels that never change."""
        held = np.where(self.steady & ~self._outshining, self.largest, 0.0)
        return self._total - held.sum(), self._power - (held**2).sum()

    @property
    def moments(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """(M,) first moments along rows and columns, without the pixels that never change."""
        held = np.where(self.steady & ~self._outshining, self.largest, 0.0)
        rows, columns = self._waves
        return self._row_moment - (rows @ held).sum(), self._column_moment - (held @ columns).sum()


def _parts_of(side: int) -> Floats:
    """(side, 8): which part of an axis each line is in."""
    return np.eye(_PARTS)[np.arange(side) * _PARTS // side]


def sketched(frame: Floats) -> Floats:
    """(8, 8) sums of a frame over the parts that the sketches of a survey have."""
    return np.asarray(_parts_of(frame.shape[0]).T @ frame @ _parts_of(frame.shape[1]))


def ends_of(block: NDArray[np.generic], by_pixel: bool) -> Ends:
    """Smallest and largest values of a block; NaN where one is.

    Parameters
    ----------
    block : numpy.ndarray
        Values of some slices of the first axis.
    by_pixel : bool
        Whether of each pixel over these; else of all.
    """
    if not len(block):
        return np.zeros(0), np.zeros(0)
    axis = 0 if by_pixel else None
    with np.errstate(invalid="ignore"):
        return np.asarray(block.min(axis=axis)), np.asarray(block.max(axis=axis))


def are_plain(ends: Ends) -> bool:
    """Whether all values between such ends are finite and not below zero."""
    return bool((ends[0] >= 0).all() and np.isfinite(ends[1]).all())


def _outshining(values: Values) -> NDArray[np.bool_]:
    """Pixels that never change and outshine all that do: sums of their squares would drown the light."""
    steady = values.min(axis=0) == values.max(axis=0)
    if len(values) < 4 or steady.all():
        return np.zeros(steady.shape, bool)
    return np.asarray(steady & (np.abs(values[0]) > values[:, ~steady].max()))


def is_whole(counts: Floats) -> bool:
    """Whether values are whole within the precision of float32, and small enough for that to mean anything."""
    reliable = counts[counts < _MOST_RELIABLE]
    if len(np.unique(np.rint(reliable))) < _FEWEST_DISTINCT or len(reliable) < len(counts) // 2:
        return False
    # A stuck pixel holds what it likes.
    return bool((np.abs(reliable - np.rint(reliable)) < 1e-2).mean() > 0.97)
