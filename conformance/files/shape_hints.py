"""What an array of an unexpected shape is likely to be, in words."""

from __future__ import annotations


def probe_hint(shape: tuple[int, ...], N: int) -> str:
    """Say what a probe of a shape is, and what to do; empty where that cannot be told.

    Parameters
    ----------
    shape : tuple of int
    N : int
        Side of the frames.
    """
    if len(shape) == 3 and shape[:2] == (N, N) and shape[2] != N:
        return f": {shape[2]} modes along the last axis, (N, N, P); move that axis to the front"
    if len(shape) > 3 and shape[-2:] == (N, N):
        further = [n for n in shape[:-3] if n != 1]
        if not further:
            return ": leading axes of length 1, which can be dropped"
        return f": {further[0]} probes along a leading axis, as of one that varies along the scan, have no place here"
    if len(shape) in (2, 3) and shape[-1] == shape[-2] != N:
        return f": it was made for frames of {shape[-1]} x {shape[-1]}"
    return ""


def object_hint(shape: tuple[int, ...]) -> str:
    """Say what an object of a shape is, and what to do; empty where that cannot be told."""
    if len(shape) == 3 and shape[0] == 1:
        return ": one layer, whose axis can be dropped"
    if len(shape) == 3 and shape[0] < min(shape[1:]):
        return (
            f": {shape[0]} layers; of a thin sample their product is the object, and a thick one has no single object"
        )
    if len(shape) > 3 and all(n == 1 for n in shape[:-2]):
        return ": leading axes of length 1, which can be dropped"
    return ""
