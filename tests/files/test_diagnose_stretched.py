"""Axes of the positions that are on another scale, or that do not run evenly: no turn is certain beside them."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.disagreement import by_axes
from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.stretched import Stretched, stretched
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Beamtime, Setup, beamtime

SCAN = Setup("diffuser", "strong", "raster", 196, 40, 0.1, 1e5, 5)
CHANGES = (
    "none",
    pytest.param("x slower at its ends", marks=pytest.mark.night),
    "y too large",
    pytest.param("y too small", marks=pytest.mark.night),
)


def positions_after(change: str, positions: np.ndarray) -> np.ndarray:
    """Where points are said to be, (M, 2) x, y; a mirror that swings was taken for one of even speed."""
    x, y = positions.T
    low, width = x.min(), np.ptp(x)
    if change == "x slower at its ends":
        x = low + width * np.arccos(np.clip(1 - 2 * (x - low) / width, -1, 1)) / np.pi
    y = y * {"y too large": 1.13, "y too small": 1 / 1.13}.get(change, 1.0)
    return np.stack([x, y], axis=1)


def sample_of(made: Beamtime, change: str) -> Sample:
    scan = Scan(made.counts, positions_after(change, made.positions))
    return take(scan, lambda values: values, np.random.default_rng(0))


@pytest.mark.parametrize("change", CHANGES)
def test_frames_name_the_axis_that_is_of_another_scale_and_which_way(change: str) -> None:
    made = beamtime(SCAN)
    found = stretched(sample_of(made, change), made.probe[np.newaxis])
    if change == "none":
        assert found == []
        return
    (one,) = found
    assert one.axis == (1 if change.startswith("x") else 0)
    assert (one.factor < 1) == (change == "y too large")
    assert one.uneven == (change == "x slower at its ends")


@pytest.mark.parametrize("change", ["x slower at its ends", pytest.param("y too large", marks=pytest.mark.night)])
def test_beside_such_an_axis_no_turn_is_certain(change: str) -> None:
    made = beamtime(SCAN)
    scan = Scan(np.sqrt(made.counts), positions_after(change, made.positions), made.probe)
    found = diagnose(scan, np.random.default_rng(0))
    assert found.orientation.word is not Word.CERTAIN
    assert not found.canonical
    assert not found.upright


def test_an_axis_that_does_not_run_evenly_is_said_to() -> None:
    (said,) = by_axes([Stretched(1, 1.4, 9.0, (0.72, 0.72))])
    assert "does not run evenly" in said.sentence
    (said,) = by_axes([Stretched(0, 0.88, 7.0, (1.0, 0.88))])
    assert "evenly" not in said.sentence
    assert by_axes([]) == []
