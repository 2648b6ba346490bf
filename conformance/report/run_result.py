"""What ``run --json`` writes: every cell, every decision, the denominators and the exit code."""

from __future__ import annotations

import msgspec

from conformance import __version__
from conformance.contract.clauses import Level, contract
from conformance.contract.stages import Stage
from conformance.contract.version import contract_version
from conformance.engine.agreement import Agreement
from conformance.engine.causes import Cause
from conformance.engine.changes import Versions
from conformance.engine.grounds import Kind
from conformance.engine.outcome import Cell, Decision, Denominator, Outcome
from conformance.report.convention import convention_of
from conformance.report.published import Published
from conformance.runs.judgement import Judgement


class CellResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict on one clause and one adapter, over all its checks.

    Attributes
    ----------
    level : str
        How much the clause asks for.
    outcome : Outcome
        That of the worst check.
    reason : str
        Sentence of the worst check.
    """

    clause: str
    title: str
    level: Level
    stage: str
    adapter: str
    outcome: Outcome
    reason: str
    checks: tuple[Decision, ...]


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided of one adapter, of all clauses.

    Attributes
    ----------
    clauses : int
        All of them, the untestable ones included.
    decided : int
        Those on which the run has a verdict of its own.
    untestable : int
        Those that no check can decide.
    counts : dict
        Clauses by outcome.
    """

    adapter: str
    clauses: int
    decided: int
    untestable: int
    counts: dict[Outcome, int]
    not_applicable_by_reason: dict[str, int]
    not_run_by_reason: dict[str, int]


class ComparisonResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the comparison of two backends in one stage found.

    Attributes
    ----------
    first, second : str
        Names of the adapters.
    compared : int
        Number of values compared.
    divergence : str
        Where the two part, in a sentence; empty when they agree.
    specimen : str
        Scan on which they part.
    left_out : str
        Why the stage was not compared; empty when it was.
    verdict : str
        ``agree``, ``diverge`` or ``not compared``.
    """

    first: str
    second: str
    stage: Stage
    compared: int
    divergence: str
    specimen: str
    left_out: str
    verdict: str


class CauseResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What failures of one adapter have in common.

    Attributes
    ----------
    kind : Kind
        What the adapter did.
    sentence : str
    certain : bool
        Whether it alone explains what the speaking check saw.
    failed, undecided, perhaps : tuple of str
        Clauses that it makes fail, leaves undecided, and may explain.
    clause, check : str
        Those that speak for it.
    shown : str
        What the check saw.
    capsule, replay : str
        Where the failure is kept, and the command that replays it; empty where it is not.
    hint : str
        What the adapter may state of itself where the cause is exactly that, and meant; empty where nothing is.
    """

    adapter: str
    kind: Kind
    sentence: str
    certain: bool
    failed: tuple[str, ...]
    undecided: tuple[str, ...]
    perhaps: tuple[str, ...]
    clause: str
    check: str
    shown: str
    capsule: str
    replay: str
    hint: str


class UndecidedResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clauses of one adapter that one reason left undecided."""

    adapter: str
    outcome: Outcome
    reason: str
    clauses: tuple[str, ...]


class ChangeResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is otherwise with an adapter than when it was last judged.

    Attributes
    ----------
    before, now : Versions
        Of its last run, and of this one.
    gained, lost, undecided : tuple of str
        Clauses that pass and did not; that fail or break and did not; that were decided and are not.
    """

    adapter: str
    before: Versions
    now: Versions
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    undecided: tuple[str, ...]


class AspectResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that the convention of an adapter settles, as far as it was judged by optics.

    Attributes
    ----------
    aspect : str
        Such as the window that a position means, or the norm.
    clause : str
        The clause that decides it.
    found : str
        In words; where it could not be found, why.
    own : bool
        Whether it is the contract's own.
    """

    adapter: str
    aspect: str
    clause: str
    found: str
    own: bool


class RunResult(Published, frozen=True, kw_only=True, tag_field="schema", tag="ptycho-conformance.run/1"):
    """A judgement of adapters.

    Attributes
    ----------
    scan : str or None
        The user's file that was judged on as well.
    complete : bool
        Whether the run came to its end.
    cut : str
        Why the run ended before all was decided; empty when it did not.
    not_judged : tuple of str
        A sentence for each adapter that was named and of which nothing could be decided.
    exit_code : int
        0 no violation; 1 violations; 2 something could not be decided.
    causes : tuple of CauseResult
        What to mend first, the gravest first.
    undecided : tuple of UndecidedResult
        What could not be decided, by reason.
    cells : tuple of CellResult
        One for every testable clause of the chosen stages and every adapter.
    denominators : tuple of Count
        One an adapter.
    agreements : tuple of ComparisonResult
        One a stage and further adapter, compared with the first.
    stale_expectations : tuple of str
        What is out of date in the list of expected failures.
    changes : tuple of ChangeResult
        One an adapter that stands in the ledger of ``--history``.
    convention : tuple of AspectResult
        The convention that was found, one an adapter and aspect.
    translators : dict of str to tuple of str
        What was translated for adapters that state another convention than the contract's, by adapter.
    """

    scan: str | None
    complete: bool
    cut: str
    not_judged: tuple[str, ...]
    exit_code: int
    causes: tuple[CauseResult, ...]
    undecided: tuple[UndecidedResult, ...]
    cells: tuple[CellResult, ...]
    denominators: tuple[Count, ...]
    agreements: tuple[ComparisonResult, ...]
    stale_expectations: tuple[str, ...]
    changes: tuple[ChangeResult, ...]
    convention: tuple[AspectResult, ...]
    translators: dict[str, tuple[str, ...]]


def run_result(judgement: Judgement) -> RunResult:
    """Return what is written of a judgement."""
    return RunResult(
        version=__version__,
        contract=judgement.version or contract_version(),
        scan=str(judgement.scan) if judgement.scan else None,
        complete=not judgement.cut,
        cut=judgement.cut,
        not_judged=judgement.not_judged,
        exit_code=judgement.exit_code,
        causes=tuple(_cause(one) for one in judgement.causes),
        undecided=tuple(
            UndecidedResult(adapter=one.adapter, outcome=one.outcome, reason=one.reason, clauses=tuple(one.clauses))
            for one in judgement.undecided
        ),
        cells=tuple(_cell(cell) for cell in judgement.cells),
        denominators=tuple(_count(count) for count in judgement.denominators),
        agreements=tuple(_comparison(one) for one in judgement.agreements),
        stale_expectations=judgement.stale,
        changes=tuple(msgspec.convert(one, ChangeResult, from_attributes=True) for one in judgement.changes),
        convention=tuple(
            AspectResult(adapter=label, aspect=one.name, clause=one.clause, found=one.found, own=one.contract)
            for label in (count.adapter for count in judgement.denominators)
            for one in convention_of(judgement, label)
        ),
        translators=dict(judgement.translators),
    )


def _cause(cause: Cause) -> CauseResult:
    return CauseResult(
        adapter=cause.adapter,
        kind=cause.kind,
        sentence=cause.sentence,
        certain=cause.certain,
        failed=tuple(cause.failed),
        undecided=tuple(cause.undecided),
        perhaps=tuple(cause.perhaps),
        clause=cause.speaker.clause,
        check=cause.speaker.check,
        shown=cause.speaker.reason,
        capsule=cause.speaker.capsule,
        replay=cause.speaker.replay,
        hint=cause.hint,
    )


def _cell(cell: Cell) -> CellResult:
    clause = contract()[cell.clause]
    return CellResult(
        clause=clause.id,
        title=clause.title,
        level=clause.level,
        stage=clause.stage,
        adapter=cell.adapter,
        outcome=cell.outcome,
        reason=cell.reason,
        checks=cell.decisions,
    )


def _count(count: Denominator) -> Count:
    return Count(
        adapter=count.adapter,
        clauses=count.clauses,
        decided=count.decided,
        untestable=count.untestable,
        counts={outcome: count.counts.get(outcome, 0) for outcome in Outcome},
        not_applicable_by_reason=dict(count.not_applicable_by_reason),
        not_run_by_reason=dict(count.not_run_by_reason),
    )


def _comparison(one: Agreement) -> ComparisonResult:
    return msgspec.convert(one, ComparisonResult, from_attributes=True)
