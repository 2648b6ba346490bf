"""The kill matrix holds: every liar lands, is killed, and by the clause that it breaks; nobody passes for nothing."""

from __future__ import annotations

import copyreg
import json
import os
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.clauses import Level, contract
from conformance.engine.catalogue import declarations
from tests.zoo.__main__ import main
from tests.zoo.backends import ALL_METHODS, LIMIT_VARIABLE, VARIABLE, right_backend
from tests.zoo.field import IN_OUR_STAGES, OUTSIDE, listed_in
from tests.zoo.hollow import hollow_backends, score
from tests.zoo.landing import overridden
from tests.zoo.liar import Liar, zoo
from tests.zoo.matrix import Verdict, judge, totals

pytestmark = pytest.mark.filterwarnings("ignore")

ZOO = zoo()
FAILURES = Path(__file__).parents[2] / "shared" / "field-failures.md"


@pytest.fixture(autouse=True)
def _unexplained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the cause is found is measured elsewhere; here it counts that the difference is."""
    monkeypatch.setattr("conformance.evidence.evidence.explain", lambda *arrays, **named: ())


@pytest.fixture(autouse=True)
def _pickled_as_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask, which other tests load, teaches this process to pickle errors that could not be read again without it."""
    for kind in [one for one in copyreg.dispatch_table if isinstance(one, type) and issubclass(one, BaseException)]:
        monkeypatch.delitem(copyreg.dispatch_table, kind)


def named(name: str) -> type[Liar]:
    """The liar of a name."""
    return next(liar for liar in ZOO if liar.__name__ == name)


def fate(verdict: Verdict) -> str:
    """What is wrong with a verdict; empty when nothing is."""
    if not verdict.landed:
        return f"the fault of {verdict.liar} did not land, so that it proves nothing"
    if not verdict.killed:
        return f"{verdict.liar} ({verdict.landed}) survives the checks of {verdict.clauses[0]}: {verdict.instead}"
    return "" if verdict.attributed else f"{verdict.liar} is killed by {verdict.failed}, not by {verdict.clauses[0]}"


# One in twenty-four by day, all of them by night and by the command.
BY_DAY = [
    pytest.param(liar, id=f"{liar.clauses[0]}-{liar.__name__}", marks=() if number % 36 == 0 else pytest.mark.night)
    for number, liar in enumerate(ZOO)
]


@pytest.mark.parametrize("liar", BY_DAY)
def test_the_liar_lands_and_is_killed_by_the_clause_it_breaks(liar: type[Liar], tmp_path: Path) -> None:
    verdict = judge(liar, tmp_path)
    if verdict.skipped:
        pytest.skip(verdict.skipped)
    assert fate(verdict) == ""


OVER_TENSORS = (
    *("GathersChannelsColumnMajor", "FlipsTheSignOfRelativeCoordinates", "CutsEveryChannelAtTheGroupCentre"),
    *("ShufflesImagesOnly", "BatchesFlatProbes", "KeepsTheCentreOfTheLastFile", "AddsModesAsWaves"),
    *("LosesTheLastChunk", "CachesRowsInAnyOrder", "MakesDoublePrecisionTensors"),
    pytest.param("AsksForGradientsOfEverything", marks=pytest.mark.night),
)


@pytest.mark.parametrize("name", OVER_TENSORS)
def test_liars_over_a_backend_of_tensors_are_killed_as_well(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    monkeypatch.setenv(VARIABLE, "torch")
    assert fate(judge(named(name), tmp_path)) == ""


def test_every_decided_clause_has_a_liar() -> None:
    decided = {clause for one in declarations() for clause in one.clauses}
    lied_about = {liar.clauses[0] for liar in ZOO}
    binding = {c.id for c in contract().values() if c.testable and c.level is not Level.MAY}
    assert sorted((decided & binding) - lied_about) == []


def test_liars_break_clauses_of_the_contract() -> None:
    assert sorted({clause for liar in ZOO for clause in liar.clauses} - set(contract())) == []


def test_every_field_failure_of_our_stages_has_a_liar() -> None:
    borne = {liar.field for liar in ZOO} - {""}
    assert sorted(set(IN_OUR_STAGES) - borne) == []
    assert sorted(borne - set(IN_OUR_STAGES)) == []


def test_every_listed_field_failure_is_placed() -> None:
    if not FAILURES.is_file():
        pytest.skip("the list of field failures is not here")
    listed = listed_in(FAILURES.read_text(encoding="utf-8"))
    assert listed
    assert sorted(set(listed) ^ {*IN_OUR_STAGES, *OUTSIDE}) == []


class Delegate(Liar):
    """Overrides every method and lies in none."""


for _name in ALL_METHODS:
    setattr(Delegate, _name, lambda self, *given, _name=_name, **named: getattr(self.right, _name)(*given, **named))


@pytest.mark.parametrize(
    "clause",
    [
        "NPZ-034",
        "RAW-006",
        "GRP-019",
        "CON-014",
        "DAT-014",
        "CCH-010",
        pytest.param("CND-006", marks=pytest.mark.night),
    ],
)
def test_who_tells_the_truth_never_lands(clause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clauses of warnings, files, fresh entropy, iteration and random state, where a difference is easily imagined."""
    monkeypatch.setattr("tests.zoo.matrix.others", lambda liar: ())
    honest = type("Honest", (Delegate,), {"clauses": (clause,), "__module__": __name__})
    verdict = judge(honest, tmp_path)
    assert (verdict.landed, verdict.failed) == ("", ())
    assert overridden(honest) == set(ALL_METHODS)


# What the others tell, these tell too; the command runs them all.
LEFT_OUT = ("NotImplemented", "dependency", "None", "mocks")
FEW = [one for one in hollow_backends() if not any(word in one.name for word in LEFT_OUT)]


@pytest.mark.night
@pytest.mark.parametrize("backend", FEW, ids=lambda one: one.name.replace(" ", "-"))
def test_what_does_nothing_right_passes_nothing(backend: Any, tmp_path: Path) -> None:
    assert score(backend, tmp_path).passed == 0


def test_the_matrix_is_printed_with_its_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "matrix.json"
    assert main(["--liar", "ExchangesXAndY", "SquaresInUint16", "--json", str(written)]) == 0
    said = capsys.readouterr().out
    assert "judged 2, landed 2, killed 2, attributed 2, skipped 0" in said
    assert "median" in said
    assert {one["liar"]: one["attributed"] for one in json.loads(written.read_text())["liars"]} == {
        "ExchangesXAndY": True,
        "SquaresInUint16": True,
    }


def test_liars_are_caught_over_a_backend_with_a_limit_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "WholePixels")
    assert main(["--limit", "WholePixels", "--liar", "ReusesStaleGroups", "TransposesPatches"]) == 0
    assert type(right_backend()).__name__ == "WholePixels"
    assert type(right_backend().right).__name__ == "RefAdapter"
    assert "attributed 2" in capsys.readouterr().out


def test_several_limits_lie_over_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "WholePixels+OwnErrors")
    made = right_backend()
    assert [type(one).__name__ for one in (made, made.right, made.right.right)] == [
        *("WholePixels", "OwnErrors", "RefAdapter")
    ]
    assert os.environ[LIMIT_VARIABLE] == "WholePixels+OwnErrors"


def test_a_survivor_and_a_fault_that_never_lands_are_counted() -> None:
    killed = Verdict("Killed", ("GRP-001",), "", landed="group", failed=("GRP-001",), seconds=0.5)
    survivor = Verdict("Survivor", ("GRP-001",), "", landed="group")
    idle = Verdict("Idle", ("GRP-001",), "")
    elsewhere = Verdict("Elsewhere", ("GRP-001",), "", landed="group", failed=("GRP-002",))
    skipped = Verdict("Skipped", ("CON-015",), "", skipped="tensorflow is not installed")
    count = totals([killed, survivor, idle, elsewhere, skipped])
    numbers = [count[name] for name in ("liars", "judged", "landed", "killed", "attributed", "skipped")]
    assert numbers == [5, 4, 3, 2, 1, 1]
    assert [bool(fate(one)) for one in (killed, survivor, idle, elsewhere)] == [False, True, True, True]
