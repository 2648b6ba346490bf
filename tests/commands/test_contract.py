"""``contract diff``, and judging by an earlier version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.contract.clauses import contract
from conformance.contract.version import as_numbers, contract_version
from conformance.contract.versions import difference, versions, wordings
from tests.commands.calling import Call


def test_clauses_that_came_say_since_when() -> None:
    known = contract()
    for earlier in versions()[:-1]:
        after = as_numbers(earlier, "")
        came = {one.id for one in known.values() if as_numbers(one.since, one.id) > after}
        assert set(difference(earlier, contract_version()).came) == came


def test_no_clause_goes_and_no_id_is_reused() -> None:
    found = difference("1.0", contract_version())
    assert not found.went
    assert len(wordings("1.0")) == 273


def test_a_version_has_no_difference_to_itself() -> None:
    found = difference("1.0", "1.0")
    assert (found.came, found.went, found.changed) == ({}, {}, {})


def test_the_difference_is_printed(call: Call) -> None:
    done = call("contract", "diff", "1.0", "1.1")
    assert done.exit_code == 0
    assert "+ FIL-001 MUST What is no scan is called by its name" in done.stdout
    assert "~ CCH-008" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "value"), [("diff 0.9 1.1", "0.9"), ("merge 1.0 1.1", "merge"), ("diff 1.0", "LATER")]
)
def test_wrong_usage_names_the_value(arguments: str, value: str, call: Call) -> None:
    done = call("contract", *arguments.split())
    assert done.exit_code == 3
    assert value in done.stderr


def test_a_run_by_an_earlier_version_knows_its_clauses_only(call: Call, tmp_path: Path) -> None:
    for version in ("1.0", contract_version()):
        done = call(
            "run", "--adapter", "ref", "--stage", "config", "--contract", version, "--json", "r.json", "--in-process"
        )
        assert done.exit_code == 0, done.stderr
        told = json.loads((tmp_path / "r.json").read_text())
        assert told["contract"] == version
        assert {one["clause"] for one in told["cells"]} == {
            name for name in wordings(version) if contract()[name].stage == "config"
        }
    assert call("run", "--contract", "7.3").exit_code == 3
