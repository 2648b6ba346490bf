"""A stack that does not lie frame by frame, read frame by frame in several passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.values import Computed, OfOneSource, Stored
from conformance.files.unfit import UnfitFile

_PASS_BYTES = 1 << 27


def framewise(stack: Stored, legacy: bool) -> Stored:
    """Return a stack as (M, rows, columns) whose blocks run along the frames.

    Parameters
    ----------
    stack : Stored
    legacy : bool
        Whether the last axis counts the frames (NPZ-010).

    Raises
    ------
    UnfitFile
        It has not three axes (NPZ-012).
    """
    if len(stack.shape) != 3:
        raise UnfitFile("NPZ-012", stack.name, f"a stack has three axes, not {stack.shape}")
    rows, columns, M = stack.shape if legacy else (stack.shape[1], stack.shape[2], stack.shape[0])
    if legacy == stack.fortran:
        if not legacy:
            return stack
        return Computed(stack.name, stack, (M, rows, columns), stack.dtype, lambda block: block.swapaxes(1, 2))
    return Gathered(stack, (M, rows, columns))


@dataclass(frozen=True)
class Gathered(OfOneSource):
    """Frames gathered from rows, or columns, of all of them; each pass over the source yields some frames.

    Attributes
    ----------
    source : Stored
        Its blocks hold rows (legacy), or columns (Fortran order), of all frames, the frame last.
    shape : tuple of int
        (M, rows, columns).
    """

    source: Stored
    shape: tuple[int, ...]
    fortran: bool = False
    needs_unpickling: bool = False

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield frames, as many at a time as one pass gathers."""
        M, rows, columns = self.shape
        step = max(1, _PASS_BYTES // max(1, rows * columns * self.dtype.itemsize))
        for first in range(0, M, step):
            frames = np.empty((min(step, M - first), rows, columns), self.dtype)
            offset = 0
            for block in self.source.blocks():
                part = np.moveaxis(block[..., first : first + step], -1, 0)
                if self.source.fortran:
                    frames[:, :, offset : offset + len(block)] = part.swapaxes(1, 2)
                else:
                    frames[:, offset : offset + len(block)] = part
                offset += len(block)
            yield frames

    def array(self) -> NDArray[Any]:
        """Return all frames."""
        return np.concatenate(list(self.blocks()))
