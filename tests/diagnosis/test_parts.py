"""One mistake with some of the values, and what a few values or marks do not bear out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from conformance.evidence.explanation import Explanation, explain
from tests.diagnosis.differences import GROUPS, PLACES, STACK, Array, drawn, relative, waves


def told(seen: Array, expected: Array, axes: tuple[str, ...], **more: Array) -> Explanation | None:
    """Return the first explanation; further arrays are suspects by their names."""
    found = explain(seen, expected, axes=axes, suspects=more, rtol=0.0, atol=1e-9)
    return found[0] if found else None


@pytest.mark.parametrize("count", [12, 900])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("the frames are flipped top to bottom", lambda v: np.flip(v, 1)),
        ("rows and columns are exchanged: the frames are transposed", lambda v: np.swapaxes(v, 1, 2)),
        ("the values are conjugated", np.conj),
    ],
)
def test_some_frames_alone(count: int, name: str, change: Callable[[Array], Array]) -> None:
    expected = waves(count, 8, 8)
    seen = expected.copy()
    seen[count // 3 : count // 2] = change(seen[count // 3 : count // 2])
    first = told(seen, expected, STACK)
    assert first is not None
    assert first.sentence.startswith(f"in a part, {name.partition(':')[0]}")
    assert not first.certain


def test_where_a_part_lies() -> None:
    expected = drawn(900, 8, 8, 4)
    other, seen = drawn(900, 8, 8, 4, seed=2), expected.copy()
    seen[700:850] = other[700:850]
    first = told(seen, expected, GROUPS, known=other)
    assert first is not None
    assert first.sentence == "in a part, known: at group 700 to 849"


def test_a_sign_of_some_groups_is_no_factor_for_each() -> None:
    expected = relative()
    seen = expected.copy()
    seen[1::2] *= -1
    first = told(seen, expected, PLACES)
    assert first is not None
    assert first.sentence.startswith("in a part, the sign of x and y is flipped")
    assert not first.certain


def test_frames_of_marks() -> None:
    expected = np.random.default_rng(3).random((9, 8, 8)) < 0.2
    seen = expected.copy()
    seen[4:] = seen[4:, ::-1]
    first = told(seen, expected, STACK)
    assert first is not None
    assert first.sentence.startswith("in a part, the frames are flipped top to bottom")


def test_a_mean_of_draws_bears_out_no_mistake() -> None:
    assert explain(np.array(0.5294), np.array(0.7), rtol=0.0, atol=0.02) == ()


def test_nothing_but_zero_explains_zero() -> None:
    assert explain(np.array(0.0), np.array(1e8), rtol=0.0, atol=1e6) == ()
    found = explain(np.zeros(9), np.linspace(1e8, 2e8, 9), rtol=0.0, atol=1e6)
    assert found[0].sentence == "everything is zero"


def test_both_parts_of_complex_values_are_rounded() -> None:
    expected = waves(5, 8, 8) * 30
    first = told(np.round(expected), expected, STACK)
    assert first is not None
    assert first.name == "the values are rounded to whole numbers"


def test_squares_in_steps() -> None:
    expected = drawn(5, 8, 8)
    first = told(np.sqrt(np.round(expected**2 * 4) / 4), expected, STACK)
    assert first is not None
    assert first.name == "the squares of the values come in steps, so that faint values are lost"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("only the first channel and the first row are left", lambda v: v[:, 0, :, 0]),
        ("the rows and channels are summed", lambda v: v.sum(axis=(1, 3))),
    ],
)
def test_two_axes_lost(name: str, change: Callable[[Array], Array]) -> None:
    expected = drawn(5, 6, 7, 3)
    first = told(change(expected), expected, ("group", "row", "column", "channel"))
    assert first is not None
    assert set(first.sentence.split()) == set(name.split())
