"""How readings are weighed: who may be heard with others, and what is no verdict; and scans of more than one piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose import clusters, confirmation, jacobian, matched, parallax, shadow
from conformance.files.diagnose.engine import _one_unit
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.pieces import ends_apart
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.turns import Turn
from conformance.files.diagnose.verdict import Word, judged
from conformance.scans.beamline import Setup, beamtime

NEARLY = {
    jacobian.NAME: 0.9 * jacobian.LEAD,
    shadow.NAME: 0.9 * shadow.LEAD,
    matched.NAME: 0.9 * matched.LEAD,
    confirmation.WHOLE: 5.5,
}


def undecided(name: str, degrees: float = 33.0, part: float = 1.0) -> Reading:
    return Reading(name, Turn(True, degrees), 2.0, part * NEARLY[name], twin=9.0, why="not enough")


def test_some_that_agree_and_do_not_decide_are_likely_together_modulo_the_twin() -> None:
    found = judged([undecided(jacobian.NAME), undecided(shadow.NAME, 29.0), undecided(matched.NAME, 212.0)])
    assert (found.word, found.twin_open) == (Word.LIKELY, True)
    assert found.reason == "A and B and F agree, none by itself"


@pytest.mark.parametrize(
    "readings",
    [
        [undecided(jacobian.NAME), undecided(shadow.NAME, part=0.8)],
        [undecided(jacobian.NAME), undecided(shadow.NAME), undecided(matched.NAME, 80.0)],
        [undecided(jacobian.NAME, part=0.8), undecided(matched.NAME), undecided(confirmation.WHOLE)],
    ],
    ids=["one too weak", "one of another turn", "two of one assumption"],
)
def test_fewer_or_others_are_not(readings: list[Reading]) -> None:
    assert judged(readings).word is Word.CANNOT_TELL


@pytest.mark.parametrize(("degrees", "word"), [(90.0, Word.LIKELY), (33.0, Word.CANNOT_TELL)])
def test_a_general_angle_asks_for_more_than_a_quarter_turn(degrees: float, word: Word) -> None:
    readings = [undecided(name, degrees, 0.9) for name in (shadow.NAME, matched.NAME)]
    assert judged(readings).word is word


def decided(name: str, twin: float, degrees: float = 90.0) -> Reading:
    return Reading(name, Turn(False, degrees), 2.0, 9.0, decided=True, twin=twin)


def test_a_reconstruction_alone_is_no_verdict() -> None:
    assert judged([decided(confirmation.WHOLE, 9.0)]).word is Word.CANNOT_TELL


@pytest.mark.parametrize(
    ("overlap", "open_twin"),
    [(0.0, True), (1.0, True), (3.0, False), (9.0, False)],
    ids=["silent", "weak", "leaning", "sure"],
)
def test_a_reconstruction_alone_does_not_decide_the_twin(overlap: float, open_twin: bool) -> None:
    found = judged([decided(confirmation.WHOLE, 9.0), decided(matched.NAME, overlap)])
    assert (found.word, found.twin_open) == (Word.CERTAIN, open_twin)


def test_twins_that_two_are_sure_of_stay_open() -> None:
    assert judged([decided(confirmation.WHOLE, 9.0), decided(matched.NAME, 9.0, 270.0)]).twin_open


def test_a_scale_after_a_unit_is_the_rest_of_it() -> None:
    unit = Fault("unit", Word.CERTAIN, "metres", "divide", {"factor": 2.0})
    scale, shift = (
        Fault("scale", Word.CERTAIN, "", "scale by 1.03", {"after": 0.1}),
        Fault("shift", Word.LIKELY, "", "add"),
    )
    faults = _one_unit([unit], [scale, shift])
    assert [one.name for one in faults] == ["unit", "shift"]
    assert faults[0].remedy == "divide, then scale by 1.03"
    assert _one_unit([], [scale]) == [scale]


def piece(seed: int, jump: int | None) -> Sample:
    made = beamtime(Setup("defocused", "strong", "jittered", 60, 32, 0.25, 1e4, seed))
    frames = made.counts.copy()
    if jump is not None:
        rest = slice(jump, None) if jump > 0 else slice(None, jump)
        frames[rest] = np.roll(frames[rest], (5, -4), (1, 2))
    return take(Scan(frames, made.positions), lambda values: values, np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(3))
def test_the_ends_of_a_scan_lie_where_the_rest_does_unless_the_crop_jumps_there(seed: int) -> None:
    assert ends_apart(piece(seed, None)) == (0, 0)
    for jump in (3, 9, -4):
        n, apart = ends_apart(piece(seed, jump))
        assert n in (4, 8), jump
        assert abs(apart - 5) <= 1, jump


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ((shadow.NAME, parallax.NAME), Word.LIKELY),
        ((confirmation.WHOLE, clusters.NAME), Word.CANNOT_TELL),
        ((parallax.NAME, matched.NAME), Word.CERTAIN),
        ((jacobian.NAME, clusters.NAME), Word.CERTAIN),
    ],
)
def test_those_of_one_assumption_do_not_confirm_each_other(names: tuple[str, str], word: Word) -> None:
    assert judged([decided(name, 9.0) for name in names]).word is word


@pytest.mark.parametrize(("lead", "word"), [(2.0, Word.LIKELY), (3.3, Word.CANNOT_TELL)])
def test_a_mirrored_turn_puts_one_in_doubt_that_is_told_alone(lead: float, word: Word) -> None:
    mirrored = Reading(jacobian.NAME, Turn(True, 90.0), 4.0, lead, why="not enough")
    assert judged([decided(shadow.NAME, 0.0), mirrored]).word is word


@pytest.mark.parametrize(("other", "told"), [(4.2, 4.0), (-1.0, 0.0)])
def test_a_small_angle_is_told_where_two_see_it(other: float, told: float) -> None:
    readings = [decided(matched.NAME, 0.0, 4.0), decided(jacobian.NAME, 0.0, other % 360)]
    found = judged([replace(readings[0], spread=0.5), replace(readings[1], spread=1.0)])
    assert found.turn is not None
    assert found.turn.apart(Turn(False, told), 180.0) < 1e-6


@pytest.mark.parametrize("degrees", [90.0, 28.0])
@pytest.mark.parametrize("name", [parallax.NAME, clusters.NAME])
def test_some_are_heard_only_where_they_decide(name: str, degrees: float) -> None:
    heard = [decided(matched.NAME, 0.0), decided(jacobian.NAME, 0.0)]
    undecided_one = Reading(name, Turn(True, degrees), 2.0, 2.9, why="not enough")
    assert judged([*heard, undecided_one]) == judged(heard)
