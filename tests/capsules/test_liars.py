"""The failure of every liar replays: on the liar it still fails, on the right backend it is fixed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.backends.subject import Subject
from conformance.engine.catalogue import deciding
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, trials
from conformance.failures.capsule import read_capsule
from conformance.failures.recording import capsule_of, untried
from conformance.failures.replay import Verdict, replay
from conformance.failures.writing import write_capsule
from tests.capsules.adapters import right
from tests.zoo.liar import Liar, selected, zoo
from tests.zoo.matrix import specimens

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.night]


def first_failure(liar: type[Liar], folder: Path) -> Trial:
    """The first failing run of a check of the clause that a liar is written for."""
    subject = Subject(selected(liar), folder / "subject")
    for declaration in deciding(liar.clauses[0]):
        if declaration.framework is not None:
            pytest.importorskip(declaration.framework)
        for trial in trials(declaration, subject, specimens(folder)):
            if trial.outcome is Outcome.FAIL:
                return trial
    pytest.fail(f"{liar.__name__} survives {liar.clauses[0]}")


@pytest.mark.parametrize("liar", zoo(), ids=[f"{liar.clauses[0]}-{liar.__name__}" for liar in zoo()])
def test_the_failure_of_every_liar_replays(liar: type[Liar], tmp_path: Path) -> None:
    if "ref" in liar.not_over:
        pytest.skip(liar.not_over["ref"])
    trial = first_failure(liar, tmp_path)
    (tmp_path / "scratch").mkdir()
    written = read_capsule(write_capsule(untried(trial, selected(liar), tmp_path / "scratch"), tmp_path / "capsules"))
    again = replay(written, selected(liar))
    if again.verdict is Verdict.FIXED:  # what it keeps between calls is seen only by trying
        capsule = capsule_of(trial, selected(liar), tmp_path / "scratch")
        written = read_capsule(write_capsule(capsule, tmp_path / "capsules"))
        again = replay(written, selected(liar))
    assert again.verdict is Verdict.STILL_FAILS, again.line()
    fixed = replay(replace(written, inputs=again.inputs), right())
    assert fixed.verdict is Verdict.FIXED, fixed.line()
