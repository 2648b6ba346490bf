"""Runs single checks: one check, one adapter, one decision; whoever judges comes through here."""

from __future__ import annotations

import functools
import inspect
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import hypothesis
from hypothesis import settings

from conformance.backends.conventions import CONCERNED
from conformance.backends.dependencies import missing_dependency_in, missing_package
from conformance.backends.discovery import Selected
from conformance.backends.guard import looking
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject, offered
from conformance.contract.capabilities import CONVENTION, REFUSALS
from conformance.contract.stages import METHODS, Stage
from conformance.contract.telling import told
from conformance.engine.applicability import not_applicable
from conformance.engine.declaration import PROFILES, Declaration, noted
from conformance.engine.examples import of_the_check_alone
from conformance.engine.failing import grounds_of
from conformance.engine.first_look import FirstLook, Speaking, look_at
from conformance.engine.grounds import NO_GROUNDS, Grounds, Kind
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import case_name, cases_of
from conformance.engine.stated_conventions import off_scale
from conformance.engine.statements import Statement
from conformance.evidence.breakdown import is_refusal
from conformance.evidence.evidence import Evidence, Violation
from conformance.files.machine import trouble_in, trouble_of
from conformance.oracles.rules import following
from conformance.scans.demands import demands
from conformance.scans.domain import inside, side
from conformance.scans.seed import drawn_by_seed
from conformance.scans.specimens import Specimen, fitted, gallery

_LONGEST = 4000
_BLAMING = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)


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
    traceback : str
        Where an adapter broke, for its author; empty for every other outcome.
    trouble : str
        What ails the machine, for which nobody else is to blame; the outcome is then ERROR.
    grounds : Grounds
        What a failing check found.
    declared : Mapping of str to str
        Clauses from which the adapter differs exactly as it states, with the sentence; the check passed by that rule.
    """

    declaration: Declaration
    specimen: Specimen | None
    outcome: Outcome
    reason: str
    comparisons: int = 0
    seconds: float = 0.0
    violation: Violation | None = None
    drawn: Mapping[str, Any] | None = None
    traceback: str = ""
    trouble: str = ""
    grounds: Grounds = NO_GROUNDS
    declared: Mapping[str, str] = field(default_factory=dict)

    @property
    def check(self) -> str:
        """Name of the check, with its specimen."""
        return case_name(self.declaration, self.specimen)

    def decisions(self, adapter: str) -> Iterator[Decision]:
        """Yield a decision for each clause."""
        for clause in self.declaration.clauses:
            declared = self.declared.get(clause, "") if self.outcome is Outcome.PASS else ""
            yield Decision(
                clause,
                adapter,
                self.check,
                Outcome.DECLARED if declared else self.outcome,
                self.comparisons,
                declared or self.reason,
                self.seconds,
                traceback=self.traceback,
                grounds=self.grounds,
            )


def attempt(
    declaration: Declaration,
    subject: Subject,
    specimens: Iterable[Specimen] | None = None,
    profile: settings = PROFILES["detect"],
) -> Iterator[Decision]:
    """Run one check on an adapter; yields a decision for each clause and specimen, and stops nowhere.

    Parameters
    ----------
    declaration : Declaration
    subject : Subject
    specimens : iterable of Specimen, optional
        Scans for a check that takes one; the gallery where none are given.
    profile : settings
        Hypothesis settings, see :data:`conformance.engine.declaration.PROFILES`.
    """
    for trial in trials(declaration, subject, specimens, profile):
        yield from trial.decisions(subject.name)


def trials(
    declaration: Declaration,
    subject: Subject,
    specimens: Iterable[Specimen] | None = None,
    profile: settings = PROFILES["detect"],
) -> Iterator[Trial]:
    """Run one check on an adapter, once for each specimen where it takes one.

    Parameters
    ----------
    declaration : Declaration
    subject : Subject
    specimens : iterable of Specimen, optional
        Scans for a check that takes one; the gallery where none are given.
    profile : settings
        Hypothesis settings, see :data:`conformance.engine.declaration.PROFILES`.
    """
    for case in cases_of(declaration, subject.selected, gallery() if specimens is None else specimens):
        yield once(declaration, subject, case.specimen, profile=profile)


def once(
    declaration: Declaration,
    subject: Subject,
    specimen: Specimen | None = None,
    drawn: Mapping[str, Any] | None = None,
    profile: settings = PROFILES["detect"],
) -> Trial:
    """Run one check once; whatever the adapter does becomes an outcome.

    Parameters
    ----------
    declaration : Declaration
    subject : Subject
    specimen : Specimen, optional
        The scan, for a check that takes one.
    drawn : Mapping, optional
        The check runs on exactly these arguments, in place of those that Hypothesis would draw.
    profile : settings
        Hypothesis settings, see :data:`conformance.engine.declaration.PROFILES`.
    """
    look = look_at(subject)
    with warnings.catch_warnings():
        # A file that an adapter leaves open is no warning of the tests around it.
        warnings.simplefilter("ignore", ResourceWarning)
        trial, assumed = _tried(declaration, subject, look, specimen, drawn, profile)
        if assumed and look.refuses_the_usual():
            trial, _ = _tried(declaration, subject, look, specimen, drawn, profile)
        subject.forget_failure()
    return trial


def _tried(
    declaration: Declaration,
    subject: Subject,
    look: FirstLook,
    specimen: Specimen | None,
    drawn: Mapping[str, Any] | None,
    profile: settings,
) -> tuple[Trial, bool]:
    """Run one check once, and tell whether it ended badly on what the backend was not asked for yet."""
    started = time.perf_counter()
    violation, where, trouble, grounds, broke = None, "", "", NO_GROUNDS, False
    # Who is held to a statement is excused by no other.
    evidence = Evidence("contract" if declaration.states else look.statements.refusals)
    scans = declaration.on_specimens
    domain = Speaking(look, declaration.clauses, (*declaration.needs, *declaration.any_of), on_specimens=scans)
    rules = look.statements.rules(declaration.stages, on_specimens=scans, claimed=tuple(declaration.states))
    declared = {one: held for one in declaration.clauses if (held := look.statements.declared(one))}
    try:
        with inside(domain), following(rules):
            specimen = None if specimen is None else fitted(specimen)
            outcome, reason = Outcome.NOT_APPLICABLE, not_applicable(declaration, subject.selected, specimen)
            reason = reason or _off_scale(declaration, subject)
            if not reason and _all_refused(declaration, declared):
                outcome, evidence.comparisons = Outcome.PASS, 1
            elif not reason:
                _call(declaration, subject, evidence, specimen, drawn, profile)
                outcome, reason = _at_its_end(evidence, subject, domain)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an adapter raises is a decision about it
        broke = True
        called = "" if subject.adapter is None else subject.adapter.call_that_raised(error)
        outcome, reason = classify(error, evidence.comparisons, subject.selected, called)
        violation, trouble = violation_in(error), trouble_in(error, subject.folder)
        grounds = grounds_of(error, violation)
        limit = not_decided(error, domain, specimen)
        if limit:
            outcome, reason, violation = Outcome.NOT_APPLICABLE, limit, None
        where = broken_at(error, subject) if outcome is Outcome.ERROR else ""
        # What is about to be judged anew needs no explanation, which would be kept.
        if outcome is Outcome.FAIL and not (domain.assumes and look.refuses_the_usual()):
            grounds = _explained(declaration, look, grounds, violation)
    if outcome in _BLAMING:
        # A cache that could not be written fails a check without an error.
        trouble = trouble or trouble_of(subject.folder)
    if trouble:
        outcome, violation, where, grounds = Outcome.ERROR, None, "", NO_GROUNDS
        reason = f"this machine is in trouble, and nothing is said of the adapter: {trouble}"
    seconds = time.perf_counter() - started
    kept = (drawn or evidence.drawn) if declaration.given else {}
    found = (violation, kept, where, trouble, grounds, _said(declaration, declared, evidence))
    trial = Trial(declaration, specimen, outcome, reason, evidence.comparisons, seconds, *found)
    return trial, domain.assumes and (broke or outcome in _BLAMING)


def _off_scale(declaration: Declaration, subject: Subject) -> str:
    """Why a check would say nothing of its clauses: positions that it gives are of another size than is stated."""
    if CONVENTION in declaration.clauses or not subject.convention.scaled:
        return ""
    called = {*declaration.needs, *declaration.any_of, *(one for stage in declaration.stages for one in METHODS[stage])}
    N = side(8)
    with inside(None), looking(), restored(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked = (off_scale(subject, method, N) for method in CONCERNED if method in called & offered(subject.selected))
        found = next(filter(None, asked), "")
    return found and f"not decided: {found}, of which {CONVENTION} speaks"


def _explained(declaration: Declaration, look: FirstLook, grounds: Grounds, violation: Violation | None) -> Grounds:
    """Return the grounds of a check that failed, with what an adapter may state of itself if it does exactly that."""
    seen = violation.seen if violation is not None and Stage.NPZ in declaration.stages else None
    whole = look.subject.adapter is not None and look.subject.adapter.only_at_whole_pixels()
    lies = seen is not None and look.subject.lies_in_a_file(seen)
    grounds = replace(grounds, untouched=lies, at_whole_pixels=whole)
    if grounds.kind in (Kind.ACCEPTED, Kind.FOREIGN):
        ends = look.statements.other(REFUSALS, Stage.CONDUCT)
        if not ends or (ends == "any" and grounds.kind is Kind.ACCEPTED):
            return grounds
        return replace(grounds, hint=f'{REFUSALS.name} = "{ends}", {REFUSALS.held_by[Stage.CONDUCT]}')
    wrong = declaration.stages if grounds.kind is Kind.WRONG and not grounds.misshapen else ()
    with restored(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        misfit = next(filter(None, map(look.statements.misfit, wrong)), None)
    if misfit is not None:
        return misfit.explained(grounds)
    return replace(grounds, hint=next(filter(None, map(look.statements.hint, declaration.clauses)), ""))


def _said(declaration: Declaration, declared: Mapping[str, Statement], evidence: Evidence) -> dict[str, str]:
    """Say from which clauses the adapter differs as it states."""
    excused = dict.fromkeys(declaration.clauses, evidence.excused) if evidence.excused else {}
    return excused | {clause: one.sentence() for clause, one in declared.items()}


def _at_its_end(evidence: Evidence, subject: Subject, domain: Speaking) -> tuple[Outcome, str]:
    """Outcome of a check that came to its end, and its reason."""
    outcome, reason = classify(None, evidence.comparisons, subject.selected)
    # What excuses other checks is a finding at its own clause, whatever this check compared.
    if outcome is Outcome.PASS and (unnoticed := next(domain.unnoticed(), "")):
        raise Violation(unnoticed)
    if outcome is Outcome.VACUOUS:
        limit = limited((*domain.denied(), *domain.not_taken()))
        return (Outcome.NOT_APPLICABLE, limit) if limit else (outcome, reason)
    return outcome, reason


def _all_refused(declaration: Declaration, declared: Mapping[str, Statement]) -> bool:
    """Whether all that the clauses of a check speak of is refused, as stated: there is nothing to compare then."""
    return all(
        one in declared and declared[one].value in declared[one].capability.unasked for one in declaration.clauses
    )


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
    # What one check's calls leave changed is neither hidden from the next check nor blamed on it.
    with warnings.catch_warnings(), restored(), of_the_check_alone():
        warnings.simplefilter("ignore")
        function(**wanted)


def classify(
    error: BaseException | None, comparisons: int, selected: Selected, called: str = "a call"
) -> tuple[Outcome, str]:
    """Turn the end of a check into an outcome and its sentence.

    Parameters
    ----------
    error : BaseException or None
        What ended the check; None when it came to its end.
    comparisons : int
        Values compared; a check that compared none is vacuous.
    selected : Selected
        Whom it judged: an adapter may say that a dependency is missing, which must be true.
    called : str
        The call of the adapter that raised the error; empty where the check raised it on what it was given.
    """
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
            return Outcome.NOT_APPLICABLE, f"missing dependency: {told(error)}"
        return Outcome.ERROR, f"the adapter says that a dependency is missing, but names none that is: {told(error)}"
    if isinstance(error, NotImplementedError):
        return Outcome.NOT_APPLICABLE, f"the adapter does not implement this: {told(error)}"
    said = f"{type(error).__name__}: {told(error)}"
    if not called:
        return Outcome.ERROR, f"what the adapter gave could not be read: {said}"
    return Outcome.ERROR, f"the adapter {'refused what is valid' if is_refusal(error) else 'broke'}: {said}"


def broken_at(error: BaseException, subject: Subject) -> str:
    """Tell the call of the adapter that failed, and where in its code."""
    call = "" if subject.adapter is None else subject.adapter.call_that_raised(error)
    lines = "".join(traceback.format_exception(error))[-_LONGEST:]
    return f"in the call {call}\n{lines}" if call else lines


def not_decided(error: BaseException, domain: Speaking, specimen: Specimen | None = None) -> str:
    """Say which limit of the backend, found at another clause, kept a check from deciding; empty where none did.

    Parameters
    ----------
    error : BaseException
        What ended the check: a limit explains a refusal or something that is missing, never a wrong value.
    domain : Speaking
        What the check had to use.
    specimen : Specimen, optional
        The scan of a user, which cannot be made otherwise, is what the check had to use, too.
    """
    violation = violation_in(error)
    if violation is not None and not violation.withheld:
        return ""
    found = limited(domain.not_taken())
    if found or specimen is None or specimen.path is None:
        return found
    refused = [one for one in demands(specimen) if not domain.takes(*one)]
    return limited(domain.denied()) if refused else ""


def limited(limits: Iterable[tuple[str, str, str]]) -> str:
    """Say the first of some limits; empty where there is none."""
    return next(
        (
            f"not decided: the backend does not take {wanted}, of which {clause} speaks ({said})"
            for wanted, clause, said in limits
        ),
        "",
    )


def violation_in(error: BaseException | None) -> Violation | None:
    """Find the violation in an error or a group of errors."""
    if isinstance(error, Violation):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for found in map(violation_in, error.exceptions) if found), None)
    return None
