"""Checks of conduct (CND) in threads: loaders of data and pages of notebooks call from another one than the first."""

from __future__ import annotations

import contextvars
import threading
import warnings

import numpy as np

from conformance.backends.process_state import restored
from conformance.backends.subject import Subject
from conformance.checks.conduct.overlapping import Overlapping, lines_of
from conformance.checks.conduct.results import altered, same, snapshot, values_in
from conformance.checks.conduct.sound_calls import CALLED, Call, Values, calls
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("CND-022", any_of=CALLED)
def test_another_thread_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        with restored():
            expected, error, warned = _asked(call)
            if error:
                continue
            found = list[tuple[Values, str, int]]()
            # What the suite knows of the call under judgement goes with it.
            asked = contextvars.copy_context().run
            thread = threading.Thread(target=lambda: found.append(asked(_asked, call)))
            thread.start()
            thread.join()
        seen, error, told = found[-1]
        evidence.holds(not error, f"{call.words} is answered in the first thread, and ends in another one in {error}")
        same(evidence, seen, expected, call, "in another thread than the first")
        evidence.holds(
            told == warned, f"{call.words} warned {told} times in another thread than the first, and {warned} there"
        )


def _asked(call: Call) -> tuple[Values, str, int]:
    """What a call gives, the error that it ended in, and how often it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return snapshot(call.run(call.inputs())), "", len(caught)
        except Exception as error:  # noqa: BLE001 - whether it is answered is for other checks to say
            return {}, f"{type(error).__name__}: {error}", len(caught)


_MEANWHILE = "while another thread makes the same call of other arrays"
_DURING = "from another thread, while a call of other arrays is under way"
_THAT = "the result is that of the other call"
_LONGEST = 60.0
"""Seconds until a call that waited for another one to end is given up."""


@check("CND-028", any_of=CALLED)
def test_calls_that_overlap_give_what_each_gives_alone(subject: Subject, evidence: Evidence) -> None:
    """Each call is held at its lines, one after the other, and another runs as a whole there."""
    for call in calls(subject):
        if call.repeats and values_in(call.inputs()):
            with restored(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _overlapped(evidence, call)


def _overlapped(evidence: Evidence, call: Call) -> None:
    def other() -> Values:
        return snapshot(call.run(altered(call.inputs(), _turned)))

    try:
        alone = other()
        expected, lines = lines_of(lambda: snapshot(call.run(call.inputs())))
    except Exception:  # noqa: BLE001 - whether it is answered is for other checks to say
        return
    both = Overlapping(other, lines)
    seen = evidence.accepted(
        lambda: both.result(lambda: snapshot(call.run(call.inputs()))), f"{call.words}, {_MEANWHILE}"
    )
    if both.waiting is not None:
        both.waiting.join(_LONGEST)
        evidence.holds(not both.waiting.is_alive(), f"{call.words} does not come back, {_MEANWHILE}.")
    same(evidence, seen, expected, call, _MEANWHILE, lambda name: {_THAT: alone[name]} if name in alone else {})
    for found in both.results:
        ended = f"{type(found).__name__}: {found}" if isinstance(found, Exception) else ""
        evidence.holds(not ended, f"{call.words}, called {_DURING}, ends in {ended:.200}")
        # Most are the very same, which is quicker to see than how near they are.
        if not _identical(found, alone):
            same(
                evidence, found, alone, call, _DURING, lambda name: {_THAT: expected[name]} if name in expected else {}
            )


def _turned(values: Array) -> Array:
    """Another array of that kind: its entries, and the columns of images, in reverse order."""
    turned = values[::-1] if values.ndim < 2 or values.shape[-1] == 2 else values[::-1, ..., ::-1]
    return np.ascontiguousarray(turned)


def _identical(found: Values, other: Values) -> bool:
    return found.keys() == other.keys() and all(np.array_equal(found[name], other[name]) for name in found)
