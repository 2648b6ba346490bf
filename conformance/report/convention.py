"""The convention that a run has found a backend to follow, whatever its author states: one line an aspect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.engine.causes import Cause
from conformance.engine.outcome import Cell, Outcome
from conformance.runs.judgement import Judgement

ASPECTS = (
    ("window", "PAT-001", "x is the column, y the row; a position names pixel N/2 of its patch"),
    ("between pixels", "PAT-002", "bilinear weights of the object"),
    ("beyond the object", "PAT-003", "zeros"),
    ("placing", "REA-001", "a patch goes where it would be cut: pixel N/2 on its position"),
    ("placing between pixels", "REA-011", "bilinear weights"),
    (
        "transform",
        "PHY-004",
        "forward: a phase ramp of +k cycles moves the pattern by +k pixels, columns along columns",
    ),
    ("norm", "PHY-002", "orthonormal: the energy of the exit wave is kept"),
    ("zero frequency", "PHY-003", "at pixel (N/2, N/2)"),
    ("quantity and floor", "PHY-009", "an amplitude, nothing added: it scales with the probe"),
    ("modes", "PHY-005", "several, added in intensity"),
)
"""What is asked of optics, the clause that decides it, and the contract's own convention."""

_UNSETTLED = (Outcome.FAIL, Outcome.EXPECTED_FAIL, Outcome.VACUOUS)


@dataclass(frozen=True)
class Aspect:
    """One thing that a convention settles.

    Attributes
    ----------
    name, clause : str
    found : str
        In words; where it could not be found, why.
    contract : bool
        Whether it is the contract's own.
    """

    name: str
    clause: str
    found: str
    contract: bool


def heading(judgement: Judgement, adapter: str) -> str:
    """Say whose convention was found; what an adapter states of it is translated before it is looked at.

    Parameters
    ----------
    judgement : Judgement
    adapter : str
        Its label.
    """
    translated = ", once translated as it states" if judgement.translators.get(adapter) else ""
    return f"Convention found of {adapter}{translated}"


def convention_of(judgement: Judgement, adapter: str) -> tuple[Aspect, ...]:
    """Return the convention of an adapter as far as it was judged by optics; empty where it was not.

    Parameters
    ----------
    judgement : Judgement
    adapter : str
        Its label.
    """
    cells = {cell.clause: cell for cell in judgement.cells if cell.adapter == adapter}
    causes = [one for one in judgement.causes if one.adapter == adapter]
    return tuple(_aspects(cells, causes))


def _aspects(cells: dict[str, Cell], causes: list[Cause]) -> Iterator[Aspect]:
    for name, clause, own in ASPECTS:
        cell = cells.get(clause)
        if cell is None or cell.reason.endswith("not claimed"):
            continue
        if cell.outcome is Outcome.PASS:
            yield Aspect(name, clause, own, contract=True)
        else:
            yield Aspect(name, clause, _otherwise(cell, causes), contract=False)


def _otherwise(cell: Cell, causes: list[Cause]) -> str:
    if cell.outcome is Outcome.DECLARED:
        return cell.reason.removeprefix("differs as the adapter states, ")
    if cell.outcome not in _UNSETTLED:
        return f"not decided: {(cell.reason or 'no check ran').removeprefix('not decided: ')}"
    # What it is was tried out for the hint; a certain cause explains what was seen.
    hint = next((one.grounds.hint for one in cell.decisions if one.grounds.hint), "")
    own = [one for one in causes if cell.clause in one.failed]
    certain = next((one.sentence for one in own if one.certain), "")
    if hint:
        return f"{certain} ({hint})" if certain else hint
    perhaps = next((f"it may be that {one.sentence}" for one in causes if cell.clause in one.perhaps), "")
    said = certain or perhaps or next((one.sentence for one in own), cell.reason)
    return said or "not the contract's"
