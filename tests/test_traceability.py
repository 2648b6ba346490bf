"""Both directions between contract and checks: no clause without a check, no check without a clause."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from conformance.contract.clauses import Clause, Level, contract
from conformance.engine.catalogue import deciding, declarations
from tests.zoo import diagnoses
from tests.zoo.liar import zoo


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


def test_every_liar_stands_in_the_folder_of_its_stage() -> None:
    for liar in zoo():
        stage = contract()[liar.clauses[0]].stage
        assert liar.__module__.startswith(f"tests.zoo.liars.{stage}."), f"{liar.__name__} breaks {liar.clauses[0]}"


def test_every_right_name_of_a_fault_stands_in_the_module_of_its_stage() -> None:
    stages = {liar.__name__: contract()[liar.clauses[0]].stage for liar in zoo()}
    for module in pkgutil.iter_modules(diagnoses.__path__, "tests.zoo.diagnoses."):
        for name in importlib.import_module(module.name).NAMES:
            assert module.name == f"tests.zoo.diagnoses.{stages.get(name)}", name


@pytest.mark.parametrize("declaration", declarations(), ids=lambda one: one.name)
def test_every_check_says_what_it_decides(declaration: object) -> None:
    name = declaration.body.__name__  # type: ignore[attr-defined]
    assert not any(word in name.split("_") for word in ("should", "correctly", "works", "properly")), name
