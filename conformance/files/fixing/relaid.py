"""Stacks in another order of their axes, read in blocks of frames; memory does not grow with them."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.values import OfOneSource, Stored, nbytes, stored_shape

_BLOCK_BYTES = 1 << 24
_HELD = 1 << 26
"""Bytes up to which values are turned in memory; beyond, a file beside the one that is written holds them."""


class Scratch(ExitStack):
    """Files without a name for what is turned and too large for memory; they are gone when it is left.

    Parameters
    ----------
    folder : Path
        Where they take their room.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def file(self) -> IO[bytes]:
        """Open an empty file."""
        return self.enter_context(tempfile.TemporaryFile(dir=self.folder))


@dataclass(frozen=True)
class FramesFirst(OfOneSource):
    """A stack of three axes as (M, rows, columns), whatever its order in the file.

    Attributes
    ----------
    source : Stored
        (M, N, N) or (N, N, M).
    frame_axis : int
        0 or 2.
    scratch : Scratch
    """

    source: Stored
    frame_axis: int
    scratch: Scratch
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """(M, rows, columns)."""
        shape = self.source.shape
        return shape if self.frame_axis == 0 else (shape[2], *shape[:2])

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield some frames at a time."""
        swapped = self.source.fortran
        slowest = (0 if not swapped else 2) == self.frame_axis
        for block in self.source.blocks() if slowest else self._turned():
            yield block.swapaxes(1, 2) if swapped else block

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate(list(self.blocks())) if self.shape[0] else np.empty(self.shape, self.dtype)

    def _turned(self) -> Iterator[NDArray[Any]]:
        """Frames of a stack whose frames run fastest, with the stored order of the two other axes."""
        if 0 in self.shape:
            yield np.empty((0, *self.shape[1:]), self.dtype)
            return
        if nbytes(self.source) <= _HELD:
            held = self.source.array()
            yield np.moveaxis(held.T if self.source.fortran else held, -1, 0)
            return
        step = max(1, _BLOCK_BYTES * self.shape[0] // nbytes(self.source))
        for first in range(0, self.shape[0], step):
            yield self._read_back(first, min(step, self.shape[0] - first))

    def _read_back(self, first: int, count: int) -> NDArray[Any]:
        """Some frames out of the file, pixel by pixel: a file that is mapped would stay in memory as a whole."""
        rows, columns, M = stored_shape(self.source)
        by_pixel = np.empty((rows * columns, count), self.dtype)
        size, handle = self.dtype.itemsize, self._spilled.fileno()
        for pixel, values in enumerate(by_pixel.view(np.uint8)):
            if os.preadv(handle, [values], (pixel * M + first) * size) != count * size:
                raise OSError(errno.EIO, "the file that holds the turned frames ended early", str(self.scratch.folder))
        return np.ascontiguousarray(by_pixel.T).reshape(count, rows, columns)

    @cached_property
    def _spilled(self) -> IO[bytes]:
        """Unpacked values in a file without a name."""
        held = self.scratch.file()
        for block in self.source.blocks():
            held.write(np.ascontiguousarray(block).tobytes())
        held.flush()
        return held


@dataclass(frozen=True)
class RootOfRows(OfOneSource):
    """Frames of which some are square roots of what is stored.

    Attributes
    ----------
    source : Stored
        (M, N, N), the first axis slowest.
    rows : numpy.ndarray
        (M,) whether the root of a frame is taken.
    """

    source: Stored
    rows: NDArray[np.bool_]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the source."""
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Single precision, as amplitudes have."""
        return np.dtype(np.float32)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield some frames at a time."""
        offset = 0
        for block in self.source.blocks():
            mine = self.rows[offset : offset + len(block)]
            offset += len(block)
            made = block.astype(np.float64)
            with np.errstate(invalid="ignore"):
                made[mine] = np.sqrt(made[mine])
            yield made.astype(np.float32)

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate([np.empty((0, *self.shape[1:]), np.float32), *self.blocks()])


@dataclass(frozen=True)
class Elementwise:
    """Values each of which follows from the stored one in its place, in the order in which those are stored.

    Attributes
    ----------
    source : Stored
    dtype : numpy.dtype
        Data type of the result.
    compute : callable
        Makes a block of the result, of the same shape, from a block of the source.
    """

    source: Stored
    dtype: np.dtype[Any]
    compute: Callable[[NDArray[Any]], NDArray[Any]]
    needs_unpickling: bool = False

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.source.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the source."""
        return self.source.shape

    @property
    def fortran(self) -> bool:
        """Order of the source."""
        return self.source.fortran

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the computed values."""
        for block in self.source.blocks():
            yield self.compute(block).astype(self.dtype, copy=False)

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return self.compute(self.source.array()).astype(self.dtype, copy=False)


def kept_rows(count: int, dropped: Sequence[int]) -> NDArray[np.intp]:
    """Rows of ``count`` that are not dropped, rising."""
    keep = np.ones(count, bool)
    keep[list(dropped)] = False
    return np.flatnonzero(keep)
