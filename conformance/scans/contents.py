"""What numbers an array may hold, legal and degenerate: of one phase, all alike, mostly dark, of every decade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.contract.types import Array

Content = Callable[[Array, np.random.Generator], Array]


def _mostly_dark(values: Array, rng: np.random.Generator) -> Array:
    """Light in few, and neither in the first nor in the last of them."""
    number = np.arange(len(values))
    lit = (number % 3 == 1) & (number < max(2, len(values) - 1)) if len(values) > 1 else number == 0
    return np.where(_along_first(lit, values), values, 0)


def _outshone(factor: float) -> Content:
    """One among others that is so many times as bright."""

    def outshone(values: Array, rng: np.random.Generator) -> Array:
        kept, one = values.copy(), int(rng.integers(len(values)))
        kept[one] = kept[one] * factor
        return kept

    return outshone


def _spotted(values: Array, rng: np.random.Generator) -> Array:
    kept = values.copy()
    kept.flat[int(rng.integers(kept.size))] *= 5e3
    return kept


def _bordered(values: Array, rng: np.random.Generator) -> Array:
    """Nothing along the borders, in the left half and in the upper one."""
    kept, (height, width) = np.zeros_like(values), values.shape[-2:]
    lit = (..., slice(height // 2, -1), slice(width // 2, -1))
    kept[lit] = values[lit]
    return kept


def _along_first(row: Array, values: Array) -> Array:
    return row.reshape(-1, *(1,) * (values.ndim - 1))


def _of_every_decade(values: Array, rng: np.random.Generator) -> Array:
    return np.asarray(values * 10 ** rng.uniform(-18, 18, values.shape))


IMAGES: dict[str, Content] = {
    "imaginary": lambda values, rng: 1j * values.real,
    "below both axes": lambda values, rng: -np.abs(values.real) - 1j * np.abs(values.imag),
    "negative": lambda values, rng: -np.abs(values.real) + 0j,
    "mostly dark": _mostly_dark,
    "outshone by one": _outshone(3e3),
    "but one hardly seen": _outshone(4e-4),
    "outshone by a pixel": _spotted,
    "of unit energy": lambda values, rng: values / np.linalg.norm(values),
    "dark at a border": _bordered,
}
"""Contents that any images may have among others: of one phase or quadrant, and dark where others are not."""
REPEATED = tuple(IMAGES) * 2
"""As levels that stand alone: what is drawn in some of them is drawn anew in each."""
OF_COMPLEX_NUMBERS = ("imaginary", "below both axes", "of unit energy")
"""Of these, real numbers have no likeness."""

WAVES: dict[str, Content] = {
    "ordinary": lambda values, rng: values,
    "nearly real": lambda values, rng: values.real + 1e-7j * values.imag,
    "pure phase": lambda values, rng: np.exp(1j * np.angle(values)),
    "of tiny phases": lambda values, rng: np.exp(1e-5j * values.real),
    "tiny": lambda values, rng: values * 1e-25,
    "huge": lambda values, rng: values * 1e25,
    "of every decade": _of_every_decade,
    "all alike": lambda values, rng: np.full_like(values, values.flat[0]),
}
CONTENTS = WAVES | IMAGES
"""Makes each content of complex numbers (..., H, W) of order one; the first leaves them as they are. Single precision
holds the result."""


def upright(obj: Array) -> Array:
    """An object (H, W) of more rows than columns, in which every window of the given one lies where it lay."""
    return np.tile(obj, (obj.shape[1] // obj.shape[0] + 1, 1))


def faded(probe: Array) -> Array:
    """Modes (P, N, N), each with three hundredths of the amplitude of the one before."""
    fading = np.float32(0.03) ** np.arange(len(probe), dtype=np.float32)
    return np.asarray(probe * fading[:, np.newaxis, np.newaxis])


def in_complex(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Row whose arrays of these names are complex where its content is one of complex numbers.

    Parameters
    ----------
    row : Mapping
        One level a factor; ``content`` among them, and the dtype of each named array.
    *names : str
    """
    wanted = names if row["content"] in OF_COMPLEX_NUMBERS else ()
    return {**row, **{name: "c8" for name in wanted if np.dtype(row[name]).kind != "c"}}
