"""The first look at a backend: which strange properties it takes, asked with the plainest call once it matters.

A property that a backend does not take is one finding, at the clause that speaks of it. Every other check is judged on
what the backend takes (:mod:`conformance.scans.domain`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.guard import looking
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject, offered
from conformance.contract.capabilities import OUTSIDE, SUBPIXEL
from conformance.contract.clauses import contract
from conformance.contract.stages import ROWS, Stage
from conformance.contract.types import Array
from conformance.engine.questions import PLAIN, QUESTIONS, STRANGE
from conformance.engine.scene import Scene
from conformance.engine.statements import Statements
from conformance.evidence.breakdown import is_refusal
from conformance.evidence.tensors import as_numpy
from conformance.oracles.rules import CONTRACT, following
from conformance.scans.domain import USUAL, Property, inside

SIDES = (8, 64, 16, 32, 128, 256)
"""Sides of frames that the plainest scan is tried with, in this order."""


class FirstLook:
    """What a backend takes; every answer is asked for once.

    Parameters
    ----------
    subject : Subject
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.told: dict[tuple[Property, Any], str] = {}
        self._found_at: dict[tuple[Property, Any], str] = {}
        self.of_objects = OfObjects(self)
        self.statements = Statements(subject, self)
        self._scene: Scene | None = None
        self._plain: dict[tuple[Property, str], tuple[Any, bool]] = {}

    def takes(self, wanted: Property, value: Any = True) -> bool:
        """Whether the backend takes a property."""
        return not self.refusal(wanted, value)

    def has_asked(self, wanted: Property, value: Any = True) -> bool:
        """Whether the backend was asked for a property."""
        return (wanted, value) in self.told

    def refuses_the_usual(self) -> bool:
        """Ask for what nearly every specimen has, and say whether any of it is not taken."""
        refused = [one for one in USUAL if not self.takes(one)]
        return bool(refused)

    def refusal(self, wanted: Property, value: Any = True) -> str:
        """Say how the backend showed that it does not take a property; empty where it does."""
        key = (wanted, value)
        if key not in self.told:
            # What the look itself makes asks nobody, and while it looks everything counts as taken.
            self.told[key] = ""
            with inside(None), following(CONTRACT), looking(), restored(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                method, self.told[key] = self._asked(wanted, value)
                self._found_at[key] = found_at(wanted, method) if method else ""
        return self.told[key]

    def found_at(self, wanted: Property, value: Any) -> str:
        """Return the clause at which it is a finding that a property is refused, ignored or got wrong; else empty."""
        return self._found_at.get((wanted, value), "") if self.refusal(wanted, value) else ""

    def _asked(self, wanted: Property, value: Any) -> tuple[str, str]:
        """How a backend shows that it does not take a property, and before that the method that shows it.

        Who breaks in place of refusing shows no more than that.
        """
        if self.subject.adapter is None or self._is_plain(wanted, value):
            # The plain call beside a plain call tells nothing.
            return "", ""
        there = offered(self.subject.selected)
        question = QUESTIONS[wanted]
        for method, call in question.calls(self.scene, value):
            if method not in there:
                continue
            seen, error = _ended(call, beside=True)
            if error is None and method not in question.shows and question.expected is None:
                continue
            plain, sound = self._plainly(wanted, method)
            if not sound:
                continue
            if error is not None:
                refused = is_refusal(error) and not isinstance(error, NotImplementedError)
                return method if refused else "", f"{method}: {type(error).__name__}: {error}"
            if method in question.shows and _same(seen, plain):
                return method, f"{method} gives what it gives without"
            if question.expected is not None:
                right = question.expected(self.scene, PLAIN[wanted])
                if _near(plain, right) and not _near(seen, question.expected(self.scene, value)):
                    return method, f"{method} gives other values"
        return "", ""

    def _plainly(self, wanted: Property, method: str) -> tuple[Any, bool]:
        """Result of the plain call of a method beside the strange one, and whether it succeeds."""
        key = (wanted, method)
        if key not in self._plain:
            plain = self._plain_value(wanted)
            call = next((one for name, one in QUESTIONS[wanted].calls(self.scene, plain) if name == method), None)
            seen, error = (None, LookupError(method)) if call is None else _ended(call, beside=True)
            self._plain[key] = seen, error is None
        return self._plain[key]

    def _is_plain(self, wanted: Property, value: Any) -> bool:
        plain = self._plain_value(wanted)
        return type(value) is type(plain) and value == plain

    def _plain_value(self, wanted: Property) -> Any:
        return self.scene.N if wanted is Property.SIDE else PLAIN[wanted]

    @property
    def scene(self) -> Scene:
        """The plainest scan that the backend takes."""
        if self._scene is None:
            self._scene = next((one for one in map(self._sized, SIDES) if self._fits(one)), self._sized(SIDES[0]))
        return self._scene

    def _sized(self, N: int) -> Scene:
        return Scene(self.subject, N)

    def _fits(self, scene: Scene) -> bool:
        there = offered(self.subject.selected)
        # A file is written and read before it is looked at: two calls.
        cases = sorted(scene.calls(), key=lambda one: one[0] == "load")
        calls = [call for method, call in cases if method in there]
        # The first that succeeds is enough: a slow backend waits for each.
        return not calls or any(_ended(call)[1] is None for call in calls)


@lru_cache(maxsize=16)
def look_at(subject: Subject) -> FirstLook:
    """Return the first look at a subject, which is taken once."""
    return FirstLook(subject)


def found_at(wanted: Property, method: str) -> str:
    """Return the clause that speaks of a property in the stage of a method, else the first that speaks of it."""
    clauses = QUESTIONS[wanted].clauses
    stages = {stage for stage, row in ROWS.items() if method in (*row.required, *row.optional)}
    return next((one for one in clauses if Stage(contract()[one].stage) in stages), clauses[0])


@cache
def findings_of(wanted: Property) -> frozenset[str]:
    """Return the clauses at which it may be a finding that results ignore a property, or get it wrong."""
    question = QUESTIONS[wanted]
    methods = OPTIONAL_METHODS.union(*METHODS.values()) if question.expected is not None else question.shows
    return frozenset(found_at(wanted, method) for method in methods)


def _ended(call: Callable[[], Any], *, beside: bool = False) -> tuple[Any, Exception | None]:
    """Result of a call, or the error in which it ended; a missing dependency or method tells nothing of a property.

    What is not implemented beside a plain call that succeeds is the property.
    """
    try:
        return call(), None
    except ImportError:
        return None, None
    except NotImplementedError as error:
        return None, error if beside else None
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises says that it does not take this
        return None, error


def _same(one: Any, other: Any) -> bool:
    try:
        first, second = as_numpy(one), as_numpy(other)
        return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-6, atol=1e-7))
    except Exception:  # noqa: BLE001 - what cannot be compared is not the same
        return False


def _near(seen: Any, expected: Array) -> bool:
    try:
        found = as_numpy(seen)
        return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=1e-4, atol=1e-4))
    except Exception:  # noqa: BLE001 - what cannot be compared is not near
        return False


@dataclass(frozen=True)
class Ruled:
    """A property whose values the contract rules, in a clause of its own: other checks leave them to that clause.

    Attributes
    ----------
    of, rule : Property
        What is taken or not; and whether its values are the contract's.
    stated : str
        The attribute by which an adapter may state another rule.
    methods : frozenset of str
        Methods whose values follow the rule: only checks that call one of them leave it out.
    stages : frozenset of Stage
        Stages whose checks compare such values.
    """

    of: Property
    rule: Property
    stated: str
    methods: frozenset[str]
    stages: frozenset[Stage]


_OF_VALUES = frozenset({Stage.PATCHES, Stage.REASSEMBLY, Stage.PHYSICS, Stage.RELATIONS, Stage.RAWDATA})
_SIMULATED = frozenset({Stage.PHYSICS, Stage.RELATIONS, Stage.RAWDATA})
_CUTTING = frozenset({"patches", "group", "measure", "batches"})
RULES = (
    Ruled(Property.BETWEEN, Property.CUT_BETWEEN, SUBPIXEL.name, _CUTTING, _OF_VALUES),
    Ruled(Property.BETWEEN, Property.PLACED_BETWEEN, SUBPIXEL.name, frozenset({"reassemble"}), _OF_VALUES),
    Ruled(Property.BEYOND, Property.ZERO_BEYOND, OUTSIDE.name, _CUTTING, _OF_VALUES),
)
"""Rules of values that a backend may not keep, though it takes what they are about."""


class OfObjects:
    """What is known to be taken of objects, or was not asked for; all else counts as taken.

    Parameters
    ----------
    look : FirstLook
    """

    def __init__(self, look: FirstLook) -> None:
        self._look = look

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether a property may be used."""
        return wanted not in USUAL or not self._look.has_asked(wanted, value) or self._look.takes(wanted, value)


class Speaking:
    """The domain of one check: what the backend takes, and all that the check's clauses speak of.

    Parameters
    ----------
    look : FirstLook
    clauses : tuple of str
        Clauses that the check decides.
    called : iterable of str
        Methods of the adapter that the check may call.
    on_specimens : bool
        Whether the check takes a scan of the suite.

    Attributes
    ----------
    assumes : bool
        Whether something was taken that the backend was not asked for yet.
    """

    def __init__(
        self, look: FirstLook, clauses: tuple[str, ...], called: Iterable[str] = (), *, on_specimens: bool = False
    ) -> None:
        self._look, self._clauses = look, frozenset(clauses)
        stages = frozenset(Stage(contract()[clause].stage) for clause in clauses)
        # What the oracles follow needs not be left out.
        followed = {one.capability.name for one in look.statements.followed(stages, on_specimens=on_specimens)}
        self._ruled = [one for one in RULES if stages <= one.stages and one.methods & set(called)]
        self._ruled = [one for one in self._ruled if one.stated not in followed]
        # A patch does not tell the frame between pixels, whatever patches are.
        moved = look.statements.moves_the_probe and stages <= _SIMULATED and "measure" in set(called)
        self._withheld = {Property.BETWEEN} if moved else set()
        self._stated = {one.of for one in RULES if one.stated in followed and one.of not in self._refused(look)}
        self._spoken = {one for one, question in QUESTIONS.items() if set(clauses) & set(question.clauses)}
        if look.statements.of_one_mode:
            self._spoken.discard(Property.MODES)
        self._owned = {one for one, question in QUESTIONS.items() if question.clauses[0] in clauses}
        self._used: dict[tuple[Property, Any], None] = {}
        self._denied: dict[tuple[Property, Any], None] = {}
        self.assumes = False

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether a property may be used."""
        if wanted in self._withheld:
            self._denied[Property.CUT_BETWEEN, True] = None
            return False
        if wanted in self._stated:
            return True
        if wanted in self._spoken:
            self._used[wanted, value] = None
            return True
        if wanted in USUAL and not self._look.has_asked(wanted, value):
            self.assumes = True
            return True
        if not self._look.takes(wanted, value):
            self._denied[wanted, value] = None
            return False
        for one in self._ruled:
            if one.of is wanted and one.rule not in self._spoken and not self._look.takes(one.rule, True):
                self._denied[one.rule, True] = None
                return False
        return True

    @staticmethod
    def _refused(look: FirstLook) -> set[Property]:
        """Properties that are refused, as stated."""
        refused = [one for one in look.statements.made.values() if one.true and one.value == "refused"]
        return {Property.BEYOND} if refused else set()

    def denied(self) -> Iterator[tuple[Property, str, str]]:
        """Yield what the check was kept from using: property, clause, what the backend said."""
        for wanted, value in self._denied:
            yield wanted, QUESTIONS[wanted].clauses[0], self._look.refusal(wanted, value)

    def not_taken(self) -> Iterator[tuple[Property, str, str]]:
        """Yield what the check had to use though the backend does not take it: property, clause, what the backend said.

        A property at whose own clause the check stands is a finding of the check, and is not among them.
        """
        by_hand = [(one, STRANGE[one]) for one in self._spoken if one in STRANGE]
        for wanted, value in (*self._used, *by_hand):
            said = "" if wanted in self._owned else self._look.refusal(wanted, value)
            if said:
                yield wanted, QUESTIONS[wanted].clauses[0], said

    def unnoticed(self) -> Iterator[str]:
        """Say of which properties that the check's clauses speak of results are wrong, which it did not notice."""
        declared = {clause for clause in self._clauses if self._look.statements.declared(clause)}
        by_hand = [(one, STRANGE[one]) for one in self._spoken if one in STRANGE]
        open_to_it = self._clauses - declared
        for wanted, value in dict.fromkeys((*self._used, *by_hand)):
            if findings_of(wanted) & open_to_it and self._look.found_at(wanted, value) in open_to_it:
                yield f"The backend does not take {wanted}: {self._look.refusal(wanted, value)}."


class Common:
    """What several backends take, for a comparison of them.

    Parameters
    ----------
    *looks : FirstLook
    """

    def __init__(self, *looks: FirstLook) -> None:
        self._looks = looks

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether all of them take a property."""
        return all(look.takes(wanted, value) for look in self._looks)
