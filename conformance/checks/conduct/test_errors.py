"""Checks of how refusals speak (CND)."""

from __future__ import annotations

import re

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.refused_calls import REFUSING, messages, refusals
from conformance.checks.dataset.rows import batches_of
from conformance.checks.dataset.scan_files import REQUEST
from conformance.checks.npz.loading import plain
from conformance.contract.clauses import clauses_in
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes


@check("CND-008", any_of=REFUSING)
def test_errors_belong_to_one_family(subject: Subject, evidence: Evidence) -> None:
    for one in refusals(subject):
        evidence.refused(one.bad, one.what, beside=one.good, family=True)


def names(text: str, name: str) -> bool:
    """Whether a name stands in a text as a word of its own."""
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) is not None


@check("CND-009", needs=["load"])
def test_errors_name_the_file(subject: Subject, evidence: Evidence) -> None:
    for one, error in messages(subject, evidence):
        if one.file:
            evidence.worded(one.file in str(error), f"The refusal of {one.what} does not name {one.file}: {error}")


@check("CND-010", any_of=REFUSING)
def test_errors_name_the_array(subject: Subject, evidence: Evidence) -> None:
    for one, error in messages(subject, evidence):
        if one.arrays:
            evidence.worded(
                any(names(str(error), name) for name in one.arrays),
                f"The refusal of {one.what} does not name {' or '.join(one.arrays)}: {error}",
            )


@check("CND-011", any_of=REFUSING)
def test_errors_name_the_clause(subject: Subject, evidence: Evidence) -> None:
    for one, error in messages(subject, evidence):
        named = clauses_in(str(error))
        told, right = ", ".join(named) or "no clause", " or ".join(one.clauses)
        evidence.worded(
            bool(set(named) & set(one.clauses)), f"The refusal of {one.what} names {told}, not {right}: {error}"
        )


@check("CND-012", any_of=REFUSING)
def test_errors_name_the_remedy(subject: Subject, evidence: Evidence) -> None:
    for one, error in messages(subject, evidence):
        remedy = getattr(error, "remedy", None)
        told = isinstance(remedy, str) and len(remedy.split()) > 1 and remedy in str(error)
        evidence.worded(told, f"The refusal of {one.what} has no remedy in its message, but {remedy!r}: {error}")


@check("CND-009", needs=["batches"])
def test_a_data_set_names_the_file_that_is_refused(subject: Subject, evidence: Evidence) -> None:
    """Of several files, the one: wherever it stands, and whatever ails it."""
    frames = plain()["diff3d"]
    broken = {
        "a pixel of NaN": plain(diff3d=np.where(frames == frames.max(), np.nan, frames)),
        "a file without positions": plain() | {"ycoords": None},
        "frames that are all zero": plain(diff3d=np.zeros_like(frames)),
    }
    sound = [subject.write(plain(), name) for name in ("night-4.npz", "morning.npz")]
    for what, arrays in broken.items():
        path = subject.write(arrays, "noon-7.npz")
        for place in range(3 if takes(Property.FILES) else 1):
            paths = [*sound[:place], path, *sound[place:]] if takes(Property.FILES) else [path]
            error = evidence.refused(
                lambda: batches_of(subject, paths, REQUEST),
                f"a data set with {what} at place {place}",
                beside=lambda: batches_of(subject, sound[:1], REQUEST),
            )
            said = f"The refusal of a data set with {what} at place {place} does not name {path.name}: {error}"
            evidence.worded(path.name in str(error), said)
