"""Oracle of placing (REA): patches go back by the rule by which they are cut, as its adjoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array
from conformance.oracles.fourier import between
from conformance.oracles.rules import rules_here


def placed_at(
    patches: Array, centres_xy: Array, shape: tuple[int, ...], origin_xy: Array
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return the sum of patches, and of ones, on a canvas, placed pixel by pixel.

    Parameters
    ----------
    patches : (n, N, N) complex
    centres_xy : (n, 2) float
        Positions in object pixels, columns [x, y].
    shape : (H, W)
        Of the canvas.
    origin_xy : (2,) float
        Object coordinate [x, y] of canvas pixel [0, 0].
    """
    rule = rules_here().placed
    room = 0 if rule.kind == "bilinear" else rule.margin + 1
    total = np.zeros((shape[0] + 2 * room, shape[1] + 2 * room), dtype=np.complex128)
    coverage = np.zeros(total.shape)
    for patch, (x, y) in zip(patches, centres_xy, strict=True):
        for top, left, values, ones in _parts(patch, float(x), float(y), shape, np.asarray(origin_xy, np.float64)):
            top, left = top + room, left + room
            place = slice(top, top + len(values)), slice(left, left + len(values))
            total[place] += values
            coverage[place] += ones
    inner = slice(room, room + shape[0]), slice(room, room + shape[1])
    return total[inner], coverage[inner]


def lying_at(centres_xy: Array, N: int, shape: tuple[int, ...], origin_xy: Array) -> NDArray[np.float64]:
    """Return the positions (n, 2) about which windows lie on a canvas: whole ones where that is the rule.

    Parameters
    ----------
    centres_xy : (n, 2) float
        Positions in object pixels, columns [x, y].
    N : int
        Side of a patch in pixels.
    shape : (H, W)
        Of the canvas.
    origin_xy : (2,) float
        Object coordinate [x, y] of canvas pixel [0, 0].
    """
    rule, centres = rules_here().placed, np.asarray(centres_xy, np.float64)
    if rule.kind != "whole":
        return centres
    whole = np.vectorize(lambda at, begin, size: rule.base(at, N // 2, begin, size), otypes=[np.float64])
    return np.asarray(whole(centres, np.asarray(origin_xy, np.float64), np.array(shape[::-1])))


def _parts(
    patch: Array, x: float, y: float, shape: tuple[int, ...], origin: Array
) -> list[tuple[int, int, Array, Array | float]]:
    """Corner (row, column) on the canvas, values and ones of what a patch adds."""
    rule, half = rules_here().placed, len(patch) // 2
    before = origin + half
    if rule.kind == "bilinear":
        x, y = float(x - before[0]), float(y - before[1])
        top, left = int(np.floor(y)), int(np.floor(x))
        down, right = y - top, x - left
        weights = (
            (top, left, (1 - down) * (1 - right)),
            (top, left + 1, (1 - down) * right),
            (top + 1, left, down * (1 - right)),
            (top + 1, left + 1, down * right),
        )
        return [(row, column, weight * patch, weight) for row, column, weight in weights if weight]
    along = zip((y, x), origin[::-1].tolist(), shape, strict=True)
    row, column = (rule.base(at, half, begin, size) for at, begin, size in along)
    left, top = int(np.floor(column - before[0])), int(np.floor(row - before[1]))
    if rule.kind == "whole":
        return [(top, left, patch, 1.0)]
    wider = [np.pad(one, rule.margin) for one in (np.asarray(patch, np.complex128), np.ones(patch.shape, complex))]
    values, ones = (between(one, column - x, row - y) for one in wider)
    return [(top - rule.margin, left - rule.margin, values, ones.real)]
