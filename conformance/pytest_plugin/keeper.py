"""pytest hooks around known and new failures: what is decided without a search, and what is kept as a capsule."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, classify, violation_in
from conformance.failures.recording import RECORDED, keep
from conformance.failures.witnesses import Witnesses
from conformance.pytest_plugin.stash import evidence_key, kept_key, standings_key, subject_key


def declaration_in(item: pytest.Item) -> Declaration | None:
    """Return the declaration of a check; None for any other test."""
    found = getattr(getattr(item, "function", None), "declaration", None)
    return found if isinstance(found, Declaration) else None


class WitnessStand:
    """Skips checks whose clauses are all known to fail, because the witnesses still show it."""

    def __init__(self, witnesses: Witnesses) -> None:
        self._witnesses = witnesses

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Ask the witnesses, last, when the check is known to apply."""
        declaration, selected = declaration_in(item), item.stash.get(subject_key, None)
        if declaration is None or selected is None:
            return
        asked = {
            clause: self._witnesses.standing(clause, selected, declaration.framework) for clause in declaration.clauses
        }
        item.stash[standings_key] = {clause: found for clause, found in asked.items() if found is not None}
        if all(found is not None and found.fails for found in asked.values()):
            pytest.skip("known to fail: the witness was replayed in place of a search")


class CapsuleKeeper:
    """Writes a capsule of every failure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Keep what fails while it runs; here, because what an adapter prints is still captured."""
        try:
            result = yield
        except (Exception, SystemExit) as error:
            self.keep(pyfuncitem, error)
            raise
        self.keep(pyfuncitem, None)
        return result

    def keep(self, item: pytest.Item, error: BaseException | None) -> None:
        """Keep a check that ended with this error, if that is a failure."""
        declaration, selected = declaration_in(item), item.stash.get(subject_key, None)
        if (
            declaration is None
            or selected is None
            or kept_key in item.stash
            or isinstance(error, pytest.skip.Exception)
        ):
            return
        evidence = item.stash.get(evidence_key, None)
        outcome, reason = classify(error, evidence.comparisons if evidence else 0, selected)
        if outcome not in RECORDED:
            return
        drawn = None if evidence is None else evidence.drawn
        trial = Trial(
            declaration,
            item.callspec.params.get("specimen") if hasattr(item, "callspec") else None,
            outcome,
            reason,
            violation=None if error is None else violation_in(error),
            drawn=drawn if declaration.given else {},
        )
        item.stash[kept_key] = keep(trial, selected, self._folder)


def expected_outcome(item: pytest.Item, clause: str, outcome: Outcome, excused: bool) -> Outcome:
    """Outcome of a clause with an entry in the list of expected failures.

    Parameters
    ----------
    item : pytest.Item
    clause : str
    outcome : Outcome
        What the check itself decided.
    excused : bool
        Whether an entry covers the clause.
    """
    standing = item.stash.get(standings_key, {}).get(clause)
    if standing is not None and standing.fails:
        return Outcome.EXPECTED_FAIL
    # The known failure is gone, so this is another.
    gone = standing is not None and bool(standing.stale)
    return Outcome.EXPECTED_FAIL if excused and outcome is Outcome.FAIL and not gone else outcome
