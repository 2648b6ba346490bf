"""What the message of a failure says of the cause."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Explanation, seconded
from tests.diagnosis.differences import STACK, drawn, sentence_of, told


def test_what_is_fitted_is_a_pattern_not_a_cause() -> None:
    expected = drawn(5, 8, 8)
    factor, squared = told(expected * 3, expected, STACK)[0], told(expected**2, expected, STACK)[0]
    assert (factor.pattern, squared.pattern) == (True, False)
    assert "Pattern: a constant factor" in sentence_of(expected * 3, expected)
    assert "Cause: the values are squared" in sentence_of(expected**2, expected)


def test_several_names_are_offered_as_possible() -> None:
    expected = drawn(3, 8, 8)
    equal = {"one thing": expected**2, "another thing": expected**2}
    assert "Possible causes: one thing; or another thing" in sentence_of(expected**2, expected, suspects=equal)


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
