"""Constant factors, and what they are read as."""

from __future__ import annotations

import numpy as np

from conformance.evidence.mistakes.factors import factor_in_words, is_common, readings
from tests.diagnosis.differences import STACK, drawn, told


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
