"""Compares two backends stage by stage on the same requests, and names the first stage that diverges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.adapter import METHODS
from conformance.backends.dependencies import missing_dependency_in
from conformance.backends.subject import Subject, offered
from conformance.contract.stages import ROWS, Stage
from conformance.engine.comparisons import STAGES, with_mask
from conformance.engine.first_look import Common, look_at
from conformance.engine.pair import Pair
from conformance.evidence.evidence import Evidence, Violation
from conformance.scans.domain import inside
from conformance.scans.specimens import Specimen, fitted


@dataclass(frozen=True)
class Agreement:
    """What the comparison of two backends in one stage found.

    Attributes
    ----------
    first, second : str
        Names of the adapters.
    stage : Stage
    compared : int
        Number of values compared.
    divergence : str
        Where the two part, in a sentence; empty when they agree.
    specimen : str
        Scan on which they part.
    left_out : str
        Why the stage was not compared; empty when it was.
    """

    first: str
    second: str
    stage: Stage
    compared: int = 0
    divergence: str = ""
    specimen: str = ""
    left_out: str = ""

    @property
    def verdict(self) -> str:
        """One word or two for a table."""
        return "not compared" if self.left_out else "diverge" if self.divergence else "agree"


def comparison(function: Callable[[], None]) -> Callable[[], None]:
    """Mark the function that stands for the comparison of backends where tests are collected."""
    function.compares_backends = True  # type: ignore[attr-defined]
    return function


def summary(agreements: Iterable[Agreement]) -> Iterator[str]:
    """Say of each pair what was compared, and name the first stage at which the two part."""
    order = list(STAGES)
    pairs: dict[tuple[str, str], list[Agreement]] = {}
    for one in sorted(agreements, key=lambda one: order.index(one.stage)):
        pairs.setdefault((one.first, one.second), []).append(one)
    for (first, second), found in pairs.items():
        apart = [one for one in found if one.divergence]
        counted = [one for one in found if not one.left_out]
        if apart:
            yield f"{second} against {first}: diverge first at {apart[0].stage}, on {apart[0].specimen}. " + (
                apart[0].divergence
            )
            if len(apart) > 1:
                yield f"{second} against {first}: also at {', '.join(str(one.stage) for one in apart[1:])}"
        elif counted:
            values = sum(one.compared for one in counted)
            yield f"{second} against {first}: agree in {len(counted)} stages, {values:,} values compared"
        reasons = dict.fromkeys(one.left_out for one in found if one.left_out)
        for reason in reasons:
            stages = [str(one.stage) for one in found if one.left_out == reason]
            yield f"{second} against {first}: {', '.join(stages)} not compared: {reason}"


def compare(
    first: Subject, second: Subject, stage: Stage, specimens: Iterable[Specimen], version: str = ""
) -> Agreement:
    """Compare two backends in one stage.

    Parameters
    ----------
    first, second : Subject
    stage : Stage
        One of :data:`STAGES`.
    specimens : iterable of Specimen
        Scans on which both are asked the same; the comparison stops at the first on which they part.
    version : str
        Version of the contract: what it does not know is not compared. Empty means the one that ships.
    """
    reason = _not_comparable(stage, first, second)
    if reason:
        return Agreement(first.name, second.name, stage, left_out=reason)
    pair = Pair(first, second, Evidence(), version)
    with inside(Common(look_at(first), look_at(second))):
        return _compared(pair, stage, specimens)


def _compared(pair: Pair, stage: Stage, specimens: Iterable[Specimen]) -> Agreement:
    first, second = pair.first, pair.second
    held = tuple(map(fitted, specimens))
    for specimen in (*held, *with_mask(pair, stage, held)):
        try:
            STAGES[stage](pair, specimen)
        except Violation as violation:
            compared = pair.evidence.comparisons
            return Agreement(first.name, second.name, stage, compared, violation.sentence, specimen.name)
        except ImportError as error:
            return Agreement(first.name, second.name, stage, left_out=missing_dependency_in(error) or str(error))
        except Exception as error:  # noqa: BLE001 - a backend that cannot answer is judged by the checks
            return Agreement(first.name, second.name, stage, left_out=_unanswered(pair, specimen, error))
    return Agreement(first.name, second.name, stage, pair.evidence.comparisons)


def _unanswered(pair: Pair, specimen: Specimen, error: Exception) -> str:
    """Say who had no answer, and to which call."""
    for subject in (pair.first, pair.second):
        call = subject.adapter.call_that_raised(error)
        if call:
            return f"{subject.name} has no answer to {call} on {specimen.name}: {type(error).__name__}: {error}"
    return f"what came could not be read on {specimen.name}: {type(error).__name__}: {error}"


def _not_comparable(stage: Stage, first: Subject, second: Subject) -> str:
    for subject in (first, second):
        if subject.adapter is None:
            return f"{subject.name}: {subject.selected.missing}"
        if stage not in subject.selected.stages:
            return f"{subject.name} does not claim it"
        there = offered(subject.selected)
        needed = set() if ROWS[stage].alone in there else set(METHODS[stage])
        needed |= {"load", "assemble"} if "group" in needed else set()
        # Scans in memory are compared as they are saved.
        needed |= {"save"} if stage is Stage.RAWDATA else set()
        absent = needed - {"load", "assemble"} - there
        if absent or (needed & {"load", "assemble"} and not there & {"load", "assemble"}):
            return f"{subject.name} has no {', '.join(sorted(absent)) or 'way to take a scan'}"
    return ""
