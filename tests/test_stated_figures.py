"""Figures that the documents state are the true ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.contract.version import contract_version
from tests.zoo.liar import zoo

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "specs/README.md", "CHANGELOG.md")


def stated(document: str, figure: str) -> list[str]:
    """Figures that a document states, one group of the pattern each, without signs between thousands."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [number.replace(",", "") for found in re.finditer(figure, text) for number in found.groups()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_number_of_clauses_is_the_true_one(document: str) -> None:
    relations = len(contract().of_stage(Stage.RELATIONS))
    testable = sum(clause.testable for clause in contract().values())
    assert set(stated(document, r"([\d,]+) clauses (?:that need no right answer|between)")) <= {str(relations)}
    assert set(stated(document, r"0 of ([\d,]+) clauses passed")) <= {str(testable)}
    # What many runs passed together is measured, and no number of the contract.
    assert set(stated(document, r"([\d,]+) clauses(?! that need| between| passed)")) <= {str(len(contract()))}


def test_the_number_of_clauses_is_stated_where_readers_look() -> None:
    assert stated("README.md", r"([\d,]+) clauses, each with an id") == [str(len(contract()))]
    assert stated("CHANGELOG.md", r"Contract [\d.]+: ([\d,]+) clauses") == [str(len(contract()))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_number_of_liars_is_the_true_one(document: str) -> None:
    assert set(stated(document, r"([\d,]+) (?:liars|wrong adapters|wrong backends)")) <= {str(len(zoo()))}


def test_the_number_of_liars_is_stated_where_readers_look() -> None:
    assert stated("README.md", r"([\d,]+) liars, each one fault") == [str(len(zoo()))]
    # Liars that came since the whole zoo was last judged were judged by themselves.
    caught = stated("README.md", r"([\d,]+) of ([\d,]+) caught, all by that clause")
    assert len(set(caught)) == 1
    assert int(caught[0]) <= len(zoo())


def test_the_number_of_relations_is_that_of_their_liars() -> None:
    liars = {liar.clauses[0] for liar in zoo() if liar.clauses[0].startswith("REL")}
    told = stated("README.md", r"tests\.alone`: (\d+) clauses .*?\| \d+ of (\d+):")
    assert told == [str(len(liars))] * 2


def test_the_title_of_the_contract_states_its_version() -> None:
    assert stated("specs/README.md", r"^# The contract, version ([\d.]+)\n") == [contract_version()]
    assert contract_version() in stated("CHANGELOG.md", r"Contract ([\d.]+):")
