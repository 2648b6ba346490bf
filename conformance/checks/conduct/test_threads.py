"""Checks of conduct (CND) in threads: loaders of data and pages of notebooks call from another one than the first."""

from __future__ import annotations

import contextvars
import threading

from conformance.backends.process_state import restored
from conformance.backends.subject import Subject
from conformance.checks.conduct.results import answered, same
from conformance.checks.conduct.sound_calls import CALLED, Call, Values, calls
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("CND-022", any_of=CALLED)
def test_another_thread_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        with restored():
            try:
                expected = answered(call, call.inputs())
            except Exception:  # noqa: BLE001 - whether it is answered is for other checks to say
                continue
            seen, error = _in_a_thread(call)
        evidence.holds(not error, f"{call.words} is answered in the first thread, and ends in another one in {error}")
        same(evidence, seen, expected, call, "in another thread than the first")


def _in_a_thread(call: Call) -> tuple[Values, str]:
    """What a call gives in a thread of its own, and the error that it ended in."""
    found: list[Values] = []
    errors = [""]

    def asked() -> None:
        try:
            found.append(answered(call, call.inputs()))
        except Exception as error:  # noqa: BLE001 - that it ends in one is what is looked at
            errors[0] = f"{type(error).__name__}: {error}"

    # What the suite knows of the call under judgement goes with it.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(asked,))
    thread.start()
    thread.join()
    return (found or [{}])[0], errors[0]
