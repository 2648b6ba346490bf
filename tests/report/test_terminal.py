"""The report of a run on a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import re

import pytest

from conformance.engine.outcome import Outcome
from conformance.report.terminal import lines
from conformance.runs.judgement import Judgement, judge
from conformance.runs.settings import RunSettings

ROOM = 22
"""Lines of the screen but for the command and the prompt."""


@pytest.fixture(scope="module", params=["Poor", pytest.param("Exchanged", marks=pytest.mark.night)])
def judgement(request: pytest.FixtureRequest) -> Judgement:
    stages = ("npz", "patches", "transforms")
    return judge(RunSettings(adapters=(f"tests.report.poor:{request.param}Adapter",), stages=stages))


def test_what_to_mend_first_does_not_scroll_away(judgement: Judgement) -> None:
    shown = [text for text, _ in lines(judgement, 80, ROOM)]
    assert len(shown) <= ROOM
    assert max(map(len, shown)) <= 80
    assert len(judgement.causes) > 3
    assert any("more: run with --full" in text for text in shown)


def test_the_first_line_fits_a_narrow_screen_and_counts_what_is_not_claimed_apart() -> None:
    judgement = judge(RunSettings(adapters=("tests.report.poor:PoorAdapter",), stages=("transforms", "config")))
    (first, second), outcomes = (text for text, _ in lines(judgement, 80)[:2]), [one.outcome for one in judgement.cells]
    found = re.fullmatch(r"poor: (\d+) passed · (\d+) failed · (\d+) undecided · (\d+) not claimed", first)
    assert found
    assert not second
    assert [int(one) for one in found.groups()[:2]] == [outcomes.count(Outcome.PASS), outcomes.count(Outcome.FAIL)]
    assert int(found[4]) == sum(one.clause.startswith("CFG") for one in judgement.cells)
    assert sum(map(int, found.groups())) == len(outcomes)


def test_without_a_screen_every_cause_is_told(judgement: Judgement) -> None:
    shown = [text for text, _ in lines(judgement, 80)]
    assert max(map(len, shown)) <= 80
    numbers = [text.split()[0] for text in shown if text[:3].strip().isdigit() and text[2] == " "]
    assert numbers == [str(number) for number in range(1, len(judgement.causes) + 1)]


def test_a_mistake_of_every_position_comes_before_every_limit(judgement: Judgement) -> None:
    (first, *rest) = judgement.causes
    assert first.certain
    assert ("x and y are exchanged" in first.sentence) is (first.adapter == "exchanged")
    assert any("PoorError" in one.sentence for one in rest)


def test_every_failing_clause_stands_under_a_cause(judgement: Judgement) -> None:
    told = {clause for cause in judgement.causes for clause in cause.clauses}
    assert {cell.clause for cell in judgement.cells if cell.outcome in ("FAIL", "ERROR", "VACUOUS")} == told


def test_a_certain_mistake_says_where_it_was_seen(judgement: Judgement) -> None:
    told = [line for line, _ in lines(judgement, 200)]
    sure = [cause for cause in judgement.causes if cause.certain]
    assert sure
    for cause in sure:
        after = told[next(n for n, line in enumerate(told) if cause.sentence[:60] in line) + 1]
        assert "seen in" in after, after
