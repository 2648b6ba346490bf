"""Stacks of one file compared with one another."""

from __future__ import annotations

import numpy as np

from conformance.files.formats.values import Stored


def equal_members(first: Stored, second: Stored) -> bool:
    """Whether two members hold the same numbers."""
    if first.shape != second.shape or first.needs_unpickling or second.needs_unpickling:
        return False
    if first.fortran != second.fortran or first.dtype.itemsize != second.dtype.itemsize:
        return bool(np.array_equal(first.array(), second.array()))
    return all(np.array_equal(a, b) for a, b in zip(first.blocks(), second.blocks(), strict=True))


def squares_of(first: Stored, second: Stored) -> str:
    """Say that one of two stacks holds the squares of the other; empty where it does not, as far as a block shows."""
    if first.shape != second.shape or first.fortran != second.fortran or 0 in first.shape:
        return ""
    if {first.dtype.kind, second.dtype.kind} - set("iuf"):
        return ""
    one, other = (next(iter(stack.blocks())).astype(np.float64) for stack in (first, second))
    count = min(len(one), len(other))
    for (root, name), (square, whole) in (
        ((one, first.name), (other, second.name)),
        ((other, second.name), (one, first.name)),
    ):
        if square[:count].any() and np.allclose(root[:count] ** 2, square[:count], rtol=1e-3, atol=0.5):
            return f": {whole} holds the squares of {name}, counts beside amplitudes; drop {whole}"
    return ""
