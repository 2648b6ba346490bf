"""A ledger of runs over time, a JSON line a run and adapter, and what an adapter gained and lost since its last."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.engine.changes import Change, Versions, gained, last_known, left_undecided, lost
from conformance.engine.outcome import Outcome
from conformance.failures.typed import typed
from conformance.runs.appended import append_line, results_in
from conformance.runs.judgement import Judgement

SCHEMA = "ptycho-conformance.history/1"


class HistoryLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag=SCHEMA
):
    """What came of one adapter in one run.

    Attributes
    ----------
    at : str
        When the run ended, in universal time.
    adapter : str
    backend : str
        Version of the backend; empty where nobody says.
    version : str
        Version of the suite.
    contract : str
        Version of the contract by whose clauses was judged.
    cut : str
        Why the run ended before all was decided; empty when it did not.
    outcomes : dict of str to Outcome
        By clause, of the stages that were asked for.
    """

    at: str
    adapter: str
    backend: str
    version: str
    contract: str
    cut: str
    outcomes: Mapping[str, Outcome]


class History:
    """A file of runs, to which lines are added and none is ever changed.

    Parameters
    ----------
    path : Path
        A file that is not there holds nothing.

    Raises
    ------
    LedgerError
        The file holds something else.
    OSError
        It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = tuple(results_in(path, SCHEMA, _line, "a run"))

    def changes(self, now: Iterable[HistoryLine]) -> tuple[Change, ...]:
        """Compare with the last entry of each adapter; one that has none is left out."""
        return tuple(change for line in now if (change := _change(self._of(line.adapter), line)))

    def _of(self, adapter: str) -> list[HistoryLine]:
        return [one for one in self.lines if one.adapter == adapter]

    def add(self, lines: Iterable[HistoryLine]) -> None:
        """Append the lines of a run as one, and bring them to the disk.

        Raises
        ------
        OSError
            They cannot be written; the file is as it was.
        """
        told = [json.dumps(msgspec.to_builtins(one)).encode() + b"\n" for one in lines]
        if told:
            append_line(self.path, b"".join(told))


def lines_of(judgement: Judgement, at: datetime.datetime) -> tuple[HistoryLine, ...]:
    """Return what a judgement adds to a ledger: a line for each adapter of which anything was decided.

    Parameters
    ----------
    judgement : Judgement
    at : datetime
        When it ended.
    """
    when = at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return tuple(
        HistoryLine(
            at=when,
            adapter=count.adapter,
            backend=judgement.releases.get(count.adapter, ""),
            version=__version__,
            contract=judgement.version or contract_version(),
            cut=judgement.cut,
            outcomes={one.clause: one.outcome for one in judgement.cells if one.adapter == count.adapter},
        )
        for count in judgement.denominators
        if count.decided
    )


def _line(record: Any) -> HistoryLine:
    return typed(record, HistoryLine)


def _change(runs: Sequence[HistoryLine], now: HistoryLine) -> Change | None:
    if not runs:
        return None
    before = last_known(one.outcomes for one in runs)
    # What a run that was cut did not come to is as it was.
    unreached = [Outcome.NOT_APPLICABLE] + [Outcome.NOT_RUN] * (not now.cut)
    return Change(
        now.adapter,
        _versions(runs[-1]),
        _versions(now),
        gained(before, now.outcomes),
        lost(before, now.outcomes),
        left_undecided(before, now.outcomes, unreached),
    )


def _versions(line: HistoryLine) -> Versions:
    return Versions(line.at, line.contract, line.backend)
