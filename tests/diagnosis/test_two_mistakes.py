"""Two mistakes at once are named together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.diagnosis.differences import GROUPS, PLACES, STACK, Array, drawn, told, waves

COMPOSED: dict[str, tuple[Callable[[Array], Array], Array, tuple[str, ...]]] = {
    "x is mirrored, and a constant factor: everything is 2 times too large": (
        lambda v: v * [[-2], [2]],
        drawn(9, 1, 2, 4),
        PLACES,
    ),
    "rows and columns are exchanged, and a constant factor: everything is 8 times too small; that is N": (
        lambda v: np.swapaxes(v, 1, 2) / 8,
        drawn(5, 8, 8),
        STACK,
    ),
    "the frames are in reverse order, and the values are squared": (lambda v: v[::-1] ** 2, drawn(7, 8, 8), STACK),
    "the channel grid is transposed, and the frames are flipped left to right": (
        lambda v: v[:, :, ::-1][..., [0, 2, 1, 3]],
        drawn(5, 8, 8, 4),
        GROUPS,
    ),
    "each group is paired with the next one, and x and y are exchanged": (
        lambda v: np.roll(v, -1, 0)[:, :, ::-1],
        drawn(9, 1, 2, 4),
        PLACES,
    ),
    "an fftshift is missing or done twice, and the values are conjugated": (
        lambda v: np.conj(np.fft.fftshift(v, (1, 2))),
        waves(5, 8, 8),
        STACK,
    ),
    "the values are conjugated, and the sign is flipped": (lambda v: -np.conj(v), waves(5, 8, 8), STACK),
    "the values wrapped at 128, with a sign, and the sign is lost": (
        lambda v: np.abs(v.astype(np.uint8).view(np.int8).astype(float)),
        np.arange(256.0).reshape(4, 8, 8),
        STACK,
    ),
}


@pytest.mark.parametrize(
    ("name", "mistake", "expected", "axes"), [(n, *r) for n, r in COMPOSED.items()], ids=list(COMPOSED)
)
def test_two_mistakes_at_once_are_named(
    name: str, mistake: Callable[[Array], Array], expected: Array, axes: tuple[str, ...]
) -> None:
    best = told(mistake(expected), expected, axes)[0]
    assert best.sentence.startswith(name)
    assert best.certain
