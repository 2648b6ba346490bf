"""Runs single checks without pytest: one check, one adapter, one decision."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import pkgutil
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis
from hypothesis import settings

from conformance.backends.discovery import Selected, missing_methods
from conformance.backends.subject import Subject, offered
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.declaration import PROFILES, Declaration, noted
from conformance.engine.outcome import Decision, Outcome
from conformance.evidence.evidence import Evidence, Violation
from conformance.scans.seed import drawn_by_seed
from conformance.scans.specimens import Specimen, gallery


@cache
def declarations() -> tuple[Declaration, ...]:
    """Every check of the suite, in the order of the modules."""
    return tuple(one for stage in Stage for module in modules_of(stage) for one in declared_in(module))


@cache
def modules_of(stage: Stage) -> tuple[str, ...]:
    """Names of the modules that hold the checks of a stage."""
    package = importlib.import_module(f"conformance.checks.{stage}")
    found = (one.name for one in pkgutil.iter_modules(package.__path__))
    return tuple(f"{package.__name__}.{name}" for name in found if name.startswith("test_"))


def declared_in(module: str) -> tuple[Declaration, ...]:
    """Return the checks that a module declares."""
    held = vars(importlib.import_module(module)).values()
    return tuple(one.declaration for one in held if isinstance(getattr(one, "declaration", None), Declaration))


def declared(name: str) -> Declaration | None:
    """Find a check by its name, such as ``grouping/test_draws.py::test_a``; no other module is imported."""
    stage, _, rest = name.partition("/")
    module = f"conformance.checks.{stage}.{rest.partition('.py::')[0]}"
    if stage not in set(Stage) or module not in modules_of(Stage(stage)):
        return None
    return next((one for one in declared_in(module) if one.name == name), None)


def deciding(clause: str) -> tuple[Declaration, ...]:
    """Checks that decide a clause."""
    return tuple(one for one in declarations() if clause in one.clauses)


@dataclass(frozen=True)
class Trial:
    """One run of one check on one adapter.

    Attributes
    ----------
    declaration : Declaration
    specimen : Specimen or None
    outcome : Outcome
    reason : str
        Sentence that explains a failure, an error or a skip.
    comparisons : int
    seconds : float
    violation : Violation or None
        With the arrays that differ.
    drawn : Mapping[str, Any] or None
        Arguments of the failing call; None when it failed before Hypothesis drew any.
    """

    declaration: Declaration
    specimen: Specimen | None
    outcome: Outcome
    reason: str
    comparisons: int = 0
    seconds: float = 0.0
    violation: Violation | None = None
    drawn: Mapping[str, Any] | None = None

    @property
    def check(self) -> str:
        """Name of the check, with its specimen."""
        name = self.declaration.name
        return name if self.specimen is None else f"{name}[{self.specimen.name}]"

    def decisions(self, adapter: str) -> Iterator[Decision]:
        """Yield a decision for each clause."""
        for clause in self.declaration.clauses:
            yield Decision(clause, adapter, self.check, self.outcome, self.comparisons, self.reason, self.seconds)


def attempt(
    declaration: Declaration,
    subject: Subject,
    specimens: Iterable[Specimen] | None = None,
    profile: settings = PROFILES["detect"],
) -> Iterator[Decision]:
    """Run one check on an adapter; yields a decision for each clause and specimen, and stops nowhere."""
    for trial in trials(declaration, subject, specimens, profile):
        yield from trial.decisions(subject.name)


def trials(
    declaration: Declaration,
    subject: Subject,
    specimens: Iterable[Specimen] | None = None,
    profile: settings = PROFILES["detect"],
) -> Iterator[Trial]:
    """Run one check on an adapter, once for each specimen where it takes one."""
    if not declaration.on_specimens:
        yield once(declaration, subject, profile=profile)
        return
    for specimen in gallery() if specimens is None else specimens:
        yield once(declaration, subject, specimen, profile=profile)


def once(
    declaration: Declaration,
    subject: Subject,
    specimen: Specimen | None = None,
    drawn: Mapping[str, Any] | None = None,
    profile: settings = PROFILES["detect"],
) -> Trial:
    """Run one check once; with ``drawn``, on exactly these arguments in place of those that Hypothesis would draw."""
    started = time.perf_counter()
    evidence = Evidence()
    violation = None
    try:
        outcome, reason = Outcome.NOT_APPLICABLE, not_applicable(declaration, subject.selected)
        if not reason and specimen is not None and declaration.where is not None:
            reason = declaration.where(specimen)
        if not reason:
            _call(declaration, subject, evidence, specimen, drawn, profile)
            outcome, reason = classify(None, evidence.comparisons, subject.selected)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an adapter raises is a decision about it
        outcome, reason = classify(error, evidence.comparisons, subject.selected)
        violation = violation_in(error)
    seconds = time.perf_counter() - started
    kept = (drawn or evidence.drawn) if declaration.given else {}
    return Trial(declaration, specimen, outcome, reason, evidence.comparisons, seconds, violation, kept)


def _call(
    declaration: Declaration,
    subject: Subject,
    evidence: Evidence,
    specimen: Specimen | None,
    drawn: Mapping[str, Any] | None,
    profile: settings,
) -> None:
    arguments = {"subject": subject, "evidence": evidence} | ({} if specimen is None else {"specimen": specimen})
    wanted = {name: arguments[name] for name in inspect.signature(declaration.body).parameters if name in arguments}
    function = declaration.body
    if drawn is not None:
        function = functools.partial(declaration.body, **drawn)
    elif declaration.given:
        function = declaration.budget(profile)(hypothesis.given(**declaration.given)(noted(declaration.body)))
        function = drawn_by_seed(function, declaration.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function(**wanted)


def not_applicable(declaration: Declaration, selected: Selected) -> str:
    """Return why a check does not apply to an adapter; empty when it does.

    Raises
    ------
    TypeError
        The adapter claims a stage but lacks a method that the stage requires.
    """
    if selected.adapter is None:
        return selected.missing
    stages = {Stage(contract()[clause].stage) for clause in declaration.clauses}
    unclaimed = sorted(str(stage) for stage in stages - selected.stages)
    if unclaimed:
        return f"stage {', '.join(unclaimed)} not claimed"
    if declaration.framework not in (None, getattr(selected.adapter, "framework", None)):
        return f"the adapter makes no {declaration.framework} tensors"
    absent = sorted(set(declaration.needs) & set(missing_methods(selected)))
    if absent:
        raise TypeError(f"the adapter claims a stage that requires the method {', '.join(absent)}, which it lacks")
    there = offered(selected)
    missing = sorted(set(declaration.needs) - there)
    if missing:
        return f"adapter has no {', '.join(missing)}"
    none_there = bool(declaration.any_of) and not there & set(declaration.any_of)
    return f"adapter has none of {', '.join(declaration.any_of)}" if none_there else ""


def classify(error: BaseException | None, comparisons: int, selected: Selected) -> tuple[Outcome, str]:
    """Turn the end of a check into an outcome and its sentence."""
    if error is None:
        if comparisons:
            return Outcome.PASS, ""
        return Outcome.VACUOUS, "the check ran and compared nothing"
    violation = violation_in(error)
    if violation is not None:
        return Outcome.FAIL, violation.sentence
    if missing_dependency_in(error):
        name = missing_package(error, selected)
        if name:
            return Outcome.NOT_APPLICABLE, f"missing dependency: {error}"
        return Outcome.ERROR, f"the adapter says that a dependency is missing, but names none that is: {error}"
    return Outcome.ERROR, f"the adapter broke: {type(error).__name__}: {error}"


def violation_in(error: BaseException | None) -> Violation | None:
    """Find the violation in an error or a group of errors."""
    if isinstance(error, Violation):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for found in map(violation_in, error.exceptions) if found), None)
    return None


def missing_dependency_in(error: BaseException) -> str:
    """Text of the contract's missing-dependency error: an ImportError that is a RuntimeError as well; else empty."""
    return str(error) if isinstance(error, ImportError) and isinstance(error, RuntimeError) else ""


def missing_package(error: BaseException, selected: Selected) -> str:
    """Package that is not installed, named by the error or as the adapter's framework; empty when there is none."""
    named = getattr(error, "name", None) or getattr(selected.adapter, "framework", None)
    if not isinstance(named, str) or not named:
        return ""
    try:
        return "" if importlib.util.find_spec(named.partition(".")[0]) else named
    except (ImportError, ValueError):
        return named
