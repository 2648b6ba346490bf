"""One run of every call in a fresh process, for all that only its answers and its end can show."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from conformance.backends.fresh_process import FreshProcess
from conformance.backends.subject import Subject
from conformance.checks.conduct.in_any_order import asked
from conformance.checks.conduct.sound_calls import Values
from conformance.engine.first_look import look_at
from conformance.engine.questions import STRANGE
from conformance.scans.domain import asking, not_taken, takes

_EVERY_CALL = """
import contextlib
from pathlib import Path
import numpy as np
from conformance.backends.discovery import Selected
from conformance.backends.process_state import changed, process_state
from conformance.backends.subject import Subject
from conformance.checks.conduct.in_any_order import answers
from conformance.checks.conduct.invalid_calls import refused_calls
from conformance.checks.conduct.sound_calls import leave_batches
from conformance.contract.stages import Stage
from conformance.scans.domain import Told, inside
stages = frozenset(Stage(str(one)) for one in adapter.stages)
subject = Subject(Selected(adapter.name, adapter, stages), Path(arguments[0]))
before, warned = process_state(), {}
with contextlib.redirect_stdout(sys.stderr), inside(Told(json.loads(arguments[1]))):
    for number, values in answers(subject, backwards=True, warned=warned):
        np.savez(Path(arguments[0]) / f"{number}.npz", **{f"_{n}": one for n, one in enumerate(values.values())})
    leave_batches(subject)
    for call in refused_calls(subject):
        with contextlib.suppress(Exception):
            call.run(call.inputs())
print(json.dumps([changed(before, process_state()), warned]))
"""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


class FreshRun:
    """A fresh process in which every sound call is asked, the last one first, then what leaves a call half way.

    Parameters
    ----------
    subject : Subject

    Attributes
    ----------
    temporary : Path
        Where the process keeps its temporary files.
    """

    def __init__(self, subject: Subject) -> None:
        self.temporary, self._answers = subject.fresh_folder(), subject.fresh_folder()
        look_at(subject).refuses_the_usual()
        with asking() as told_here:
            self.numbered = asked(subject)
            # What a call is fitted to is asked for when it is made.
            for one in STRANGE.items():
                takes(*one)
        given = [str(self._answers), json.dumps(not_taken(told_here))]
        place = dict.fromkeys(_TEMPORARY, str(self.temporary))
        self._process = FreshProcess(subject, _EVERY_CALL, given, environment=place)

    def left(self) -> list[str]:
        """Wait for the end of the process, and return the settings that it ends with and did not begin with.

        Raises
        ------
        RuntimeError
            The process failed.
        """
        return list(self._process.result()[0])

    def warned(self) -> dict[int, int]:
        """How often those calls warned there whose method may."""
        return {int(number): count for number, count in self._process.result()[1].items()}

    def answer(self, number: int, here: Values) -> Values:
        """Arrays that a call gave there, under the names that they have here."""
        with np.load(Path(self._answers) / f"{number}.npz", allow_pickle=False) as archive:
            return {name: archive[f"_{n}"] for n, name in enumerate(here)}


@lru_cache(maxsize=4)
def fresh_run(subject: Subject) -> FreshRun:
    """Return the run of a subject, which is made once."""
    return FreshRun(subject)
