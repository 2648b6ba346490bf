"""pytest plugin: markers, options, and the six outcomes in place of pass, fail and skip."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.backends.discovery import Selected, installed_adapters
from conformance.contract.clauses import contract
from conformance.engine.agreement import Agreement, summary
from conformance.engine.outcome import Cell, Decision, Outcome, cells, denominator
from conformance.engine.trial import classify
from conformance.failures.expected import Expected, MalformedExpectations, overdue, read_expected, unexpected_pass
from conformance.failures.recording import Kept
from conformance.failures.witnesses import Witnesses
from conformance.pytest_plugin.keeper import CapsuleKeeper, WitnessStand, expected_outcome
from conformance.pytest_plugin.stash import evidence_key, kept_key, standings_key, subject_key

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

STALE = "ptycho_conformance_stale"
"""Name of the report property that carries what is out of date in the list of expected failures."""

decisions_key = pytest.StashKey[list[Decision]]()
agreements_key = pytest.StashKey[list[Agreement]]()
stale_key = pytest.StashKey[list[str]]()
expected_key = pytest.StashKey[Expected]()
keeper_key = pytest.StashKey[CapsuleKeeper | None]()


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
    group.addoption(
        "--capsules", type=Path, default=None, metavar="DIR", help="write a folder that replays it for every failure"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, so that strict markers hold in any project."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    config.stash[decisions_key] = []
    config.stash[agreements_key] = []
    config.stash[stale_key] = []
    path = config.getoption("--expected")
    try:
        expected = config.stash[expected_key] = {} if path is None else read_expected(path)
    except MalformedExpectations as error:
        raise pytest.UsageError(str(error)) from error
    if any(entry.witness for entry in expected.values()):
        config.pluginmanager.register(
            WitnessStand(Witnesses(expected, datetime.date.today())), "ptycho_conformance_witnesses"
        )
    folder = config.getoption("--capsules")
    keeper = config.stash[keeper_key] = None if folder is None else CapsuleKeeper(folder.absolute())
    if keeper is not None:
        config.pluginmanager.register(keeper, "ptycho_conformance_capsules")


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
    outcome, reason = _outcome(report, call, comparisons, selected)
    check = Decision("", selected.label, _check_name(item), outcome, comparisons, reason, report.duration)
    decisions = [_decided(item, clause, check, _kept(item, call)) for clause in marker.args]
    _rewrite(report, decisions, selected.label)
    report.user_properties.append((PROPERTY, [decision.as_json() for decision in decisions]))
    stale = [standing.stale for standing in item.stash.get(standings_key, {}).values() if standing.stale]
    report.user_properties.append((STALE, stale))
    return report


def _kept(item: pytest.Item, call: pytest.CallInfo[None]) -> Kept:
    """Where the failure of a check was kept; one that failed before it ran is kept here."""
    keeper = item.config.stash[keeper_key]
    if keeper is not None and call.when == "setup" and call.excinfo is not None:
        keeper.keep(item, call.excinfo.value)
    return item.stash.get(kept_key, Kept(None))


def _decided(item: pytest.Item, clause: str, check: Decision, kept: Kept) -> Decision:
    """Decide one clause by what the check decided and what the list of expected failures says."""
    listed = item.config.stash[expected_key].get((clause, check.adapter))
    excused = listed is not None and not listed.expired(datetime.date.today())
    outcome = expected_outcome(item, clause, check.outcome, excused)
    if outcome is Outcome.EXPECTED_FAIL and listed is not None:
        check = replace(check, reason=listed.reason)
    where = "" if kept.path is None else str(kept.path)
    return replace(check, clause=clause, outcome=outcome, capsule=where, replay=kept.said)


def _final(report: pytest.TestReport) -> bool:
    return report.when == "call" or (report.when == "setup" and not report.passed)


def _check_name(item: pytest.Item) -> str:
    return item.nodeid.rpartition("/")[2]


def _outcome(
    report: pytest.TestReport, call: pytest.CallInfo[None], comparisons: int, selected: Selected
) -> tuple[Outcome, str]:
    if report.skipped:
        return Outcome.NOT_APPLICABLE, _skip_reason(report)
    return classify(call.excinfo.value if call.excinfo else None, comparisons, selected)


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
            + (f"\nReplay it:       {first.replay}" if first.replay else "")
        )
    elif first.outcome is Outcome.ERROR and first.replay:
        report.sections.append(("Replay it", first.replay))


class DecisionCollector:
    """Gathers the decisions and agreements of a session from its reports, and what is stale in its list."""

    def __init__(self, decisions: list[Decision], agreements: list[Agreement], stale: list[str] | None = None) -> None:
        self.decisions = decisions
        self.agreements = agreements
        self.stale = [] if stale is None else stale

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the decisions off a report."""
        for name, records in report.user_properties:
            if name == PROPERTY and isinstance(records, list):
                self.decisions.extend(Decision.from_json(record) for record in records)
            if name == STALE and isinstance(records, list):
                self.stale.extend(sentence for sentence in records if sentence not in self.stale)
            if name == AGREEMENT and report.when == "teardown" and isinstance(records, dict):
                self.agreements.append(Agreement.from_json(records))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start to collect."""
    stash = session.config.stash
    collector = DecisionCollector(stash[decisions_key], stash[agreements_key], stash[stale_key])
    session.config.pluginmanager.register(collector, "ptycho_conformance_decisions")


def verdict(decisions: list[Decision], adapters: tuple[str, ...]) -> list[Cell]:
    """Return the cell of every testable clause for every adapter."""
    return cells(decisions, [clause.id for clause in contract().values() if clause.testable], adapters)


def out_of_date(
    table: Sequence[Cell], expected: Expected, stale: Sequence[str], adapters: Sequence[str], *, all_installed: bool
) -> list[str]:
    """Sentences for entries that are expired, name nobody, or no longer fail; such a list fails the run.

    Parameters
    ----------
    table : sequence of Cell
    expected : Mapping
    stale : sequence of str
        What the witnesses said.
    adapters : sequence of str
        Adapters of this run.
    all_installed : bool
        Whether every installed adapter takes part.
    """
    entries = [(expected.get((cell.clause, cell.adapter)), cell) for cell in table if cell.outcome is Outcome.PASS]
    # An entry with a witness is decided by it, not by the checks that happened to run.
    passing = [unexpected_pass(entry, "it passes") for entry, _ in entries if entry and entry.witness is None]
    installed = installed_adapters() if all_installed and expected else None
    return [*overdue(expected, adapters, datetime.date.today(), installed), *stale, *passing]


def _out_of_date(config: pytest.Config) -> list[str]:
    decisions, stale = config.stash[decisions_key], config.stash[stale_key]
    adapters = tuple(dict.fromkeys(decision.adapter for decision in decisions))
    return out_of_date(
        verdict(decisions, adapters),
        config.stash[expected_key],
        stale,
        adapters,
        all_installed=bool(decisions) and not config.getoption("--adapter"),
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session whose list of expected failures is out of date."""
    if _out_of_date(session.config) and session.exitstatus == pytest.ExitCode.OK:
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
    for line in _out_of_date(config):
        terminalreporter.write_line(line, red=True)


def summary_lines(table: list[Cell], adapters: tuple[str, ...]) -> Iterator[str]:
    """One denominator sentence for each adapter."""
    untestable = sum(not clause.testable for clause in contract().values())
    for adapter in adapters:
        yield denominator(adapter, table, untestable).sentence()
