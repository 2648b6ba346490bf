"""Items of a pytest session: one check on one adapter, or two adapters in one stage; the judge decides them."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType

import msgspec
import pytest

from conformance.backends.discovery import Selected
from conformance.contract.clauses import contract
from conformance.contract.crossing import Crossing
from conformance.engine.declaration import Declaration
from conformance.engine.events import CheckDecided
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Pairing, cases_of, pairings
from conformance.pytest_plugin.session import AGREEMENT, DECISIONS, STALE, Session
from conformance.runs.scratch import temporary_files_in


class Decided(Crossing, Exception):
    """A check was decided, and not as it should be; the message is what a person reads."""


class JudgedItem(pytest.Item):
    """An item that asks the judge.

    Parameters
    ----------
    session_of_suite : Session
    function : FunctionType
        The check, for the place in the report.
    """

    def __init__(self, *, name: str, parent: pytest.Collector, suite: Session, function: FunctionType) -> None:
        super().__init__(name, parent)
        self.suite = suite
        self.function = function

    def reportinfo(self) -> tuple[str, int, str]:
        """File, line and name of the check."""
        return str(self.path), self.function.__code__.co_firstlineno - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        """Return what a person reads, without the traceback of the suite."""
        if isinstance(excinfo.value, Decided):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))


class CheckItem(JudgedItem):
    """One check on one adapter, and on one scan where it takes one."""

    case: Case

    def runtest(self) -> None:
        """Decide the check, and note the decisions for the report."""
        with temporary_files_in(self.suite.judge.folder):
            found = self.suite.judge.check(self.case)
        self.user_properties.append((DECISIONS, msgspec.to_builtins(found.decisions)))
        self.user_properties.append((STALE, list(found.stale)))
        end_as(found)


class PairingItem(JudgedItem):
    """Two adapters asked the same in one stage."""

    pairing: Pairing

    def runtest(self) -> None:
        """Compare the two, and note the agreement for the report."""
        with temporary_files_in(self.suite.judge.folder):
            found = self.suite.judge.compare(self.pairing).agreement
        self.user_properties.append((AGREEMENT, msgspec.to_builtins(found)))
        if found.left_out:
            pytest.skip(found.left_out)
        stages = {(contract()[clause].stage, adapter) for clause, adapter in self.suite.judge.expected}
        if found.divergence and stages & {(str(found.stage), found.first), (str(found.stage), found.second)}:
            pytest.xfail(found.divergence)
        if found.divergence:
            raise Decided(f"{found.second} and {found.first} part at {found.stage}. {found.divergence}")


def end_as(found: CheckDecided) -> None:
    """End an item as the check ended: by returning, a skip, an expected failure, or a failure with its sentence."""
    first = found.decisions[0]
    if all(one.outcome is Outcome.EXPECTED_FAIL for one in found.decisions):
        pytest.xfail(first.reason)
    if all(one.outcome in (Outcome.NOT_APPLICABLE, Outcome.DECLARED) for one in found.decisions):
        pytest.skip(first.reason)
    if any(one.outcome in (Outcome.FAIL, Outcome.VACUOUS, Outcome.ERROR) for one in found.decisions):
        raise Decided(_told(found.decisions, found.adapter))


def _told(decisions: tuple[Decision, ...], adapter: str) -> str:
    bad = [one for one in decisions if one.outcome is not Outcome.EXPECTED_FAIL]
    clauses = ", ".join(f"{one.clause} ({contract()[one.clause].title})" for one in bad)
    lines = [f"{bad[0].outcome} · {clauses} · adapter {adapter}", bad[0].reason]
    lines += [bad[0].traceback.rstrip()] if bad[0].traceback else []
    lines += [f"Read the clause: ptycho-conformance explain {bad[0].clause}"]
    lines += [f"Replay it:       {bad[0].replay}"] if bad[0].replay else []
    return "\n".join(lines)


def items_of(suite: Session, parent: pytest.Collector, function: FunctionType) -> list[pytest.Item]:
    """Return the items of a check, or of the comparison of backends.

    Parameters
    ----------
    suite : Session
    parent : pytest.Collector
        Module in which the function stands.
    function : FunctionType
    """
    declaration = getattr(function, "declaration", None)
    if isinstance(declaration, Declaration):
        return list(_checks(suite, parent, function, declaration))
    return list(_pairings(suite, parent, function))


def _checks(
    suite: Session, parent: pytest.Collector, function: FunctionType, declaration: Declaration
) -> Iterator[CheckItem]:
    if declaration.framework is not None and not suite.judge.settings.frameworks:
        return
    for selected in suite.judge.chosen:
        for case in cases_of(declaration, selected, suite.judge.specimens):
            scan = "" if case.specimen is None else f"-{case.specimen.name}"
            name = f"{function.__name__}[{selected.label}{scan}]"
            item: CheckItem = CheckItem.from_parent(parent, name=name, suite=suite, function=function)
            item.case = case
            for mark in _marks(selected, declaration):
                item.add_marker(mark)
            item.add_marker(pytest.mark.clause(*declaration.clauses))
            yield item


def _marks(selected: Selected, declaration: Declaration) -> Iterator[str]:
    """Every check of a PyTorch backend carries that mark, so that one command runs them all where a GPU is.

    Such a backend loads PyTorch anyhow, so that its checks of tensors are checks of the contract like any other.
    """
    marks = {declaration.framework or "contract"}
    if selected.framework == "torch":
        marks |= {"torch", "contract"} if declaration.framework == "torch" else {"torch"}
    yield from sorted(marks)


def _pairings(suite: Session, parent: pytest.Collector, function: FunctionType) -> Iterator[PairingItem]:
    for pairing in pairings(suite.judge.chosen):
        name = f"{function.__name__}[{pairing.stage}-{pairing.first.label}-{pairing.second.label}]"
        item: PairingItem = PairingItem.from_parent(parent, name=name, suite=suite, function=function)
        item.pairing = pairing
        item.add_marker("contract")
        if "torch" in (pairing.first.framework, pairing.second.framework):
            item.add_marker("torch")
        yield item
