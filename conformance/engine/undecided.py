"""What a run could not decide, and why: clauses of one reason together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.engine.causes import alike, masked
from conformance.engine.outcome import Cell, Outcome

_NOT_CLAIMED = re.compile(r"stage (\S.*) not claimed")
_WITHOUT_REASON = {
    Outcome.ERROR: "the adapter broke",
    Outcome.VACUOUS: "the check compared nothing",
    Outcome.NOT_RUN: "no check ran",
    Outcome.NOT_APPLICABLE: "no reason given",
}


@dataclass(frozen=True)
class Undecided:
    """Clauses that could not be decided, for one reason.

    Attributes
    ----------
    adapter : str
    outcome : Outcome
        What stands in their place: an error, nothing compared, not applicable, or not run.
    reason : str
    clauses : tuple of str
    """

    adapter: str
    outcome: Outcome
    reason: str
    clauses: tuple[str, ...]


def _same_reason(outcome: Outcome, first: str, second: str) -> bool:
    """Whether two reasons are one: what an adapter has not is named, so one word makes another reason."""
    if outcome is Outcome.NOT_APPLICABLE:
        return bool(_NOT_CLAIMED.fullmatch(first) and _NOT_CLAIMED.fullmatch(second))
    return alike(first, second)


def _reason_of(cells: Sequence[Cell]) -> str:
    stages = dict.fromkeys(found[1] for cell in cells if (found := _NOT_CLAIMED.fullmatch(cell.reason)))
    return f"not claimed: the stages {', '.join(stages)}" if len(stages) > 1 else cells[0].reason


def undecided_of(cells: Iterable[Cell]) -> tuple[Undecided, ...]:
    """Return what could not be decided, by adapter and reason; what concerns the most clauses first.

    Parameters
    ----------
    cells : iterable of Cell
    """
    left = (Outcome.ERROR, Outcome.VACUOUS, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
    found: list[tuple[tuple[str, Outcome], str, list[Cell]]] = []
    for cell in cells:
        if cell.outcome not in left:
            continue
        whose, reason = (cell.adapter, cell.outcome), masked(cell.reason)
        for known, words, held in found:
            if known == whose and (words == reason or _same_reason(cell.outcome, words, reason)):
                held.append(cell)
                break
        else:
            found.append((whose, reason, [cell]))
    made = [
        Undecided(adapter, outcome, _reason_of(held) or _WITHOUT_REASON[outcome], tuple(one.clause for one in held))
        for (adapter, outcome), _, held in found
    ]
    return tuple(sorted(made, key=lambda one: (left.index(one.outcome), -len(one.clauses))))
