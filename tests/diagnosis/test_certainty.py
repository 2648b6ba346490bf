"""No wrong name is stated as certain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.evidence.explanation import explain
from conformance.evidence.mistakes import comparison
from conformance.evidence.mistakes.comparison import Comparison
from conformance.evidence.mistakes.mistake import Mistake
from conformance.evidence.mistakes.part import numbered, sliced
from conformance.evidence.mistakes.place import arrangements, coordinates, frames, lists
from conformance.evidence.mistakes.value import values
from tests.diagnosis.differences import GROUPS, PLACES, STACK, Array, drawn, relative, told, waves


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


def test_what_is_tiny_is_explained_by_nothing_that_is_tinier() -> None:
    expected = np.random.default_rng(9).integers(3, 255, (6, 8, 8))
    found = explain(expected / 2147483647.0, expected.astype(float), axes=STACK, rtol=0.0, atol=1e-3)
    assert found[0].sentence.startswith("a constant factor: everything is 2.147e+09 times too small")
    assert not any("bytes" in one.name or "zero" in one.name for one in found)


def test_of_few_frames_no_order_is_certain() -> None:
    for count in (2, 3, 4, 5):
        expected = drawn(count, 8, 8)
        assert not told(expected[::-1], expected, STACK)[0].certain
    assert told(drawn(6, 8, 8)[::-1], drawn(6, 8, 8), STACK)[0].certain


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


def test_what_a_narrow_type_cannot_hold_is_not_narrowed_to_it() -> None:
    """It is infinite there, and nothing is as near as that."""
    expected = 2.0**20 + np.round(drawn(20).real * 30)
    for seen in (np.full(20, 30.0), np.minimum(expected, 1000.0)):
        assert not any(one.name == "the values are narrowed to float16" for one in told(seen, expected, ("position",)))
    with np.errstate(over="ignore"):
        infinite = expected.astype(np.float16).astype(np.float64)
    assert told(infinite, expected, ("position",))[0].name == "the values are narrowed to float16"
