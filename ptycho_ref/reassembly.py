"""Patches back onto a canvas (REA)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal

_LARGEST_CANVAS = 1 << 30


@dataclass(frozen=True)
class Reassembly:
    """A reassembled object.

    Attributes
    ----------
    object : (Hc, Wc) complex128
        Mean of the patches where covered, else zero.
    coverage : (Hc, Wc) float64
        Sum of ones placed as the patches were.
    origin_xy : (2,) float64
        Object coordinate [x, y] of canvas pixel [0, 0].
    """

    object: NDArray[np.complex128]
    coverage: NDArray[np.float64]
    origin_xy: NDArray[np.float64]


class Canvas:
    """Accumulates patches; whole and streaming reassembly are the same sums (REA-009).

    Parameters
    ----------
    centres_xy : (n, 2) float64
        All positions that will be placed, columns [x, y]: they fix centre and size (REA-006, REA-007).
    N : int
        Side of a patch.
    """

    def __init__(self, centres_xy: NDArray[np.float64], N: int) -> None:
        # Rounding lets whole positions land on whole pixels, so that they come back exactly (REA-001). Halves go up:
        # rounded to even pixels, the centre would not move with the scan (REA-007).
        self.centre = np.floor(centres_xy.mean(axis=0) + 0.5)
        reach = np.ceil(np.abs(centres_xy - self.centre).max(axis=0)).astype(int) + 1
        self.half = N // 2 + reach
        width, height = (int(side) for side in 2 * self.half)
        if width * height > _LARGEST_CANVAS:
            raise RequestRefusal(
                f"the positions span a canvas of {height} x {width} pixels",
                clause="REA-006",
                array="centres_xy",
                remedy="Check the unit of the positions: they are object pixels, not metres or motor steps.",
            )
        self.N = N
        self.total = np.zeros((height, width), dtype=np.complex128)
        self.coverage = np.zeros((height, width), dtype=np.float64)

    def add(self, patches: NDArray[Any], centres_xy: NDArray[np.float64]) -> None:
        """Place (n, N, N) patches at their positions by bilinear weights."""
        corners = centres_xy - self.centre + self.half - self.N // 2
        for patch, (x, y) in zip(patches, corners, strict=True):
            column, row = int(np.floor(x)), int(np.floor(y))
            right, down = x - column, y - row
            for step_row, step_column, weight in (
                (0, 0, (1 - down) * (1 - right)),
                (0, 1, (1 - down) * right),
                (1, 0, down * (1 - right)),
                (1, 1, down * right),
            ):
                if weight:
                    place = np.s_[row + step_row :, column + step_column :]
                    self.total[place][: self.N, : self.N] += weight * patch
                    self.coverage[place][: self.N, : self.N] += weight

    def result(self) -> Reassembly:
        """Divide by the coverage where there is any (REA-004, REA-005)."""
        # Less than a millionth of a patch is rounding of the weights, not coverage.
        covered = self.coverage > 1e-6
        mean = np.zeros_like(self.total)
        np.divide(self.total, self.coverage, out=mean, where=covered)
        return Reassembly(mean, np.where(covered, self.coverage, 0.0), self.centre - self.half)


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def reassemble(patches: NDArray[Any], centres_xy: NDArray[Any], *, chunk: int | None = None) -> Reassembly:
    """Place patches at their positions and average where they overlap.

    Parameters
    ----------
    patches : (n, N, N) complex or real
    centres_xy : (n, 2) real
        Positions in object pixels, columns [x, y].
    chunk : int, optional
        Place so many at a time; any number gives the same result.

    Raises
    ------
    RequestRefusal
        Patches and positions do not match, or a position is not finite (REA-013).
    """
    centres = np.asarray(centres_xy, dtype=np.float64)
    stack = np.asarray(patches)
    if stack.ndim != 3 or stack.shape[1] != stack.shape[2]:
        raise RequestRefusal(
            f"{stack.shape} is not (n, N, N)",
            clause="REA-013",
            array="patches",
            remedy="Pass (n, N, N) patches.",
        )
    if not len(stack) or centres.shape != (len(stack), 2) or not np.isfinite(centres).all():
        raise RequestRefusal(
            f"patches {stack.shape} and positions {centres.shape} do not match, or a position is not finite",
            clause="REA-013",
            array="centres_xy",
            remedy="Pass (n, N, N) patches with (n, 2) finite positions, at least one.",
        )
    canvas = Canvas(centres, stack.shape[-1])
    step = len(stack) if chunk is None else max(1, int(chunk))
    for start in range(0, len(stack), step):
        canvas.add(stack[start : start + step], centres[start : start + step])
    return canvas.result()
