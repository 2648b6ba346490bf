"""What an adapter states of what it declines, several modes among it: verified, excused, and told in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.discovery import taken
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Cell, Decision, Outcome, cells, denominator
from conformance.engine.trial import attempt
from conformance.report.judgement import folded
from conformance.report.page import as_page
from conformance.report.terminal import lines
from conformance.runs.judgement import Judgement
from conformance.scans.specimens import gallery
from ptycho_ref.adapter import RefAdapter
from tests.limits.limits import OneMode


class Coherent(OneMode):
    modes = "one"

    def simulate(self, patches: Any, probe: Any) -> Any:
        self._probe(probe)
        return self.right.simulate(patches, probe)


class CoherentAndConjugated(Coherent):
    def container(self, grouped: Any, probe: Any) -> Any:
        held = self.right.container(grouped, probe)
        return {**held, "probe": np.conj(held["probe"])}


class CoherentWithoutAxes(Coherent):
    def batches(self, paths: Any, request: Any) -> Any:
        return ({**one, "probe": np.asarray(one["probe"])[:, 0, 0]} for one in super().batches(paths, request))


class Crude(RefAdapter):
    """Takes what is not finite, and refuses a probe that does not fit in words of its own."""

    refusals = "none"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return super().patches(obj, np.nan_to_num(centres_xy), N)

    def simulate(self, patches: Any, probe: Any) -> Any:
        try:
            return super().simulate(patches, probe)
        except ValueError as error:
            raise IndexError("no") from error


class Curt(RefAdapter):
    """Refuses in words of its own."""

    refusals = "any"

    def simulate(self, patches: Any, probe: Any) -> Any:
        try:
            return super().simulate(patches, probe)
        except ValueError as error:
            raise IndexError("no") from error


class CurtAndCrude(Crude):
    refusals = "any"


def decided(adapter: Any, folder: Path, *clauses: str) -> dict[str, Cell]:
    """Some clauses, by every check without a framework."""
    subject = Subject(replace(taken(adapter), stages=frozenset(Stage)), folder)
    wanted = [one for one in declarations() if one.framework is None and set(one.clauses) & set(clauses)]
    decisions = [decision for one in wanted for decision in attempt(one, subject, gallery())]
    return {cell.clause: cell for cell in cells(decisions, clauses, [subject.name])}


@pytest.mark.parametrize(
    ("adapter", "outcomes"),
    [
        (Coherent, {"PHY-005": "DECLARED", "NPZ-024": "DECLARED", "PHY-015": "PASS", "NPZ-049": "PASS"}),
        pytest.param(
            Coherent,
            {"REL-016": "DECLARED", "REL-017": "DECLARED", "CON-008": "PASS", "DAT-009": "PASS"},
            marks=pytest.mark.night,
        ),
        (CoherentWithoutAxes, {"DAT-009": "FAIL"}),
        pytest.param(CoherentAndConjugated, {"CON-008": "FAIL"}, marks=pytest.mark.night),
        pytest.param(OneMode, {"PHY-015": "NOT-APPLICABLE", "NPZ-024": "FAIL"}, marks=pytest.mark.night),
        (Crude, {"PAT-012": "DECLARED", "CND-008": "DECLARED", "PHY-014": "PASS", "CND-025": "PASS"}),
        (Curt, {"PAT-012": "PASS", "CND-008": "DECLARED", "PHY-014": "PASS", "CND-025": "PASS"}),
        (CurtAndCrude, {"PAT-012": "FAIL", "CND-008": "FAIL", "CND-025": "FAIL"}),
    ],
)
def test_what_is_refused_is_judged_as_stated(adapter: Any, outcomes: dict[str, str], tmp_path: Path) -> None:
    found = decided(adapter(), tmp_path, *outcomes)
    told = {clause: (str(one.outcome), one.reason) for clause, one in found.items()}
    assert {clause: outcome for clause, (outcome, _) in told.items()} == outcomes, told


def test_many_reasons_of_one_statement_are_one_line(tmp_path: Path) -> None:
    reason = "differs as the adapter states, refusals = none: "
    stated = {("a", f"{reason}{number}"): [f"PAT-{number:03}", f"CND-{number:03}"] for number in range(1, 13)}
    beside = {("a", "differs as the adapter states, outside = wrap"): ["PAT-003"]}
    found = folded({**stated, **beside})
    told = [f"differs as the adapter states, {one}" for one in ("refusals = none, for 12 reasons", "outside = wrap")]
    assert [one for _, one in found] == told
    assert len(found["a", told[0]]) == 24
    assert folded(beside) == beside
    told_of = [
        Decision(clause, "a", "", Outcome.DECLARED, 1, one) for (_, one), its in stated.items() for clause in its
    ]
    made = tuple(Cell(one.clause, "a", one.outcome, (one,)) for one in told_of)
    shown = Judgement(made, (denominator("a", made, 0),), (), None)
    short, whole = ([line for line, _ in lines(shown, 200, full=full)] for full in (False, True))
    assert "  24 differs as the adapter states, refusals = none, for 12 reasons" in " ".join(short)
    assert sum("refusals = none: " in line for line in short) == 0
    assert sum("refusals = none: " in line for line in whole) == 12
    assert "for 12 reasons</summary>" in as_page(shown)


def test_an_excuse_tells_what_ended_otherwise(tmp_path: Path) -> None:
    found = decided(Crude(), tmp_path, "PAT-012")["PAT-012"]
    assert found.reason.startswith("differs as the adapter states, refusals = none: ")
    assert "must be refused" in found.reason
