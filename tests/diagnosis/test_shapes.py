"""Mistakes that show in the shape."""

from __future__ import annotations

import pytest

from tests.diagnosis.differences import STACK, Array, drawn, told, waves

SHAPES: dict[str, tuple[Array, Array, tuple[str, ...]]] = {
    "rows and columns are exchanged": (waves(25, 37).T, waves(25, 37), ("row", "column")),
    "only the first mode is left": (waves(3, 8, 8)[0], waves(3, 8, 8), ("mode", "row", "column")),
    "the modes are summed": (waves(3, 8, 8).sum(0), waves(3, 8, 8), ("mode", "row", "column")),
    "the last 2 modes are missing": (waves(3, 8, 8)[:1], waves(3, 8, 8), ("mode", "row", "column")),
    "the first frame is missing": (drawn(7, 8, 8)[1:], drawn(7, 8, 8), STACK),
    "2 frames are missing: 2, 4": (drawn(7, 8, 8)[[0, 1, 3, 5, 6]], drawn(7, 8, 8), STACK),
    "3 frames too many, at the end": (drawn(10, 8, 8), drawn(10, 8, 8)[:7], STACK),
    "2 frames too many: some are repeated": (drawn(7, 8, 8)[[0, 0, 1, 2, 3, 4, 4, 5, 6]], drawn(7, 8, 8), STACK),
    "the array is cropped: the first 2 rows, the last 3 rows and the first column are missing": (
        waves(20, 30)[2:-3, 1:],
        waves(20, 30),
        ("row", "column"),
    ),
    "the values are right, and an axis of length one is too many": (waves(8, 9)[None], waves(8, 9), ("row", "column")),
    "the values are right, only their shape is not": (
        drawn(7, 64),
        drawn(7, 8, 8).reshape(7, 64).reshape(7, 8, 8),
        STACK,
    ),
}


@pytest.mark.parametrize(("name", "seen", "expected", "axes"), [(n, *r) for n, r in SHAPES.items()], ids=list(SHAPES))
def test_mistakes_that_show_in_the_shape_are_named(
    name: str, seen: Array, expected: Array, axes: tuple[str, ...]
) -> None:
    best = told(seen, expected, axes)[0]
    assert best.sentence.startswith(name)
    assert best.certain


def test_shapes_that_nothing_explains_are_not_explained() -> None:
    assert told(drawn(7, 8, 9), drawn(5, 8, 8, seed=2), STACK) == ()
    assert not any(one.certain for one in told(drawn(8, 7, seed=2), drawn(7, 8), ("row", "column")))
