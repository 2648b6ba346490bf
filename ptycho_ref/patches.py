"""Patches of the object: what each frame sees (PAT)."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal

# Gathered in chunks so that sub-pixel interpolation needs four patches' memory of a chunk only.
_CHUNK_BYTES = 4 << 20


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def cut_patches(obj: NDArray[Any], centres_xy: NDArray[Any], N: int) -> NDArray[np.complex64]:
    """Cut one patch of the object for each position (PAT-001, PAT-002, PAT-003).

    Parameters
    ----------
    obj : (H, W) complex
        Object transmission.
    centres_xy : (n, 2) real
        Positions in object pixels, columns [x, y].
    N : int
        Side of a patch, even.

    Returns
    -------
    (n, N, N) complex64
        Pixel (i, j) of patch k is object pixel (y - N/2 + i, x - N/2 + j); bilinear between pixels, zero outside.

    Raises
    ------
    RequestRefusal
        The object is not two-dimensional, positions are not (n, 2) finite numbers (PAT-012), or N is no positive whole
        number (PAT-015).
    """
    N, positions = _side(N), _checked(obj, centres_xy)
    padded = np.zeros((obj.shape[0] + 2 * N + 1, obj.shape[1] + 2 * N + 1), dtype=np.complex64)
    padded[N : N + obj.shape[0], N : N + obj.shape[1]] = obj
    windows = np.lib.stride_tricks.sliding_window_view(padded, (N, N))
    whole = np.floor(positions)
    fraction = (positions - whole).astype(np.float32)
    # A window that starts N pixels before the object or behind its end is empty, so farther ones may be moved there.
    corner = np.clip(whole + N // 2, 0, (obj.shape[1] + N, obj.shape[0] + N)).astype(np.intp)
    fraction[(whole + N // 2 != corner)] = 0.0
    patches = np.empty((len(positions), N, N), dtype=np.complex64)
    chunk = max(1, _CHUNK_BYTES // (8 * N * N))
    for start in range(0, len(positions), chunk):
        part = slice(start, start + chunk)
        patches[part] = _interpolated(windows, corner[part], fraction[part])
    return patches


def _side(N: Any) -> int:
    """Side as a plain number: a narrow one overflows in sums with the sides of an object."""
    try:
        side = index(N)
    except TypeError:
        side = 0
    if side < 1:
        raise RequestRefusal(
            f"it is {N!r}", clause="PAT-015", array="N", remedy="Pass the side of the frames, a positive whole number."
        )
    return side


def _checked(obj: NDArray[Any], centres_xy: NDArray[Any]) -> NDArray[np.float64]:
    positions = np.asarray(centres_xy, dtype=np.float64)
    if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
        raise RequestRefusal(
            f"positions are (n, 2) finite numbers, not {positions.shape}",
            clause="PAT-012",
            array="centres_xy",
            remedy="Stack x and y as two columns, and drop positions that are not finite.",
        )
    if np.ndim(obj) != 2:
        raise RequestRefusal(
            f"the object is two-dimensional, not {np.shape(obj)}",
            clause="PAT-001",
            array="objectGuess",
            remedy="Pass one (H, W) layer.",
        )
    return positions


def _interpolated(
    windows: NDArray[np.complex64], corner: NDArray[np.intp], fraction: NDArray[np.float32]
) -> NDArray[np.complex64]:
    column, row = corner[:, 0], corner[:, 1]
    upper_left = windows[row, column]
    if not fraction.any():
        return upper_left
    right, down = fraction[:, 0, np.newaxis, np.newaxis], fraction[:, 1, np.newaxis, np.newaxis]
    upper_left *= (1 - down) * (1 - right)
    for step_row, step_column, weight in ((0, 1, (1 - down) * right), (1, 0, down * (1 - right)), (1, 1, down * right)):
        neighbour = windows[row + step_row, column + step_column]
        neighbour *= weight
        upper_left += neighbour
    return upper_left
