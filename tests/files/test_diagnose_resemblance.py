"""Objects that resemble themselves elsewhere: what fits their frames may fit by their own symmetries."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose import confirmation, matched
from conformance.files.diagnose.confirmation import RESEMBLANCE
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.resemblance import ALIKE, resemblance
from conformance.files.diagnose.turns import EIGHT
from conformance.files.diagnose.verdict import Word, judged
from conformance.scans.beamline import matter_of_kind


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "alike"),
    [("lattice", True), ("stripes", True), ("strong", False), ("particles", False), ("weak", False), ("star", False)],
)
def test_periodic_objects_resemble_themselves(kind: str, alike: bool, seed: int) -> None:
    obj = matter_of_kind(kind, (60, 71), np.random.default_rng(seed))  # type: ignore[arg-type]
    assert (resemblance(obj) > ALIKE) == alike


def test_what_varies_nowhere_resembles_itself_everywhere() -> None:
    assert resemblance(np.ones((40, 30), np.complex64)) == 1.0


def reading(name: str, lead: float, decided: bool, **figures: float) -> Reading:
    return Reading(name, EIGHT[5], 1.0, lead, decided, figures=figures)


def test_the_overlap_filter_alone_is_no_verdict_on_a_periodic_object() -> None:
    whole = Reading(confirmation.WHOLE, EIGHT[5], 10.0, figures={RESEMBLANCE: 0.8}, why="it resembles itself")
    found = judged([reading(matched.NAME, 4.4, True), whole])
    assert found.word is Word.CANNOT_TELL
    assert "resembles itself" in found.reason


@pytest.mark.parametrize(("lead", "word"), [(4.5, Word.LIKELY), (5.5, Word.CERTAIN)])
def test_a_weak_reconstruction_and_an_undecided_filter_are_not_certain(lead: float, word: Word) -> None:
    found = judged([reading(confirmation.WHOLE, lead, True), reading(matched.NAME, 2.9, False)])
    assert found.word is word
