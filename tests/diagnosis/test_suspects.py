"""Suspects that a check brings along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.mistakes.factors import factor_in_words
from tests.diagnosis.differences import STACK, drawn, told


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
