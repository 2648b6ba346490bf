"""What a backend leaves changed in the process is seen where it is asked for, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.checks.conduct.surroundings import GlobalRandomness
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.first_look import look_at
from conformance.engine.outcome import Outcome
from conformance.engine.trial import once
from conformance.scans.domain import Property
from ptycho_ref.adapter import RefAdapter
from tests.zoo.landing import Recorder
from tests.zoo.liars.conduct.process import SilencesFloatingPointErrors


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    liar = Recorder(SilencesFloatingPointErrors(), RefAdapter(), tmp_path / "scratch")
    return Subject(Selected("silences", liar, frozenset(Stage)), tmp_path / "work")


def test_a_first_look_leaves_the_process_as_it_was(subject: Subject) -> None:
    before = np.geterr()
    look_at(subject).takes(Property.MODES, 2)
    assert np.geterr() == before


@pytest.mark.night
def test_a_check_leaves_the_process_as_it_was_and_sees_what_is_changed(subject: Subject) -> None:
    before = np.geterr()
    (check,) = (one for one in declarations() if one.name.endswith("::test_the_process_is_left_as_it_was"))
    assert once(check, subject).outcome is Outcome.FAIL
    assert np.geterr() == before


def test_what_a_framework_has_drawn_elsewhere_bears_its_name() -> None:
    before = GlobalRandomness()
    name, keys, *rest = before.numpy
    try:
        for word, named in ((1, ["torch"]), (2, ["numpy.random"])):
            changed = keys.copy()
            changed[word] ^= np.uint32(5)
            np.random.set_state((name, changed, *rest))  # noqa: NPY002 - the state of everyone
            assert before.differences() == named
    finally:
        before.restore()
