"""Checks of conduct (CND): methods are right by the convention that the adapter states."""

from __future__ import annotations

from conformance.backends.conventions import Convention
from conformance.backends.subject import Subject
from conformance.engine.declaration import check
from conformance.engine.stated_conventions import NEITHER, asked_of, fits, fitting, told
from conformance.evidence.breakdown import NOT_DECIDING
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import side


@check("CND-027", any_of=["patches", "reassemble", "translate", "simulate", "noisy", "measure"])
def test_the_convention_is_the_one_that_is_stated(subject: Subject, evidence: Evidence) -> None:
    """One plain call of every method that a statement concerns: whole positions well inside, structured arrays."""
    N = side(8)
    for method in asked_of(subject):
        stated = told(method, Convention(), subject.convention)
        right, error = False, None
        try:
            right = fits(subject, method, N)
        except NOT_DECIDING:
            raise
        except Exception as raised:  # noqa: BLE001 - what ends so may be taken in another convention
            error = raised
        other = None if right else fitting(subject, method, N)
        if error is not None and other is None:
            raise error
        instead = told(method, subject.convention, other) if other else ""
        also = f"what it gives fits {instead}" if other else NEITHER
        evidence.holds(right, f"{method} is wrong by the convention that is stated, {stated}: {also}")
