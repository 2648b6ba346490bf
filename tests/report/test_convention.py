"""The convention found: the contract's own, what is stated, what a cause or a hint tells, and what is not known."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.commands.cli import Ending
from conformance.commands.run import _profiled
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.grounds import Grounds, Kind
from conformance.engine.outcome import Cell, Decision, Outcome, denominator
from conformance.report.convention import ASPECTS, convention_of
from conformance.report.page import as_page
from conformance.report.run_result import run_result
from conformance.report.terminal import print_judgement
from conformance.runs.judgement import Judgement

MIRRORED = "rows run upwards"


def cell(clause: str, outcome: Outcome, reason: str = "", **grounds: object) -> Cell:
    held = Grounds(Kind.WRONG, **grounds)  # type: ignore[arg-type]
    return Cell(clause, "mine", outcome, (Decision(clause, "mine", "one", outcome, 1, reason, grounds=held),))


@pytest.fixture
def judgement() -> Judgement:
    table = (
        cell("PAT-001", Outcome.FAIL, "seen", names=(MIRRORED,), cause=MIRRORED, certain=True),
        cell("PAT-002", Outcome.FAIL, "seen", statement="7 of 9", hint='subpixel = "whole", PAT-013'),
        cell("PAT-003", Outcome.DECLARED, "differs as the adapter states, outside = wrap"),
        cell("REA-001", Outcome.FAIL, "seen", names=(MIRRORED,), cause=MIRRORED),
        cell("REA-011", Outcome.NOT_APPLICABLE, "stage reassembly not claimed"),
        cell("PHY-002", Outcome.PASS),
        cell("PHY-005", Outcome.NOT_APPLICABLE, "not decided: the backend does not take probes of several modes"),
    )
    return Judgement(table, (denominator("mine", table, 0),), (), None)


def test_every_aspect_is_told_by_what_decides_it(judgement: Judgement) -> None:
    found = {one.name: (one.found, one.contract) for one in convention_of(judgement, "mine")}
    assert found == {
        "window": (MIRRORED, False),
        "between pixels": ('subpixel = "whole", PAT-013', False),
        "beyond the object": ("outside = wrap", False),
        "placing": (f"it may be that {MIRRORED}", False),
        "norm": ("orthonormal: the energy of the exit wave is kept", True),
        "modes": ("not decided: the backend does not take probes of several modes", False),
    }
    assert not convention_of(judgement, "another")


def test_the_page_holds_it_as_a_table(judgement: Judgement) -> None:
    assert "<h2>Convention found of mine</h2>" in as_page(judgement)
    assert f"<strong>{MIRRORED}</strong>" in as_page(judgement)


def test_the_terminal_says_once_what_several_aspects_share(judgement: Judgement) -> None:
    broken = tuple(cell(name, Outcome.FAIL, "what is valid ends in ValueError") for name in ("PAT-001", "PAT-002"))
    written = io.StringIO()
    print_judgement(replace(judgement, cells=broken), Console(file=written, width=120), convention=True)
    assert "window: what is valid ends in ValueError" in written.getvalue()
    assert "between pixels: as for window" in written.getvalue()


def test_the_result_in_json_holds_it(judgement: Judgement) -> None:
    found = {(one.adapter, one.aspect, one.own) for one in run_result(judgement).convention}
    assert {("mine", "window", False), ("mine", "norm", True)} <= found


def test_each_aspect_has_a_clause_of_optics() -> None:
    assert {contract()[clause].stage for _, clause, _ in ASPECTS} == {"patches", "reassembly", "physics"}


def test_a_profile_is_a_list_of_stages_and_a_budget_may_stand_in_its_place() -> None:
    assert _profiled("optics", None) == (("physics", "patches", "reassembly"), None)
    assert _profiled("pipeline", "small") == ((), "small")
    assert _profiled("small", None) == ((), "small")
    assert _profiled(None, None) == ((), None)
    assert set(_profiled("files", None)[0]) <= set(map(str, Stage))
    for profile, budget in (("optic", None), ("small", "wide")):
        with pytest.raises(Ending, match="known are optics, files, pipeline"):
            _profiled(profile, budget)
