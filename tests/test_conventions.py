"""Backends in conventions of their own: translated as they state, and named where that is not true."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.conventions import Convention
from conformance.backends.discovery import MalformedAdapter, taken
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import at_python, read_description
from conformance.backends.subject import Subject, stated_convention
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.report.judgement import as_markdown, translated
from conformance.report.page import as_page
from conformance.report.run_result import run_result
from conformance.report.terminal import lines
from conformance.runs.judgement import Judgement, judge
from conformance.runs.settings import RunSettings
from tests.zoo.bases.conventions import OwnConvention

OPTICS = ("physics", "patches", "reassembly")
EVERYTHING: Mapping[str, Any] = {
    "axis_order": "yx",
    "refers_to": "(N-1)/2",
    "unit": "um",
    "pixel_size": 2e-8,
    "fft_norm": "backward",
    "fft_order": "corner",
    "quantity": "intensity",
    "precision": "double",
}


def stating(own: Mapping[str, Any], stated: Mapping[str, Any] | None = None) -> type[OwnConvention]:
    """A backend with a convention of its own, and what it states of it."""
    said = own if stated is None else stated
    return type("Own", (OwnConvention,), {"own": own, **said, "__module__": __name__})


YX = stating({"axis_order": "yx"})
MIDDLE = stating({"refers_to": "(N-1)/2"})
CORNER = stating({"refers_to": "corner"})
METRES = stating({"unit": "m", "pixel_size": 2e-8})
BACKWARD = stating({"fft_norm": "backward"})
FORWARD = stating({"fft_norm": "forward"})
ZERO_IN_CORNER = stating({"fft_order": "corner"})
INTENSITY = stating({"quantity": "intensity"})
SINGLE = stating({"precision": "single"})
DOUBLE = stating({"precision": "double"})
ALL = stating(EVERYTHING)
WRONGLY = {
    "axis_order": ("xy", 'axis_order = "yx"'),
    "refers_to": ("corner", 'refers_to = "(N-1)/2"'),
    "unit": ("px", 'unit = "um"'),
    "fft_norm": ("forward", 'fft_norm = "backward"'),
    "fft_order": ("centred", 'fft_order = "corner"'),
    "quantity": ("amplitude", 'quantity = "intensity"'),
}
WRONG = {name: stating(EVERYTHING, {**EVERYTHING, name: value}) for name, (value, _) in WRONGLY.items()}
globals().update({f"WRONG_{name}": adapter for name, adapter in WRONG.items()})
SILENT_YX = stating({"axis_order": "yx"}, {})
CHECK = next(one for one in declarations() if one.clauses == ("CND-027",))


@cache
def judged(name: str, *stages: str, version: str = "") -> Judgement:
    """Verdict on a backend of this module."""
    settings = RunSettings(adapters=(f"{__name__}:{name}",), stages=stages or OPTICS, frameworks=False)
    return judge(replace(settings, version=version) if version else settings)


def unwanted(judgement: Judgement) -> dict[str, tuple[str, str]]:
    wanted = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    return {one.clause: (str(one.outcome), one.reason) for one in judgement.cells if one.outcome not in wanted}


NAMES = ("YX", "MIDDLE", "CORNER", "METRES", "BACKWARD", "FORWARD", "ZERO_IN_CORNER", "INTENSITY", "SINGLE", "DOUBLE")


@pytest.mark.night
@pytest.mark.parametrize("name", [*NAMES, "ALL"])
def test_a_backend_in_its_own_convention_is_right_by_every_clause_of_optics(name: str) -> None:
    found = judged(name)
    assert unwanted(found) == {}
    assert [one.outcome for one in found.cells if one.clause == "CND-027"] == [Outcome.PASS]


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.night) for one in WRONGLY])
def test_a_statement_that_is_not_true_is_the_first_cause_with_the_one_that_fits(name: str) -> None:
    found = judged(f"WRONG_{name}")
    assert WRONGLY[name][1] in found.causes[0].sentence
    assert "the adapter states" in found.causes[0].sentence
    assert found.causes[0].certain


@pytest.mark.parametrize("name", WRONGLY)
def test_the_clause_of_conventions_holds_every_method_to_what_is_stated(name: str, tmp_path: Path) -> None:
    (one,) = attempt(CHECK, Subject(taken(WRONG[name]()), tmp_path))
    assert one.outcome is Outcome.FAIL
    assert WRONGLY[name][1] in one.grounds.cause
    assert WRONGLY[name][1] in one.reason


@pytest.mark.parametrize("unit", ["nm", "m", "px"])
def test_a_unit_that_is_far_off_is_named_and_asks_for_no_great_canvas(unit: str, tmp_path: Path) -> None:
    spread = []

    class Noting(stating(EVERYTHING, {**EVERYTHING, "unit": unit})):  # type: ignore[misc]
        def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
            if np.shape(centres_xy)[1:] == (2,):
                spread.append(np.ptp(self.pixels(centres_xy, np.shape(patches)[-1]), axis=0).max())
            return super().reassemble(patches, centres_xy, chunk)

    subject = Subject(taken(Noting()), tmp_path)
    (one,) = attempt(CHECK, subject)
    assert one.outcome is Outcome.FAIL
    assert 'fits unit = "um"' in one.reason
    placing = next(one for one in declarations() if one.clauses == ("REA-001",))
    (left,) = list(attempt(placing, subject))[:1]
    assert left.outcome is Outcome.NOT_APPLICABLE
    assert f'states unit = "{unit}", and what it gives fits unit = "um", of which CND-027 speaks' in left.reason
    assert max(spread) < 20


def test_a_pixel_that_is_a_thousand_times_as_wide_is_named(tmp_path: Path) -> None:
    wide = stating(EVERYTHING, {**EVERYTHING, "pixel_size": 2e-5})
    (one,) = attempt(CHECK, Subject(taken(wide()), tmp_path))
    assert one.outcome is Outcome.FAIL
    assert 'fits unit = "' in one.reason or "fits pixel_size = 2e-08" in one.reason


@pytest.mark.night
def test_the_convention_is_judged_with_the_stages_that_it_translates() -> None:
    own = f"{__name__}:YX"
    shared = judge(RunSettings(adapters=("ref", own), stages=("transforms",), frameworks=False), jobs=1)
    cells = {one.adapter: one.outcome for one in shared.cells if one.clause == "CND-027"}
    assert cells == {"ref": Outcome.NOT_APPLICABLE, "Own": Outcome.PASS}
    assert shared.translators == {"Own": ("positions [y, x]",)}
    plain = judge(RunSettings(adapters=("ref",), stages=("transforms",), frameworks=False))
    assert not [one for one in plain.cells if one.clause == "CND-027"]


def test_a_wrong_precision_is_named_though_every_call_breaks(tmp_path: Path) -> None:
    wrong = stating({"precision": "double"}, {"precision": "single"})
    (one,) = attempt(CHECK, Subject(taken(wrong()), tmp_path))
    assert one.outcome is Outcome.FAIL
    assert 'fits precision = "double"' in one.reason or 'fits precision = "any"' in one.reason


def test_every_method_is_right_by_what_is_stated(tmp_path: Path) -> None:
    (one,) = attempt(CHECK, Subject(taken(ALL()), tmp_path / "all"))
    assert (one.outcome, one.comparisons) == (Outcome.PASS, 6)
    (silent,) = attempt(CHECK, Subject(taken(SILENT_YX()), tmp_path / "silent"))
    assert silent.outcome is Outcome.NOT_APPLICABLE
    assert "a convention is not claimed" in silent.reason


def test_who_states_nothing_is_told_what_fits(tmp_path: Path) -> None:
    check = next(one for one in declarations() if one.clauses == ("PAT-001",))
    first = next(iter(attempt(check, Subject(taken(SILENT_YX()), tmp_path))))
    assert first.grounds.hint == 'fits axis_order = "yx", CND-027'
    before = replace(taken(SILENT_YX()), version="1.0")
    assert not next(iter(attempt(check, Subject(before, tmp_path / "before")))).grounds.hint


def test_all_conventions_at_once_are_translated_and_told(by_day: bool) -> None:
    found = judged("ALL", "transforms") if by_day else judged("ALL", "patches", "physics")
    assert unwanted(found) == {}
    (said,) = translated(found)
    wanted = ("[y, x]", "(N-1)/2", "in um, 2e-08 m", "norm backward", "zero frequency", "intensities", "double")
    assert all(one in said for one in wanted)
    assert said in as_markdown(found)
    assert said.replace('"', "&quot;") in as_page(found)
    assert said in " ".join(text.strip() for text, _ in lines(found, 400))
    assert len(run_result(found).translators["Own"]) == 7
    assert not Convention(axis_order="yx").translators(frozenset({"simulate"}))


def test_an_earlier_version_of_the_contract_translates_nothing() -> None:
    assert stated_convention(replace(taken(ALL()), version="1.0")) == Convention()


def test_a_call_is_handed_over_as_it_came_but_for_what_is_translated(tmp_path: Path) -> None:
    class Noting(OwnConvention):
        axis_order = "yx"

        def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
            self.seen = centres_xy, chunk
            return {"object": 0, "coverage": 0, "origin_xy": np.array([7.0, 9.0])}

    noting = Noting()
    adapter, centres = Subject(taken(noting), tmp_path).adapter, np.array([[1.0, 2.0], [3.0, 4.0]])
    found = adapter.reassemble(np.ones((2, 8, 8), np.complex64), centres, chunk=1)
    assert noting.seen[0].tolist() == [[2.0, 1.0], [4.0, 3.0]]
    assert noting.seen[0].flags.c_contiguous
    assert noting.seen[1] == 1
    assert found["origin_xy"].tolist() == [9.0, 7.0]
    assert centres.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    transposed = np.ones((2, 3))
    adapter.reassemble(np.ones((3, 8, 8), np.complex64), transposed)
    assert noting.seen[0] is transposed


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"axis_order": "row, column"}, "'axis_order' is 'row, column'; what may stand there: xy, yx"),
        ({"unit": "nm"}, "'unit' is 'nm'; 'pixel_size' must say how many metres wide"),
        ({"unit": "nm", "pixel_size": 0}, "'pixel_size' must say"),
        ({"unit": "nm", "pixel_size": -1.0}, "'pixel_size' is -1.0; what may stand there: a number"),
    ],
)
def test_what_is_no_convention_is_wrong_usage(stated: Mapping[str, Any], told: str) -> None:
    with pytest.raises(MalformedAdapter, match=told.replace("(", r"\(")):
        taken(stating({}, stated)())


def test_a_convention_is_stated_from_elsewhere_and_by_the_file_of_a_backend(tmp_path: Path) -> None:
    place = tmp_path / "backend.toml"
    states = 'axis_order = "yx"\nunit = "nm"\npixel_size = 2e-8\n'
    place.write_text(f'adapter = "ptycho_ref.adapter:RefAdapter"\n[states]\n{states}', encoding="utf-8")
    descriptions = (at_python(f"{__name__}:ALL", sys.executable), read_description(place))
    found = []
    for one in descriptions:
        adapter = RemoteAdapter(one)
        try:
            found.append(stated_convention(taken(adapter)))
            if one is descriptions[0]:
                outcomes = [held.outcome for held in attempt(CHECK, Subject(taken(adapter), tmp_path / "remote"))]
                assert outcomes == [Outcome.PASS]
        finally:
            adapter.end()
    assert found == [Convention(**EVERYTHING), Convention(axis_order="yx", unit="nm", pixel_size=2e-8)]
