"""Arrays none of whose numbers are alike, and what the diagnosis says of two that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Explanation, explain

Array = NDArray[Any]
STACK = ("frame", "row", "column")
GROUPS = ("group", "row", "column", "channel")
PLACES = ("group", "unit", "xy", "channel")


def told(seen: Array, expected: Array, axes: tuple[str, ...] = (), **more: Any) -> tuple[Explanation, ...]:
    """Explain a difference between two arrays that should be equal."""
    return explain(np.asarray(seen), np.asarray(expected), axes=axes, rtol=0.0, atol=0.0, **more)


def drawn(*shape: int, seed: int = 1) -> Array:
    """Positive numbers, none like another."""
    return np.random.default_rng(seed).uniform(0.1, 9.0, shape)


def waves(*shape: int, seed: int = 1) -> Array:
    """Complex numbers, none like another."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))


def relative(seed: int = 1) -> Array:
    """Relative coordinates of nine groups of four."""
    absolute = drawn(9, 1, 2, 4, seed=seed)
    return np.asarray(absolute.mean(axis=3, keepdims=True) - absolute)


def sentence_of(seen: Any, expected: Any, **more: Any) -> str:
    """Return what the evidence says."""
    with pytest.raises(Violation) as caught:
        Evidence().close(seen, expected, "X", rtol=0.0, atol=0.0, axes=STACK, **more)
    return caught.value.sentence
