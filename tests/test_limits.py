"""What one honest limit of a backend costs: few clauses beside the one that speaks of it, and what is stated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.engine.catalogue import deciding, declared
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from tests.limits.arrays import SingleFrames
from tests.limits.limits import Limited, OneMode, RoundedPixels, WholePixels, limits
from tests.limits.options import NoShuffle
from tests.limits.table import Loss, loss
from tests.zoo.liar import selected
from tests.zoo.matrix import specimens

README = Path(__file__).parents[1] / "README.md"
MOST = 8
"""Clauses that a limit may cost beside those that speak of it."""
ABOVE = {
    "NoCache": "every clause of the stage speaks of the cache, which such a backend would not claim",
    "SingleFrames": "every clause of that stage speaks of groups, and so do some about their members and their number",
}
"""Limits that cost more, and why."""
BY_DAY = {"OneMode": ("coordinates",), "NoLegacyLayout": ("coordinates",)}
"""Limits that are judged by day, with the stages in which they cost most to look."""


def stated() -> dict[str, dict[str, int]]:
    """Clauses lost by limit and right backend, as the README tells them."""
    rows = re.findall(
        r"^\| `(\w+)`: [^|]*\| [^|]*\| (\d+) \| (\d+|—) \|", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: {"ref": int(ref)} | ({} if torch == "—" else {"torch": int(torch)}) for name, ref, torch in rows}


def rows() -> Iterator[tuple[str, str, int]]:
    """Yield limit, right backend and clauses lost, as stated."""
    for name, by_base in stated().items():
        for base, count in by_base.items():
            yield name, base, count


def told(found: Loss) -> str:
    """What was lost, for a failing test."""
    return "\n".join([f"{found.limit} over {found.base}", *found.lines()])


def test_every_limit_is_stated_within_the_bound() -> None:
    assert list(stated()) == [one.__name__ for one in limits()]
    assert {name for name, _, count in rows() if count > MOST} == set(ABOVE)


def test_the_clauses_that_speak_of_a_limit_are_stated() -> None:
    text = README.read_text(encoding="utf-8")
    for one in limits():
        assert f"| `{one.__name__}`: " in text
        row = next(line for line in text.splitlines() if line.startswith(f"| `{one.__name__}`: "))
        assert tuple(re.findall(r"[A-Z]{3}-\d{3}", row.split("|")[2])) == one.speaks
        assert set(one.speaks) <= set(contract())


@pytest.mark.parametrize("limit", BY_DAY)
def test_a_limit_costs_nothing_beside_its_clause_where_it_matters_most(limit: str) -> None:
    found = loss(limit, "ref", BY_DAY[limit])
    assert not found.beside, told(found)


@pytest.mark.night
@pytest.mark.parametrize(("limit", "base", "count"), list(rows()))
def test_a_limit_costs_what_is_stated(limit: str, base: str, count: int) -> None:
    if base == "torch":
        pytest.importorskip("torch", reason="the backend needs torch")
    found = loss(limit, base)
    assert len(found.beside) <= count, told(found)
    assert found.lost, f"{limit} is found at no clause, not even at {found.speaks}"


@pytest.mark.parametrize(
    ("limit", "outcome", "said"),
    [
        (WholePixels, Outcome.NOT_APPLICABLE, "positions between pixels"),
        (OneMode, Outcome.PASS, ""),
        (RoundedPixels, Outcome.PASS, ""),
    ],
)
def test_a_scan_that_is_given_and_not_taken_decides_nothing(
    limit: type[Limited], outcome: Outcome, said: str, tmp_path: Path
) -> None:
    (measured,) = [one for one in specimens(tmp_path) if one.path is not None]
    (declaration,) = deciding("PHY-013")
    (found,) = attempt(declaration, Subject(selected(limit), tmp_path), [measured])
    assert found.outcome is outcome, found.reason
    assert said in found.reason


@pytest.mark.parametrize(("limit", "shuffled"), [(SingleFrames, Outcome.PASS), (NoShuffle, Outcome.NOT_APPLICABLE)])
def test_another_process_is_asked_for_what_is_taken(limit: type[Limited], shuffled: Outcome, tmp_path: Path) -> None:
    """By the check that starts it, for all the others."""
    subject = Subject(selected(limit), tmp_path)
    for check, outcome in (
        ("grouping/test_seeds.py::test_another_process_draws_the_same", Outcome.PASS),
        ("dataset/test_shuffles.py::test_no_process_draws_the_shuffles_of_another", shuffled),
    ):
        declaration = declared(check)
        assert declaration is not None
        (found,) = attempt(declaration, subject)
        assert found.outcome is outcome, found.reason
