"""A verdict per cause: which failures are one failure, and which of them is the gravest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.contract.clauses import Level, contract
from conformance.contract.stages import ALWAYS_CLAIMED, METHODS, Stage
from conformance.engine.grounds import Grounds, Kind
from conformance.engine.outcome import Cell, Decision, Outcome
from conformance.engine.related import AT_AN_EDGE, Group, follows, may_explain, plainest
from conformance.engine.stated_conventions import FITS
from conformance.evidence.explanation import ELSEWHERE

FAILING = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)
"""Outcomes that have a cause."""

_NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")
_PLACE = re.compile(r"\S*/\S+")
_MANY = 3
"""Ways in which one limit shows, from which on they are told together."""
_AS_IT_LIES = ("untouched", "the arrays of a file are given as they lie there")
_IF_MEANT = 0.5
"""What a mistake weighs that the adapter may state as its own way."""
_WEIGHT = {
    Kind.WRONG: 3.0,
    Kind.BROKE: 3.0,
    Kind.REFUSED: 3.0,
    Kind.NOTHING: 3.0,
    Kind.ACCEPTED: 1.0,
    Kind.FOREIGN: 0.5,
}


@dataclass(frozen=True)
class Cause:
    """What is to be mended, and all that it explains.

    Attributes
    ----------
    adapter : str
    kind : Kind
    sentence : str
        What is wrong.
    certain : bool
        Whether a check has shown that nothing else explains what it saw.
    failed, undecided : tuple of str
        Clauses that fail by it, and clauses that it keeps from being decided.
    perhaps : tuple of str
        Clauses that fail, of which no check has shown why, where this one may be why.
    speaker : Decision
        The check that shows it best.
    gravity : tuple of bool and float
        The larger, the sooner it is to be mended: first what is wrong with certainty and unseen by its users, then all
        else, by the clauses and their level, by how many of their checks fail, and by how far off the values are.
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
    speaker: Decision
    gravity: tuple[bool, float]
    hint: str = ""

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every clause that it explains."""
        return self.failed + self.undecided + self.perhaps


def causes_of(cells: Iterable[Cell]) -> tuple[Cause, ...]:
    """Return the causes of all failures, the gravest first; every failing clause stands under one of them at least.

    A mistake that one check shows with certainty explains what other checks hold to be possible. Errors are one where
    their words are, but for numbers, places and one more word.

    Parameters
    ----------
    cells : iterable of Cell
        Of any number of adapters; a cause is one adapter's.
    """
    failing = [cell for cell in cells if cell.outcome in FAILING]
    adapters = dict.fromkeys(cell.adapter for cell in failing)
    found = [
        _cause(group)
        for adapter in adapters
        for group in _grouped([cell for cell in failing if cell.adapter == adapter])
    ]
    return tuple(sorted(found, key=lambda one: one.gravity, reverse=True))


def _grouped(failing: Sequence[Cell]) -> list[Group]:
    certain: dict[str, Group] = {}
    for cell, decision in _speaking(failing, certain=True):
        name = decision.grounds.names[0]
        certain.setdefault(name, Group(("certain", name), [])).members.append((cell, decision))
    explained = {cell.clause for group in certain.values() for cell, _ in group.members}
    for name in [name for name, group in certain.items() if _of_two_runs(group)]:
        # What two runs owe each other follows from what each owes by itself.
        named = [one for one in certain.values() if one is not certain[name] and follows(certain[name], one)]
        if named:
            for cell, decision in certain.pop(name).members:
                plainest(named, contract()[cell.clause].stage).perhaps.append((cell, decision))
    rest: list[Group] = []
    for cell, decision in _speaking(failing, certain=False):
        if cell.clause in explained:
            continue
        named = [certain[name] for name in _possible(decision.grounds) if name in certain]
        known = named or [one for one in certain.values() if may_explain(one, cell, decision)]
        if known and not any(held is cell for group in rest for held, _ in group.members):
            plainest(known, contract()[cell.clause].stage).perhaps.append((cell, decision))
            explained.add(cell.clause)
        else:
            _added(rest, cell, decision)
    return _one_limit_each([*certain.values(), *rest])


def _of_two_runs(group: Group) -> bool:
    return group.stages == {str(Stage.RELATIONS)} or group.key[1].startswith(ELSEWHERE)


def _one_limit_each(groups: list[Group]) -> list[Group]:
    """Put together what shows in many ways and is one: files are given as they lie, or nothing is refused."""
    for key, is_of_it in ((_AS_IT_LIES, _gives_what_lies), (("accepted", ""), _accepts)):
        ways = list(filter(is_of_it, groups))
        if len(ways) >= _MANY:
            members, perhaps = (
                [one for way in ways for one in way.members],
                [one for way in ways for one in way.perhaps],
            )
            groups = [Group(key, members, perhaps), *(one for one in groups if not is_of_it(one))]
    return _cropped_alike(groups)


def _cropped_alike(groups: list[Group]) -> list[Group]:
    """Put together what one stage leaves out at the edges of arrays, under the plainest clause."""
    kept: list[Group] = []
    for group in groups:
        of_edges = group.certain and AT_AN_EDGE.match(group.key[1])
        same = [one for one in kept if one.certain and AT_AN_EDGE.match(one.key[1]) and one.stages == group.stages]
        if of_edges and same:
            same[0].members += group.members
            same[0].perhaps += group.perhaps
        else:
            kept.append(group)
    return kept


def _gives_what_lies(group: Group) -> bool:
    return all(one.grounds.untouched and not one.grounds.hint for _, one in group.members)


def _accepts(group: Group) -> bool:
    return group.key[0] == "accepted"


def _speaking(failing: Sequence[Cell], *, certain: bool) -> Iterator[tuple[Cell, Decision]]:
    """Yield the failing checks; of those that are not certain, the worst of each clause alone.

    What says why speaks for its clause before what describes the numbers only.
    """
    for cell in failing:
        bad = [one for one in cell.decisions if one.outcome in FAILING]
        sure = [one for one in bad if one.grounds.certain and one.grounds.names]
        if certain:
            why = [one for one in sure if not one.grounds.pattern]
            yield from ((cell, one) for one in why or sure)
        elif not sure:
            yield from ((cell, one) for one in bad if one.outcome is cell.outcome)


def _possible(grounds: Grounds) -> Iterator[str]:
    """Yield every single mistake that may be in it."""
    for name in grounds.names:
        yield name
        yield from name.split(", and ") if ", and " in name else ()


def _added(groups: list[Group], cell: Cell, decision: Decision) -> None:
    """Put a failure to those that are the same, or begin with it."""
    if any(held is cell for group in groups for held, _ in group.members):
        return
    key = key_of(decision)
    for group in groups:
        if group.key == key or (key[0] == group.key[0] == "error" and alike(key[1], group.key[1])):
            group.members.append((cell, decision))
            return
    groups.append(Group(key, [(cell, decision)]))


def key_of(decision: Decision) -> tuple[str, ...]:
    """Return what two failing checks of one cause have in common."""
    grounds = decision.grounds
    if grounds.certain and grounds.names:
        return "certain", grounds.names[0]
    if grounds.kind in (Kind.REFUSED, Kind.BROKE):
        return "error", masked(grounds.error)
    if grounds.kind is Kind.FOREIGN:
        return ("foreign",)
    if grounds.kind is Kind.ACCEPTED:
        return "accepted", _stage_accepting(decision)
    if grounds.names:
        return "possible", grounds.names[0]
    return "said", masked(grounds.statement or decision.reason)


def _stage_accepting(decision: Decision) -> str:
    """Stage of the check; of one that asks every method, the stage of the method that its statement begins with."""
    stage, method = decision.check.partition("/")[0], decision.grounds.statement.partition(":")[0]
    if Stage(stage) not in ALWAYS_CLAIMED:
        return stage
    return next((str(one) for one, methods in METHODS.items() if method in methods), stage)


def masked(text: str) -> str:
    """Return a text without what tells two of its kind apart: numbers and places.

    Parameters
    ----------
    text : str
    """
    return " ".join(_NUMBER.sub("#", _PLACE.sub("…", text)).split())


def alike(first: str, second: str) -> bool:
    """Whether two errors are one that names another thing: they differ in one word of four or more.

    Parameters
    ----------
    first, second : str
        Masked.
    """
    left, right = first.split(), second.split()
    return len(left) == len(right) >= 4 and left[0] == right[0] and sum(map(str.__ne__, left, right)) <= 1


def _cause(group: Group) -> Cause:
    members = group.members
    perhaps = tuple(dict.fromkeys(cell.clause for cell, _ in group.perhaps))
    failed = tuple(dict.fromkeys(cell.clause for cell, _ in members if cell.outcome is Outcome.FAIL))
    undecided = tuple(dict.fromkeys(cell.clause for cell, _ in members if cell.outcome is not Outcome.FAIL))
    speaker = max(members, key=_telling)[1]
    return Cause(
        speaker.adapter,
        speaker.grounds.kind,
        _sentence(group, speaker),
        group.certain,
        failed,
        undecided,
        perhaps,
        speaker,
        _gravity(group),
        _hinted(members),
    )


def _hinted(members: Sequence[tuple[Cell, Decision]]) -> str:
    hint = next((one.grounds.hint for _, one in members if one.grounds.hint), "")
    if not hint:
        return ""
    if hint.startswith(FITS):
        return f"if meant, state {_by_clause(hint.removeprefix(FITS))}, and arrays are translated"
    return f"if meant, state {_by_clause(hint)}, and it ends as DECLARED"


def _by_clause(hint: str) -> str:
    statement, _, clause = hint.rpartition(", ")
    return f"{statement} ({clause})"


def _telling(member: tuple[Cell, Decision]) -> tuple[bool, bool, float]:
    """What is kept speaks before what is not, then what is furthest off; all are equally certain."""
    return bool(member[1].capsule), bool(member[1].replay), member[1].grounds.share


def _sentence(group: Group, speaker: Decision) -> str:
    grounds = speaker.grounds
    if group.key[0] == "certain":
        return grounds.cause
    if group.key == _AS_IT_LIES:
        return f"{group.key[1]}: {_first(one.grounds.cause or one.grounds.statement for _, one in group.members)}"
    if group.key[0] == "foreign":
        return _refusing(group)
    if group.key[0] == "accepted":
        return _accepting(group) if len(group.members) > 1 else grounds.statement
    if group.key[0] == "error":
        return f"what is valid ends in {grounds.error}"
    if group.key[0] == "possible":
        return f"it may be that {grounds.cause}"
    return grounds.statement or speaker.reason


def _accepting(group: Group) -> str:
    taken = (one.grounds.statement.partition(" must be refused")[0] for _, one in group.members)
    return f"what is invalid is accepted: {_first(taken)}"


def _refusing(group: Group) -> str:
    errors = dict.fromkeys(one.grounds.error.partition(":")[0] for _, one in group.members if one.grounds.error)
    words = [one.grounds.statement for _, one in group.members if not one.grounds.error]
    if not errors:
        return words[0] if len(words) == 1 else f"refusals say too little: {_first(words, 1)}"
    verb = "is" if len(errors) == 1 else "are"
    also = f"; {_first(words, 1)}" if words else ""
    return f"what is invalid is refused with {', '.join(errors)}, which {verb} no ValueError{also}"


def _first(said: Iterable[str], most: int = 3) -> str:
    told = list(dict.fromkeys(said))
    more = f", and {len(told) - most} more" if len(told) > most else ""
    return f"{'; '.join(one.rstrip('.') for one in told[:most])}{more}" if len(told) > 1 else told[0]


def _gravity(group: Group) -> tuple[bool, float]:
    grounds = [one.grounds for _, one in group.members]
    reach = (
        sum(_level(cell) for cell in _cells(group.members)) + sum(_level(cell) for cell in _cells(group.perhaps)) / 2
    )
    weight = max(_WEIGHT[one.kind] for one in grounds) * reach * (0.5 + max(one.share for one in grounds) / 2)
    weight *= _IF_MEANT if any(one.hint for one in grounds) else 1.0
    return group.certain and not group.pattern, weight


def _cells(members: Sequence[tuple[Cell, Decision]]) -> list[Cell]:
    return list({cell.clause: cell for cell, _ in members}.values())


def _level(cell: Cell) -> float:
    """Weight of a clause, less where most of its checks pass: what fails for plain scans too is graver."""
    failing = sum(one.outcome in FAILING for one in cell.decisions) / max(1, len(cell.decisions))
    return (2.0 if contract()[cell.clause].level is Level.MUST else 1.0) * failing
