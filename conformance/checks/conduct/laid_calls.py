"""Plain calls of every method, with one argument in one memory layout after the other: made once for all clauses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.results import snapshot
from conformance.checks.conduct.sound_calls import Call, Inputs, Values, calls
from conformance.scans.domain import kept_inside
from conformance.scans.layouts import LAYOUTS


@dataclass
class Laid:
    """A call with one argument that lies otherwise, or with all of them plain.

    Attributes
    ----------
    call : Call
    what : str
        The argument, and how it lies.
    result : Values
        Arrays that came out; empty after an error.
    error : Exception or None
    warned : list of str
    plain : Laid or None
        The same call with plain arguments; None of that one.
    """

    call: Call
    what: str
    result: Values = field(default_factory=dict)
    error: Exception | None = None
    warned: list[str] = field(default_factory=list)
    plain: Laid | None = None

    def answer(self) -> Values:
        """Return what came out, or raise what came of it."""
        if self.error is not None:
            raise self.error
        return self.result


@kept_inside(2)
def laid_calls(subject: Subject) -> tuple[Laid, ...]:
    """One argument at a time, the others plain: what is read in one order must not be written in another."""
    return tuple(_made(subject))


def _made(subject: Subject) -> Iterator[Laid]:
    for call in calls(subject):
        given = call.inputs()
        plain = _answered(Laid(call, "plain"), given)
        for name, values in given.items():
            if isinstance(values, np.ndarray) and values.ndim:
                for when, lay in LAYOUTS.items():
                    yield _answered(Laid(call, f"{name} {when}", plain=plain), call.inputs() | {name: lay(values)})


def _answered(laid: Laid, given: Inputs) -> Laid:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            laid.result = snapshot(laid.call.run(given))
        except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the answer
            laid.error = error
    laid.warned = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
    return laid
