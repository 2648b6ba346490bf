"""Frames and positions under the transformations that a diagnosis may ask for: pure functions over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_directions
from conformance.files.diagnose.turns import EIGHT, exif_of, turned_frames

Floats = NDArray[np.float64]


def turned(frames: NDArray[Any], exif: int) -> NDArray[Any]:
    """Frames turned by one of the eight orientations, about the zero frequency at pixel (N/2, N/2).

    Parameters
    ----------
    frames : numpy.ndarray
        (..., N, N), N even.
    exif : int
        Number of the orientation, as :func:`conformance.files.diagnose.turns.exif_of` gives it.

    Returns
    -------
    numpy.ndarray
        (..., N, N), of the same dtype; a row or column at -N/2, which has no counterpart, wraps round.
    """
    return turned_frames(frames, next(turn for turn in EIGHT if exif_of(turn) == exif))


def rolled(frames: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Frames (..., N, N) moved cyclically.

    Parameters
    ----------
    frames : numpy.ndarray
    rows, columns : int
        Pixels by which what they show moves, towards higher numbers.
    """
    return np.roll(frames, (rows, columns), axis=(-2, -1))


def mapped(x: Floats, y: Floats, matrix: Sequence[Sequence[float]], about: Sequence[float]) -> tuple[Floats, Floats]:
    """Positions under a linear map about a point.

    Parameters
    ----------
    x, y : numpy.ndarray
        (M,) columns and rows in object pixels.
    matrix : sequence
        (2, 2) over (x, y): the first row makes the new x.
    about : sequence of float
        x and y of the point that stays.

    Returns
    -------
    tuple of numpy.ndarray
        New x and y.
    """
    dx, dy = x - about[0], y - about[1]
    (a, b), (c, d) = matrix
    return a * dx + b * dy + about[0], c * dx + d * dy + about[1]


def along_lines(x: Floats, y: Floats, along: float) -> tuple[Floats, Floats]:
    """What is added to positions of a scan to and fro that are moved along its lines.

    Parameters
    ----------
    x, y : numpy.ndarray
        (M,) columns and rows, in their order.
    along : float
        In the direction in which the scan goes at each point.

    Returns
    -------
    tuple of numpy.ndarray
        For x and y; zeros where the scan does not go to and fro.
    """
    directions = line_directions(np.stack([y, x], axis=1))
    moved = np.zeros((len(x), 2)) if directions is None else along * directions
    return moved[:, 1], moved[:, 0]
