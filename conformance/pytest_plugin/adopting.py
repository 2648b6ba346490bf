"""The contract as tests in a backend's own suite: one decorator, one test a check."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from conformance.backends.discovery import Selected, taken
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import PROFILES
from conformance.engine.events import CheckDecided
from conformance.engine.plan import Case, planned
from conformance.engine.trial import once
from conformance.pytest_plugin.items import end_as
from conformance.scans.specimens import gallery


class Judged:
    """An adapter, with one folder for all of its checks, which goes when the last of them does.

    Parameters
    ----------
    selected : Selected
    """

    def __init__(self, selected: Selected) -> None:
        self.selected = selected

    @cached_property
    def subject(self) -> Subject:
        """What checks find out of an adapter is found out once."""
        self._folder = tempfile.TemporaryDirectory()
        return Subject(self.selected, Path(self._folder.name))


@dataclass(frozen=True)
class Asked:
    """One check of one adapter; called, it passes, skips, or fails with its sentence.

    Attributes
    ----------
    case : Case
    judged : Judged
    """

    case: Case
    judged: Judged

    def __call__(self) -> None:
        """Decide the check."""
        subject = self.judged.subject
        trial = once(self.case.declaration, subject, self.case.specimen, profile=PROFILES["contract"])
        end_as(CheckDecided(trial.check, subject.name, tuple(trial.decisions(subject.name))))


def clauses_of(adapter: Any, stages: Sequence[str] = ()) -> pytest.MarkDecorator:
    """Return a decorator that runs a test once for each check of an adapter.

    The test takes an argument ``clause`` and calls it. Checks that make TensorFlow or PyTorch tensors take part where
    these are installed.

    Parameters
    ----------
    adapter : object
        An instance with ``name``, ``stages`` and their methods.
    stages : sequence of str
        Only these stages; empty means all that it claims.

    Raises
    ------
    MalformedAdapter
        It has no name, or claims a stage that there is not.
    """
    return pytest.mark.parametrize("clause", list(_asked(taken(adapter), stages)))


def _asked(selected: Selected, stages: Sequence[str]) -> Iterator[Any]:
    judged = Judged(selected)
    claimed = [str(stage) for stage in selected.stages]
    wanted = [stage for stage in claimed if not stages or stage in stages]
    for case in planned(declarations(), (selected,), gallery(), stages=wanted).cases:
        scan = "" if case.specimen is None else f"-{case.specimen.name}"
        yield pytest.param(
            Asked(case, judged), id=f"{'-'.join(case.declaration.clauses)}-{case.declaration.name}{scan}"
        )
