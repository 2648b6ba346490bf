"""pytest plugin: markers, options, and the six outcomes in place of pass, fail and skip."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.agreement import Agreement, summary
from conformance.contract import contract
from conformance.discovery import Selected
from conformance.evidence import Evidence
from conformance.expected import ExpectedFailure, MalformedExpectations, read_expected
from conformance.outcome import Cell, Decision, Outcome, cells, denominator
from conformance.trial import classify

MARKERS = {
    "contract": "a check of the contract; loads no framework that the adapter itself does not load",
    "tensorflow": "makes TensorFlow tensors",
    "torch": "judges a PyTorch backend, or makes PyTorch tensors",
    "clause(id, ...)": "the clauses of the contract that the check decides",
}

PROPERTY = "ptycho_conformance"
"""Name of the report property that carries decisions from a worker to the controller."""

AGREEMENT = "ptycho_conformance_agreement"
"""Name of the report property that carries the comparison of two backends in one stage."""

evidence_key = pytest.StashKey[Evidence]()
subject_key = pytest.StashKey[Selected]()
decisions_key = pytest.StashKey[list[Decision]]()
agreements_key = pytest.StashKey[list[Agreement]]()
expected_key = pytest.StashKey[Mapping[tuple[str, str], ExpectedFailure]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("ptycho-conformance", "conformance of ptychography data pipelines")
    group.addoption(
        "--adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="adapter to judge: an installed name or package.module:Class; several at once (default: all installed)",
    )
    group.addoption(
        "--torch-device",
        action="append",
        default=[],
        metavar="DEVICE",
        help="only this device of adapters that work on several, such as cpu or cuda (default: every one present)",
    )
    group.addoption("--scan", type=Path, default=None, metavar="FILE", help="judge on this NPZ scan as well")
    group.addoption("--no-frameworks", action="store_true", help="leave out checks that make a framework's tensors")
    group.addoption("--expected", type=Path, default=None, metavar="TOML", help="list of expected failures")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, so that strict markers hold in any project."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    config.stash[decisions_key] = []
    config.stash[agreements_key] = []
    path = config.getoption("--expected")
    try:
        config.stash[expected_key] = {} if path is None else read_expected(path)
    except MalformedExpectations as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn pytest's verdict on a check into one of the six outcomes, and note it on the report."""
    report = yield
    marker = item.get_closest_marker("clause")
    selected = item.stash.get(subject_key, None)
    if marker is None or selected is None or not _final(report):
        return report
    evidence = item.stash.get(evidence_key, None)
    comparisons = evidence.comparisons if evidence else 0
    outcome, reason = _outcome(report, call, comparisons)
    expected = item.config.stash[expected_key]
    decisions = []
    for clause in marker.args:
        listed = expected.get((clause, selected.label))
        final, why = (Outcome.EXPECTED_FAIL, listed.reason) if listed and outcome is Outcome.FAIL else (outcome, reason)
        decisions.append(Decision(clause, selected.label, _check_name(item), final, comparisons, why, report.duration))
    _rewrite(report, decisions, selected.label)
    report.user_properties.append((PROPERTY, [decision.as_json() for decision in decisions]))
    return report


def _final(report: pytest.TestReport) -> bool:
    return report.when == "call" or (report.when == "setup" and not report.passed)


def _check_name(item: pytest.Item) -> str:
    return item.nodeid.rpartition("/")[2]


def _outcome(report: pytest.TestReport, call: pytest.CallInfo[None], comparisons: int) -> tuple[Outcome, str]:
    if report.skipped:
        return Outcome.NOT_APPLICABLE, _skip_reason(report)
    return classify(call.excinfo.value if call.excinfo else None, comparisons)


def _skip_reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def _rewrite(report: pytest.TestReport, decisions: list[Decision], adapter: str) -> None:
    if all(decision.outcome is Outcome.EXPECTED_FAIL for decision in decisions):
        report.outcome, report.wasxfail = "skipped", decisions[0].reason
        return
    first = decisions[0]
    if first.outcome is Outcome.NOT_APPLICABLE and not report.skipped:
        report.outcome = "skipped"
        report.longrepr = (report.location[0], report.location[1] or 0, f"Skipped: {first.reason}")
        return
    clauses = ", ".join(f"{d.clause} ({contract()[d.clause].title})" for d in decisions)
    if first.outcome in (Outcome.FAIL, Outcome.VACUOUS):
        report.outcome = "failed"
        report.longrepr = (
            f"{first.outcome} · {clauses} · adapter {adapter}\n{first.reason}\n"
            f"Read the clause: ptycho-conformance explain {first.clause}"
        )


class DecisionCollector:
    """Gathers the decisions and agreements of a session from its reports."""

    def __init__(self, decisions: list[Decision], agreements: list[Agreement]) -> None:
        self.decisions = decisions
        self.agreements = agreements

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the decisions off a report."""
        for name, records in report.user_properties:
            if name == PROPERTY and isinstance(records, list):
                self.decisions.extend(Decision.from_json(record) for record in records)
            if name == AGREEMENT and report.when == "teardown" and isinstance(records, dict):
                self.agreements.append(Agreement.from_json(records))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start to collect."""
    collector = DecisionCollector(session.config.stash[decisions_key], session.config.stash[agreements_key])
    session.config.pluginmanager.register(collector, "ptycho_conformance_decisions")


def verdict(decisions: list[Decision], adapters: tuple[str, ...]) -> list[Cell]:
    """Return the cell of every testable clause for every adapter."""
    return cells(decisions, [clause.id for clause in contract().values() if clause.testable], adapters)


def unexpected_passes(table: list[Cell], expected: Mapping[tuple[str, str], ExpectedFailure]) -> list[str]:
    """Sentences for listed failures that no longer fail; a list that is out of date fails the run."""
    return [
        f"{cell.clause} for {cell.adapter} is listed as an expected failure but passes; remove the entry"
        for cell in table
        if cell.outcome is Outcome.PASS and (cell.clause, cell.adapter) in expected
    ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session whose list of expected failures is out of date."""
    decisions = session.config.stash[decisions_key]
    adapters = tuple(dict.fromkeys(decision.adapter for decision in decisions))
    stale = unexpected_passes(verdict(decisions, adapters), session.config.stash[expected_key])
    if stale and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Close every run with its denominator."""
    decisions, agreements = config.stash[decisions_key], config.stash[agreements_key]
    if not decisions and not agreements:
        return
    terminalreporter.section("conformance")
    adapters = tuple(dict.fromkeys(decision.adapter for decision in decisions))
    table = verdict(decisions, adapters)
    for line in summary_lines(table, adapters):
        terminalreporter.write_line(line)
    for line in summary(agreements):
        terminalreporter.write_line(line)
    for line in unexpected_passes(table, config.stash[expected_key]):
        terminalreporter.write_line(line, red=True)


def summary_lines(table: list[Cell], adapters: tuple[str, ...]) -> Iterator[str]:
    """One denominator sentence for each adapter."""
    untestable = sum(not clause.testable for clause in contract().values())
    for adapter in adapters:
        yield denominator(adapter, table, untestable).sentence()
