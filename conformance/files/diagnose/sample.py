"""The part of a scan that is looked at: frames by blocks, as many as memory allows, near each other in space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from conformance.files.formats.values import Stored

_BLOCK = 64
_BYTES = 128 << 20
_WINDOWS = 4
_DIM, _BRIGHT = 0.05, 20.0
"""Powers against the median, outside which a frame is left out."""

_TIMES, _STRUCK, _OF_A_FRAME = 3, 8.0, 0.003
"""Frames in which a pixel may be struck; times the light around it, and in others, from which it was; part of a frame
from which that counts."""

_FEWEST = 8
"""Frames below which no pixel is known to have been struck."""

_LIKE = 0.6
"""Correlation of amplitudes from which a dim frame shows the pattern of the others."""


class Frames(Protocol):
    """Diffraction frames (M, N, N): an array, a memory map, an HDF5 dataset."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(M, N, N)."""

    def __getitem__(self, index: Any, /) -> Any:
        """Return frames by a slice or an increasing list of indices."""


@dataclass(frozen=True, eq=False)
class Scan:
    """What is to be diagnosed.

    Attributes
    ----------
    frames : Frames
        (M, N, N), amplitudes or intensities.
    positions : (M, 2) float64
        Columns x, y, any unit; x goes with the columns of a frame, if the scan is canonical.
    probe : (P, N, N) complex or None
        The probe of the file.
    object : (H, W) complex or None
        The object of the file.
    bad : (N, N) bool or None
        Pixels of the detector that hold no data.
    """

    frames: Frames
    positions: NDArray[np.float64]
    probe: NDArray[np.complexfloating] | None = None
    object: NDArray[np.complexfloating] | None = None
    bad: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """Frames of a scan in memory.

    Attributes
    ----------
    intensity : (m, N, N) float32
    s : (m, 2) float64
        Positions, columns row, column.
    index : (m,) int64
        Numbers of the frames in the scan, increasing.
    good : (N, N) bool
        Pixels that hold data.
    probe : (P, N, N) complex64 or None
    left_out : int
        Frames that were read and hold no light, or far too much; not those of a dark part of the sample.
    """

    intensity: NDArray[np.float32]
    s: NDArray[np.float64]
    index: NDArray[np.int64]
    good: NDArray[np.bool_]
    probe: NDArray[np.complex64] | None = None
    left_out: int = 0

    @property
    def N(self) -> int:
        """Side of a frame."""
        return int(self.intensity.shape[-1])

    def __len__(self) -> int:
        return len(self.intensity)

    def mean(self) -> NDArray[np.float64]:
        """Mean intensity (N, N); none where noise about zero leaves less."""
        return np.asarray(np.maximum(self.intensity.mean(axis=0, dtype=np.float64), 0))

    def moved(self, s: NDArray[np.float64]) -> Sample:
        """The same frames at other positions (m, 2)."""
        return replace(self, s=s)

    def part(self, rows: NDArray[np.int64]) -> Sample:
        """Some of the frames, by their numbers here (k,)."""
        return replace(self, intensity=self.intensity[rows], s=self.s[rows], index=self.index[rows])


@dataclass(frozen=True, eq=False)
class StoredFrames:
    """Frames of a file that can only be read from its beginning to its end, in blocks.

    Attributes
    ----------
    held : Stored
        (M, N, N), the first axis slowest.
    """

    held: Stored

    @property
    def shape(self) -> tuple[int, ...]:
        """(M, N, N)."""
        return self.held.shape

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[Any]:
        """Return frames by an increasing list of numbers, in one pass."""
        found, start = [], 0
        for block in self.held.blocks():
            whole = block.reshape(-1, *self.shape[1:])
            found.append(whole[index[(index >= start) & (index < start + len(whole))] - start].copy())
            start += len(whole)
            if len(index) and start > index[-1]:
                break
        return np.concatenate(found)


def blocks(frames: Frames, index: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """Frames of increasing numbers, some at a time; at once where every look is a pass over the file."""
    if isinstance(frames, StoredFrames):
        yield frames[index]
        return
    for start in range(0, len(index), _BLOCK):
        part = index[start : start + _BLOCK]
        run = part[-1] - part[0] + 1 == len(part)
        yield np.asarray(frames[int(part[0]) : int(part[-1]) + 1] if run else frames[part])


def take(scan: Scan, intensity_of: Any, rng: np.random.Generator, most: int = 768) -> Sample:
    """Read the part of a scan that is looked at; frames without light or far too bright are left out.

    Parameters
    ----------
    scan : Scan
    intensity_of : callable
        Turns stored values into intensities.
    rng : numpy.random.Generator
        Chooses where in a large scan the frames are taken.
    most : int
        Frames to read.
    """
    M, N = len(scan.positions), scan.frames.shape[-1]
    most = int(min(most, max(64, _BYTES // (4 * N * N))))
    finite = np.isfinite(scan.positions).all(axis=1)
    index = compact(np.flatnonzero(finite), scan.positions[finite], most, rng) if M else np.zeros(0, np.int64)
    stored = np.concatenate([block.astype(np.float32) for block in blocks(scan.frames, index)])
    good = good_pixels(stored) if scan.bad is None else good_pixels(stored) & ~scan.bad
    with np.errstate(invalid="ignore", over="ignore"):
        intensity = np.where(good, intensity_of(stored), 0).astype(np.float32)
    _unstruck(intensity)
    power = intensity.sum(axis=(1, 2), dtype=np.float64)
    typical = np.median(power)
    kept = np.isfinite(power) & (power > _DIM * typical) & (power < _BRIGHT * typical)
    probe = None if scan.probe is None else np.asarray(scan.probe, np.complex64).reshape(-1, N, N)
    s = scan.positions[index[kept], ::-1].astype(np.float64)
    absorbed = _absorbed(intensity, (power > 0) & (power <= _DIM * typical), kept)
    return Sample(intensity[kept], s, index[kept], good, probe, int((~kept & ~absorbed).sum()))


def _unstruck(intensity: NDArray[np.float32]) -> None:
    """Put what lies around them in place of single pixels that were struck in a few frames (m, N, N).

    Light falls on neighbours too, and comes again as the scan goes on; a cosmic ray does neither.
    """
    if len(intensity) < _FEWEST:
        return
    power = float(np.median(intensity.sum(axis=(1, 2), dtype=np.float64)))
    largest = np.asarray(intensity.max(axis=0))
    for row, column in np.argwhere(np.isfinite(largest) & (largest > _OF_A_FRAME * power)):
        values = intensity[:, row, column]
        order = np.argsort(values)
        otherwise = values[order[-_TIMES - 1]]
        for frame in order[-_TIMES:]:
            rows, columns = (slice(max(0, one - 1), one + 2) for one in (row, column))
            around = intensity[frame, rows, columns].copy()
            around[row - rows.start, column - columns.start] = 0
            if values[frame] > _STRUCK * max(float(around.max()), float(otherwise)):
                intensity[frame, row, column] = around.sum() / (around.size - 1)


def _absorbed(intensity: NDArray[np.float32], dim: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames (m,) that are dim and show the pattern of the others: the sample is dark there, and the beam is not lost.

    Parameters
    ----------
    intensity : (m, N, N) float32
    dim, kept : (m,) bool
    """
    found = np.zeros(len(intensity), bool)
    if not dim.any() or not kept.any():
        return found
    beam = np.sqrt(np.maximum(intensity[kept].mean(axis=0, dtype=np.float64), 0)).ravel()
    seen = np.sqrt(np.maximum(intensity[dim], 0)).reshape(int(dim.sum()), -1).astype(np.float64)
    beam, seen = beam - beam.mean(), seen - seen.mean(axis=1, keepdims=True)
    length = np.linalg.norm(beam) * np.linalg.norm(seen, axis=1)
    found[dim] = seen @ beam > _LIKE * np.maximum(length, 1e-300)
    return found


def compact(
    index: NDArray[np.int64], positions: NDArray[np.float64], most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Numbers of at most ``most`` points, from a few compact windows of the scan.

    Parameters
    ----------
    index : (m,) int64
        Numbers to choose among.
    positions : (m, 2)
        Their positions.
    most : int
    rng : numpy.random.Generator
        Draws the middles of the windows.
    """
    if len(index) <= most:
        return index
    tree = cKDTree(positions)
    chosen: set[int] = set()
    for start in rng.choice(len(index), _WINDOWS, replace=False):
        chosen.update(np.asarray(tree.query(positions[start], most // _WINDOWS)[1]).tolist())
    return np.asarray(index[np.array(sorted(chosen))])


def good_pixels(stored: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels (N, N) that hold data: finite, never negative in all frames, and not one high value throughout."""
    with np.errstate(invalid="ignore"):
        low, high = stored.min(axis=0), stored.max(axis=0)
        flagged = (high < 0) | ((low == high) & (high > 0))
    finite = np.isfinite(low) & np.isfinite(high)
    # A scan of equal frames has no constant pixels that tell anything.
    return np.asarray(finite & ~flagged if flagged.mean() < 0.5 else finite)
