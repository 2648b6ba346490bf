"""The contract reader: what it accepts, and that a malformed contract is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import __version__
from conformance.contract.clauses import Level, MalformedContract, contract, parse_clauses, read_contract
from conformance.contract.version import contract_version
from conformance.report.run_result import run_result
from conformance.runs.judgement import Judgement
from tests.program import command

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
        ("GRP-001 ·", "PAT-001 ·", "begin with GRP, not as PAT-001"),
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


def folder_of(tmp_path: Path, version: str, since: str = "1.0") -> Path:
    (tmp_path / "VERSION").write_text(version)
    (tmp_path / "grouping.md").write_text(GOOD.replace("since 1.0", f"since {since}"))
    return tmp_path


@pytest.mark.parametrize(("version", "since"), [("1.0\n", "1.0"), ("1.10\n", "1.9"), ("2.0", "1.10")])
def test_a_clause_may_hold_since_any_version_until_that_of_the_contract(
    tmp_path: Path, version: str, since: str
) -> None:
    assert read_contract(folder_of(tmp_path, version, since))["GRP-001"].since == since


@pytest.mark.parametrize(("version", "since"), [("1.0\n", "1.1"), ("1.9\n", "1.10"), ("1.0\n", "2.0")])
def test_a_clause_since_a_later_version_is_an_error(tmp_path: Path, version: str, since: str) -> None:
    with pytest.raises(MalformedContract, match=f"GRP-001 holds since {since}, but the contract is"):
        read_contract(folder_of(tmp_path, version, since))


@pytest.mark.parametrize("version", ["", "one", "1", "1.0\n1.1\n", "1.0 \n"])
def test_a_version_is_two_numbers_on_one_line(tmp_path: Path, version: str) -> None:
    with pytest.raises(MalformedContract, match="VERSION: a version of the contract reads"):
        read_contract(folder_of(tmp_path, version))


def test_a_clause_since_no_version_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedContract, match="GRP-001: a version of the contract reads"):
        read_contract(folder_of(tmp_path, "1.0", "now"))


def test_a_specification_without_a_version_is_an_error(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "1.0")
    (folder / "VERSION").unlink()
    with pytest.raises(MalformedContract, match="VERSION"):
        read_contract(folder)


def test_the_command_prints_the_versions_of_suite_and_contract() -> None:
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"ptycho-conformance {__version__}, contract {contract_version()}\n")


def test_a_report_states_the_version_of_the_contract() -> None:
    assert run_result(Judgement((), (), (), None)).contract == contract_version()


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
