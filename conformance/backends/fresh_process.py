"""Runs the adapter under judgement in a fresh interpreter, for what only a fresh one can show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.backends.subject import Subject

_PRELUDE = """
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
adapter = made()
"""


def start(
    subject: Subject, script: str, arguments: Sequence[str] = (), *, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a script that finds ``adapter`` and ``arguments`` in place.

    Parameters
    ----------
    subject : Subject
        Its adapter is made again as it was asked for; one that was not, by importing its class.
    script : str
        Python source; what it prints last, as JSON, is what :func:`finish` returns. ``made_anew()`` gives the adapter
        as a further process would make it: its package is imported once more.
    arguments : sequence of str
    environment : Mapping of str to str, optional
        Environment variables that the script has beside those of this process.
    """
    adapter = type(subject.selected.adapter)
    made = [subject.selected.asked, subject.selected.label, adapter.__module__, adapter.__qualname__]
    given = json.dumps([sys.path, *made, list(arguments)])
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + script, given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def finish(process: subprocess.Popen[str]) -> Any:
    """Wait for a script, and return what it printed last.

    Raises
    ------
    RuntimeError
        The script failed; the message is the error that it ended in.
    """
    out, err = process.communicate()
    if process.returncode:
        ended = err.strip().rpartition("\n ")[2].partition("\n")[2] or err.strip()
        raise RuntimeError(ended[-600:] or f"exit status {process.returncode}")
    return json.loads(out.strip().splitlines()[-1])
