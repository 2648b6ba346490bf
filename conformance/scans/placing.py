"""Where positions may lie: on lines and rasters, between pixels, at one place: where real code takes another path."""

from __future__ import annotations

import numpy as np

from conformance.contract.types import Array

WHERE = (
    "anywhere",
    "whole",
    "on a line",
    "on a diagonal",
    "on a raster",
    "twice",
    "about zero",
    "one place",
    "within a tenth",
    "one fraction",
    "nearly whole",
)
"""The plainest first."""
OF_SEVERAL = ("on a line", "on a diagonal", "on a raster", "twice", "about zero", "one place", "within a tenth")
"""What a single point cannot be."""
OF_FRACTIONS = ("within a tenth", "one fraction", "nearly whole")
"""What whole numbers cannot be."""


def placed(at: Array, where: str, rng: np.random.Generator) -> Array:
    """Positions, moved to where the word says; which line, which way along it, which raster is drawn.

    Parameters
    ----------
    at : (n, 2) float64
        Positions in pixels, columns [x, y].
    where : str
        One of :data:`WHERE`; another word leaves them where they are.
    rng : Generator
    """
    at, floor = at.copy(), np.floor(at)
    if where == "whole":
        return np.round(at)
    if where in ("one fraction", "nearly whole"):
        fractions = ((0.25, 0.6875), (0.5, 0.5)) if where == "one fraction" else ((2e-3, 1 - 2e-3),)
        return np.asarray(floor + fractions[int(rng.integers(len(fractions)))])
    if where == "within a tenth":
        return np.asarray(at[:1] + rng.choice([6e-4, 0.05]) * rng.uniform(0, 1, at.shape))
    if where in ("on a line", "on a diagonal", "on a raster"):
        return {"on a line": _on_a_line, "on a diagonal": _on_a_diagonal}.get(where, _on_a_raster)(at, rng)
    if where == "twice":
        at[1::2] = at[: len(at) // 2]
        # And hardly anywhere else.
        at[1::4] += 2.0**-9
    if where == "about zero":
        at -= at.mean(axis=0)
    return np.broadcast_to(at[:1], at.shape).copy() if where == "one place" else at


def _on_a_line(at: Array, rng: np.random.Generator) -> Array:
    """Along x or y: step by step along the axis, or elsewhere and in any order."""
    along, axis = int(rng.integers(2)), bool(rng.integers(2))
    at[:, 1 - along] = 0.0 if axis else 33.25
    if axis:
        at[:, along] = 10 + 0.75 * np.arange(len(at))
    return at


def _on_a_diagonal(at: Array, rng: np.random.Generator) -> Array:
    """Upward or downward, from either end."""
    steps = np.arange(len(at))[:, np.newaxis] * rng.choice([(1, 1), (-1, -1), (1, -1)])
    return np.asarray(steps - steps.min(axis=0) + np.array([20.25, 10.25]))


def _on_a_raster(at: Array, rng: np.random.Generator) -> Array:
    """Row by row or column by column, forth or forth and back, on whole pixels or between, from zero or elsewhere."""
    number, long = np.arange(len(at)), max(2, next(k for k in (4, 3, 5, 7, 2, 1) if len(at) % k == 0 or k == 1))
    slow, fast = number // long, number % long
    if rng.integers(2):
        fast = np.where(slow % 2, long - 1 - fast, fast)
    pitch, begin = rng.choice([3.0, 2.375]), rng.choice([0.0, 12.0, 9.5])
    return np.asarray(begin + pitch * np.stack([fast, slow][:: int(rng.choice([-1, 1]))], axis=1))
