"""Series of seeds: what moves with a seed, what is kept, and how one unlucky seed is found and repeated."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from conformance.backends.discovery import Selected, select
from conformance.contract.stages import Stage
from conformance.runs.appended import LedgerError
from conformance.runs.ledger import Ledger, Oddity, SeedResult, terms_of
from conformance.runs.seed import SeedPlan, try_seed
from conformance.runs.seeds import Series, judge_seeds
from conformance.scans.seed import moved, seeded
from conformance.scans.specimens import gallery, gallery_of, requests_for

pytestmark = pytest.mark.filterwarnings("ignore")
TRANSFORMS = SeedPlan(cases=[], budget="small", adapters=["ref"], stages=["transforms"])
UNLUCKY = '''
import numpy as np
from ptycho_ref.adapter import RefAdapter


class Unlucky(RefAdapter):
    """Loses a pixel of one scan in many: what it does depends on what is drawn."""

    name = "unlucky"

    def transform(self, name, array, gridsize):
        moved = super().transform(name, array, gridsize)
        if name == "channel_to_grid" and 0 < abs(array.ravel()[0].real) % 1 < 0.02:
            moved = moved.copy()
            moved[..., 0, 0, 0] = 0
        return moved
'''


def result(seed: int, **changes: Any) -> SeedResult:
    """Return a result without anything unexpected."""
    plain: dict[str, Any] = {
        "seed": seed,
        "adapter": "ref",
        "whole": False,
        "counts": {"PASS": 3},
        "comparisons": 30,
        "not_applicable": ("PHY-013",),
        "unexpected": (),
        "seconds": 0.5,
    }
    return SeedResult(**plain | changes)


def series(*results: SeedResult, cases: int | None = None) -> Series:
    """Return a series of results, of as many cases."""
    plan = replace(TRANSFORMS, cases=[(n, "ref") for n in range(cases or len(results))])
    return Series(plan, results, 0, {}, 1.0)


TERMS: Mapping[str, Mapping[str, str]] = {"ref": {"suite": "a"}}


def test_a_ledger_gives_back_what_was_added(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    odd = result(1, unexpected=(Oddity("GRP-001", "test_a", "FAIL", "it is wrong"),))
    for one in (result(0), odd):
        Ledger(path, TERMS).add(one)
    known = Ledger(path, TERMS).known
    assert known == {(0, "ref"): result(0), (1, "ref"): odd}
    assert known[1, "ref"].unexpected[0].sentence == "it is wrong"


def test_a_ledger_passes_over_results_under_other_terms(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Ledger(path, TERMS).add(result(0))
    assert Ledger(path, {"ref": {"suite": "b"}}).known == {}
    assert Ledger(path, {"torch-cpu": {"suite": "a"}}).known == {}


def test_half_a_line_at_the_end_is_a_run_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Ledger(path, TERMS).add(result(0))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    ledger = Ledger(path, TERMS)
    assert list(ledger.known) == [(0, "ref")]


def test_a_result_after_half_a_line_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{"schema": "ptycho-conf')
    Ledger(path, TERMS).add(result(4))
    assert path.read_bytes().count(b"\n") == 2
    assert list(Ledger(path, TERMS).known) == [(4, "ref")]


def test_a_line_of_an_older_suite_may_look_otherwise_and_one_of_ours_may_not(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    head = {"schema": "ptycho-conformance.seed/1", "adapter": "ref", "seed": "one"}
    path.write_text(json.dumps(head | {"terms": {"suite": "older"}}) + "\n")
    assert Ledger(path, TERMS).known == {}
    path.write_text(json.dumps(head | {"terms": TERMS["ref"]}) + "\n")
    with pytest.raises(LedgerError, match="line 1 is no result of a seed: seed: expected int, got str"):
        Ledger(path, TERMS)


@pytest.mark.parametrize("text", ["not json\n{}\n", "a note", '{"seed": 3}\n', "[1, 2]\n"])
def test_a_file_that_holds_something_else_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(LedgerError, match="line 1"):
        Ledger(path, TERMS)
    assert path.read_text() == text


def test_terms_tell_settings_and_backends_apart() -> None:
    (ref,) = select(["ref"])
    assert terms_of(ref, budget="small") == terms_of(ref, budget="small")
    assert terms_of(ref, budget="small") != terms_of(ref, budget="wide")
    assert len(terms_of(ref)["backend"]) == 16


def test_the_same_seed_gives_the_same_result(tmp_path: Path) -> None:
    (ref,) = select(["ref"])
    plan = replace(TRANSFORMS, stages=["patches"])
    found = []
    for turn in ("a", "b"):
        (tmp_path / turn).mkdir()
        found.append(structs.replace(try_seed(plan, ref, 7, tmp_path / turn), seconds=0.0))
    assert found[0] == found[1]
    assert found[0].counts["PASS"] > 5


def test_another_seed_draws_other_examples(tmp_path: Path) -> None:
    (ref,) = select(["ref"])
    plan = replace(TRANSFORMS, stages=["patches"])
    compared = set()
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        compared.add(try_seed(plan, ref, seed, tmp_path / str(seed)).comparisons)
    assert len(compared) == 2


def test_the_everyday_seed_moves_nothing() -> None:
    assert [moved(number) for number in (0, 5)] == [0, 5]
    with seeded(3):
        assert moved(0) != 0
    assert moved(0) == 0


def test_at_the_small_budget_what_no_seed_moves_runs_every_twentieth_time() -> None:
    rare, whole = TRANSFORMS.of_seed(1), TRANSFORMS.of_seed(20)
    assert all(one.given or one.on_specimens for one in rare)
    assert 0 < len(rare) < len(whole)
    assert replace(TRANSFORMS, budget="contract").of_seed(1) == whole


@pytest.mark.parametrize("seed", range(25))
def test_every_gallery_holds_the_same_kinds_of_scans(seed: int) -> None:
    scans = gallery_of(seed)
    assert len({one.name for one in scans}) == len(scans) == 5
    assert all(one.M >= 9 and len(requests_for(one)) == 5 for one in scans)
    long, few, cube, clustered, bare = scans
    assert long.M > long.N
    assert few.M < few.N
    assert cube.M == cube.N
    assert few.arrays["probeGuess"].ndim == 3
    assert "Y" in cube.arrays
    assert "objectGuess" in clustered.arrays
    assert "xcoords_start" not in clustered.arrays
    assert not {"Y", "objectGuess"} & set(bare.arrays)


def test_seed_zero_is_the_usual_gallery() -> None:
    assert gallery_of(0) is gallery()


def test_a_series_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    plan = replace(TRANSFORMS, stages=["coordinates"])
    first = judge_seeds(range(1), plan, resume=path)
    again = judge_seeds(range(2), plan, resume=path)
    assert (first.taken_up, again.taken_up) == (0, 1)
    assert [one.seed for one in again.results] == [0, 1]
    assert first.exit_code == again.exit_code == 0
    assert len(path.read_text().splitlines()) == 2


def test_a_missing_run_is_told() -> None:
    short = series(result(0), cases=3)
    assert (short.missing, short.exit_code) == (2, 2)
    assert "1 of 3 runs" in list(short.sentences())[-1]


def test_a_clause_that_applies_to_some_seeds_only_is_unexpected() -> None:
    found = series(result(0), result(1, not_applicable=("PHY-013", "GRP-004"))).unexpected
    assert [(one.seed, odd.clause, odd.outcome) for one, odd in found] == [(1, "GRP-004", "CHANGED")]
    # Series with and without the checks that no seed moves decide different clauses.
    assert series(result(0, whole=True), result(1, not_applicable=())).unexpected == ()


@pytest.mark.parametrize(("outcome", "code"), [("FAIL", 1), ("ERROR", 2), ("VACUOUS", 2), ("NOT-RUN", 2)])
def test_every_unexpected_outcome_decides_the_exit_code(outcome: str, code: int) -> None:
    odd = Oddity("GRP-001", "grouping/test_members.py::test_a", outcome, "it is wrong")
    found = series(result(17, unexpected=(odd,)))
    assert found.exit_code == code
    assert any("--seed 17 --budget small --adapter ref" in sentence for sentence in found.sentences())


def run(project: pytest.Pytester, *arguments: str) -> tuple[int, str]:
    """Run the command in a project that holds the unlucky backend."""
    project.makepyfile(backends=UNLUCKY)
    asked = ("--adapter", "backends:Unlucky", "--stage", "transforms", "--no-capsules")
    done = project.run(sys.executable, "-m", "conformance", "run", *asked, *arguments)
    return int(done.ret), done.stdout.str()


@pytest.mark.night
def test_an_unlucky_seed_is_found_by_workers_and_repeated_alone(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    code, said = run(pytester, "--seeds", "10", "--jobs", "2", "--resume", "r.jsonl", "--json", "s.json")
    assert code == 1, said
    found = json.loads(Path(pytester.path, "s.json").read_text())["unexpected"]
    unlucky = found[0]["seed"]
    assert f"again: ptycho-conformance run --seed {unlucky}" in said
    code, said = run(pytester, "--seed", str(unlucky))
    assert code == 1
    assert found[0]["sentence"][:60] in said
    lucky = set(range(10)) - {one["seed"] for one in found}
    assert lucky, "the backend of this test fails under every seed"


@pytest.mark.parametrize(
    "arguments",
    [("--seeds", "2", "--scan", "a.npz"), ("--seeds", "2", "--seed", "1"), ("--seed", "1", "--budget", "huge")],
)
def test_what_does_not_go_with_seeds_is_wrong_usage(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    done = pytester.run(sys.executable, "-m", "conformance", "run", *arguments)
    assert int(done.ret) == 3


def test_another_file_is_never_written_to(pytester: pytest.Pytester) -> None:
    Path(pytester.path, "notes.md").write_text("# Beamtime 12\n")
    code, _ = run(pytester, "--seed", "1", "--resume", "notes.md")
    assert code == 3
    assert Path(pytester.path, "notes.md").read_text() == "# Beamtime 12\n"


class Shifted:
    """Cuts every patch a pixel away."""

    name = "shifted"
    stages = frozenset({"patches"})

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        from ptycho_ref.patches import cut_patches

        return cut_patches(obj, centres_xy + 1, N)


def test_backends_that_part_under_a_seed_are_told(tmp_path: Path) -> None:
    (ref,) = select(["ref"])
    other = Selected("shifted", Shifted(), frozenset({Stage.PATCHES}))
    found = try_seed(replace(TRANSFORMS, stages=["patches"]), other, 3, tmp_path, ref)
    apart = [one for one in found.unexpected if one.outcome == "DIVERGE"]
    assert len(apart) == 1
    assert "seed-3" in apart[0].check
    assert series(structs.replace(found, unexpected=tuple(apart))).exit_code == 2
