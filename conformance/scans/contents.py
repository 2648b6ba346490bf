"""What numbers an array may hold, legal and degenerate: of one phase, all alike, mostly dark, of every decade."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from conformance.contract.types import Array

Content = Callable[[Array, np.random.Generator], Array]


def _partly_dark(values: Array, rng: np.random.Generator) -> Array:
    kept = values.copy()
    kept[len(kept) // 2 :] = 0
    return kept


def _dark_first(values: Array, rng: np.random.Generator) -> Array:
    kept = values.copy()
    kept[0] = 0
    return kept


def _of_every_decade(values: Array, rng: np.random.Generator) -> Array:
    return np.asarray(values * 10 ** rng.uniform(-18, 18, values.shape))


CONTENTS: Mapping[str, Content] = {
    "ordinary": lambda values, rng: values,
    "nearly real": lambda values, rng: values.real + 1e-7j * values.imag,
    "pure phase": lambda values, rng: np.exp(1j * np.angle(values)),
    "of tiny phases": lambda values, rng: np.exp(1e-5j * values.real),
    "tiny": lambda values, rng: values * 1e-25,
    "huge": lambda values, rng: values * 1e25,
    "of every decade": _of_every_decade,
    "partly dark": _partly_dark,
    "dark at first": _dark_first,
    "all alike": lambda values, rng: np.full_like(values, values.flat[0]),
}
"""Makes each content of complex numbers (...) of order one; the first leaves them as they are. Single precision
holds the result."""
