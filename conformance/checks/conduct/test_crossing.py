"""Checks that refusals and warnings cross processes (CND)."""

from __future__ import annotations

import contextlib
import copy
import pickle
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.refused_calls import REFUSING, messages
from conformance.checks.conduct.sound_calls import REQUEST, scan_arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence, Violation


def _pickled(error: Exception) -> Any:
    return pickle.loads(pickle.dumps(error))


PER_COORDINATE = ("xcoords", "ycoords", "xcoords_start", "ycoords_start")
WAYS: tuple[tuple[str, Callable[[Exception], Any]], ...] = (
    ("pickled and read again", _pickled),
    ("copied", copy.copy),
    ("copied deeply", copy.deepcopy),
)


def comes_back(evidence: Evidence, error: Exception, what: str) -> None:
    """Decide for one error or warning, with every way in which a process could hand it over."""
    told = type(error), str(error), getattr(error, "remedy", None)
    for way, through in WAYS:
        try:
            back = through(error)
        except Exception as failed:
            raise Violation(f"{what}, {way}, ends in {type(failed).__name__}: {failed}") from failed
        seen = type(back), str(back), getattr(back, "remedy", None)
        for name, here, there in zip(("class", "message", "remedy"), told, seen, strict=True):
            evidence.holds(here == there, f"{what}, {way}, has another {name}: {there!r} in place of {here!r}")


@check("CND-018", any_of=REFUSING)
def test_refusals_cross_processes(subject: Subject, evidence: Evidence) -> None:
    for one, error in messages(subject, evidence):
        comes_back(evidence, error, f"The refusal of {one.what}")


def warned_of(subject: Subject) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Calls of which some backends warn."""
    arrays = scan_arrays()
    longer = {name: np.append(values, values[-1]) for name, values in arrays.items() if name in PER_COORDINATE}
    for number, (what, members) in enumerate(
        (
            ("counts in place of amplitudes", {"diff3d": np.round(40 * arrays["diff3d"]).astype(np.uint16)}),
            ("a position too many", longer),
            ("a _metadata that is no JSON", {"_metadata": np.array("{")}),
        )
    ):
        path = subject.write(arrays | members, f"odd-{number}.npz")
        yield what, lambda path=path: subject.adapter.load(path)  # type: ignore[misc]
    if "group" in offered(subject.selected):
        path = subject.write(arrays, "grouped.npz")
        many = replace(REQUEST, nsamples=400, enable_oversampling=True)
        yield "a grouping", lambda: subject.adapter.group(subject.adapter.load(path), many)


@check("CND-018", needs=["load"])
def test_warnings_cross_processes(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(scan_arrays(), "sound.npz")
    evidence.accepted(lambda: subject.adapter.load(sound), "A sound scan")
    for what, call in warned_of(subject):
        with warnings.catch_warnings(record=True) as caught, contextlib.suppress(Exception):
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            # Whether it is refused is for other clauses.
            call()
        for one in caught:
            if isinstance(one.message, Warning):
                comes_back(evidence, one.message, f"The warning of {what}")
