"""The ledger of runs: what an adapter gained and lost since it was last judged."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from conformance.engine.changes import gained, last_known, left_undecided, lost
from conformance.engine.outcome import Cell, Outcome, denominator
from conformance.report.judgement import as_markdown, changed
from conformance.report.page import as_page
from conformance.report.run_junit import run_junit
from conformance.report.run_result import run_result
from conformance.report.terminal import lines as report_lines
from conformance.runs.appended import LedgerError
from conformance.runs.history import History, lines_of
from conformance.runs.judgement import Judgement
from tests.commands.calling import Call

PASS, FAIL, ERROR, NOT_RUN = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN
WITHOUT, KNOWN, DECLARED = Outcome.NOT_APPLICABLE, Outcome.EXPECTED_FAIL, Outcome.DECLARED
NOON = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)


def judgement(release: str = "", cut: str = "", contract: str = "", **outcomes: Outcome) -> Judgement:
    table = tuple(Cell(clause.replace("_", "-"), "mine", outcome) for clause, outcome in outcomes.items())
    releases = {"mine": release} if release else {}
    return Judgement(table, (denominator("mine", table, 0),), (), None, cut=cut, version=contract, releases=releases)


@pytest.mark.parametrize(
    ("was", "held", "sort"),
    [
        (FAIL, PASS, "gained"),
        (ERROR, PASS, "gained"),
        (WITHOUT, PASS, "gained"),
        (DECLARED, PASS, "gained"),
        (PASS, FAIL, "lost"),
        (PASS, ERROR, "lost"),
        (WITHOUT, FAIL, "lost"),
        (DECLARED, FAIL, "lost"),
        (PASS, WITHOUT, "undecided"),
        (FAIL, WITHOUT, "undecided"),
        (PASS, NOT_RUN, "undecided"),
        (PASS, PASS, ""),
        (FAIL, ERROR, ""),
        (KNOWN, FAIL, ""),
        (WITHOUT, WITHOUT, ""),
        (PASS, DECLARED, ""),
    ],
)
def test_what_is_gained_lost_and_undecided(was: Outcome, held: Outcome, sort: str) -> None:
    before, now = {"PAT-001": was, "PAT-002": PASS}, {"PAT-001": held, "PAT-002": PASS}
    found = {
        "gained": gained(before, now),
        "lost": lost(before, now),
        "undecided": left_undecided(before, now, (WITHOUT, NOT_RUN)),
    }
    assert {name for name, clauses in found.items() if clauses} == ({sort} if sort else set())


def test_a_clause_of_which_nothing_was_known_is_no_change() -> None:
    now = {"PAT-001": FAIL, "PAT-002": PASS, "PAT-003": WITHOUT}
    assert not any((gained({}, now), lost({}, now), left_undecided({}, now, (WITHOUT,))))


def test_what_a_run_did_not_come_to_is_as_it_was() -> None:
    assert last_known([{"A": FAIL, "B": PASS}, {"A": NOT_RUN}, {"B": WITHOUT}]) == {"A": FAIL, "B": WITHOUT}


def test_a_ledger_tells_what_changed_and_under_which_versions(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    first = judgement("1.0", PAT_001=PASS, PAT_002=FAIL, PAT_003=PASS, PAT_004=PASS)
    # A run that was cut comes between.
    second = judgement("1.1", "the time was up", PAT_001=PASS, PAT_002=NOT_RUN, PAT_003=NOT_RUN, PAT_004=NOT_RUN)
    third = judgement("2.0", contract="1.0", PAT_001=FAIL, PAT_002=PASS, PAT_003=PASS, PAT_004=WITHOUT)
    for number, one in enumerate((first, second)):
        assert bool(History(path).changes(lines_of(one, NOON))) == bool(number)
        History(path).add(lines_of(one, NOON + datetime.timedelta(days=number)))
    (change,) = History(path).changes(lines_of(third, NOON))
    assert (change.gained, change.lost, change.undecided) == (("PAT-002",), ("PAT-001",), ("PAT-004",))
    assert changed(change) == [
        "mine since 2026-11-30T12:00:00Z (contract 1.1 to 1.0, backend 1.1 to 2.0)",
        "gained 1: PAT-002",
        "lost 1: PAT-001",
        "no longer decided 1: PAT-004",
    ]
    (quiet,) = History(path).changes(lines_of(second, NOON))
    assert changed(quiet) == ["mine since 2026-11-30T12:00:00Z (contract 1.1, backend 1.1): no clause is otherwise"]


def test_every_report_tells_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    History(path).add(lines_of(judgement(PAT_001=PASS), NOON))
    now = judgement(PAT_001=FAIL)
    told = replace(now, changes=History(path).changes(lines_of(now, NOON)))
    assert "lost 1: PAT-001" in as_markdown(told)
    assert any("lost 1: PAT-001" in text for text, _ in report_lines(told, 80))
    assert [one.lost for one in run_result(told).changes] == [("PAT-001",)]
    assert "<li>lost 1: PAT-001</li>" in as_page(told)
    assert "Since the last run" not in as_page(now)
    assert '<property name="lost" value="PAT-001" />' in run_junit(told)
    assert "<properties>" not in run_junit(now)


def test_adapters_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    (line,) = lines_of(judgement(PAT_001=PASS), NOON)
    History(path).add([line, msgspec.structs.replace(line, adapter="other", outcomes={"PAT-001": FAIL})])
    (change,) = History(path).changes(lines_of(judgement(PAT_001=PASS), NOON))
    assert (change.gained, change.lost) == ((), ())


def test_of_one_of_which_nothing_was_decided_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    History(path).add(lines_of(judgement(PAT_001=WITHOUT), NOON))
    assert not path.exists()


def test_half_a_line_is_passed_over_and_a_stranger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    History(path).add(lines_of(judgement(PAT_001=PASS), NOON))
    whole = path.read_text()
    path.write_text(whole + whole[: len(whole) // 2])
    History(path).add(lines_of(judgement(PAT_001=PASS), NOON))
    assert len(History(path).lines) == 2
    path.write_text(json.dumps({"schema": "ptycho-conformance.fleet/1"}) + "\n")
    with pytest.raises(LedgerError, match="line 1 is no result of a run"):
        History(path)


def test_the_command_keeps_a_ledger(call: Call) -> None:
    asked = ("run", "--adapter", "ref", "--stage", "config", "--in-process", "--no-capsules")
    for number in range(2):
        done = call(*asked, "--history", "runs.jsonl")
        assert done.exit_code == 0
        assert ("no clause is otherwise" in done.stdout) == bool(number)
    path = Path("runs.jsonl")
    assert len(path.read_text().splitlines()) == 2
    path.write_text("this is no ledger\n")
    call(*asked, "--history", "runs.jsonl").refuses("runs.jsonl")
    assert path.read_text() == "this is no ledger\n"
    call(*asked, "--history", "absent/runs.jsonl").refuses("absent/runs.jsonl")
    call(*asked, "--history", "other.jsonl", "--seeds", "2").refuses("--history")
