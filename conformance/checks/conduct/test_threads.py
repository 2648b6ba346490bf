"""Checks of conduct (CND) in threads: loaders of data and pages of notebooks call from another one than the first."""

from __future__ import annotations

import contextvars
import threading
import warnings

from conformance.backends.process_state import restored
from conformance.backends.subject import Subject
from conformance.checks.conduct.results import same, snapshot
from conformance.checks.conduct.sound_calls import CALLED, Call, Values, calls
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
