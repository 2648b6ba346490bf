"""Positions that were read a part of a step early or late, along a path without lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.delayed import DELAYED, along, delayed
from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.explained import forward_of
from conformance.files.diagnose.sample import Sample, Scan
from conformance.scans.beamline import Beamtime, Setup, beamtime

SETUP = Setup(beam="diffuser", matter="strong", path="spiral", M=140, N=32, pitch=0.2, photons=5e4, seed=3)
MADE = beamtime(SETUP)


def scan_of(made: Beamtime, steps: float) -> Scan:
    """The scan with positions that were read so many steps late."""
    late = along(made.positions, -steps)
    return Scan(np.sqrt(made.counts), late, made.probe[np.newaxis], made.object)


def test_a_path_goes_on_evenly() -> None:
    line = np.arange(6.0)[:, np.newaxis] * (1.0, -2.0)
    assert along(line, 0.25) == pytest.approx(line + np.array([0.25, -0.5]))
    assert along(line, -1.5) == pytest.approx(line - np.array([1.5, -3.0]))


@pytest.mark.parametrize("steps", [-0.6, -0.35, 0.35, 0.5])
def test_a_part_of_a_step_is_told(steps: float) -> None:
    found = diagnose(scan_of(MADE, steps), np.random.default_rng(0))
    told = next(one for one in found.faults if one.name == DELAYED)
    assert told.sure
    amount = float(told.remedy.split(" of a step ")[0].split()[-1])
    way = 1 if " on along" in told.remedy else -1
    assert way * amount == pytest.approx(steps, abs=0.13)


@pytest.mark.parametrize("path", ["spiral", "fermat", "jittered", "raster", "fly"])
def test_a_sound_path_is_not_late(path: str) -> None:
    made = beamtime(replace(SETUP, path=path))
    s = made.positions[:, ::-1]
    sample = Sample(made.counts.astype(np.float32), s, np.arange(len(s)), np.ones((32, 32), bool), made.probe[None])
    assert not list(delayed(forward_of(sample, made.object, 1.0), s))
