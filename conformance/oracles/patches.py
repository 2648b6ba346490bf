"""Oracle of the patch rule (PAT): where a position lies in the object, and what a frame sees there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array
from conformance.oracles.fourier import between
from conformance.oracles.rules import rules_here


def patch_at(obj: Array, x: float, y: float, N: int) -> NDArray[np.complex128]:
    """Cut the patch of one position.

    Pixel (i, j) of the patch is object pixel (y - N/2 + i, x - N/2 + j); bilinear between pixels and zero outside where
    no other rules are in force (:mod:`conformance.oracles.rules`).

    Parameters
    ----------
    obj : (H, W) complex
    x, y : float
        Position in object pixels; x is the column.
    N : int
        Side of the patch.

    Returns
    -------
    (N, N) complex128
    """
    rule = rules_here().cut
    if rule.kind != "bilinear":
        row, column = _base(obj, x, y, N)
    if rule.kind == "whole":
        return _window(obj, row - N // 2, column - N // 2, N)
    if rule.kind == "fourier":
        m = rule.margin
        wider = between(_window(obj, row - N // 2 - m, column - N // 2 - m, N + 2 * m), x - column, y - row)
        return wider[m : m + N, m : m + N]
    row, column = math.floor(y), math.floor(x)
    down, right = y - row, x - column
    patch = np.zeros((N, N), dtype=np.complex128)
    for step_row, step_column, weight in (
        (0, 0, (1 - down) * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 0, down * (1 - right)),
        (1, 1, down * right),
    ):
        if weight:
            patch += weight * _window(obj, row - N // 2 + step_row, column - N // 2 + step_column, N)
    return patch


def _base(obj: Array, x: float, y: float, N: int) -> tuple[int, int]:
    """Whole position (row, column) with which a position begins, by the rule in force."""
    row, column = (rules_here().cut.base(at, N // 2, size=size) for at, size in zip((y, x), obj.shape, strict=True))
    return row, column


_BEYOND = {"wrap": lambda at, size: at % size, "edge": lambda at, size: min(max(at, 0), size - 1)}
"""Which pixel of the object stands for one beyond it, where that is not zero."""


def _window(obj: Array, top: int, left: int, N: int) -> NDArray[np.complex128]:
    height, width = obj.shape
    beyond = _BEYOND.get(rules_here().outside)
    if beyond is not None:
        rows, columns = ([beyond(at + i, size) for i in range(N)] for at, size in ((top, height), (left, width)))
        return obj[np.ix_(rows, columns)].astype(np.complex128)
    window = np.zeros((N, N), dtype=np.complex128)
    first_row, last_row = max(top, 0), min(top + N, height)
    first_column, last_column = max(left, 0), min(left + N, width)
    if first_row < last_row and first_column < last_column:
        window[first_row - top : last_row - top, first_column - left : last_column - left] = obj[
            first_row:last_row, first_column:last_column
        ]
    return window


def patches_at(obj: Array, centres_xy: Array, N: int) -> NDArray[np.complex128]:
    """Cut one patch for each ``(n, 2)`` position [x, y]; returns ``(n, N, N)`` complex128.

    Parameters
    ----------
    obj : (H, W) complex
        Object transmission.
    centres_xy : (n, 2) float
        Positions in object pixels, columns [x, y].
    N : int
        Side of a patch in pixels.
    """
    return np.stack([patch_at(obj, float(x), float(y), N) for x, y in centres_xy])


def probes_at(obj: Array, centres_xy: Array, probe: Array) -> NDArray[np.complex128]:
    """Return the probe of each ``(n, 2)`` position [x, y]: moved by what is left, where that is the rule.

    Parameters
    ----------
    obj : (H, W) complex
        Object transmission.
    centres_xy : (n, 2) float
        Positions in object pixels, columns [x, y].
    probe : (N, N) or (P, N, N) complex

    Returns
    -------
    (n, N, N) or (n, P, N, N) complex128
    """
    N, found = probe.shape[-1], []
    for x, y in np.asarray(centres_xy, np.float64):
        row, column = _base(obj, x, y, N) if rules_here().cut.lights else (y, x)
        moved = [between(mode, column - x, row - y) for mode in probe.reshape(-1, N, N)]
        found.append(np.reshape(moved, probe.shape))
    return np.asarray(found, np.complex128)
