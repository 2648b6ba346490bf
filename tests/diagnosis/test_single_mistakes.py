"""One mistake is named first, and for certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.diagnosis.differences import GROUPS, PLACES, STACK, Array, drawn, relative, told, waves


def turned(degrees: float) -> Array:
    """Matrix of a turn."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


NAMED: dict[str, tuple[Callable[[Array], Any], Array, tuple[str, ...]]] = {
    "x and y are exchanged": (lambda v: v[:, :, ::-1], relative(), PLACES),
    "the sign of x and y is flipped: mirrored about the group centre": (lambda v: -v, relative(), PLACES),
    "x is mirrored": (lambda v: v * [[-1], [1]], relative(), PLACES),
    "y is mirrored": (lambda v: v * [[1], [-1]], relative(), PLACES),
    "y stands in place of x too": (lambda v: v[:, [1, 1]], drawn(20, 2), ("position", "xy")),
    "positions are mirrored about the group centre": (
        lambda v: 2 * v.mean(axis=3, keepdims=True) - v,
        drawn(9, 1, 2, 4),
        PLACES,
    ),
    "the origin is moved: x by -3 and y by 5": (lambda v: v + np.array([-3.0, 5.0]), drawn(20, 2), ("position", "xy")),
    "positions are turned: by 10 degrees": (lambda v: v @ turned(10).T, drawn(20, 2), ("position", "xy")),
    "in y alone, the values are rounded to whole numbers": (
        lambda v: np.stack([v[:, 0], np.round(v[:, 1])], axis=1),
        drawn(20, 2),
        ("position", "xy"),
    ),
    "rows and columns are exchanged: the frames are transposed": (
        lambda v: np.swapaxes(v, 1, 2),
        drawn(5, 8, 8),
        STACK,
    ),
    "the frames are flipped top to bottom": (lambda v: v[:, ::-1], drawn(5, 8, 12), STACK),
    "the frames are flipped left to right": (lambda v: v[:, :, ::-1], drawn(5, 8, 12), STACK),
    "the frames are turned by 180 degrees": (lambda v: v[:, ::-1, ::-1], drawn(5, 8, 12), STACK),
    "the frames are turned by 90 degrees": (lambda v: np.rot90(v, -1, (1, 2)), drawn(5, 8, 8), STACK),
    "the image is flipped top to bottom": (lambda v: v[::-1], waves(25, 31), ("row", "column")),
    "rows and columns are mirrored through pixel N/2": (
        lambda v: np.roll(v[:, ::-1, ::-1], (1, 1), (1, 2)),
        drawn(5, 8, 8),
        STACK,
    ),
    "an fftshift is missing or done twice": (lambda v: np.fft.ifftshift(v, (1, 2)), drawn(5, 8, 12), STACK),
    "the fftshift of the columns is missing or done twice": (
        lambda v: np.fft.ifftshift(v, 2),
        drawn(5, 8, 12),
        STACK,
    ),
    "the content is shifted by 2 rows and -3 columns, with wrap-around": (
        lambda v: np.roll(v, (2, -3), (1, 2)),
        drawn(5, 16, 12),
        STACK,
    ),
    "the frames are in reverse order": (lambda v: v[::-1], drawn(7, 8, 8), STACK),
    "each frame is paired with the next one": (lambda v: np.roll(v, -1, 0), drawn(7, 8, 8), STACK),
    "each frame is paired with the previous one": (lambda v: np.roll(v, 1, 0), drawn(7, 8, 8), STACK),
    "the frames are interleaved": (
        lambda v: v.reshape(4, 3, 8, 8).swapaxes(0, 1).reshape(12, 8, 8),
        drawn(12, 8, 8),
        STACK,
    ),
    "every group holds what belongs to the last one": (lambda v: v[[-1] * 7], drawn(7, 8, 8, 4), GROUPS),
    "the numbers of the positions wrapped at 256": (
        lambda v: v[np.arange(300) % 256],
        drawn(300, 2),
        ("position", "xy"),
    ),
    "the channel grid is transposed": (lambda v: v[..., [0, 2, 1, 3]], drawn(5, 8, 8, 4), GROUPS),
    "the groups are in another order": (
        lambda v: v[np.random.default_rng(3).permutation(9)],
        drawn(9, 8, 8, 4),
        GROUPS,
    ),
    "some groups hold what belongs to others: group 3 holds what belongs to group 5": (
        lambda v: v[[0, 1, 2, 5, 4, 5, 6]],
        drawn(7, 8, 8, 4),
        GROUPS,
    ),
    "the axes frame, row, column are in another order": (lambda v: np.moveaxis(v, 2, 0), drawn(8, 8, 8), STACK),
    "grid rows and grid columns are exchanged": (
        lambda v: np.swapaxes(v, 1, 2),
        drawn(3, 3, 3, 8, 8),
        ("group", "grid row", "grid column", "row", "column"),
    ),
    "memory in Fortran order is read as if in C order": (
        lambda v: v.ravel("F").reshape(v.shape),
        drawn(5, 8, 12),
        STACK,
    ),
    "the axes are reshaped where they must be moved": (
        lambda v: np.moveaxis(v, 3, 1).reshape(v.shape),
        drawn(5, 8, 8, 9),
        GROUPS,
    ),
    "the sign is flipped": (np.negative, waves(5, 8, 8).real, STACK),
    "the sign is lost": (np.abs, waves(5, 8, 8).real, STACK),
    "negative values are cut to zero": (lambda v: np.maximum(v, 0), waves(5, 8, 8).real, STACK),
    "the values are squared: intensity in place of amplitude": (np.square, drawn(5, 8, 8), STACK),
    "the square root was taken: amplitude in place of intensity": (np.sqrt, drawn(5, 8, 8), STACK),
    "the logarithm of 1 + value was taken": (np.log1p, drawn(5, 8, 8), STACK),
    "angles run from 0 to 2 pi": (lambda v: np.mod(v, 2 * np.pi), np.angle(waves(5, 8, 8)), STACK),
    "the values are conjugated": (np.conj, waves(5, 8, 8), STACK),
    "the phase is dropped: only the modulus is left": (np.abs, waves(5, 8, 8), STACK),
    "the imaginary part is dropped": (np.real, waves(5, 8, 8), STACK),
    "the modulus is dropped": (lambda v: np.exp(1j * np.angle(v)), waves(5, 8, 8), STACK),
    "real and imaginary parts are exchanged": (lambda v: v.imag + 1j * v.real, waves(5, 8, 8), STACK),
    "the phase is off by a constant: by 0.7 rad": (lambda v: v * np.exp(0.7j), waves(5, 8, 8), STACK),
    "the moduli are cut off at a maximum: at 1.5": (
        lambda v: v * np.minimum(1, 1.5 / np.abs(v)),
        waves(5, 8, 8),
        STACK,
    ),
    "the values are rounded to whole numbers": (np.round, drawn(5, 8, 8), STACK),
    "the values are rounded to 3 decimals": (lambda v: np.round(v, 3), drawn(5, 8, 8), STACK),
    "the fractions are cut off": (np.trunc, drawn(5, 8, 8), STACK),
    "the values wrapped at 256": (lambda v: v % 256, np.arange(100, 900).reshape(5, 160), ("frame", "pixel")),
    "the values wrapped at 32768, with a sign": (
        lambda v: v.astype(np.uint16).view(np.int16),
        np.arange(0, 64000, 500).reshape(8, 16),
        ("frame", "pixel"),
    ),
    "the values are cut off at a maximum: at 4": (lambda v: np.minimum(v, 4), drawn(5, 8, 8), STACK),
    "the values are narrowed to float32": (lambda v: v.astype(np.float32), drawn(5, 8, 8) * 1e4, STACK),
    "the values are narrowed to float16": (lambda v: v.astype(np.float16), drawn(5, 8, 8), STACK),
    "the bytes are read in the wrong order": (
        lambda v: v.byteswap(),
        np.arange(100, 900, dtype=np.uint32).reshape(5, 160),
        ("frame", "pixel"),
    ),
    "a constant factor: everything is 3.7 times too large": (lambda v: v * 3.7, drawn(5, 8, 8), STACK),
    "a constant factor: everything is 44.1 times too small": (lambda v: v / 44.1, drawn(5, 8, 8), STACK),
    "everything is off by a constant: by 2.5 too large": (lambda v: v + 2.5, drawn(5, 8, 8), STACK),
    "everything is scaled and offset: brought to 0 … 1": (
        lambda v: (v - v.min()) / (v.max() - v.min()),
        drawn(5, 8, 8),
        STACK,
    ),
    "positions are changed linearly: x becomes 1 x +0.2 y +0 and y becomes 0 x +1 y +3": (
        lambda v: np.stack([v[:, 0] + 0.2 * v[:, 1], v[:, 1] + 3], axis=1),
        drawn(20, 2),
        ("position", "xy"),
    ),
    "some values are off by a constant: 30 of 320 by 1": (
        lambda v: v + (np.arange(320) < 30).reshape(v.shape),
        drawn(5, 8, 8),
        STACK,
    ),
    "everything is zero": (np.zeros_like, drawn(5, 8, 8), STACK),
    "everything is one constant: 7": (lambda v: np.full_like(v, 7), drawn(5, 8, 8), STACK),
    "a part is zero and the rest is right: 128 of 320 values, at frame 3 to 4": (
        lambda v: v * (np.arange(5) < 3)[:, None, None],
        drawn(5, 8, 8),
        STACK,
    ),
    "faint values are set to zero": (lambda v: np.where(v < 2, 0, v), drawn(5, 8, 8), STACK),
    "values are NaN or infinite: 64 of 320 values are, at frame 2": (
        lambda v: np.where(np.arange(5)[:, None, None] == 2, np.nan, v),
        drawn(5, 8, 8),
        STACK,
    ),
    "running numbers stand in place of the values": (
        lambda v: np.arange(v.size).reshape(v.shape),
        np.random.default_rng(2).integers(0, 999, (9, 4)),
        ("group", "channel"),
    ),
    "the values are sorted along channel": (
        lambda v: np.sort(v, axis=1),
        np.random.default_rng(2).integers(0, 999, (9, 4)),
        ("group", "channel"),
    ),
    "the mean along position is subtracted": (lambda v: v - v.mean(axis=0), drawn(20, 3), ("position", "column")),
    "each frame is off by a factor of its own: all are brought to one energy": (
        lambda v: v / np.sqrt((v**2).sum(axis=(1, 2), keepdims=True)),
        drawn(5, 8, 8),
        STACK,
    ),
    "each frame is off by an offset of its own: its own minimum is subtracted": (
        lambda v: v - v.min(axis=(1, 2), keepdims=True),
        drawn(5, 8, 8),
        STACK,
    ),
    "every frame is multiplied by one and the same window": (
        lambda v: v * np.outer(np.hanning(10)[1:-1], np.hanning(10)[1:-1]),
        drawn(5, 8, 8),
        STACK,
    ),
}


@pytest.mark.parametrize(
    ("name", "mistake", "expected", "axes"), [(n, *rest) for n, rest in NAMED.items()], ids=list(NAMED)
)
def test_a_mistake_is_named_first_and_for_certain(
    name: str, mistake: Callable[[Array], Any], expected: Array, axes: tuple[str, ...]
) -> None:
    best = told(mistake(expected), expected, axes)[0]
    assert best.sentence.startswith(name)
    # Two of its cases fit more than one name: a mean that is taken off moves the origin too, and so on.
    assert best.certain or name.startswith(("values are NaN", "everything is zero", "positions are turned"))


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_mistakes_made_in_single_precision_are_named_too(dtype: str) -> None:
    expected = (drawn(7, 8, 8, 4) if dtype == "float32" else waves(7, 8, 8, 4)).astype(dtype)
    for name, seen in (
        ("each group is paired", np.roll(expected, 1, 0)),
        ("a constant factor", expected * np.asarray(3.3, dtype)),
        ("rows and columns are exchanged", np.swapaxes(expected, 1, 2)),
        ("the sign is flipped", -expected),
    ):
        best = told(seen, expected.astype(np.complex128 if dtype == "complex64" else np.float64), GROUPS)[0]
        assert best.sentence.startswith(name)
        assert best.certain
