"""What ends in an error of this suite's own refuses nothing, whatever a check calls it in."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.adapter import GroupRequest
from conformance.backends.guard import Guard
from conformance.checks.grouping.members import indices_of
from conformance.engine.stated_refusals import error_of
from conformance.evidence.breakdown import of_the_suite
from conformance.evidence.evidence import Evidence, Violation


class Refusing:
    """Refuses every side but eight, in an error of Python's own."""

    name = "refusing"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        if N != 8:
            raise KeyError(N)
        return np.zeros((len(centres_xy), N, N))


def within_a_check(source: str, **names: Any) -> Callable[[], Any]:
    """Make a function of the source that belongs to a module of checks."""
    module = types.ModuleType("conformance.checks.patches.test_nothing")
    vars(module).update(names)
    return eval(f"lambda: {source}", vars(module))  # type: ignore[no-any-return]


def called(source: str) -> Callable[[], Any]:
    """Make what a check would do with an adapter, and with what it gave."""
    return within_a_check(source, adapter=Guard(Refusing()), at=np.ones((2, 2)), np=np)


def right() -> None:
    """Do what is valid."""


@pytest.mark.parametrize("source", ["adapter.patches(None, at, 9)", "np.abs(adapter.patches(None, at, 9))"])
def test_what_the_adapter_raises_is_a_refusal(source: str) -> None:
    assert isinstance(Evidence().refused(called(source), "nine pixels", beside=right), KeyError)
    assert isinstance(error_of(called(source)), KeyError)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("adapter.patches(None, at.nothing, 9)", AttributeError),
        ("adapter.patches(None, at, 8)['object']", IndexError),
        ("np.stack([])", ValueError),
        ("at[:, 5]", IndexError),
    ],
)
def test_what_the_check_raises_is_none(source: str, kind: type[Exception]) -> None:
    asks: tuple[Callable[[], Any], ...] = (
        lambda: Evidence().refused(called(source), "it", beside=right),
        lambda: error_of(called(source)),
    )
    for ask in asks:
        with pytest.raises(kind) as caught:
            ask()
        assert of_the_suite(caught.value)
    with pytest.raises(kind):
        Evidence().unless_refused(called(source), "it")


def test_a_violation_within_stays_one() -> None:
    """A result without members was given, and refused by nobody."""
    asked = within_a_check("found({'nn_indices': []}, asked)", found=indices_of, asked=GroupRequest(8))
    with pytest.raises(Violation, match="nn_indices has shape"):
        Evidence().refused(asked, "it", beside=right)


def test_an_error_that_no_suite_raised_is_a_refusal() -> None:
    def other() -> None:
        raise ValueError("no")

    assert str(Evidence().refused(other, "it", beside=right)) == "no"
