"""Backends that do nothing right: whatever they claim, not one clause may pass."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Decision, Outcome, cells
from conformance.engine.trial import attempt
from tests.zoo.matrix import specimens

EVERYTHING = frozenset(Stage)


class Refusal(ValueError):
    """A refusal that names everything a refusal may name."""

    remedy = "Write the missing array; see the clause."

    def __init__(self) -> None:
        super().__init__(f"scan.npz: xcoords, ycoords, diff3d, probeGuess, K, N, nsamples [NPZ-001] {self.remedy}")


class ImplementsNothing:
    """Claims nothing, has nothing."""

    name = "implements nothing"
    stages: frozenset[Stage] = frozenset()


class ClaimsEverythingAndHasNothing:
    """Claims every stage, has no method."""

    name = "claims everything and has nothing"
    stages = EVERYTHING


class Answering:
    """Has every method; all do the same."""

    name = ""
    stages = EVERYTHING

    def __init__(self, name: str, answer: Callable[..., Any]) -> None:
        self.name, self.answer = name, answer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("framework", "carries", "devices", "on"):
            raise AttributeError(name)
        return self.answer


def _raising(error: Callable[[], Exception]) -> Callable[..., Any]:
    def answer(*arguments: Any, **named: Any) -> Any:
        raise error()

    return answer


class _Missing(ImportError, RuntimeError):
    """A dependency that is missing for everything."""


def hollow_backends() -> tuple[Any, ...]:
    """Backends that must not pass a clause."""
    return (
        ImplementsNothing(),
        ClaimsEverythingAndHasNothing(),
        Answering("raises ValueError everywhere", _raising(Refusal)),
        Answering("raises NotImplementedError everywhere", _raising(NotImplementedError)),
        Answering("lacks a dependency everywhere", _raising(lambda: _Missing("pip install everything"))),
        Answering("answers None everywhere", lambda *arguments, **named: None),
        Answering("answers an empty mapping everywhere", lambda *arguments, **named: {}),
        Answering("answers with mocks", lambda *arguments, **named: MagicMock()),
    )


@dataclass(frozen=True)
class Score:
    """Clauses that a backend passed, of all testable ones; and how many ended in which outcome."""

    backend: str
    passed: int
    clauses: int
    counts: Mapping[str, int]


def scores() -> list[Score]:
    """Run the whole suite on every hollow backend."""
    found = []
    for backend in hollow_backends():
        with tempfile.TemporaryDirectory(prefix="ptycho-zoo-") as folder:
            found.append(score(backend, Path(folder)))
    return found


def score(backend: Any, folder: Path) -> Score:
    """Run the whole suite on a backend."""
    stages = frozenset(backend.stages) | {Stage.CONDUCT}
    subject = Subject(Selected(backend.name, backend, stages), folder)
    # Fewer specimens leave fewer checks that a clause must pass.
    scans = specimens(folder)[::5]
    decisions: list[Decision] = []
    for declaration in declarations():
        decisions += attempt(declaration, subject, scans)
    ids = [clause.id for clause in contract().values() if clause.testable]
    counts = Counter(cell.outcome for cell in cells(decisions, ids, [backend.name]))
    return Score(backend.name, counts[Outcome.PASS], len(ids), {str(outcome): n for outcome, n in counts.items()})
