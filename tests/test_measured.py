"""The measured scan beside the checkout, where it lies there: both backends keep the contract on it, and agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.agreement import compare
from conformance.engine.catalogue import deciding
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.files.examine import specimen_from_file
from conformance.scans.specimens import Recipe, Specimen, gallery, make_specimen, write_scan
from tests.limits.limits import LargeFrames, Limited, OneModeEverywhere, WholePixels
from tests.zoo.liar import selected

SCAN = Path(__file__).parents[2] / "shared" / "data" / "siemens_canonical.npz"


@pytest.fixture(scope="module")
def measured() -> Specimen:
    if not SCAN.is_file():
        pytest.skip(f"the measured scan is not there: {SCAN}")
    return specimen_from_file(SCAN)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Subject, Subject]:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    first, second = select(["ref", "torch"], ["cpu"])
    return Subject(first, tmp_path_factory.mktemp("ref")), Subject(second, tmp_path_factory.mktemp("torch"))


@pytest.mark.torch
@pytest.mark.parametrize("stage", [Stage.CONTAINER, Stage.DATASET, Stage.REASSEMBLY, Stage.PHYSICS])
def test_the_backends_agree_on_it(stage: Stage, subjects: tuple[Subject, Subject], measured: Specimen) -> None:
    found = compare(*subjects, stage, [measured])
    assert found.divergence == ""
    assert found.compared > 10_000


@pytest.mark.parametrize("name", ["ref", pytest.param("torch", marks=pytest.mark.torch)])
def test_the_convention_explains_it(name: str, measured: Specimen, tmp_path: Path) -> None:
    if name == "torch":
        pytest.importorskip("torch")
        pytest.importorskip("tensordict")
    subject = Subject(select([name], ["cpu"])[0], tmp_path)
    (declaration,) = deciding("PHY-013")
    outcomes = [one.outcome for one in attempt(declaration, subject, [measured])]
    assert outcomes == [Outcome.PASS]


@pytest.mark.parametrize(
    ("limit", "recipe", "words"),
    [
        (WholePixels, Recipe(M=24, N=8, seed=77, margin=9.0), "positions between pixels"),
        pytest.param(
            OneModeEverywhere,
            Recipe(M=24, N=8, modes=2, seed=78),
            "probes of several modes",
            marks=pytest.mark.night,
        ),
        pytest.param(LargeFrames, Recipe(M=24, N=8, seed=80), "frames of this side", marks=pytest.mark.night),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_scan_that_a_backend_does_not_take_leaves_every_clause_decided(
    limit: type[Limited], recipe: Recipe, words: str, tmp_path: Path
) -> None:
    write_scan(tmp_path / "scan.npz", make_specimen(recipe).arrays)
    subject = Subject(selected(limit), tmp_path / "work")
    scans = [*gallery(), specimen_from_file(tmp_path / "scan.npz")]
    for clause in ("GRP-001", "NRM-001"):
        decisions = [one for declaration in deciding(clause) for one in attempt(declaration, subject, scans)]
        assert {one.outcome for one in decisions} == {Outcome.PASS, Outcome.NOT_APPLICABLE}
        (said,) = {one.reason for one in decisions if one.outcome is Outcome.NOT_APPLICABLE}
        assert said.startswith(f"not decided: the backend does not take {words}")
