"""Faults that show where two features meet in one call: a dtype and a shape, a layout and a content."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests.zoo.unseen.conditions import (
    DTYPES,
    OPTIONS,
    Condition,
    of_content,
    of_dtype,
    of_layout,
    of_number,
    of_options,
    of_size,
)
from tests.zoo.unseen.scenes import SETTINGS, Scene

Generator = np.random.Generator
OBLONG: Mapping[str, str] = {
    "translate": "images",
    "patches": "obj",
    "measure": "obj",
    **dict.fromkeys(("load", "assemble", "group", "save", "split", "batches"), "objectGuess"),
}
"""Arrays that need not be square."""


def of_shape(method: str, rng: Generator) -> Condition:
    """More rows than columns, or more columns than rows."""
    name, tall = OBLONG[method], bool(rng.integers(2))

    def change(scene: Scene, _: Generator) -> None:
        held = scene.arrays[name]
        most = min(held.shape[-2:])
        scene.arrays[name] = held[..., :most, : most * 3 // 4] if tall else held[..., : most * 3 // 4, :most]

    def holds(scene: Scene) -> bool:
        shape = np.shape(scene.arrays.get(name))
        return len(shape) > 1 and (shape[-2] > shape[-1] if tall else shape[-2] < shape[-1])

    return Condition("shape", f"{name} is {'tall' if tall else 'wide'}", holds, change=change)


def of_pair(method: str, rng: Generator) -> Condition:
    """Two features of different kinds, made in an order in which neither undoes the other."""
    kinds: list[Callable[[str, Generator], Condition]] = [of_content, of_number, of_size]
    kinds += [of_options] if method in OPTIONS else []
    kinds += [of_shape] if method in OBLONG else []
    kinds += [of_dtype, of_dtype, of_layout, of_layout] if method in DTYPES else []
    numbers = sorted(int(i) for i in rng.permutation(len(kinds))[:2])
    one, other = (kinds[i](method, rng) for i in numbers)

    def change(scene: Scene, drawing: Generator) -> None:
        one.change(scene, drawing)
        other.change(scene, drawing)

    return Condition(
        "pair of features",
        f"{one.words} and {other.words}",
        lambda scene: one.holds(scene) and other.holds(scene),
        {**one.sizes, **other.sizes},
        change,
    )


METHODS_OF_ARRAYS = tuple(one for one in {**DTYPES, **OPTIONS} if one not in SETTINGS)
