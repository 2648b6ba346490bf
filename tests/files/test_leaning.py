"""Rasters whose lines lean, and look like a turn by an angle to who asks for turns alone."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.halves import Halves
from conformance.files.diagnose.sample import Scan
from conformance.scans.beamline import Setup, beamtime

MADE = beamtime(Setup(beam="defocused", matter="strong", path="raster", M=196, N=32, pitch=0.12, photons=5e4, seed=2))


@pytest.mark.parametrize("pace", [pytest.param(0.97, marks=pytest.mark.night), 1.03])
def test_another_pace_along_a_raster_is_no_turn(pace: float) -> None:
    number = np.arange(len(MADE.positions))
    at = number * pace
    truth = np.stack([np.interp(at, number, one) for one in MADE.positions.T], axis=1)
    probe, good = MADE.probe[np.newaxis].astype(np.complex64), np.ones((32, 32), bool)
    forward = Forward(np.sqrt(MADE.counts).astype(np.float32), truth[:, ::-1], probe, MADE.object, good, number)
    made = np.square(forward.simulated(forward.s), dtype=np.float64)
    counts = np.random.default_rng(1).poisson(made / made.sum(axis=(1, 2)).mean() * 5e4)
    kept = at <= number[-1]
    found = diagnose(Scan(np.sqrt(counts)[kept], MADE.positions[kept], probe), np.random.default_rng(0))
    assert not found.orientation.general


@pytest.mark.parametrize(
    ("worse", "surely", "doubted"),
    [((0.9, 0.0), (20.0, 0.1), True), ((0.9, 0.4), (20.0, 5.0), True), ((1.5, 0.9), (33.0, 18.0), False)],
)
def test_an_axis_that_is_told_beyond_doubt_is_of_this_run(
    worse: tuple[float, float], surely: tuple[float, float], doubted: bool
) -> None:
    told = Halves(60, -0.5, -9.0, 0.01, np.array(worse), np.array(surely))
    assert bool(told.doubt) == doubted


@pytest.mark.night
def test_a_raster_that_is_turned_leans_not() -> None:
    angle = np.radians(11.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    scan = Scan(np.sqrt(MADE.counts), MADE.positions @ turn, MADE.probe[np.newaxis])
    found = diagnose(scan, np.random.default_rng(0))
    assert found.orientation.general
    assert "leaning" not in {one.name for one in found.faults}
