"""What a judgement runs: every check on every adapter, on every scan where it takes one, and who is compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.backends.discovery import Selected
from conformance.backends.subject import offered, stated_convention
from conformance.contract.capabilities import CONVENTION
from conformance.contract.clauses import Clause, contract
from conformance.contract.stages import ROWS, Stage
from conformance.contract.versions import wordings
from conformance.engine.comparisons import STAGES
from conformance.engine.declaration import Declaration
from conformance.scans.specimens import Specimen


@dataclass(frozen=True, eq=False)
class Case:
    """One check on one adapter, on one scan where it takes one."""

    declaration: Declaration
    selected: Selected
    specimen: Specimen | None = None

    @property
    def name(self) -> str:
        """Name of the check, with its specimen."""
        return case_name(self.declaration, self.specimen)


def case_name(declaration: Declaration, specimen: Specimen | None) -> str:
    """Name of a check, with its specimen."""
    return declaration.name if specimen is None else f"{declaration.name}[{specimen.name}]"


@dataclass(frozen=True, eq=False)
class Pairing:
    """Two adapters that are asked the same in one stage."""

    first: Selected
    second: Selected
    stage: Stage


@dataclass(frozen=True)
class Plan:
    """All that a judgement is about to do.

    Attributes
    ----------
    cases : tuple of Case
        Adapter by adapter.
    pairings : tuple of Pairing
        Every adapter with the first.
    labels : tuple of str
        Names of the adapters.
    stages : tuple of Stage
        Stages whose clauses are decided.
    version : str
        Version of the contract by whose clauses is judged; empty for the one that ships.
    beside : frozenset of str
        Clauses of other stages that are decided as well, because all that the stages speak of rests on them.
    """

    cases: tuple[Case, ...]
    pairings: tuple[Pairing, ...]
    labels: tuple[str, ...]
    stages: tuple[Stage, ...]
    version: str = ""
    beside: frozenset[str] = frozenset()

    @property
    def clauses(self) -> tuple[str, ...]:
        """Testable clauses of the stages, as far as the version holds them."""
        return tuple(one.id for one in self._held() if one.testable)

    @property
    def untestable(self) -> int:
        """Clauses of the stages that no check can decide."""
        return sum(not one.testable for one in self._held())

    def _held(self) -> Iterator[Clause]:
        known = wordings(self.version) if self.version else contract()
        taking_part = (one for one in contract().values() if one.stage in self.stages or one.id in self.beside)
        return (one for one in taking_part if one.id in known)


def planned(
    checks: Iterable[Declaration],
    chosen: Sequence[Selected],
    specimens: Sequence[Specimen],
    *,
    stages: Sequence[str] = (),
    frameworks: bool = True,
    version: str = "",
) -> Plan:
    """Lay out a judgement.

    Parameters
    ----------
    checks : iterable of Declaration
    chosen : sequence of Selected
        The adapters; every one is compared with the first.
    specimens : sequence of Specimen
        Scans for the checks that take one.
    stages : sequence of str
        Only these stages; empty means all.
    frameworks : bool
        Whether checks that make TensorFlow or PyTorch tensors take part.
    version : str
        Only clauses of this version of the contract; empty means the one that ships.
    """
    held = wordings(version) if version else contract()
    wanted = tuple(one for one in Stage if not stages or one in stages)
    known, beside = contract(), frozenset({CONVENTION} if any(_translated(one, wanted) for one in chosen) else ())
    taking_part = [
        one
        for one in checks
        if any((known[clause].stage in wanted or clause in beside) and clause in held for clause in one.clauses)
        and (frameworks or one.framework is None)
    ]
    cases = tuple(case for selected in chosen for one in taking_part for case in cases_of(one, selected, specimens))
    labels = tuple(one.label for one in chosen)
    return Plan(cases, tuple(pairings(chosen, wanted)), labels, wanted, version, beside)


def _translated(selected: Selected, stages: Iterable[Stage]) -> bool:
    """Whether arrays of these stages are translated for an adapter, by what it states."""
    methods = frozenset(one for stage in stages for one in (*ROWS[stage].required, *ROWS[stage].optional))
    return bool(stated_convention(selected).translators(offered(selected) & methods))


def cases_of(declaration: Declaration, selected: Selected, specimens: Iterable[Specimen]) -> Iterator[Case]:
    """Yield the cases of one check on one adapter.

    Parameters
    ----------
    declaration : Declaration
    selected : Selected
    specimens : iterable of Specimen
        Taken one by one, if the check takes a scan at all.
    """
    if not declaration.on_specimens:
        yield Case(declaration, selected)
        return
    for specimen in specimens:
        yield Case(declaration, selected, specimen)


def pairings(chosen: Sequence[Selected], stages: Iterable[str] = tuple(Stage)) -> Iterator[Pairing]:
    """Yield every adapter with the first, in every stage in which backends are compared."""
    wanted = set(stages)
    for second in chosen[1:]:
        for stage in STAGES:
            if stage in wanted:
                yield Pairing(chosen[0], second, stage)
