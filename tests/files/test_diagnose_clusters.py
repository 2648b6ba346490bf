"""Votes of clusters that share no frame, and what absorption and phase of their objects say of the twin."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.absorption import absorption
from conformance.files.diagnose.clusters import MEMBERS, clusters, votes
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.twin import of_x_rays
from conformance.scans.beamline import Beamtime, Setup, beamtime
from tests.files.diagnosed import siemens, stored_so_that

SETUP = Setup("defocused", "strong", "jittered", 144, 32, 0.2, 2e4, 4)


def sample_of(made: Beamtime, turn: Turn, frames: np.ndarray | None = None) -> Sample:
    scan = Scan(made.counts if frames is None else frames, stored_so_that(turn, made.positions))
    return take(scan, lambda values: values, np.random.default_rng(0))


def test_clusters_share_no_frame_and_lie_together() -> None:
    s = np.random.default_rng(2).uniform(0, 30, (300, 2))
    found = clusters(s, 20)
    assert found.shape == (20, MEMBERS)
    assert len(np.unique(found)) == found.size
    assert max(np.ptp(s[one], axis=0).max() for one in found) < 16


@pytest.mark.parametrize("turn", [EIGHT[0], EIGHT[5], Turn(False, 25.0)])
@pytest.mark.parametrize("base", ["right", "mirrored"])
def test_the_right_orientation_is_voted_for(turn: Turn, base: str) -> None:
    made = beamtime(SETUP)
    told = turn if base == "right" else Turn(not turn.mirrored, -turn.degrees % 360)
    found = votes(sample_of(made, turn), made.probe[np.newaxis], told, np.random.default_rng(1))
    assert found.decided, found
    assert found.turn is not None
    assert found.turn.apart(turn, 180.0) < 1e-6


def test_frames_that_are_all_alike_do_not_vote_as_one() -> None:
    """Their votes are not independent: places decide them, the same way in every cluster."""
    made, rng = beamtime(SETUP), np.random.default_rng(8)
    alike = rng.poisson(np.broadcast_to(made.counts.mean(axis=0), made.counts.shape))
    assert not votes(sample_of(made, EIGHT[0], alike), made.probe[np.newaxis], EIGHT[0], rng).decided


@pytest.mark.parametrize("seed", range(2))
def test_shuffled_positions_get_no_majority(seed: int) -> None:
    made, rng = beamtime(SETUP), np.random.default_rng(seed)
    shuffled = rng.permutation(made.counts)
    assert not votes(sample_of(made, EIGHT[0], shuffled), made.probe[np.newaxis], EIGHT[0], rng).decided


def test_few_frames_have_no_vote() -> None:
    made, rng = beamtime(SETUP), np.random.default_rng(0)
    few = take(Scan(made.counts[:40], made.positions[:40]), lambda values: values, rng)
    assert "too few" in votes(few, made.probe[np.newaxis], EIGHT[0], rng).why


def test_absorption_against_phase_tells_the_twin() -> None:
    """The twin of probe and object, at positions turned by 180 degrees, gives the other sign and so the same turn."""
    made = beamtime(SETUP)
    sample, probe = sample_of(made, EIGHT[5]), made.probe[np.newaxis]
    twin = np.conj(np.roll(probe[:, ::-1, ::-1], (1, 1), (1, 2)))
    own, other = absorption(sample, probe, EIGHT[5]), absorption(sample, twin, EIGHT[5].twin)
    assert own.decided
    assert own.figures["correlation"] == pytest.approx(-other.figures["correlation"], abs=0.1)
    assert own.turn == other.turn
    # The phase of this object is advanced where it absorbs, as of electrons.
    assert of_x_rays([own], EIGHT[5]) == EIGHT[5].twin


def test_the_measured_scan_was_taken_with_x_rays() -> None:
    scan = siemens()
    sample = take(scan, np.square, np.random.default_rng(0))
    assert scan.probe is not None
    found = absorption(sample, scan.probe.reshape(-1, *scan.probe.shape[-2:]), EIGHT[0])
    assert found.turn == EIGHT[0], found
