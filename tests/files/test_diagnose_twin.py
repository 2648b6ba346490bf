"""Which of two twins is meant, by whether the sample stands behind the focus or before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.twin import diverging
from conformance.scans.beamline import Setup, beamtime
from tests.files.diagnosed import siemens, stored_so_that

TURN = Turn(False, 200.0)


def found_of(seed: int, turn: Turn) -> tuple[bool, Diagnosis]:
    """Whether the beam of a scan diverges, by the curvature of its probe, and what is said of it without that probe."""
    made = beamtime(Setup("defocused", "strong", "jittered", 100, 32, 0.2, 1e5, seed))
    rows, columns = np.indices(made.probe.shape) - made.probe.shape[0] // 2
    slopes = [(np.conj(made.probe) * one).imag for one in np.gradient(made.probe)]
    diverges = bool((slopes[0] * rows + slopes[1] * columns).sum() > 0)
    scan = Scan(made.counts, stored_so_that(turn, made.positions))
    return diverges, diagnose(scan, np.random.default_rng(2), "counts")


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.night)])
def test_the_side_of_the_focus_tells_the_twin(seed: int) -> None:
    diverges, found = found_of(seed, TURN)
    assert found.orientation.turn is not None
    assert found.orientation.twin_open
    behind = diverging(found.readings, found.orientation.turn)
    assert behind is not None
    assert (behind if diverges else behind.twin).apart(TURN) < 5
    # The sentence names the turn of 20 degrees first.
    (side,) = {word for word in ("behind", "before") if f"the first if the sample stands {word}" in sentences(found)[0]}
    assert side == ("before" if diverges else "behind")


@pytest.mark.night
def test_siemens_was_behind_the_focus() -> None:
    scan = replace(siemens(), probe=None, object=None)
    found = diagnose(scan, np.random.default_rng(2))
    assert "the first if the sample stands behind the focus" in sentences(found)[0]


def test_nothing_is_said_where_no_shadow_was_followed() -> None:
    assert diverging((), EIGHT[0]) is None
