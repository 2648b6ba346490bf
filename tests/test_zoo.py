"""Every clause has a liar that its checks catch, and the right backend passes the same checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract import Level, contract
from conformance.outcome import Outcome
from conformance.specimens import Recipe, Specimen, gallery, make_specimen, write_scan
from conformance.subject import Subject
from conformance.trial import attempt, deciding, declarations
from tests.zoo.liar import Liar, selected, zoo

pytestmark = pytest.mark.filterwarnings("ignore")

CASES = [(liar, liar.clauses[0]) for liar in zoo()]


def specimens(folder: Path) -> list[Specimen]:
    """The gallery, and a scan that comes from a file as a measured one does."""
    specimen = make_specimen(Recipe(M=24, N=8, seed=77, margin=9.0))
    write_scan(folder / "measured.npz", specimen.arrays)
    return [*gallery(), Specimen("measured", specimen.arrays, consistent=False, path=folder / "measured.npz")]


def outcomes(liar: type[Liar], clause: str, folder: Path) -> list[tuple[Outcome, str]]:
    """Outcomes of the checks of one clause on a liar, until one fails."""
    seen = []
    subject = Subject(selected(liar), folder)
    for declaration in deciding(clause):
        if declaration.framework is not None:
            pytest.importorskip(declaration.framework)
        for decision in attempt(declaration, subject, specimens(folder)):
            seen.append((decision.outcome, decision.reason))
            if decision.outcome is Outcome.FAIL:
                return seen
    return seen


@pytest.mark.parametrize(("liar", "clause"), CASES, ids=[f"{clause}-{liar.__name__}" for liar, clause in CASES])
def test_the_liar_is_caught_by_the_clause_it_breaks(liar: type[Liar], clause: str, tmp_path: Path) -> None:
    seen = outcomes(liar, clause, tmp_path)
    assert any(outcome is Outcome.FAIL for outcome, _ in seen), f"{liar.__name__} survives {clause}: {seen}"


def test_every_decided_clause_has_a_liar() -> None:
    decided = {clause for one in declarations() for clause in one.clauses}
    lied_about = {liar.clauses[0] for liar in zoo()}
    binding = {c.id for c in contract().values() if c.testable and c.level is not Level.MAY}
    assert sorted((decided & binding) - lied_about) == []
