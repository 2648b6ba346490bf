"""Patterns of scan points, at a distance of about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pattern = Literal["raster", "spiral", "clustered"]


def _raster(M: int, rng: np.random.Generator) -> NDArray[np.float64]:
    n_columns = max(2, int(np.ceil(np.sqrt(1.7 * M))))
    index = np.arange(M)
    grid = np.stack([index % n_columns, index // n_columns], axis=1).astype(np.float64)
    return grid + rng.uniform(-0.3, 0.3, (M, 2))


def _spiral(M: int, rng: np.random.Generator) -> NDArray[np.float64]:
    index = np.arange(M)
    angle = index * 2.399963 + rng.uniform(0, 6)
    radius = 0.7 * np.sqrt(index + 0.3)
    return np.stack([1.4 * radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _clustered(M: int, rng: np.random.Generator) -> NDArray[np.float64]:
    distinct = rng.uniform(0, np.sqrt(M), (max(1, (2 * M) // 3), 2)) * (1.5, 1.0)
    repeats = rng.integers(0, len(distinct), M - len(distinct))
    return np.concatenate([distinct, distinct[repeats]])


PATTERNS: Mapping[Pattern, Callable[[int, np.random.Generator], NDArray[np.float64]]] = {
    "raster": _raster,
    "spiral": _spiral,
    "clustered": _clustered,
}
"""Makers of positions (M, 2), columns [x, y], by pattern: from a number of points and a generator."""
