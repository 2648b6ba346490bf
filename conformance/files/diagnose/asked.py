"""What a diagnosis asks for, as fixes: values that say what is done to the arrays of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.turns import Turn, exif_of
from conformance.files.fix import Fix, Grade

OPTION = "--as-diagnosed"
"""Option by which all of these are asked for."""


def turned_positions(s: NDArray[np.float64], turn: Turn) -> tuple[Fix, ...]:
    """Turn positions about the middle of the scan.

    Parameters
    ----------
    s : (m, 2)
        Positions, row and column, whose middle is meant.
    turn : Turn
    """
    middle = (s.max(axis=0) + s.min(axis=0)) / 2
    return moved_positions(s, (s - middle) @ turn.matrix.T + middle)


def moved_positions(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[Fix, ...]:
    """Take positions to others by the linear map and the shift that do so; nothing where none does.

    Parameters
    ----------
    before, after : (m, 2)
        Row and column of some positions, in object pixels.
    """
    middle, target = before.mean(axis=0), after.mean(axis=0)
    matrix = np.linalg.lstsq(before - middle, after - target, rcond=None)[0].T
    left = np.abs((before - middle) @ matrix.T + target - after).max()
    if not left < 1e-6 * (1 + np.abs(after - target).max()):
        return ()
    found = []
    if np.abs(matrix - np.eye(2)).max() > 1e-9:
        xy = matrix[::-1, ::-1]
        arguments: dict[str, Any] = {"matrix": xy.tolist(), "about": middle[::-1].tolist()}
        found.append(_fix("map-positions", {"matrix": np.round(xy, 6).tolist()}, arguments, "xcoords", "PHY-013"))
    y, x = (target - middle).tolist()
    if max(abs(x), abs(y)) > 1e-9:
        moved = {"x": x, "y": y}
        found.append(_fix("shift-positions", {"shift": [round(x, 6), round(y, 6)]}, moved, "xcoords", "PHY-013"))
    return tuple(found)


def scaled_positions(factor: float) -> Fix:
    """Bring positions of another unit to object pixels."""
    return _fix(
        "scale-positions", {"unit": "object pixels"}, {"factor": factor, "about": [0.0, 0.0]}, "xcoords", "FIL-014"
    )


def turned_frames(turn: Turn) -> Fix:
    """Turn every frame by one of the eight."""
    exif = exif_of(turn)
    return _fix("turn-frames", {"exif": exif}, {"exif": exif}, "diff3d", "PHY-013")


def rolled_frames(rows: int, columns: int) -> Fix:
    """Roll every frame."""
    return _fix(
        "roll-frames", {"rolled": [rows, columns]}, {"rows": int(rows), "columns": int(columns)}, "diff3d", "FIL-010"
    )


def root() -> Fix:
    """Take the square root of counts."""
    return _fix("root", {"values": "amplitudes"}, {}, "diff3d", "NPZ-034")


def continued_positions() -> Fix:
    """Give positions back what their counters lost where they ran over."""
    return _fix("continue-positions", {"counters": "as if wider"}, {}, "xcoords", "FIL-014")


def paired_frames(rule: Mapping[str, Any]) -> Fix:
    """Give frames the positions that are theirs by a rule, and leave out those that have none."""
    return _fix("pair-frames", dict(rule), dict(rule), "xcoords", "PHY-013")


def shifted_lines(along: float, shift: NDArray[np.float64]) -> Fix:
    """Move positions along the lines of a scan that goes to and fro, and all of them alike.

    Parameters
    ----------
    along : float
        Object pixels in the direction in which the scan goes at each point.
    shift : (2,)
        Row and column to be added.
    """
    moved = {"along": along, "x": float(shift[1]), "y": float(shift[0])}
    return _fix("shift-lines", {name: round(value, 6) for name, value in moved.items()}, moved, "xcoords", "PHY-013")


def scaled_probe(factor: float) -> Fix:
    """Scale the probe."""
    return _fix("scale-probe", {"factor": round(factor, 6)}, {"factor": factor}, "probeGuess", "FIL-011")


def changed_array(name: str, said: str) -> Fix:
    """Change a probe or an object in one of the ways of :data:`conformance.files.diagnose.changes.ALL`."""
    return _fix("change-array", {name: said}, {"change": said}, name, "FIL-028")


def _fix(op: str, after: dict[str, Any], arguments: dict[str, Any], array: str, clause: str) -> Fix:
    return Fix(op, Grade.DIAGNOSED, array, clause, {}, after, OPTION, arguments)
