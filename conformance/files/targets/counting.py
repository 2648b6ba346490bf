"""Counts from amplitudes: whole numbers where the amplitudes are their roots, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.values import Computed, Stored
from conformance.files.unfit import UnfitFile


def counted(amplitudes: Stored) -> tuple[Stored, str]:
    """Return the counts of a stack of amplitudes, and say what they are; two passes, a block in memory.

    Parameters
    ----------
    amplitudes : Stored
        (M, N, N) float32.

    Returns
    -------
    counts : Stored
        uint16 or uint32 where every amplitude is the root of such a number to its last bit; else float32 squares, whose
        roots are the amplitudes again.
    said : str

    Raises
    ------
    UnfitFile
        An amplitude is not finite (NPZ-017) or below zero (NPZ-018).
    """
    whole, most = True, 0.0
    for block in amplitudes.blocks():
        _require_amplitudes(block)
        squares = np.rint(np.square(block, dtype=np.float64))
        most = max(most, float(squares.max(initial=0.0)))
        whole = whole and bool(np.array_equal(np.sqrt(squares).astype(np.float32), block))
    dtype: np.dtype[Any] = np.dtype(np.float32)
    if whole and most < 2**32:
        dtype = np.dtype(np.uint16 if most < 2**16 else np.uint32)

    def squared(block: NDArray[Any]) -> NDArray[Any]:
        values = np.square(block, dtype=np.float64)
        return np.asarray((np.rint(values) if dtype.kind == "u" else values).astype(dtype))

    said = (
        f"amplitudes squared: counts as {dtype.name}, for every amplitude is the root of a whole number"
        if dtype.kind == "u"
        else "amplitudes squared and kept as float32: they are not roots of whole numbers, so these are no counts"
    )
    return Computed(amplitudes.name, amplitudes, amplitudes.shape, dtype, squared), said


def _require_amplitudes(block: NDArray[Any]) -> None:
    if not np.isfinite(block).all():
        raise UnfitFile("NPZ-017", "diff3d", "amplitudes that are not finite have no counts")
    if (block < 0).any():
        raise UnfitFile("NPZ-018", "diff3d", "amplitudes below zero have no counts")
