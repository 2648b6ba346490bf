"""Arrays that the contract leaves to backends: who does not carry the mask is not judged by it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.backends.discovery import MalformedAdapter, Selected, carried, taken
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import at_python
from conformance.backends.subject import Subject
from conformance.contract.arrays import MASK
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.plan import planned
from conformance.engine.trial import attempt
from ptycho_ref.adapter import RefAdapter

ABOUT_MASKS = [one for one in declarations() if one.carries]


class BeforeMasks(RefAdapter):
    """A backend that knows no mask, and says nothing of it."""

    name = "before masks"
    carries = frozenset[str]()


def test_every_clause_that_is_left_to_backends_has_checks_that_know_it() -> None:
    left = {one.id for one in contract().values() if f"`{MASK}`" in one.applies_to}
    assert len(left) == 10
    assert {clause for one in ABOUT_MASKS for clause in one.clauses} == left


@pytest.mark.parametrize("declaration", ABOUT_MASKS, ids=lambda one: one.name)
def test_who_carries_no_mask_is_not_judged_by_it(declaration, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    subject = Subject(Selected("before masks", BeforeMasks(), frozenset(Stage)), tmp_path)
    (decision,) = attempt(declaration, subject)
    assert decision.outcome is Outcome.NOT_APPLICABLE
    assert "that it carries bad_pixels is not claimed" in decision.reason


def test_masks_are_not_seen_under_a_version_without_them() -> None:
    chosen = [taken(RefAdapter())]
    plan = planned(declarations(), chosen, (), version="1.0")
    assert not [case.name for case in plan.cases if case.declaration.carries]
    assert [case for case in planned(declarations(), chosen, ()).cases if case.declaration.carries]


@pytest.mark.parametrize("said", [("bad_pixel",), "bad_pixels", None, 3, ["bad_pixels"]])
def test_what_an_adapter_says_that_it_carries(said: object) -> None:
    class Saying(RefAdapter):
        carries = said  # type: ignore[assignment]

    if said == ("bad_pixel",):
        with pytest.raises(MalformedAdapter, match="'carries' names bad_pixel; what may stand there: bad_pixels"):
            taken(Saying())
    else:
        assert carried(taken(Saying()).adapter) == ({MASK} if said in (MASK, [MASK]) else set())


def test_an_adapter_elsewhere_tells_what_it_carries() -> None:
    adapter = RemoteAdapter(at_python("ptycho_ref.adapter:RefAdapter", sys.executable))
    try:
        assert carried(adapter) == {MASK}
    finally:
        adapter.end()
