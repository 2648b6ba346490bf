"""The diagnosis names the right mistake, and never a wrong one for certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.evidence import explanation as diagnosis
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Explanation, explain, seconded
from conformance.evidence.mistakes import comparison
from conformance.evidence.mistakes.comparison import Comparison
from conformance.evidence.mistakes.factors import factor_in_words, is_common, readings
from conformance.evidence.mistakes.mistake import Mistake
from conformance.evidence.mistakes.part import numbered, sliced
from conformance.evidence.mistakes.place import arrangements, coordinates, frames, lists
from conformance.evidence.mistakes.value import values
from tests.zoo.diagnoses import DIAGNOSES, Undescribable
from tests.zoo.diagnosis import RIGHT, cases, score

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


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((7, 8, 8), STACK),
        ((5, 8, 8, 4), GROUPS),
        ((9, 1, 2, 4), PLACES),
        ((40,), ("frame",)),
        ((6, 5, 4), ()),
        ((), ()),
    ],
)
@pytest.mark.parametrize("made", [drawn, waves])
def test_nothing_is_named_where_nothing_explains(shape: tuple[int, ...], axes: tuple[str, ...], made: Any) -> None:
    assert told(made(*shape, seed=2), made(*shape, seed=3), axes) == ()


def symmetric(values: Array) -> Array:
    """Frames that no flip or turn changes."""
    both = values + values[:, ::-1] + values[:, :, ::-1] + values[:, ::-1, ::-1]
    return np.asarray(both + np.swapaxes(both, 1, 2))


rng = np.random.default_rng(5)
HARD: dict[str, tuple[Array, tuple[str, ...]]] = {
    "frames": (drawn(7, 8, 8), STACK),
    "oblong frames": (drawn(7, 8, 12), STACK),
    "waves": (waves(7, 8, 8), STACK),
    "groups": (drawn(5, 8, 8, 9), GROUPS),
    "relative": (relative(), PLACES),
    "positions": (drawn(20, 2), ("position", "xy")),
    "x like y": (np.repeat(drawn(20, 1), 2, axis=1), ("position", "xy")),
    "raster": (np.stack([np.tile(np.arange(6.0), 5), np.repeat(np.arange(5.0), 6)], 1), ("position", "xy")),
    "indices": (rng.permutation(40).reshape(10, 4), ("group", "channel")),
    "labels": (rng.integers(0, 4, 30), ("frame",)),
    "counts": (rng.integers(0, 60000, (6, 8, 8)), STACK),
    "two values": (rng.choice([2.0, 4.0], (6, 8, 8)), STACK),
    "zeros and ones": (rng.integers(0, 2, (6, 8, 8)).astype(float), STACK),
    "constant": (np.full((6, 8, 8), 2.0), STACK),
    "symmetric": (symmetric(drawn(6, 8, 8)), STACK),
    "equal frames": (np.repeat(drawn(1, 8, 8), 6, axis=0), STACK),
    "proportional frames": (np.arange(1, 8)[:, None, None] * drawn(8, 8), STACK),
    "palindrome": (np.concatenate([drawn(5, 8, 8), drawn(5, 8, 8)[::-1]]), STACK),
    "one frame": (drawn(1, 8, 8), STACK),
    "two frames": (drawn(2, 8, 8), STACK),
    "three frames": (drawn(3, 8, 8), STACK),
    "pulses": (5.0 * np.eye(64).reshape(64, 8, 8)[[3, 9]], STACK),
    "cube": (drawn(8, 8, 8), STACK),
    "real waves": (waves(6, 8, 8).real + 0j, STACK),
    "unit waves": (np.exp(1j * rng.uniform(-3, 3, (6, 8, 8))), STACK),
    "five numbers": (drawn(5), ("frame",)),
    "one number": (np.array(3.3), ()),
    "no names": (drawn(6, 5, 4), ()),
}


def mistakes_on(expected: Array, axes: tuple[str, ...]) -> list[tuple[Mistake, Array]]:
    """Every mistake of the catalogue that needs no fitting, and what it gives."""
    c = Comparison.of(expected * 1.7 + 0.3, expected, axes, 0.0, 0.0)
    found = []
    with np.errstate(all="ignore"):
        for of in (coordinates, frames, lists, arrangements, values, numbered, sliced):
            for one in of(c):
                given = one.gives(c).reshape(np.shape(expected))
                given = given if np.iscomplexobj(expected) else given.real
                if not one.fitted and np.isfinite(given).all() and not np.array_equal(given, expected):
                    found.append((one, given))
    return found


@pytest.mark.parametrize("case", HARD)
def test_no_wrong_name_is_certain(case: str) -> None:
    expected, axes = HARD[case]
    for mistake, seen in mistakes_on(expected, axes):
        found = told(seen, expected, axes)
        assert mistake.name in [one.name for one in found], f"{mistake.name} is not even possible"
        assert not found[0].certain or found[0].name == mistake.name, f"{mistake.name}: {found[0]}"


@pytest.mark.parametrize("case", ["x like y", "two values", "zeros and ones", "constant", "one number", "five numbers"])
def test_on_data_that_cannot_tell_nothing_of_values_is_certain(case: str) -> None:
    expected, axes = HARD[case]
    for seen in (expected * 2, expected + 1, expected**2, np.sqrt(expected), np.minimum(expected, 3)):
        if not np.array_equal(seen, expected) and case != "x like y" and case != "five numbers":
            assert not any(one.certain for one in told(seen, expected, axes))
    if case == "x like y":
        assert not told(expected[::-1], expected, axes)[0].name.startswith("x and y")


def test_of_few_frames_no_order_is_certain() -> None:
    for count in (2, 3, 4, 5):
        expected = drawn(count, 8, 8)
        assert not told(expected[::-1], expected, STACK)[0].certain
    assert told(drawn(6, 8, 8)[::-1], drawn(6, 8, 8), STACK)[0].certain


def test_what_is_fitted_is_a_pattern_not_a_cause() -> None:
    expected = drawn(5, 8, 8)
    factor, squared = told(expected * 3, expected, STACK)[0], told(expected**2, expected, STACK)[0]
    assert (factor.pattern, squared.pattern) == (True, False)
    assert "Pattern: a constant factor" in sentence_of(expected * 3, expected)
    assert "Cause: the values are squared" in sentence_of(expected**2, expected)


def sentence_of(seen: Any, expected: Any, **more: Any) -> str:
    """Return what the evidence says."""
    with pytest.raises(Violation) as caught:
        Evidence().close(seen, expected, "X", rtol=0.0, atol=0.0, axes=STACK, **more)
    return caught.value.sentence


def test_several_names_are_offered_as_possible() -> None:
    expected = drawn(3, 8, 8)
    equal = {"one thing": expected**2, "another thing": expected**2}
    assert "Possible causes: one thing; or another thing" in sentence_of(expected**2, expected, suspects=equal)


def test_suspects_come_first_and_are_computed_on_failure_only() -> None:
    expected = drawn(7, 8, 8)
    asked = []

    def suspects() -> dict[str, Any]:
        asked.append(1)
        return {"a mask is applied": expected * (expected > 3), "never": lambda: 1 / 0}

    Evidence().close(expected, expected, "X", rtol=0.0, atol=0.0, axes=STACK, suspects=suspects)
    with pytest.raises(Violation) as caught:
        Evidence().equal(expected * 2, expected, "X", suspects=suspects)
    assert not asked
    assert caught.value.explanations
    assert asked == [1]
    best = told(expected * (expected > 3), expected, STACK, suspects=suspects)[0]
    assert (best.name, best.certain) == ("a mask is applied", True)


def test_a_suspect_that_fails_hides_nothing() -> None:
    def broken() -> dict[str, Any]:
        raise ZeroDivisionError

    expected = drawn(7, 8, 8)
    assert told(expected**2, expected, STACK, suspects=broken)[0].name == "the values are squared"


def test_two_suspects_that_agree_are_not_certain() -> None:
    expected = drawn(7, 8, 8)
    both = {"this": np.sin(expected), "that": np.sin(expected) * (1 + 1e-9)}
    assert [one.certain for one in told(np.sin(expected), expected, STACK, suspects=both)] == [False, False]


def test_a_suspect_may_say_what_a_known_mistake_means() -> None:
    expected = drawn(7, 8, 8)
    named = {"the values are squared: Y_I is the intensity": expected**2}
    assert told(expected**2, expected, STACK, suspects=named)[0].certain


def test_a_factor_that_many_mistakes_give_makes_no_suspect_certain() -> None:
    expected = drawn(7, 8, 8)
    for factor, certain in ((2.0, False), (np.sqrt(3), False), (8.0, False), (0.5, False), (44.1, True), (1.7, True)):
        best = told(expected * factor, expected, STACK, suspects={"it was scaled": expected * factor})[0]
        assert (best.name, best.certain) == ("it was scaled", certain)
        assert factor_in_words(factor) in best.sentence


def test_factors_are_read() -> None:
    assert readings(8.0, {"N": 8, "C": 4}) == ("N", "C·sqrt(C)")
    assert readings(1 / 64, {"N": 8}) == ("N²",)
    assert readings(2.0, {"C": 4}) == ("sqrt(C)", "C/2")
    assert readings(255.0, {}) == ("255, the largest number of 8 bits",)
    assert readings(7.123, {"N": 8}) == ()
    assert is_common(np.sqrt(2), {})
    assert not is_common(44.1, {"N": 8})
    assert factor_in_words(1.0025) == "everything is 0.25 % too large"


def test_a_division_by_a_statistic_is_recognised() -> None:
    expected = drawn(7, 8, 8)
    for words, divisor in (("largest modulus", expected.max()), ("sum of the moduli", expected.sum())):
        assert f"a division by the {words}" in told(expected / divisor, expected, STACK)[0].sentence


def test_the_result_that_it_is_compared_with_may_be_the_wrong_one() -> None:
    expected = drawn(7, 8, 8)
    assert told(expected, np.round(expected), STACK) == ()
    best = told(expected, np.round(expected), STACK, either=True)[0]
    assert best.name == "in the result that it is compared with, the values are rounded to whole numbers"


SHAPES: dict[str, tuple[Array, Array, tuple[str, ...]]] = {
    "rows and columns are exchanged": (waves(25, 37).T, waves(25, 37), ("row", "column")),
    "only the first mode is left": (waves(3, 8, 8)[0], waves(3, 8, 8), ("mode", "row", "column")),
    "the modes are summed": (waves(3, 8, 8).sum(0), waves(3, 8, 8), ("mode", "row", "column")),
    "the last 2 modes are missing": (waves(3, 8, 8)[:1], waves(3, 8, 8), ("mode", "row", "column")),
    "the first 1 frame is missing": (drawn(7, 8, 8)[1:], drawn(7, 8, 8), STACK),
    "2 frames are missing: 2, 4": (drawn(7, 8, 8)[[0, 1, 3, 5, 6]], drawn(7, 8, 8), STACK),
    "3 frames too many, at the end": (drawn(10, 8, 8), drawn(10, 8, 8)[:7], STACK),
    "2 frames too many: some are repeated": (drawn(7, 8, 8)[[0, 0, 1, 2, 3, 4, 4, 5, 6]], drawn(7, 8, 8), STACK),
    "the array is cropped: 2 rows at the start and 3 at the end": (
        waves(20, 30)[2:-3, 1:],
        waves(20, 30),
        ("row", "column"),
    ),
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


def test_large_arrays_are_explained_as_well() -> None:
    expected = np.random.default_rng(7).uniform(0.1, 9, (300, 64, 64)).astype(np.float32)
    for name, seen in (
        ("the frames are flipped left to right", expected[:, :, ::-1]),
        ("each frame is paired with the previous one", np.roll(expected, 1, 0)),
        ("a constant factor: everything is 2 times too large", expected * 2),
        ("a part is zero and the rest is right", expected * (np.arange(300) < 290)[:, None, None]),
    ):
        best = told(seen, expected, STACK)[0]
        assert best.sentence.startswith(name)
        assert best.certain
    assert told(expected + np.random.default_rng(8).uniform(0, 1, expected.shape), expected, STACK) == ()


def test_of_arrays_too_large_to_compare_in_full_nothing_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_LARGEST", 10_000)
    expected = drawn(400, 8, 8)
    best = told(expected[:, ::-1], expected, STACK, suspects={"no": expected + 1})[0]
    assert (best.name, best.certain) == ("the frames are flipped top to bottom", False)


def test_a_larger_failure_speaks_for_a_smaller_one() -> None:
    evidence, small = Evidence(), drawn(2, 8, 8)
    with pytest.raises(Violation):
        evidence.equal(drawn(9, 8, 8)[::-1] * 0 + np.roll(drawn(9, 8, 8), 1, 0), drawn(9, 8, 8), "X", axes=STACK)
    with pytest.raises(Violation) as caught:
        evidence.equal(np.swapaxes(small, 1, 2), small, "X", axes=STACK)
    # Another mistake than that of the larger failure keeps its own name.
    assert caught.value.explanations[0].name == "rows and columns are exchanged"
    unsure = (Explanation("a", False, "a"), Explanation("b 3", False, "b"))
    assert seconded(unsure, (Explanation("b 7", True, "b"),))[0] == Explanation("b 3", True, "b")
    assert seconded(unsure, (Explanation("c", True, "c"),)) == unsure


def test_text_and_objects_are_not_explained() -> None:
    assert told(np.array(["a", "b"]), np.array(["a", "c"])) == ()


@pytest.mark.filterwarnings("ignore")
def test_the_score_on_the_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Exception] = []
    monkeypatch.setattr(diagnosis, "given_up", lost.append)
    named = [name for name, right in DIAGNOSES.items() if not isinstance(right, Undescribable)]
    table = list(cases(tuple(DIAGNOSES)))
    total = score(table)
    assert not lost, f"suspects of a check could not be computed: {lost[0]!r}"
    assert len(table) >= 0.95 * len(DIAGNOSES), "many faults no longer show as a difference between two arrays"
    assert [case for case in table if case.certainly_wrong] == []
    assert total.share >= 0.9, [case for case in table if case.liar in named and case.verdict != RIGHT]
