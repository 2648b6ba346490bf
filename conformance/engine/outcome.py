"""The seven outcomes of a check, and how they add up to a verdict with its denominator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.engine.grounds import NO_GROUNDS, Grounds


class Outcome(StrEnum):
    """What a check decided about one clause and one adapter.

    ``PASS`` and ``FAIL`` decide the clause. ``DECLARED``: the adapter differs from it exactly as it states.
    ``ERROR``: the adapter broke, not the contract. ``NOT_APPLICABLE``: the stage is not claimed or a dependency is
    missing. ``EXPECTED_FAIL``: a listed failure that still fails. ``VACUOUS``: the check ran and compared nothing,
    which counts as a failure. ``NOT_RUN``: no check that applies ran, which a run must admit.
    """

    PASS = "PASS"
    FAIL = "FAIL"
    DECLARED = "DECLARED"
    ERROR = "ERROR"
    NOT_APPLICABLE = "NOT-APPLICABLE"
    EXPECTED_FAIL = "EXPECTED-FAIL"
    VACUOUS = "VACUOUS"
    NOT_RUN = "NOT-RUN"


# A run of one stage leaves most clauses out; only a few are worth their names.
_NAMED = 8

# Worst first: a clause is as bad as the worst of its checks.
SEVERITY = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.VACUOUS,
    Outcome.EXPECTED_FAIL,
    Outcome.DECLARED,
    Outcome.PASS,
    Outcome.NOT_RUN,
    Outcome.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Decision:
    """What one check said about one clause and one adapter.

    Attributes
    ----------
    clause, adapter, check : str
        Clause id, adapter name, and the check's name with its specimen.
    outcome : Outcome
    comparisons : int
        Number of effective comparisons; zero makes a passing check vacuous.
    reason : str
        Sentence that explains a failure, an error or a skip.
    seconds : float
        Duration of the check.
    capsule : str
        Folder in which a failure was kept; empty when it was not.
    replay : str
        The one command that replays it, or why there is none.
    traceback : str
        Where an adapter broke; empty for every other outcome.
    grounds : Grounds
        What a failing check found, so that failures of one cause are told together.
    """

    clause: str
    adapter: str
    check: str
    outcome: Outcome
    comparisons: int = 0
    reason: str = ""
    seconds: float = 0.0
    capsule: str = ""
    replay: str = ""
    traceback: str = ""
    grounds: Grounds = NO_GROUNDS


@dataclass(frozen=True)
class Cell:
    """The verdict on one clause and one adapter, over all its checks."""

    clause: str
    adapter: str
    outcome: Outcome
    decisions: tuple[Decision, ...] = ()

    @property
    def reason(self) -> str:
        """Sentence of the worst check, of several of one that knows the mistake.

        Of what does not apply it is the rarest, which is that of a scan that was given.
        """
        worst_of = [one for one in self.decisions if one.outcome is self.outcome and one.reason]
        if self.outcome is Outcome.NOT_APPLICABLE:
            said = Counter(one.reason for one in worst_of)
            return min(said, key=said.__getitem__, default="")
        knows = max(worst_of, key=_knowledge, default=None)
        return knows.reason if knows else ""


@dataclass(frozen=True)
class Denominator:
    """The closing count of a run for one adapter: what was decided, of all clauses."""

    adapter: str
    clauses: int
    counts: Mapping[Outcome, int]
    untestable: int
    not_applicable_by_reason: Mapping[str, int] = field(default_factory=dict)
    not_run: tuple[str, ...] = ()
    not_run_by_reason: Mapping[str, int] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """Clauses on which the run has a verdict of its own."""
        verdicts = (Outcome.PASS, Outcome.FAIL, Outcome.DECLARED, Outcome.EXPECTED_FAIL)
        return sum(self.counts.get(one, 0) for one in verdicts)

    def sentence(self) -> str:
        """One line: decided, passed, failed, errors, not applicable by reason, expected, vacuous, not run, of all."""
        count = self.counts
        parts = [
            f"passed {count.get(Outcome.PASS, 0)}",
            f"failed {count.get(Outcome.FAIL, 0)}",
            f"declared {count.get(Outcome.DECLARED, 0)}",
            f"errors {count.get(Outcome.ERROR, 0)}",
            f"expected failures {count.get(Outcome.EXPECTED_FAIL, 0)}",
            f"vacuous {count.get(Outcome.VACUOUS, 0)}",
            f"not applicable {count.get(Outcome.NOT_APPLICABLE, 0)}{_reasons(self.not_applicable_by_reason)}",
            f"untestable {self.untestable}",
            f"not run {count.get(Outcome.NOT_RUN, 0)}{self._missed()}{_reasons(self.not_run_by_reason)}",
        ]
        return f"{self.adapter}: decided {self.decided} of {self.clauses} clauses · " + " · ".join(parts)

    def _missed(self) -> str:
        return f" ({', '.join(self.not_run)})" if 0 < len(self.not_run) <= _NAMED else ""


def _reasons(counts: Mapping[str, int]) -> str:
    return " (" + "; ".join(f"{n} {reason}" for reason, n in sorted(counts.items())) + ")" if counts else ""


def _knowledge(one: Decision) -> tuple[bool, bool, bool]:
    """How well a check knows what is wrong; the first of several that know alike speaks."""
    grounds = one.grounds
    return bool(grounds.cause) and grounds.certain, bool(grounds.cause) and not grounds.pattern, bool(grounds.cause)


def worst(decisions: Iterable[Decision]) -> Outcome:
    """Outcome of a clause: that of its worst check; ``NOT_RUN`` when no check ran."""
    seen = {decision.outcome for decision in decisions}
    return next((outcome for outcome in SEVERITY if outcome in seen), Outcome.NOT_RUN)


def cells(decisions: Iterable[Decision], clauses: Iterable[str], adapters: Iterable[str]) -> list[Cell]:
    """Return one cell for every clause and adapter, in that order; no cell can be missing.

    Parameters
    ----------
    decisions : iterable of Decision
        Those about other clauses or adapters are passed over.
    clauses, adapters : iterable of str
    """
    by_key: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        by_key.setdefault((decision.clause, decision.adapter), []).append(decision)
    return [
        Cell(clause, adapter, worst(by_key.get((clause, adapter), ())), tuple(by_key.get((clause, adapter), ())))
        for adapter in adapters
        for clause in clauses
    ]


def denominator(adapter: str, table: Iterable[Cell], untestable: int) -> Denominator:
    """Count the cells of one adapter.

    Parameters
    ----------
    adapter : str
    table : iterable of Cell
        Cells of the testable clauses, of this adapter and perhaps of others.
    untestable : int
        Number of the other clauses.
    """
    own = [cell for cell in table if cell.adapter == adapter]
    reasons = Counter(cell.reason or "no reason given" for cell in own if cell.outcome is Outcome.NOT_APPLICABLE)
    counts = Counter(cell.outcome for cell in own)
    missed = [cell for cell in own if cell.outcome is Outcome.NOT_RUN]
    why = Counter(cell.reason for cell in missed if cell.reason)
    clauses = tuple(cell.clause for cell in missed)
    return Denominator(adapter, len(own) + untestable, counts, untestable, reasons, clauses, why)
