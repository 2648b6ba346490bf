"""What an adapter gained and lost since it was last judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.engine.outcome import Outcome

_FAILING = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS, Outcome.EXPECTED_FAIL)
Outcomes = Mapping[str, Outcome]
"""By clause."""


@dataclass(frozen=True)
class Versions:
    """Under what a run holds.

    Attributes
    ----------
    at : str
        When it ended, in universal time.
    contract : str
        Version of the contract by whose clauses was judged.
    backend : str
        Version of the backend; empty where nobody says.
    """

    at: str
    contract: str
    backend: str


@dataclass(frozen=True)
class Change:
    """What is otherwise with an adapter than when it was last judged.

    Attributes
    ----------
    adapter : str
    before, now : Versions
        Of its last run, and of this one.
    gained : tuple of str
        Clauses that pass, and did not.
    lost : tuple of str
        Clauses that fail or break, and did not.
    undecided : tuple of str
        Clauses that were decided, and are not.
    """

    adapter: str
    before: Versions
    now: Versions
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    undecided: tuple[str, ...]


def last_known(runs: Iterable[Outcomes]) -> dict[str, Outcome]:
    """Return the outcome of each clause in the last of the runs that came to it."""
    return {clause: held for one in runs for clause, held in one.items() if held is not Outcome.NOT_RUN}


def gained(before: Outcomes, now: Outcomes) -> tuple[str, ...]:
    """Clauses that pass, and did not; a clause of which nothing was known is neither gained nor lost."""
    return tuple(
        clause
        for clause, held in now.items()
        if held is Outcome.PASS and before.get(clause, Outcome.PASS) is not Outcome.PASS
    )


def lost(before: Outcomes, now: Outcomes) -> tuple[str, ...]:
    """Clauses that fail or break, and did not."""
    return tuple(
        clause for clause, held in now.items() if held in _FAILING and before.get(clause, Outcome.FAIL) not in _FAILING
    )


def left_undecided(before: Outcomes, now: Outcomes, unreached: Sequence[Outcome]) -> tuple[str, ...]:
    """Clauses that were decided, and are not.

    Parameters
    ----------
    before, now : Mapping of str to Outcome
    unreached : sequence of Outcome
        Outcomes that decide nothing; of a run that was cut what it did not come to is none of them.
    """
    return tuple(
        clause for clause, held in now.items() if held in unreached and before.get(clause, held) not in unreached
    )
