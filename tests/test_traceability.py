"""Both directions between contract and checks: no clause without a check, no check without a clause."""

from __future__ import annotations

import pytest

from conformance.contract.clauses import Clause, Level, contract
from conformance.engine.catalogue import deciding, declarations


def undecided(clauses: list[Clause], decided: set[str]) -> list[str]:
    """Testable MUST and SHOULD clauses that no check decides."""
    return [c.id for c in clauses if c.testable and c.level is not Level.MAY and c.id not in decided]


def test_every_binding_clause_has_a_check() -> None:
    decided = {clause for one in declarations() for clause in one.clauses}
    assert undecided(list(contract().values()), decided) == []


def test_removing_a_check_is_noticed() -> None:
    only = next(c for c in contract().values() if c.level is Level.MUST and c.testable and len(deciding(c.id)) >= 1)
    decided = {clause for one in declarations() if only.id not in one.clauses for clause in one.clauses}
    assert only.id in undecided(list(contract().values()), decided)


def test_an_untestable_clause_has_no_check_and_a_reason() -> None:
    for clause in contract().values():
        if "Untestable" in clause.notes:
            assert len(clause.notes["Untestable"]) > 20, clause.id
            assert not deciding(clause.id), clause.id


def test_every_check_stands_in_the_module_of_its_stage() -> None:
    for one in declarations():
        for clause in one.clauses:
            assert one.name.startswith(f"{contract()[clause].stage}/"), f"{one.name} decides {clause}"


@pytest.mark.parametrize("declaration", declarations(), ids=lambda one: one.name)
def test_every_check_says_what_it_decides(declaration: object) -> None:
    name = declaration.body.__name__  # type: ignore[attr-defined]
    assert not any(word in name.split("_") for word in ("should", "correctly", "works", "properly")), name
