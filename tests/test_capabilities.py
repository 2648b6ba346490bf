"""What an adapter states of itself: verified, declared where it differs from the contract, a failure where untrue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from benchmarks.calls import Counting
from conformance.backends.discovery import MalformedAdapter, stated, taken
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import MalformedBackend, at_python, read_description
from conformance.backends.subject import Subject
from conformance.contract.capabilities import CAPABILITIES
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import Declaration
from conformance.engine.first_look import Speaking, look_at
from conformance.engine.outcome import Cell, Outcome, cells, denominator
from conformance.engine.trial import attempt
from conformance.report.html import said
from conformance.report.judgement import as_markdown
from conformance.report.page import as_page
from conformance.report.terminal import lines
from conformance.runs.judgement import Judgement, judge
from conformance.runs.schedule import counted_calls
from conformance.runs.settings import RunSettings
from conformance.scans.domain import Property
from conformance.scans.specimens import gallery
from ptycho_ref.adapter import RefAdapter
from tests.limits.conventions import AtLeast, Floored, FourierPixels, OwnPatches, RepeatedEdges, WrappedEdges
from tests.limits.limits import RoundedPixels
from tests.limits.options import InsideOnly
from tests.report.poor import PoorAdapter
from tests.zoo.liars.patches.statements import RoundsRowsByAnotherRule, WrapsColumnsOnly

VALUES_OF = (Stage.PATCHES, Stage.REASSEMBLY)
FEW_CALLS = 20
"""Calls of an adapter beyond which a check is left to the nights, where its clause has another."""


class RoundedPatches(OwnPatches):
    def rule(self, obj: Any, centres: Any, N: int) -> Any:
        return self.right.patches(obj, np.round(centres), N)


class Fourier(FourierPixels):
    subpixel = "fourier"


class Whole(RoundedPixels, OwnPatches):
    subpixel = "whole"


class FromTheMiddle(OwnPatches):
    """Counts positions from the middle of the object, and cuts them to whole ones there."""

    subpixel: ClassVar = {"patches": "whole"}

    def rule(self, obj: Any, centres: Any, N: int) -> Any:
        middle = np.array(obj.shape[::-1]) // 2
        return np.asarray(self.right.patches(obj, np.trunc(centres - middle) + middle, N))


class Wrapping(WrappedEdges):
    outside = "wrap"


class Repeating(RepeatedEdges):
    outside = "edge"


class Refusing(InsideOnly):
    outside = "refused"


class Both(WrappedEdges):
    floor: Mapping[str, float] = {"physics": 1e-10}
    subpixel: Mapping[str, str] = {"patches": "bilinear", "reassembly": "bilinear"}
    outside = "wrap"


class Untrue(RefAdapter):
    subpixel = "fourier"
    outside = "edge"


class Poor(PoorAdapter):
    subpixel = "whole"
    outside = "wrap"


class Leaving(RefAdapter):
    subpixel = "fourier"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        raise SystemExit(0)


def calls_of(declaration: Declaration) -> int:
    return int(counted_calls().get(declaration.name, (0, 0))[0])


def checks_of(stages: tuple[Stage, ...], by_day: bool) -> list[Declaration]:
    """Checks of some stages that need no framework; by day those of few calls, and the cheapest one of each clause."""
    found = [one for one in declarations() if one.framework is None and one.stages <= set(stages)]
    dearest_first = sorted(found, key=calls_of, reverse=True)
    cheapest = {clause: one.name for one in dearest_first for clause in one.clauses}
    return [one for one in found if not by_day or calls_of(one) <= FEW_CALLS or one.name in cheapest.values()]


def verdicts(adapter: Any, folder: Path, stages: tuple[Stage, ...] = VALUES_OF, *, by_day: bool) -> dict[str, Cell]:
    """Every clause of some stages that has a check without a framework."""
    subject = Subject(replace(taken(adapter), stages=frozenset(Stage)), folder)
    decisions = [decision for one in checks_of(stages, by_day) for decision in attempt(one, subject, gallery())]
    decided = sorted({one.clause for one in decisions})
    return {cell.clause: cell for cell in cells(decisions, decided, [subject.name])}


@pytest.mark.parametrize(
    ("adapter", "declared", "silent"),
    [
        pytest.param(Fourier, {"PAT-002", "REA-011"}, {"PAT-014"}, marks=pytest.mark.night),
        pytest.param(Whole, {"PAT-002", "REA-011"}, {"PAT-014"}, marks=pytest.mark.night),
        pytest.param(Wrapping, {"PAT-003"}, {"PAT-013", "REA-014"}, marks=pytest.mark.night),
        pytest.param(Repeating, {"PAT-003"}, {"PAT-013", "REA-014"}, marks=pytest.mark.night),
        (Refusing, {"PAT-003"}, {"PAT-013", "REA-014"}),
        pytest.param(Both, {"PAT-003"}, set(), marks=pytest.mark.night),
    ],
)
def test_what_differs_as_stated_is_declared_and_all_else_passes(
    adapter: type, declared: set[str], silent: set[str], tmp_path: Path, by_day: bool
) -> None:
    found = verdicts(adapter(), tmp_path, by_day=by_day)
    told = {clause: (str(one.outcome), one.reason) for clause, one in found.items() if one.outcome is not Outcome.PASS}
    assert {clause for clause, one in found.items() if one.outcome is Outcome.DECLARED} == declared, told
    assert {clause for clause, one in found.items() if one.outcome is Outcome.NOT_APPLICABLE} == silent, told
    assert set(told) == declared | silent, told
    assert all("as the adapter states" in found[clause].reason for clause in declared)


@pytest.mark.night
@pytest.mark.parametrize("adapter", [Fourier, Whole, Wrapping, Repeating, Refusing])
def test_what_is_stated_costs_nothing_where_scans_are_simulated(adapter: type, tmp_path: Path, by_day: bool) -> None:
    found = verdicts(adapter(), tmp_path, (Stage.PHYSICS, Stage.RAWDATA), by_day=by_day)
    told = {clause: (str(one.outcome), one.reason) for clause, one in found.items() if one.outcome is not Outcome.PASS}
    assert set(told) == {"PHY-013"}, told


def test_a_stating_backend_is_asked_between_pixels_where_scans_are_simulated(tmp_path: Path) -> None:
    def asked(adapter: object, **named: bool) -> bool:
        look = look_at(Subject(taken(adapter), tmp_path / type(adapter).__name__))
        return Speaking(look, ("RAW-007",), ["measure"], **named).takes(Property.BETWEEN, True)

    assert asked(Fourier())
    assert not asked(Fourier(), on_specimens=True)
    assert not asked(FourierPixels())


def test_the_reading_of_a_statement_is_told(tmp_path: Path) -> None:
    def reading(adapter: object) -> str:
        looked = look_at(Subject(taken(adapter), tmp_path / type(adapter).__name__))
        return looked.statements.made["subpixel", Stage.PATCHES].sentence()

    assert "windows wider by 1 pixel on each side" in reading(Fourier())
    assert "halves to the even one" in reading(Whole())
    assert "on the way to the middle of the object" in reading(FromTheMiddle())


def test_an_untrue_statement_fails_its_clause_and_no_other(tmp_path: Path, by_day: bool) -> None:
    found = verdicts(Untrue(), tmp_path, by_day=by_day)
    failing = {clause for clause, one in found.items() if one.outcome is not Outcome.PASS}
    assert failing == {"PAT-013", "PAT-014", "REA-014"}
    assert "what it does is bilinear" in found["PAT-013"].reason


def test_a_backend_that_rounds_corners_is_as_declared_when_it_places_as_well(tmp_path: Path) -> None:
    found = verdicts(Poor(), tmp_path, by_day=False)
    assert {clause for clause, one in found.items() if one.outcome is Outcome.DECLARED} == DECLARED_OF_POOR
    failing = {clause for clause, one in found.items() if one.outcome is Outcome.FAIL}
    assert failing == {"PAT-012", "PAT-015", "REA-006", "REA-013"}
    assert "the nearest whole corner" in found["REA-011"].reason


DECLARED_OF_POOR = {"PAT-002", "PAT-003", "REA-011"}


@pytest.mark.night
def test_an_earlier_version_of_the_contract_hears_no_statement(tmp_path: Path) -> None:
    settings = RunSettings(adapters=("tests.test_capabilities:Wrapping",), stages=("patches",), frameworks=False)
    now, before = judge(settings), judge(replace(settings, version="1.0"))
    outcomes = [{cell.clause: cell.outcome for cell in one.cells} for one in (now, before)]
    assert outcomes[0]["PAT-003"] is Outcome.DECLARED
    assert outcomes[0]["PAT-014"] is Outcome.PASS
    assert outcomes[1]["PAT-003"] is Outcome.FAIL
    assert "PAT-014" not in outcomes[1]
    assert "<h2>Declared</h2>" in as_page(now)
    assert "as the adapter states, outside = wrap" in as_page(now)
    assert "<h2>Declared</h2>" not in as_page(before)
    assert "Declared" in as_markdown(now)
    assert "1 declared" in lines(now, 80)[0][0]
    assert not now.unexplained


@pytest.mark.parametrize(
    ("frame", "corner", "told"),
    [
        ("object", False, "the nearest whole position, halves"),
        ("object", True, "the nearest whole corner, halves"),
        ("canvas", False, "the nearest whole position on the canvas, halves"),
        ("canvas", True, "the nearest whole corner on the canvas, halves"),
        ("tight canvas", False, "the nearest whole position on the canvas, halves"),
        ("tight canvas", True, "the nearest whole corner on the canvas, halves"),
        ("middle", False, "the nearest whole distance from the middle, halves"),
    ],
)
def test_the_even_one_of_two_whole_positions_is_found_wherever_it_is_counted_from(
    frame: str, corner: bool, told: str, tmp_path: Path
) -> None:
    class Rounding(RefAdapter):
        subpixel: ClassVar = {"reassembly": "whole"}

        def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
            N, centres = np.shape(patches)[-1], np.asarray(centres_xy, np.float64)
            origin = np.round(centres.mean(axis=0)) - np.ptp(centres, axis=0).astype(int) - N
            size = 2 * (np.round(centres.mean(axis=0)) - origin)
            if frame == "tight canvas":
                origin = np.floor(centres.min(axis=0)) - N
                size = np.ceil(centres.max(axis=0)) + N - origin
            begin = {"object": 0 * origin, "middle": origin + size // 2}.get(frame, origin)
            before = begin + corner * N // 2
            placed = np.round(centres - before) + before
            total, coverage = np.zeros(size.astype(int)[::-1], complex), np.zeros(size.astype(int)[::-1])
            for patch, (x, y) in zip(patches, (placed - origin - N // 2).astype(int), strict=True):
                total[y : y + N, x : x + N] += patch
                coverage[y : y + N, x : x + N] += 1
            return {"object": total / np.maximum(coverage, 1), "coverage": coverage, "origin_xy": origin}

    found = look_at(Subject(taken(Rounding()), tmp_path)).statements.made["subpixel", Stage.REASSEMBLY]
    assert found.true
    assert told in found.sentence()


def test_what_leaves_while_it_is_asked_is_untrue(tmp_path: Path) -> None:
    assert not look_at(Subject(taken(Leaving()), tmp_path)).statements.made["subpixel", Stage.PATCHES].true


@pytest.mark.parametrize(
    ("adapter", "clause", "hint"),
    [
        (PoorAdapter, "PAT-002", '"whole"'),
        (PoorAdapter, "PAT-003", '"wrap"'),
        (FourierPixels, "REA-011", '"fourier"'),
        (Floored, "PHY-001", "floor = 1e-06, PHY-016"),
        (AtLeast, "PHY-009", "floor = 1e-06, PHY-016"),
        (InsideOnly, "PAT-003", '"refused"'),
        (RoundedPatches, "PAT-002", '{"patches": "whole"}'),
        (RefAdapter, "PAT-002", ""),
        (RoundsRowsByAnotherRule, "PAT-002", ""),
        (WrapsColumnsOnly, "PAT-003", ""),
        (RepeatedEdges, "PAT-012", ""),
    ],
)
def test_what_an_adapter_might_state_is_told_where_it_does_exactly_that(
    adapter: Callable[[], object], clause: str, hint: str, tmp_path: Path
) -> None:
    selected = replace(taken(adapter()), stages=frozenset(Stage))
    found = look_at(Subject(selected, tmp_path)).statements.hint(clause)
    assert bool(found) == bool(hint)
    assert hint in found


def test_readings_of_a_statement_are_compared_with_one_call(tmp_path: Path) -> None:
    counting = Counting(RoundsRowsByAnotherRule())
    hint = look_at(Subject(replace(taken(counting, "counting"), stages=frozenset(VALUES_OF)), tmp_path)).statements.hint
    assert not hint("PAT-002")
    # The readings are many more; the rest are questions about the sides of a frame, and about objects.
    assert counting.calls <= 18


def test_a_cause_tells_what_might_be_stated(tmp_path: Path) -> None:
    told, table = 'outside = "wrap"', {}
    check = next(one for one in declarations() if one.clauses == ("PAT-003",))
    for version in ("1.0", "1.1"):
        subject = Subject(replace(taken(WrappedEdges()), version=version), tmp_path / version)
        table[version] = tuple(cells(attempt(check, subject), ["PAT-003"], [subject.name]))
    count = denominator(table["1.1"][0].adapter, table["1.1"], 0)
    before, now = (Judgement(one, (count,), (), None) for one in table.values())
    assert [told in one.hint for one in now.causes] == [True]
    assert said(told) in as_page(now)
    assert any(told in line for line, _ in lines(now, 200))
    assert not before.causes[0].hint


def test_statements_are_clauses_of_the_contract() -> None:
    for one in CAPABILITIES.values():
        for stage, clause in one.held_by.items():
            assert contract()[clause].stage == str(stage)
            assert contract()[clause].since == "1.1"
            assert f"state `{one.name}`" in contract()[clause].applies_to
            assert all(value in contract()[clause].text for value in one.values)
            assert all(contract()[other].stage in (str(stage), "relations") for other in one.declares[stage])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("linear", "'subpixel' is 'linear'; what may stand there: bilinear, fourier, whole, probe"),
        ({"npz": "whole"}, "'subpixel' speaks of npz; it may speak of patches, reassembly, physics"),
        (True, "'subpixel' is True"),
    ],
)
def test_what_nobody_can_state_is_wrong_usage(said: object, told: str) -> None:
    class Stating(RefAdapter):
        subpixel = said

    with pytest.raises(MalformedAdapter, match=told):
        taken(Stating())


def test_an_adapter_elsewhere_tells_what_it_states(tmp_path: Path) -> None:
    adapter = RemoteAdapter(at_python("tests.test_capabilities:Both", sys.executable))
    try:
        assert stated(adapter, "outside", Stage.PATCHES) == "wrap"
        assert stated(adapter, "floor", Stage.PHYSICS) == "1e-10"
        assert stated(adapter, "subpixel", Stage.REASSEMBLY) == "bilinear"
    finally:
        adapter.end()


def test_the_file_of_a_backend_states(tmp_path: Path) -> None:
    place = tmp_path / "backend.toml"
    states = 'outside = "edge"\nsubpixel = {patches = "whole"}\nfloor = 1e-7\n'
    place.write_text(f'adapter = "ptycho_ref.adapter:RefAdapter"\n[states]\n{states}', encoding="utf-8")
    adapter = RemoteAdapter(read_description(place))
    try:
        assert stated(adapter, "outside", Stage.PATCHES) == "edge"
        assert stated(adapter, "floor", Stage.PHYSICS) == "1e-07"
        assert stated(adapter, "subpixel", Stage.PATCHES) == "whole"
        assert not stated(adapter, "subpixel", Stage.REASSEMBLY)
    finally:
        adapter.end()
    place.write_text('adapter = "a:B"\n[states]\nedges = "wrap"\n', encoding="utf-8")
    with pytest.raises(MalformedBackend, match="names edges; known are subpixel, outside, modes, floor, refusals"):
        read_description(place)
