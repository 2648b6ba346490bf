"""Two backends side by side: the first stage at which they part, and what follows from it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from conformance.backends.discovery import Selected, select
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.agreement import Agreement, compare, summary
from conformance.engine.comparisons import STAGES
from conformance.engine.outcome import Cell, Decision, Denominator, Outcome
from conformance.runs.judgement import Judgement
from conformance.scans.specimens import gallery
from ptycho_ref.adapter import RefAdapter
from tests.program import command


class ExchangesAxes(RefAdapter):
    """Coordinates as [y, x]; everything before and after is right."""

    name = "exchanges"

    def group(self, scan, request):  # type: ignore[no-untyped-def]
        grouped = dict(super().group(scan, request))
        return grouped | {k: v[:, :, ::-1] for k, v in grouped.items() if k.startswith("coords")}


class Conjugates(RefAdapter):
    """Patches conjugated, and so the truth of the groups."""

    name = "conjugates"

    def patches(self, obj, centres_xy, N):  # type: ignore[no-untyped-def]
        return super().patches(obj, centres_xy, N).conj()


class MovesRowsAlongX(RefAdapter):
    """Images moved with x and y exchanged."""

    name = "moves rows along x"

    def translate(self, images, shifts_xy):  # type: ignore[no-untyped-def]
        return super().translate(images, shifts_xy[:, ::-1])


class MeasuresElsewhere(RefAdapter):
    """Simulated scans whose patches lie one column further right."""

    name = "measures elsewhere"

    def measure(self, xcoords, *others):  # type: ignore[no-untyped-def]
        return super().measure(xcoords + 1, *others)


class OnlyMoves(MovesRowsAlongX):
    """Knows of images, and nothing of groups and channels."""

    name = "only moves"
    stages = frozenset({Stage.TRANSFORMS})
    transform = None


class Breaks(RefAdapter):
    name = "breaks"

    def reassemble(self, patches, centres_xy, chunk=None):  # type: ignore[no-untyped-def]
        raise IndexError("out of bounds")


class FilesOnly(RefAdapter):
    name = "files"
    stages = frozenset({Stage.NPZ})


class TransposesMasks(RefAdapter):
    """Masks of the groups transposed; everything before and after is right."""

    name = "transposes masks"

    def group(self, scan, request):  # type: ignore[no-untyped-def]
        grouped = dict(super().group(scan, request))
        mask = grouped["bad_pixels"]
        return grouped | {"bad_pixels": None if mask is None else mask.T}


class KnowsNoMasks(TransposesMasks):
    """As any backend of before: what it does with a mask is nobody's business."""

    name = "knows no masks"
    carries = frozenset[str]()


def subject(adapter: RefAdapter, folder: Path) -> Subject:
    folder = folder / adapter.name
    folder.mkdir()
    return Subject(Selected(adapter.name, adapter, frozenset(adapter.stages)), folder)


def agreements(adapter: RefAdapter, folder: Path) -> list[Agreement]:
    first, second = subject(RefAdapter(), folder), subject(adapter, folder)
    return [compare(first, second, stage, gallery()) for stage in STAGES]


def apart(found: list[Agreement]) -> list[Stage]:
    return [one.stage for one in found if one.divergence]


def test_exchanged_coordinates_part_at_coordinates_and_nowhere_else(tmp_path: Path) -> None:
    found = agreements(ExchangesAxes(), tmp_path)
    assert apart(found) == [Stage.COORDINATES]
    (line,) = summary(found)
    assert line.startswith("exchanges against ref: diverge first at coordinates, on raster-40x8.")
    assert "x and y are exchanged" in line


def test_a_fault_upstream_is_not_blamed_on_stages_downstream(tmp_path: Path) -> None:
    found = agreements(Conjugates(), tmp_path)
    assert apart(found) == [Stage.PATCHES]
    assert "conjugated" in found[list(STAGES).index(Stage.PATCHES)].divergence


@pytest.mark.parametrize(
    ("wrong", "stage", "what"),
    [
        (MovesRowsAlongX, Stage.TRANSFORMS, "the translated images"),
        (OnlyMoves, Stage.TRANSFORMS, "the translated images"),
        (MeasuresElsewhere, Stage.PHYSICS, "the frames of a simulated scan"),
    ],
)
def test_methods_that_backends_may_leave_out_are_compared_where_both_have_them(
    wrong: type[RefAdapter], stage: Stage, what: str, tmp_path: Path
) -> None:
    found = compare(subject(RefAdapter(), tmp_path), subject(wrong(), tmp_path), stage, gallery())
    assert what in found.divergence


def test_what_breaks_on_one_side_is_a_divergence_with_its_error(tmp_path: Path) -> None:
    found = agreements(Breaks(), tmp_path)
    assert apart(found) == [Stage.REASSEMBLY]
    assert "breaks ended in IndexError: out of bounds" in found[-2].divergence + found[-1].divergence


def test_stages_that_one_side_does_not_claim_are_left_out_with_the_reason(tmp_path: Path) -> None:
    found = agreements(FilesOnly(), tmp_path)
    assert apart(found) == []
    assert {one.stage for one in found if not one.left_out} == {Stage.NPZ}
    assert any("not compared: files does not claim it" in line for line in summary(found))


def test_masks_are_compared_where_both_carry_them(tmp_path: Path) -> None:
    found = agreements(TransposesMasks(), tmp_path)
    assert apart(found) == [Stage.GROUPING]
    assert "bad_pixels" in found[list(STAGES).index(Stage.GROUPING)].divergence


def test_masks_are_not_compared_with_a_backend_that_knows_none(tmp_path: Path) -> None:
    assert apart(agreements(KnowsNoMasks(), tmp_path)) == []


def test_masks_are_not_compared_under_a_version_without_them(tmp_path: Path) -> None:
    first, second = subject(RefAdapter(), tmp_path), subject(TransposesMasks(), tmp_path)
    assert not compare(first, second, Stage.GROUPING, gallery(), "1.0").divergence


def test_every_stage_that_holds_data_is_compared() -> None:
    uncompared = set(Stage) - set(STAGES)
    assert {str(stage) for stage in uncompared} <= {"cache", "conduct", "relations"}


@pytest.mark.torch
def test_the_two_backends_agree_in_every_stage(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    first, second = (Subject(one, tmp_path / one.label) for one in select(["ref", "torch"], ["cpu"]))
    found = [compare(first, second, stage, gallery()) for stage in STAGES]
    assert [one.divergence for one in found if one.divergence or one.left_out] == []
    assert all(one.compared > 0 for one in found)


def judged(outcome: Outcome, clause: str) -> Judgement:
    """Judgement with one cell, and a divergence at patches."""
    cell = Cell(clause, "mine", outcome, (Decision(clause, "mine", "a check", outcome),))
    counts = (Denominator("mine", 1, {outcome: 1}, 0),)
    parted = Agreement("ref", "mine", Stage.PATCHES, 7, "Patches differ.", "raster")
    return Judgement((cell,), counts, (), None, (parted,))


def test_a_difference_that_no_clause_explains_leaves_the_run_undecided() -> None:
    assert judged(Outcome.PASS, "PAT-001").exit_code == 2
    assert judged(Outcome.FAIL, "PAT-001").exit_code == 1
    assert judged(Outcome.EXPECTED_FAIL, "PAT-001").exit_code == 0
    assert judged(Outcome.EXPECTED_FAIL, "PHY-001").exit_code == 2


def test_agreements_survive_json() -> None:
    one = Agreement("ref", "mine", Stage.PATCHES, 7, "Patches differ.", "raster")
    assert msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(one))), Agreement) == one


def test_the_command_names_the_first_stage_and_writes_both_columns(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from ptycho_ref.adapter import RefAdapter\n"
        "class Mine(RefAdapter):\n"
        "    name = 'mine'\n"
        "    def translate(self, images, shifts_xy):\n"
        "        return super().translate(images, shifts_xy[:, ::-1])\n"
    )
    written = ("--no-capsules", "--markdown", "gaps.md", "--json", "result.json")
    asked = ("--adapter", "ref", "--adapter", "mine:Mine", "--stage", "transforms", "--stage", "config")
    done = command("run", *asked, *written, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "mine against ref: diverge first at transforms" in done.stdout
    text = (tmp_path / "gaps.md").read_text()
    assert "| clause | level | title | ref | mine |" in text
    assert "## Agreement" in text
    compared = json.loads((tmp_path / "result.json").read_text())["agreements"]
    assert {one["stage"]: one["verdict"] for one in compared} == {"transforms": "diverge", "config": "agree"}


def test_pytest_fails_at_the_divergence_and_knows_expected_failures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="""
        from ptycho_ref.adapter import RefAdapter
        class Mine(RefAdapter):
            name = "mine"
            def simulate(self, patches, probe):
                return 2 * super().simulate(patches, probe)
        """
    )
    pytester.makefile(".toml", expected='[[expected]]\nclause = "PHY-001"\nadapter = "mine"\nreason = "gain"\n')
    arguments = (
        "--pyargs",
        "conformance.checks.test_agreement",
        "--ptycho-adapter",
        "ref",
        "--ptycho-adapter",
        "mine:Mine",
        "-q",
    )
    bare = pytester.run(sys.executable, "-m", "pytest", *arguments)
    bare.assert_outcomes(passed=11, failed=1)
    bare.stdout.fnmatch_lines(["*mine and ref part at physics.*2 times too large*"])
    listed = pytester.run(sys.executable, "-m", "pytest", *arguments, "--ptycho-expected", "expected.toml")
    listed.assert_outcomes(passed=11, xfailed=1)
