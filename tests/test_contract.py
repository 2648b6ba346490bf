"""The contract reader: what it accepts, and that a malformed contract is an error."""

from __future__ import annotations

import pytest

from conformance.contract.clauses import Level, MalformedContract, contract, parse_clauses, read_contract

GOOD = """# Grouping

Not normative.

### GRP-001 · Members are distinct
MUST · since 1.0 · stage: grouping · applies to: gridsize > 1

No group contains the same scan index twice,
whatever the seed.

*Why:* a repeated frame counts twice.
It weighs double.
*Sees:* bright ghosts.
"""


def test_a_clause_is_parsed_whole() -> None:
    (clause,) = parse_clauses(GOOD, stage="grouping", source="grouping.md")
    assert clause.id == "GRP-001"
    assert clause.title == "Members are distinct"
    assert clause.level is Level.MUST
    assert clause.since == "1.0"
    assert clause.applies_to == "gridsize > 1"
    assert clause.text == "No group contains the same scan index twice,\nwhatever the seed."
    assert clause.notes == {"Why": "a repeated frame counts twice.\nIt weighs double.", "Sees": "bright ghosts."}
    assert clause.testable


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("GRP-001 ·", "GRP-1 ·", "heading"),
        ("### GRP-001 · M", "### GRP-001 M", "heading"),
        ("MUST ·", "OUGHT ·", "MUST, SHOULD or MAY"),
        (" · since 1.0", "", "since which version"),
        ("stage: grouping", "stage: patches", "names stage 'patches'"),
        ("applies to:", "concerns:", "unknown attribute"),
        ("*Why:*", "*Because:*", "unknown or repeated label"),
        ("No group contains the same scan index twice,\nwhatever the seed.", "", "no normative text"),
    ],
)
def test_a_malformed_clause_is_an_error_that_says_where(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(MalformedContract, match="grouping.md") as caught:
        parse_clauses(GOOD.replace(old, new), stage="grouping", source="grouping.md")
    assert says in str(caught.value)


def test_an_id_used_twice_is_an_error(tmp_path: pytest.TempPathFactory) -> None:
    (tmp_path / "grouping.md").write_text(GOOD + GOOD.replace("# Grouping", ""))  # type: ignore[operator]
    with pytest.raises(MalformedContract, match="defined twice"):
        read_contract(tmp_path)  # type: ignore[arg-type]


def test_an_empty_folder_is_not_a_contract(tmp_path: pytest.TempPathFactory) -> None:
    with pytest.raises(MalformedContract, match="no clause"):
        read_contract(tmp_path)  # type: ignore[arg-type]


def test_the_shipped_contract_is_large_and_consecutive() -> None:
    clauses = contract()
    assert len(clauses) > 120
    for stage in clauses.stages:
        numbers = [int(clause.id[4:]) for clause in clauses.of_stage(stage)]
        prefixes = {clause.id[:3] for clause in clauses.of_stage(stage)}
        assert numbers == list(range(1, len(numbers) + 1)), stage
        assert len(prefixes) == 1, stage


def test_every_clause_says_why_what_one_sees_and_the_fix() -> None:
    for clause in contract().values():
        missing = {"Why", "Sees", "Fix"} - set(clause.notes)
        assert not missing, f"{clause.id} lacks {missing}"
