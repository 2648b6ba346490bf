"""Runs single checks without pytest: one check, one adapter, one decision."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
import warnings
from collections.abc import Iterable, Iterator
from functools import cache

import hypothesis
from hypothesis import settings

import conformance.checks
from conformance.check import PROFILES, Declaration
from conformance.contract import contract
from conformance.discovery import Selected, missing_methods
from conformance.evidence import Evidence, Violation
from conformance.outcome import Decision, Outcome
from conformance.specimens import Specimen, gallery
from conformance.stage import Stage
from conformance.subject import Subject, offered


@cache
def declarations() -> tuple[Declaration, ...]:
    """Every check of the suite, in the order of the modules."""
    found = []
    for module_info in pkgutil.iter_modules(conformance.checks.__path__):
        if module_info.name.startswith("test_"):
            module = importlib.import_module(f"conformance.checks.{module_info.name}")
            found += [value.declaration for value in vars(module).values() if hasattr(value, "declaration")]
    return tuple(found)


def deciding(clause: str) -> tuple[Declaration, ...]:
    """Checks that decide a clause."""
    return tuple(one for one in declarations() if clause in one.clauses)


def attempt(
    declaration: Declaration,
    subject: Subject,
    specimens: Iterable[Specimen] | None = None,
    profile: settings = PROFILES["detect"],
) -> Iterator[Decision]:
    """Run one check on an adapter; yields a decision for each clause and specimen, and stops nowhere."""
    if not declaration.on_specimens:
        yield from _decide(declaration, subject, None, profile)
        return
    for specimen in gallery() if specimens is None else specimens:
        yield from _decide(declaration, subject, specimen, profile)


def _decide(
    declaration: Declaration, subject: Subject, specimen: Specimen | None, profile: settings
) -> Iterator[Decision]:
    started = time.perf_counter()
    evidence = Evidence()
    try:
        outcome, reason = Outcome.NOT_APPLICABLE, not_applicable(declaration, subject.selected)
        if not reason and specimen is not None and declaration.where is not None:
            reason = declaration.where(specimen)
        if not reason:
            _call(declaration, subject, evidence, specimen, profile)
            outcome, reason = classify(None, evidence.comparisons)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises is a decision about it
        outcome, reason = classify(error, evidence.comparisons)
    name = declaration.name if specimen is None else f"{declaration.name}[{specimen.name}]"
    seconds = time.perf_counter() - started
    for clause in declaration.clauses:
        yield Decision(clause, subject.name, name, outcome, evidence.comparisons, reason, seconds)


def _call(
    declaration: Declaration, subject: Subject, evidence: Evidence, specimen: Specimen | None, profile: settings
) -> None:
    arguments = {"subject": subject, "evidence": evidence} | ({} if specimen is None else {"specimen": specimen})
    wanted = {name: arguments[name] for name in inspect.signature(declaration.body).parameters if name in arguments}
    function = declaration.body
    if declaration.given:
        function = profile(hypothesis.given(**declaration.given)(declaration.body))
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


def classify(error: BaseException | None, comparisons: int) -> tuple[Outcome, str]:
    """Turn the end of a check into an outcome and its sentence."""
    if error is None:
        if comparisons:
            return Outcome.PASS, ""
        return Outcome.VACUOUS, "the check ran and compared nothing"
    violation = violation_in(error)
    if violation is not None:
        return Outcome.FAIL, violation.sentence
    missing = missing_dependency_in(error)
    if missing:
        return Outcome.NOT_APPLICABLE, f"missing dependency: {missing}"
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
