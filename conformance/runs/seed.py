"""All checks on one adapter under one seed: what is run, and what of it no right backend ever shows."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.engine.agreement import compare
from conformance.engine.catalogue import declarations
from conformance.engine.comparisons import STAGES
from conformance.engine.declaration import PROFILES, Declaration
from conformance.engine.outcome import Decision, Outcome, cells
from conformance.engine.trial import Trial, trials
from conformance.failures.expected import read_expected
from conformance.failures.recording import keep
from conformance.runs.ledger import Oddity, SeedResult
from conformance.scans.seed import seeded
from conformance.scans.specimens import gallery_of

BUDGETS = ("small", "contract", "wide")
"""Hypothesis profiles under which a series of seeds may run."""

UNEXPECTED = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS, Outcome.NOT_RUN)
_WHOLE_EVERY = 20


@dataclass(frozen=True)
class SeedPlan:
    """What a series of seeds runs.

    Attributes
    ----------
    cases : sequence of (int, str)
        Seed and label of an adapter.
    budget : str
        Hypothesis profile, see :data:`conformance.engine.declaration.PROFILES`.
    adapters, devices, stages : sequence of str
        As in :class:`conformance.runs.settings.RunSettings`.
    frameworks : bool
        Whether checks that make TensorFlow or PyTorch tensors take part.
    expected, capsules : str
        List of expected failures, and folder for capsules; empty for none.
    """

    cases: Sequence[tuple[int, str]]
    budget: str
    adapters: Sequence[str] = ()
    devices: Sequence[str] = ()
    stages: Sequence[str] = ()
    frameworks: bool = True
    expected: str = ""
    capsules: str = ""

    def whole(self, seed: int) -> bool:
        """Whether checks that do the same under every seed take part: at the small budget, every twentieth time."""
        return self.budget != "small" or seed % _WHOLE_EVERY == 0

    def of_seed(self, seed: int) -> list[Declaration]:
        """Checks to run under a seed."""
        return [
            one
            for one in declarations()
            if (not self.stages or any(contract()[clause].stage in self.stages for clause in one.clauses))
            and (self.frameworks or one.framework is None)
            and (self.whole(seed) or one.given or one.on_specimens)
        ]


def try_seed(plan: SeedPlan, selected: Selected, seed: int, folder: Path, first: Selected | None = None) -> SeedResult:
    """Run the checks of a plan on an adapter under a seed.

    Parameters
    ----------
    plan : Plan
    selected : Selected
    seed : int
        Moves every drawn example and the scans of the gallery.
    folder : Path
        Empty folder for the files handed to the adapter.
    first : Selected, optional
        Adapter with which any other is compared, on the scans of the seed.
    """
    started = time.perf_counter()
    subject = Subject(selected, folder.resolve())
    decisions: list[Decision] = []
    oddities: list[Oddity] = []
    known = read_expected(Path(plan.expected)) if plan.expected else {}
    with seeded(seed):
        for trial in _trials(plan, subject, seed):
            decisions += trial.decisions(subject.name)
            if trial.outcome in UNEXPECTED:
                oddities += [one for one in _odd(trial, selected, plan) if (one.clause, selected.label) not in known]
    if first is not None and first.label != selected.label:
        oddities += _apart(plan, Subject(first, folder.resolve() / "first"), subject, seed)
    decided = [one.id for one in contract().values() if one.testable and (not plan.stages or one.stage in plan.stages)]
    table = cells(decisions, decided, [subject.name])
    if plan.whole(seed):
        missed = [cell.clause for cell in table if cell.outcome is Outcome.NOT_RUN and plan.frameworks]
        oddities += [Oddity(clause, "", str(Outcome.NOT_RUN), "no check of the clause ran") for clause in missed]
    return SeedResult(
        seed=seed,
        adapter=selected.label,
        whole=plan.whole(seed),
        counts=dict(Counter(str(one.outcome) for one in decisions)),
        comparisons=sum(one.comparisons for one in decisions),
        not_applicable=tuple(cell.clause for cell in table if cell.outcome is Outcome.NOT_APPLICABLE),
        unexpected=tuple(oddities),
        seconds=time.perf_counter() - started,
    )


def _trials(plan: SeedPlan, subject: Subject, seed: int) -> Iterator[Trial]:
    # Under a seed nothing is drawn by luck, so that every budget may follow it.
    profile = settings(PROFILES[plan.budget], derandomize=False)
    for declaration in plan.of_seed(seed):
        yield from trials(declaration, subject, gallery_of(seed), profile)


def _apart(plan: SeedPlan, first: Subject, second: Subject, seed: int) -> Iterator[Oddity]:
    """Stages at which two backends part on the scans of a seed."""
    for stage in STAGES:
        if plan.stages and str(stage) not in plan.stages:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = compare(first, second, stage, gallery_of(seed))
        if found.divergence:
            yield Oddity("", f"{stage} against {first.name}, {found.specimen}", "DIVERGE", found.divergence)


def _odd(trial: Trial, selected: Selected, plan: SeedPlan) -> list[Oddity]:
    kept = keep(trial, selected, Path(plan.capsules)).said if plan.capsules else ""
    return [Oddity(clause, trial.check, str(trial.outcome), trial.reason, kept) for clause in trial.declaration.clauses]
