"""A failure and its capsule, as a run leaves them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.backends.subject import Subject
from conformance.engine.declaration import PROFILES
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, once
from conformance.failures.recording import keep
from conformance.failures.replay import declaration_of
from conformance.scans.specimens import Specimen
from tests.capsules.adapters import GROUPS, NamesOneFrame, of


@pytest.fixture
def failing(tmp_path: Path) -> Callable[..., Trial]:
    """Runs one check on an adapter as a run does, smallest example last."""

    def run(adapter: Any, name: str, specimen: Specimen | None = None) -> Trial:
        subject = Subject(of(adapter), Path(tempfile.mkdtemp(dir=tmp_path)))
        trial = once(declaration_of(name), subject, specimen, profile=PROFILES["contract"])
        assert trial.outcome in (Outcome.FAIL, Outcome.ERROR)
        return trial

    return run


@pytest.fixture
def capsule(failing: Callable[..., Trial], tmp_path: Path) -> Path:
    """A capsule of a failure that Hypothesis found and shrank."""
    kept = keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None, kept.note
    return kept.path
