"""Arrays of groups, batches and containers, and how near those of two runs must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import Place, axes_of, per_group
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.scans.domain import side

PER_GROUP = tuple(name for name in per_group(Place.CONTAINER) if name != "coords")


def near(
    evidence: Evidence,
    seen: Any,
    expected: Array,
    what: str,
    tolerance: float = 2e-5,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require equality within a part of the largest value; ``what`` starts with the name of the array."""
    atol = tolerance * float(np.abs(expected).max())
    axes = axes_of(what.partition(" ")[0], expected.ndim)
    evidence.close(seen, expected, what, rtol=0, atol=atol, axes=axes, suspects=suspects, either=True)


def equal(evidence: Evidence, seen: Any, expected: Array, what: str) -> None:
    """Require equality; ``what`` starts with the name of the array."""
    axes = axes_of(what.partition(" ")[0], expected.ndim)
    evidence.equal(seen, expected, what, axes=axes, either=True)


def real_probe(seed: int, N: int) -> NDArray[np.complex64]:
    """Probe without imaginary part, of both signs."""
    N = side(N)
    rows, columns = (np.mgrid[:N, :N] - N / 2) / N
    rng = np.random.default_rng(seed)
    wave = np.cos(rng.uniform(8, 12) * columns + rng.uniform(0, 6)) + 0.4 * np.sin(9 * rows)
    return np.asarray(30 * wave * np.exp(-9 * (rows**2 + columns**2)), dtype=np.complex64)
