"""Runs the adapter under judgement in a fresh interpreter, for what only a fresh one can show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.backends.subject import Subject
from conformance.contract.crossing import Crossing

_NOT_MADE = 93
"""How a script ends that found no adapter."""
_PRELUDE = f"""
import functools, importlib, json, sys
sys.path[:], asked, label, module, qualname, arguments = json.loads(sys.argv[1])
def made():
    if asked:
        from conformance.backends.discovery import select
        return next(one.adapter for one in select([asked]) if one.label == label)
    return functools.reduce(getattr, qualname.split("."), importlib.import_module(module))()
def made_anew():
    package = type(adapter).__module__.partition(".")[0]
    # One that lives elsewhere has a process of its own, each time.
    for name in [one for one in sys.modules if one.partition(".")[0] == package != "conformance"]:
        del sys.modules[name]
    return made()
try:
    adapter = made()
except Exception as error:
    if asked:
        raise
    print(f"{{type(error).__name__}}: {{error}}", file=sys.stderr)
    sys.exit({_NOT_MADE})
"""


class NotMadeAgain(Crossing, NotImplementedError):
    """Another process cannot make an adapter that was handed over as an object; what it does there is not known."""


class FreshProcess:
    """A script in a fresh interpreter that finds ``adapter`` and ``arguments`` in place.

    Parameters
    ----------
    subject : Subject
        Its adapter is made again as it was asked for; one that was handed over, by importing its class.
    script : str
        Python source. ``made_anew()`` gives the adapter as a further process would make it: its package is imported
        once more.
    arguments : sequence of str
    environment : Mapping of str to str, optional
        Environment variables that the script has beside those of this process.
    """

    def __init__(
        self,
        subject: Subject,
        script: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        adapter = type(subject.selected.adapter)
        made = [subject.selected.asked, subject.selected.label, adapter.__module__, adapter.__qualname__]
        self._process: subprocess.Popen[str] | None = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + script, json.dumps([sys.path, *made, list(arguments)])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._printed, self._broke, self._made = "", "", True

    def result(self) -> Any:
        """Wait for the script, and return what it printed last, read as JSON.

        Raises
        ------
        NotMadeAgain
            The adapter was handed over as an object, and cannot be made there.
        RuntimeError
            The script failed; the message is the error that it ended in.
        """
        if self._process is not None:
            self._wait(self._process)
            self._process = None
        if not self._made:
            told = "is judged where the adapter is named, as module:attribute"
            raise NotMadeAgain(f"another process cannot make it ({self._broke}); what it does there {told}")
        if self._broke:
            raise RuntimeError(self._broke)
        return json.loads(self._printed.strip().splitlines()[-1])

    def _wait(self, process: subprocess.Popen[str]) -> None:
        self._printed, said = process.communicate()
        self._made = process.returncode != _NOT_MADE
        if process.returncode:
            ended = said.strip().rpartition("\n ")[2].partition("\n")[2] or said.strip()
            self._broke = ended[-600:] or f"exit status {process.returncode}"
