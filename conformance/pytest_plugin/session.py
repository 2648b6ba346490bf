"""The judge of a pytest session, what its items have decided, and how the session ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec
import pytest

from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter
from conformance.engine.agreement import Agreement, summary
from conformance.engine.declaration import UnknownProfile
from conformance.engine.outcome import Cell, Decision, cells, denominator
from conformance.engine.plan import planned
from conformance.failures.expected import MalformedExpectations
from conformance.files.examine import UnreadableScan
from conformance.runs.judge import Judge
from conformance.runs.judgement import out_of_date
from conformance.runs.scratch import working_folder
from conformance.runs.settings import RunSettings

DECISIONS = "ptycho_conformance"
"""Name of the report property that carries decisions from a worker to the controller."""

AGREEMENT = "ptycho_conformance_agreement"
"""Name of the report property that carries the comparison of two backends in one stage."""

STALE = "ptycho_conformance_stale"
"""Name of the report property that carries what is out of date in the list of expected failures."""


class Session:
    """The judge behind the items of one pytest session; registered as a plugin, it gathers what they decide.

    Attributes
    ----------
    judge : Judge
    """

    def __init__(self, config: pytest.Config) -> None:
        self._held = contextlib.ExitStack()
        folder = self._held.enter_context(working_folder())
        capsules = config.getoption("ptycho_capsules")
        settings = RunSettings(
            adapters=tuple(config.getoption("ptycho_adapter")),
            devices=tuple(config.getoption("ptycho_device")),
            scan=config.getoption("ptycho_scan"),
            expected=config.getoption("ptycho_expected"),
            capsules=None if capsules is None else capsules.absolute(),
            frameworks=not config.getoption("ptycho_no_frameworks"),
        )
        wrong = (AdapterNotFound, DeviceNotPresent, MalformedAdapter, MalformedExpectations, UnreadableScan)
        try:
            self.judge = Judge(settings, folder)
        except (*wrong, UnknownProfile, OSError) as error:
            raise pytest.UsageError(str(error)) from error
        self._decisions: list[Decision] = []
        self._agreements: list[Agreement] = []
        self._stale: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what an item decided off its report, wherever it ran."""
        if report.when != "teardown":
            return
        for name, held in report.user_properties:
            if name == DECISIONS and isinstance(held, list | tuple):
                self._decisions.extend(msgspec.convert(record, Decision) for record in held)
            elif name == STALE and isinstance(held, list):
                self._stale.extend(sentence for sentence in held if sentence not in self._stale)
            elif name == AGREEMENT and isinstance(held, dict):
                self._agreements.append(msgspec.convert(held, Agreement))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session whose list of expected failures is out of date."""
        if self._out_of_date() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        """Remove the files handed to adapters."""
        self._held.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Close every run with its denominator."""
        if not self._decisions and not self._agreements:
            return
        terminalreporter.section("conformance")
        for line in (*self._counted(), *summary(self._agreements)):
            terminalreporter.write_line(line)
        for line in self._out_of_date():
            terminalreporter.write_line(line, red=True)

    @property
    def _adapters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(decision.adapter for decision in self._decisions))

    def _table(self) -> list[Cell]:
        return cells(self._decisions, planned((), (), ()).clauses, self._adapters)

    def _counted(self) -> Iterator[str]:
        table, untestable = self._table(), planned((), (), ()).untestable
        yield from (denominator(adapter, table, untestable).sentence() for adapter in self._adapters)

    def _out_of_date(self) -> list[str]:
        everyone = bool(self._decisions) and not self.judge.settings.adapters
        return out_of_date(self._table(), self.judge.expected, self._stale, self._adapters, all_installed=everyone)
