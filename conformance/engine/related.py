"""When a failure may have the cause of another: groups of failures, and what each may explain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.contract.clauses import contract
from conformance.contract.stages import METHODS, ROWS, Stage
from conformance.engine.catalogue import declared
from conformance.engine.grounds import Kind
from conformance.engine.outcome import Cell, Decision
from conformance.engine.stated_conventions import NEITHER

_OF_POSITIONS = {"coordinates", "patches", "transforms", "reassembly", "relations"}
_ABOUT_POSITIONS = re.compile(r"\b(x|y|positions?)\b")
_BETWEEN_PIXELS = re.compile(r"(to|at) whole pixels|half pixels|sub-pixel|dropped between pixels|1/\d+ pixel")
AT_AN_EDGE = re.compile(r"the array is cropped\b|the (first|last) .* (is|are) missing$")
_MOVED = re.compile(r"\b(shifted|off|exchanged|mirrored|wraps?)\b")
"""How the consequence of a position that is mistaken is told."""


@dataclass
class Group:
    """Failures that are held to be one.

    Attributes
    ----------
    key : tuple of str
        How they are told apart from others: what kind of group it is, and the words that its members share.
    members, perhaps : list of (Cell, Decision)
        Failures that it explains, and those that it may.
    """

    key: tuple[str, ...]
    members: list[tuple[Cell, Decision]]
    perhaps: list[tuple[Cell, Decision]] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """Whether a check has shown the mistake."""
        return self.key[0] == "certain"

    @property
    def stages(self) -> set[str]:
        """Stages of the clauses that fail."""
        return {contract()[cell.clause].stage for cell, _ in self.members}

    @property
    def pattern(self) -> bool:
        """Whether the mistake only describes what the numbers do."""
        return any(one.grounds.pattern for _, one in self.members)


def asks(group: Group) -> set[str]:
    """Stages of the methods that the checks of a group call.

    Parameters
    ----------
    group : Group
    """
    checks = [one for _, decision in group.members if (one := declared(decision.check)) is not None]
    called = {method for one in checks for method in (*one.needs, *one.any_of)}
    return {str(stage) for stage, methods in METHODS.items() if called & set(methods)}


def follows(relation: Group, group: Group) -> bool:
    """Whether what two runs owe each other is broken by what one breaks by itself.

    Parameters
    ----------
    relation : Group
        Of failing relations alone.
    group : Group
    """
    stages = asks(relation) | (relation.stages - {str(Stage.RELATIONS)})
    both = _misplaces(group) and bool(stages & _OF_POSITIONS) and bool(_MOVED.search(relation.key[1]))
    return bool(stages & group.stages) or both


def _misplaces(group: Group) -> bool:
    """Whether it may show wherever positions come in."""
    return bool(_ABOUT_POSITIONS.search(group.key[1])) and bool(group.stages & _OF_POSITIONS)


def may_explain(group: Group, cell: Cell, decision: Decision) -> bool:
    """Whether a mistake that is certain elsewhere may be why values are wrong here, of which no check can say why.

    Parameters
    ----------
    group : Group
        Whose mistake is certain.
    cell : Cell
    decision : Decision
        The check of the clause that speaks.
    """
    if decision.grounds.kind is not Kind.WRONG or group.pattern:
        return False
    if decision.grounds.at_whole_pixels and _BETWEEN_PIXELS.search(group.key[1]):
        return False
    if decision.grounds.misshapen:
        # Wrong numbers do not change a shape; what is lost at an edge of one array may be lost at that of another.
        return bool(AT_AN_EDGE.match(group.key[1])) and contract()[cell.clause].stage in group.stages
    stage = _stage_amiss(cell, decision)
    return stage in group.stages or (stage in _OF_POSITIONS and _misplaces(group))


def _stage_amiss(cell: Cell, decision: Decision) -> str:
    """Stage of a clause; of what a method gives that is wrong whatever is stated, the stage of the method."""
    method = decision.grounds.statement.partition(" ")[0] if NEITHER in decision.grounds.statement else ""
    own = next((str(stage) for stage, row in ROWS.items() if method in (*row.required, *row.optional)), "")
    return own or contract()[cell.clause].stage


def plainest(groups: Sequence[Group], stage: str) -> Group:
    """The cause that was shown by the plainest clause: the first of its stage; of the same stage before others.

    Parameters
    ----------
    groups : sequence of Group
    stage : str
        Of the clause that is to be explained.
    """
    order = list(contract())

    def place(group: Group) -> tuple[bool, int]:
        return stage not in group.stages, min(order.index(cell.clause) for cell, _ in group.members)

    return min(groups, key=place)
