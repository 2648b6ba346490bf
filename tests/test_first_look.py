"""The first look at a backend: what it takes, and what one honest limit costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.first_look import FirstLook, Speaking
from conformance.engine.questions import PLAIN, QUESTIONS, STRANGE
from conformance.scans.domain import (
    TRANSFORMS,
    Property,
    absorbs,
    gridsize,
    inside,
    modes,
    places,
    side,
    strange_in,
    taken,
    takes,
)
from conformance.scans.specimens import Recipe, fitted, gallery, make_specimen
from ptycho_ref.adapter import RefAdapter
from tests.limits.arrays import PhaseObjects, SquareObjects
from tests.limits.conventions import FourierPixels, RepeatedEdges, WrappedEdges
from tests.limits.limits import LargeFrames, OneMode, RoundedPixels, WholePixels, limits
from tests.limits.options import SmallGroups
from tests.limits.table import loss

pytestmark = pytest.mark.night

VALUES = {
    Property.MODES: (2, 3, 13, 17),
    Property.SIDE: (8, 10, 12, 14, 18, 22, 36, 50, 64, 128, 130, 134, 256, 262),
    Property.GRIDSIZE: (2, 3, 4, 5, 6),
    Property.FRAMES: ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float64"),
    Property.SCOPE: ("Batch", "Group", "None"),
    Property.TRANSFORM: TRANSFORMS,
}


def look(adapter: object, folder: Path) -> FirstLook:
    work = folder / type(adapter).__name__
    return FirstLook(Subject(Selected("judged", adapter, frozenset(Stage)), work))


def test_every_property_has_a_question_and_clauses() -> None:
    assert set(QUESTIONS) == set(PLAIN) == set(Property)
    assert {clause for question in QUESTIONS.values() for clause in question.clauses} <= set(contract())


@pytest.mark.parametrize("wanted", Property, ids=lambda one: one.name)
def test_a_right_backend_takes_everything(wanted: Property, tmp_path: Path) -> None:
    seen = look(RefAdapter(), tmp_path)
    for value in VALUES.get(wanted, (STRANGE.get(wanted, True),)):
        assert seen.refusal(wanted, value) == "", f"{wanted} {value}"


@pytest.mark.parametrize(
    ("limit", "wanted", "value"),
    [
        (OneMode, Property.MODES, 2),
        (WholePixels, Property.BETWEEN, True),
        (RoundedPixels, Property.BETWEEN, True),
        (SmallGroups, Property.GRIDSIZE, 3),
        (LargeFrames, Property.SIDE, 8),
        (SquareObjects, Property.RECTANGULAR, True),
        (PhaseObjects, Property.ABSORBING, True),
        (FourierPixels, Property.CUT_BETWEEN, True),
        (FourierPixels, Property.PLACED_BETWEEN, True),
        (WrappedEdges, Property.ZERO_BEYOND, True),
        (RepeatedEdges, Property.ZERO_BEYOND, True),
    ],
)
def test_a_limit_is_seen(limit: type, wanted: Property, value: object, tmp_path: Path) -> None:
    seen = look(limit(), tmp_path)
    assert seen.refusal(wanted, value)
    others = [one for one in (Property.REPEATED, Property.FILES, Property.SHUFFLED) if one is not wanted]
    assert all(seen.takes(one) for one in others)


def test_makers_stay_inside_what_is_taken(tmp_path: Path) -> None:
    with inside(look(LargeFrames(), tmp_path)):
        assert side(8) == side(50) == 64
        assert side(256) == 256
        assert fitted(gallery()[0]).N == 64
    with inside(look(SmallGroups(), tmp_path)):
        assert gridsize(3) == 2
    with inside(look(WholePixels(), tmp_path)):
        specimen = make_specimen(Recipe(M=12, N=8, seed=3))
        assert np.array_equal(specimen.positions, np.round(specimen.positions))
        assert places(np.array([1.25])) == [1.0]
    with inside(look(SquareObjects(), tmp_path)):
        height, width = fitted(gallery()[0]).arrays["objectGuess"].shape
        assert height == width == max(gallery()[0].arrays["objectGuess"].shape)
    with inside(look(PhaseObjects(), tmp_path)):
        assert not absorbs(fitted(gallery()[0]).arrays["objectGuess"])
    with inside(look(OneMode(), tmp_path)):
        assert modes(3) == 1
        assert fitted(gallery()[1]).arrays["probeGuess"].ndim == 2
    assert takes(Property.MODES, 3)
    assert fitted(gallery()[1]) is gallery()[1]


def test_a_check_may_use_what_its_clause_speaks_of(tmp_path: Path) -> None:
    seen = look(OneMode(), tmp_path)
    assert not Speaking(seen, ("GRP-001",)).takes(Property.MODES, 2)
    owner, other = Speaking(seen, ("NPZ-024",)), Speaking(seen, ("REL-016",))
    assert owner.takes(Property.MODES, 2)
    assert other.takes(Property.MODES, 2)
    assert list(owner.not_taken()) == []
    assert [clause for _, clause, _ in other.not_taken()] == ["NPZ-024"] * 2


def test_values_that_the_contract_rules_are_left_to_their_clause(tmp_path: Path) -> None:
    seen = look(FourierPixels(), tmp_path)
    order, coordinates = Speaking(seen, ("PAT-005",), ["patches"]), Speaking(seen, ("CRD-001",), ["group"])
    assert not order.takes(Property.BETWEEN, True)
    assert [clause for _, clause, _ in order.denied()] == ["PAT-002"]
    # Coordinates are no values of the object: nothing is left out of their checks.
    assert coordinates.takes(Property.BETWEEN, True)
    assert Speaking(seen, ("PAT-002",), ["patches"]).takes(Property.BETWEEN, True)


def test_what_is_strange_about_members_is_found() -> None:
    plain = dict(make_specimen(Recipe(M=20, N=8, whole_pixels=True, distinct_start=False, margin=7.0)).arrays)
    plain["scan_index"] = np.zeros(20, dtype=np.int64)
    there = {Property.SIDE, Property.RECTANGULAR, Property.ABSORBING}
    assert {one for one, _ in strange_in(plain)} == there
    legacy = plain | {"diff3d": np.moveaxis(plain["diff3d"], 0, 2).astype(np.uint16)}
    assert {one for one, _ in strange_in(legacy)} == {*there, Property.LEGACY, Property.FRAMES}
    assert taken(legacy)


@pytest.mark.parametrize("limit", limits(), ids=lambda one: one.__name__)
def test_a_limit_speaks_of_clauses_that_are_checked(limit: type) -> None:
    decided = {clause for one in declarations() for clause in one.clauses}
    assert set(limit.speaks) <= decided  # type: ignore[attr-defined]


@pytest.mark.parametrize("limit", ["OneMode", "WholePixels", "NoStarts"])
def test_a_limit_costs_few_clauses_of_coordinates(limit: str) -> None:
    found = loss(limit, "ref", ("coordinates",))
    assert len(found.beside) <= 2, "\n".join(found.lines())
