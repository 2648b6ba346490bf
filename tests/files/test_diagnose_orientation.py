"""The turn of a scan: right in all eight orientations and at general angles, and silent where nothing can be known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.jacobian import jacobian
from conformance.files.diagnose.matched import matched
from conformance.files.diagnose.overlap import beam_of
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.shadow import shadow
from conformance.files.diagnose.turns import EIGHT, Turn, exif_of, positions_of, turn_of, turned_frames
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Setup, beamtime
from tests.files.diagnosed import SOUND, petra, siemens, sound, stored_so_that

pytestmark = pytest.mark.night

ANGLES = (Turn(False, 25.0), Turn(True, 200.0), Turn(False, 290.0))


def sample_of(scan: Scan) -> Sample:
    return take(scan, lambda values: values, np.random.default_rng(0))


@pytest.mark.parametrize("turn", EIGHT + ANGLES)
def test_a_turn_and_its_inverse_cancel(turn: Turn) -> None:
    assert turn.after(turn.inverse).apart(EIGHT[0]) == pytest.approx(0, abs=1e-9) or turn_of(np.eye(2)) == EIGHT[0]
    assert np.allclose(turn.inverse.matrix @ turn.matrix, np.eye(2))


@pytest.mark.parametrize("turn", EIGHT)
def test_names_say_what_the_matrix_does(turn: Turn) -> None:
    stored = {"x": 2.0, "y": 5.0}
    row, column = turn.matrix @ (stored["y"], stored["x"])
    x, y = (stored[one[-1]] * (-1 if one[0] == "-" else 1) for one in positions_of(turn).split(", "))
    assert (column, row) == pytest.approx((x, y))


def test_exif_numbers_are_those_of_the_standard() -> None:
    """Each number says how a viewer turns the image; frames turned so mend the scan."""
    image = np.arange(9.0, dtype=np.float32).reshape(3, 3)
    upright = {
        1: image, 2: image[:, ::-1], 3: image[::-1, ::-1], 4: image[::-1],
        5: image.T, 6: np.rot90(image, -1), 7: image[::-1, ::-1].T, 8: np.rot90(image),
    }  # fmt: skip
    for turn in EIGHT:
        assert np.array_equal(turned_frames(image, turn), upright[exif_of(turn)])


@pytest.mark.parametrize("turn", EIGHT + ANGLES)
def test_each_estimator_by_itself(turn: Turn) -> None:
    made = sound()
    sample = sample_of(Scan(made.counts, stored_so_that(turn, made.positions), made.probe))
    rng = np.random.default_rng(1)
    for found in (jacobian(sample, rng), shadow(sample, rng), matched(sample, beam_of(made.probe), rng)):
        assert found.turn is not None
        assert found.turn.apart(turn, 180.0) < 8, found


@pytest.mark.parametrize("draw", [0, 2])
def test_a_beam_in_focus_casts_no_shadow(draw: int) -> None:
    made = beamtime(Setup("focus", "lattice", "raster", 180, 48, 0.13, 67347, 3))
    assert not shadow(sample_of(Scan(made.counts, made.positions)), np.random.default_rng(draw)).decided


@pytest.mark.parametrize("turn", [*EIGHT[::3], *ANGLES])
@pytest.mark.parametrize("probe", [True, False])
def test_the_verdict_is_right_and_certain_with_a_probe(turn: Turn, probe: bool) -> None:
    made = sound()
    scan = Scan(made.counts, stored_so_that(turn, made.positions), made.probe if probe else None)
    found = diagnose(scan, np.random.default_rng(2), "counts").orientation
    # Without a probe these might be holograms: then nothing is certain.
    assert found.word is (Word.CERTAIN if probe else Word.LIKELY), found
    assert found.turn is not None
    assert found.twin_open is not probe
    assert found.turn.apart(turn, 180.0 if found.twin_open else 360.0) < 5


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_positions_say_nothing(seed: int) -> None:
    made, rng = sound(), np.random.default_rng(seed)
    scan = Scan(made.counts, rng.permutation(made.positions), made.probe)
    assert diagnose(scan, rng, "counts").orientation.word is Word.CANNOT_TELL


@pytest.mark.parametrize("matter", ["flat", "stripes", "lattice"])
def test_objects_that_tell_nothing_get_no_certain_wrong_answer(matter: str) -> None:
    turn = Turn(True, 90.0)
    made = beamtime(replace(SOUND, matter=matter))
    scan = Scan(made.counts, stored_so_that(turn, made.positions), made.probe)
    found = diagnose(scan, np.random.default_rng(3), "counts").orientation
    assert found.word is not Word.CERTAIN or (found.turn is not None and found.turn.apart(turn, 180.0) < 10)


@pytest.mark.parametrize("M", [0, 1, 2, 9])
def test_few_points_cannot_tell(M: int) -> None:
    made = sound()
    scan = Scan(made.counts[:M], made.positions[:M], made.probe)
    found = diagnose(scan, np.random.default_rng(4), "counts")
    assert found.orientation.word is Word.CANNOT_TELL
    assert "too few" in found.orientation.reason


def test_points_on_a_line_cannot_tell() -> None:
    made = sound()
    line = made.positions * (1, 0) + (0, 40)
    assert diagnose(Scan(made.counts, line, made.probe), np.random.default_rng(5), "counts").orientation.turn is None


@pytest.mark.parametrize("turn", [EIGHT[0], EIGHT[5], Turn(True, 30.0)])
def test_the_measured_far_field_scan(turn: Turn) -> None:
    scan = siemens()
    stored = replace(scan, positions=stored_so_that(turn, scan.positions))
    found = diagnose(stored, np.random.default_rng(6))
    assert found.orientation.word is Word.CERTAIN
    assert found.orientation.turn is not None
    assert found.orientation.turn.apart(turn, 180.0 if found.orientation.twin_open else 360.0) < 5


@pytest.mark.parametrize("turn", [EIGHT[0], EIGHT[6]])
def test_the_measured_near_field_scan(turn: Turn) -> None:
    """Its rows run along -y, its columns along -x: a half turn, which its frames alone do not tell from none."""
    scan = petra()
    found = diagnose(
        replace(scan, positions=stored_so_that(turn, scan.positions)), np.random.default_rng(7), "counts"
    ).orientation
    assert found.word is Word.CERTAIN
    assert found.twin_open
    assert found.turn is not None
    assert found.turn.apart(turn, 180.0) < 3


def test_the_sentence_names_the_turn_and_the_twin() -> None:
    made = sound()
    scan = Scan(made.counts, made.positions * (-1, 1), None)
    said = sentences(diagnose(scan, np.random.default_rng(8), "counts"))[0]
    assert said.startswith("X flipped: the canonical x, y are -x, y, or the same turned by 180 degrees"), said
    assert "(likely: " in said
