"""Failures of one cause are one cause."""

from __future__ import annotations

from dataclasses import replace

from conformance.engine.catalogue import deciding, declarations
from conformance.engine.causes import causes_of
from conformance.engine.grounds import Grounds, Kind
from conformance.engine.outcome import Cell, Decision, Outcome
from conformance.engine.undecided import undecided_of

FLOOR = "a constant is added to every intensity before the root is taken"
FACTOR = "a constant factor"


def failing(clause: str, *grounds: Grounds) -> Cell:
    decisions = tuple(
        Decision(clause, "mine", f"check_{number}", Outcome.FAIL, 1, grounds=one) for number, one in enumerate(grounds)
    )
    return Cell(clause, "mine", Outcome.FAIL, decisions)


def sure(name: str, *, pattern: bool = False) -> Grounds:
    return Grounds(Kind.WRONG, (name,), f"{name}: 3", certain=True, pattern=pattern, share=0.5)


def test_what_says_why_speaks_before_what_describes_the_numbers() -> None:
    (cause,) = causes_of([failing("PHY-009", sure(FACTOR, pattern=True), sure(FLOOR))])
    assert cause.sentence == f"{FLOOR}: 3"


def test_a_pattern_alone_speaks() -> None:
    (cause,) = causes_of([failing("PHY-009", sure(FACTOR, pattern=True))])
    assert cause.sentence == f"{FACTOR}: 3"


def test_two_clauses_with_one_mistake_are_one_cause() -> None:
    (cause,) = causes_of([failing("PHY-001", sure(FLOOR)), failing("PHY-009", sure(FLOOR))])
    assert cause.failed == ("PHY-001", "PHY-009")


def test_what_is_lost_at_edges_is_one_cause() -> None:
    row, corner = sure("the last row is missing"), sure("the array is cropped: the last row and the last column")
    empty = Grounds(
        Kind.WRONG, statement="patches: the shape is (1, 8, 0), the contract says (1, 8, 8).", misshapen=True
    )
    (cause,) = causes_of([failing("PAT-001", corner, row), failing("PAT-003", empty)])
    assert cause.failed == ("PAT-001",)
    assert cause.perhaps == ("PAT-003",)
    assert len(causes_of([failing("PAT-001", sure(FACTOR)), failing("PAT-003", empty)])) == 2
    assert len(causes_of([failing("PAT-001", row), failing("PHY-001", row), failing("REA-001", corner)])) == 2


def test_what_shows_at_whole_pixels_does_not_come_of_those_between() -> None:
    cut = failing("PAT-002", sure("positions are cut to whole pixels"))
    plain = Grounds(Kind.WRONG, statement="the patches differ", share=0.5)
    (cause,) = causes_of([cut, failing("PAT-003", plain)])
    assert cause.perhaps == ("PAT-003",)
    first, second = causes_of([cut, failing("PAT-003", replace(plain, at_whole_pixels=True))])
    assert (first.clauses, second.clauses) == (("PAT-002",), ("PAT-003",))


def test_what_may_be_meant_comes_behind_what_cannot() -> None:
    meant = replace(sure("positions are cut to whole pixels"), hint='subpixel = "whole", PAT-013')
    asked = [failing("PAT-002", meant), failing("PAT-003", sure("the values are conjugated"))]
    assert [one.failed for one in causes_of(asked)] == [("PAT-003",), ("PAT-002",)]


def test_two_mistakes_are_two_causes_the_graver_first() -> None:
    light = Grounds(Kind.FOREIGN, error="KeyError: 'x'", statement="refused by KeyError")
    assert [one.clauses for one in causes_of([failing("CND-008", light), failing("PHY-001", sure(FLOOR))])] == [
        ("PHY-001",),
        ("CND-008",),
    ]


def test_plain_specimens_are_tried_before_combinations_of_strange_ones() -> None:
    names = [one.name for one in declarations() if one.name.startswith("physics/")]
    combined = [name.startswith("physics/test_every_") for name in names]
    assert any(combined)
    assert combined == sorted(combined)


def test_what_an_adapter_has_not_is_named_beside_the_clauses_that_ask_for_it() -> None:
    lacking = {"PHY-010": "adapter has no group", "PHY-011": "adapter has no noisy", "PHY-012": "adapter has no noisy"}
    none = Outcome.NOT_APPLICABLE
    cells = [
        Cell(clause, "mine", none, (Decision(clause, "mine", "one", none, 0, said),))
        for clause, said in lacking.items()
    ]
    assert {one.reason: one.clauses for one in undecided_of(cells)} == {
        "adapter has no noisy": ("PHY-011", "PHY-012"),
        "adapter has no group": ("PHY-010",),
    }


def test_what_every_method_owes_joins_what_its_own_stage_found() -> None:
    """A backend that takes an invalid argument is told so once, not by each clause that speaks of refusals."""

    def accepting(clause: str, check: str, what: str) -> Cell:
        grounds = Grounds(Kind.ACCEPTED, statement=f"{what} must be refused, but was accepted and gave ndarray.")
        return Cell(clause, "mine", Outcome.FAIL, (Decision(clause, "mine", check, Outcome.FAIL, 1, grounds=grounds),))

    found = causes_of(
        [
            accepting("PAT-012", "patches/test_windows.py::one", "a position that is NaN"),
            accepting("CND-008", "conduct/test_errors.py::two", "patches: NaN"),
            accepting("REA-013", "reassembly/test_canvas.py::three", "a single patch without its axis"),
        ]
    )
    assert [one.clauses for one in found] == [("PAT-012", "CND-008"), ("REA-013",)]
    assert found[0].sentence == "what is invalid is accepted: a position that is NaN; patches: NaN"


def related(clause: str, name: str) -> Cell:
    grounds = Grounds(Kind.WRONG, (name,), name, certain=True, share=0.5)
    check = deciding(clause)[0].name
    return Cell(clause, "mine", Outcome.FAIL, (Decision(clause, "mine", check, Outcome.FAIL, 1, grounds=grounds),))


def test_what_two_runs_owe_each_other_follows_from_what_one_owes() -> None:
    moved, half = "the content is shifted by 1 column", "patches are placed half a pixel off"
    (cause,) = causes_of([failing("REA-001", sure(half)), related("REL-012", moved)])
    assert (cause.sentence, cause.failed, cause.perhaps) == (f"{half}: 3", ("REA-001",), ("REL-012",))


def test_what_another_result_of_the_same_backend_lacks_follows_from_what_it_is() -> None:
    elsewhere = failing("PHY-010", sure("in the result that it is compared with, the sign is lost"))
    (cause,) = causes_of([elsewhere, failing("PHY-008", sure("some amplitudes are negative"))])
    assert (cause.failed, cause.perhaps) == (("PHY-008",), ("PHY-010",))
    assert causes_of([elsewhere])[0].failed == ("PHY-010",)


def test_a_relation_of_other_methods_is_a_cause_of_its_own() -> None:
    assert len(causes_of([failing("PHY-009", sure(FLOOR)), related("REL-012", "the content is shifted")])) == 2


def test_a_relation_alone_speaks() -> None:
    assert [one.failed for one in causes_of([related("REL-012", "the content is shifted")])] == [("REL-012",)]
