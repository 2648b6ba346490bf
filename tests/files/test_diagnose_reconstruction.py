"""Short reconstructions: the right orientation leads, shuffled positions and wrong angles do not."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.confirmation import whole
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.turns import EIGHT, Turn
from tests.files.diagnosed import sound, stored_so_that

pytestmark = pytest.mark.night

MADE = sound()


def sample_at(positions: np.ndarray) -> Sample:
    return take(Scan(MADE.counts, positions, MADE.probe), lambda values: values, np.random.default_rng(0))


@pytest.mark.parametrize("turn", [EIGHT[0], EIGHT[5], EIGHT[7]])
def test_the_right_orientation_leads(turn: Turn) -> None:
    sample = sample_at(stored_so_that(turn, MADE.positions))
    found = whole(sample, MADE.probe, EIGHT[1], True)
    assert found.decided
    assert found.turn is not None
    assert found.turn.apart(turn) < 1


def test_shuffled_positions_do_not_lead() -> None:
    sample = sample_at(np.random.default_rng(2).permutation(MADE.positions))
    assert not whole(sample, MADE.probe, EIGHT[0], True).decided


def test_a_turn_about_a_wrong_angle_is_not_decided() -> None:
    sample = sample_at(stored_so_that(Turn(False, 40.0), MADE.positions))
    assert not whole(sample, MADE.probe, EIGHT[0], True).decided
