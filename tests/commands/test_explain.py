"""What ``explain`` prints for an id, a prefix and a stage, and what it suggests for what is none."""

from __future__ import annotations

import pytest

from conformance.contract.clauses import MalformedContract, contract
from tests.commands.calling import Call


def test_explain_prints_a_clause_and_a_stage(call: Call) -> None:
    clause = call("explain", "grp-004")
    assert clause.exit_code == 0
    assert clause.stdout.startswith("GRP-004 · ")
    assert "Why: " in clause.stdout
    assert "GRP-004" in call("explain", "grouping").stdout


@pytest.mark.parametrize("name", ["CRD", "crd", "CRD-", "coordinates", "Coordinates"])
def test_a_prefix_is_as_good_as_its_stage(name: str, call: Call) -> None:
    listed = [line.split()[0] for line in call("explain", name).stdout.splitlines()]
    assert listed == [clause.id for clause in contract().of_stage("coordinates")]


def test_several_clauses_are_explained_in_the_order_given(call: Call) -> None:
    done = call("explain", "pat-001", "GRP-004", "physics")
    assert done.exit_code == 0
    places = [done.stdout.index(part) for part in ("PAT-001 · ", "GRP-004 · ", "PHY-001  ")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GRP-04", "GRP-004"),
        ("grp4", "GRP-004"),
        ("GPR-004", "GRP-004"),
        ("groupin", "grouping"),
        ("Patch", "patches"),
        ("GPR", "GRP"),
    ],
)
def test_a_mistyped_name_gets_a_suggestion(name: str, meant: str, call: Call) -> None:
    done = call("explain", name)
    done.refuses(repr(name))
    assert f"did you mean {meant}" in done.stderr


def test_what_is_like_nothing_gets_the_stages(call: Call) -> None:
    done = call("explain", "zzz")
    done.refuses("zzz")
    assert all(stage in done.stderr for stage in contract().stages)


@pytest.mark.parametrize(
    ("options", "value"),
    [("XYZ-1", "XYZ-1"), ("GRP-999", "GRP-999"), ("GRP-004 nothing", "nothing"), ("GRP-004 --bogus", "--bogus")],
)
def test_wrong_usage_prints_nothing(options: str, value: str, call: Call) -> None:
    call("explain", *options.split()).refuses(value)


def test_no_name_at_all_is_wrong_usage(call: Call) -> None:
    call("explain").refuses("CLAUSE")


def test_a_contract_that_cannot_be_read_is_undecided(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def malformed() -> None:
        raise MalformedContract("grouping.md:3: no title")

    monkeypatch.setattr("conformance.commands.explain.contract", malformed)
    done = call("explain", "GRP-004")
    assert (done.exit_code, done.stderr) == (2, "grouping.md:3: no title\n")
