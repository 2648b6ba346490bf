"""Checks of conduct (CND) with one argument at a time in another memory layout, or of another dtype."""

from __future__ import annotations

import itertools

from conformance.backends.subject import Subject
from conformance.checks.conduct.laid_calls import COME_IN, laid_calls, typed_calls
from conformance.checks.conduct.results import same
from conformance.checks.conduct.sound_calls import CALLED
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence

OF_ARRAYS = tuple(one for one in CALLED if one not in ("configure", "bridge"))


@check("CND-001", any_of=OF_ARRAYS)
def test_no_argument_is_changed_however_it_lies_and_of_whatever_type(subject: Subject, evidence: Evidence) -> None:
    """Where one has to be converted, another is often taken for a copy."""
    for made in itertools.chain(laid_calls(subject), typed_calls(subject)):
        changed = ", ".join(made.touched[:3])
        evidence.holds(not changed, f"{made.call.method} of {made.what} changed its argument {changed}.")


@check("CND-003", any_of=OF_ARRAYS)
def test_each_argument_in_each_layout(subject: Subject, evidence: Evidence) -> None:
    for laid in laid_calls(subject):
        if laid.plain is not None:
            expected = laid.plain.answer()
            seen = evidence.accepted(laid.answer, f"{laid.call.method} of {laid.what}")
            same(evidence, seen, expected, laid.call, f"of {laid.what}")


@check("CND-015", any_of=OF_ARRAYS)
def test_no_layout_and_no_type_is_a_cause_to_warn(subject: Subject, evidence: Evidence) -> None:
    for made in itertools.chain(laid_calls(subject), typed_calls(subject)):
        more = made.warned[len(made.plain.warned if made.plain else ()) :]
        evidence.holds(not more or made.error is not None, f"{made.call.method} warns of {made.what}: {more[:1]}")


@check("CND-019", any_of=tuple(one for one in OF_ARRAYS if one not in COME_IN))
def test_number_types_carry_no_meaning(subject: Subject, evidence: Evidence) -> None:
    """Each argument in each dtype of its domain, against the same numbers in the widest one."""
    for typed in typed_calls(subject):
        if typed.plain is not None:
            expected = typed.plain.answer()
            seen = evidence.accepted(typed.answer, f"{typed.call.method} of {typed.what}")
            same(evidence, seen, expected, typed.call, f"of {typed.what}, against {typed.plain.what}")
