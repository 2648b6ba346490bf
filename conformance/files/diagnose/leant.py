"""Repairs that together leave one axis of the stage as it is, and lean the other: axes not at right angles, no turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.mending import LINEAR, Step

OBLIQUE = "axes that are not at right angles"

_TURNED, _KEPT, _LENGTHS = np.radians(2.0), np.radians(1.0), (0.85, 1.15)
"""Angles by which one axis leans, at least, and the other, at most; how long they may become."""


def leant(steps: Sequence[Step], before: Forward, after: Forward) -> tuple[Step, ...]:
    """The repairs; as one, where a turn and what was fitted after it keep an axis of the stage and lean the other.

    Parameters
    ----------
    steps : sequence of Step
    before, after : Forward
        The frames before and after all of them, at positions row and column.
    """
    turned = len(steps) > 1 and steps[0].repair.family == "turn" and steps[0].repair.turn is not None
    if not turned or any(one.repair.family not in LINEAR for one in steps) or len(before.s) != len(after.s):
        return tuple(steps)
    matrix, shift = _linear(before.s, after.s)
    # Columns of the matrix are where the axes row and column go.
    lengths = np.hypot(*matrix)
    leans = np.arctan2(matrix[1, 0], matrix[0, 0]), np.arctan2(matrix[0, 1], matrix[1, 1])
    least, most = sorted(abs(float(one)) for one in leans)
    if most < _TURNED or least > _KEPT or not (_LENGTHS[0] < lengths.min() <= lengths.max() < _LENGTHS[1]):
        return tuple(steps)
    axis, lean = ("y", leans[0]) if abs(float(leans[0])) > abs(float(leans[1])) else ("x", leans[1])
    what = (
        f"make x, y of {matrix[1, 1]:.4f} x {matrix[1, 0]:+.4f} y, {matrix[0, 1]:+.4f} x {matrix[0, 0]:.4f} y about "
        f"the middle of the scan, then add {shift[1]:+.2f} to x and {shift[0]:+.2f} to y: the {axis} axis leans by "
        f"{abs(np.degrees(float(lean))):.1f} degrees, and nothing is turned"
    )
    first, last = steps[0], steps[-1]
    repair = replace(last.repair, name=OBLIQUE, family="affine", what=what, turn=None)
    lead = last.after.leads(first.before)
    return (Step(repair, first.s, first.before, last.after, lead, "", lead),)


def _linear(s: NDArray[np.float64], moved: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix (2, 2) and shift (2,) that take positions (m, 2), about their middle, to where they are moved."""
    middle = s.mean(axis=0)
    matrix = np.linalg.lstsq(s - middle, moved - moved.mean(axis=0), rcond=None)[0].T
    return matrix, moved.mean(axis=0) - middle
