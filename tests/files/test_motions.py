"""The beam moved otherwise than the positions tell: frames that were left out of an object tell so, by the probe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.motions import MOTION, motions
from conformance.files.diagnose.order import owners
from conformance.files.diagnose.quantity_in import quantity_in
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Setup, beamtime, far_field

SETUP = Setup("defocused", "strong", "raster", 121, 32, 0.2, 1e5, 5)
SPARSE = Setup("defocused", "strong", "raster", 169, 48, 0.4, 1e5, 5)
MADE = beamtime(SETUP)
Places = NDArray[np.float64]


def diagnosed(counts: NDArray[np.int32], positions: Places, probe: NDArray[np.complex64] = MADE.probe) -> Diagnosis:
    return diagnose(Scan(np.sqrt(counts), positions, probe[np.newaxis]), np.random.default_rng(0))


def swung(planned: Places) -> Places:
    x = planned[:, 0]
    middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    return np.stack([middle + half * np.sin(np.pi / 2 * (x - middle) / half), planned[:, 1]], axis=1)


def late(planned: Places) -> Places:
    number = np.arange(len(planned))
    return np.stack([np.interp(0.97 * number, number, one) for one in planned.T], axis=1)


def waves(planned: Places) -> Places:
    """A path to and fro, as of two motors that never stop, where the planned positions lie."""
    time = np.linspace(0, 1, len(planned))
    along = np.stack([np.sin(2 * np.pi * 5.3 * time), 2 * time - 1], axis=1)
    return planned.mean(axis=0) + along * np.ptp(planned, axis=0) / 2


Moved = Callable[[Places], Places]


@pytest.mark.parametrize(
    ("setup", "stated", "moved", "words"),
    [
        (SETUP, np.copy, swung, "swung as a sine"),
        pytest.param(SPARSE, waves, late, "two clocks", marks=pytest.mark.night),
    ],
)
def test_another_motion_is_told_and_the_scan_is_not_certain(
    setup: Setup, stated: Moved, moved: Moved, words: str
) -> None:
    planned = beamtime(setup).planned
    told = stated(planned)
    made = beamtime(setup, wander=moved(told) - planned)
    found = diagnosed(made.counts, made.planned + told - planned, made.probe)
    assert any(words in one.sentence for one in found.faults if one.name == MOTION and one.sure), found
    assert not found.upright
    assert found.orientation.word is not Word.CERTAIN


def test_interlaced_lines_are_told() -> None:
    line = line_length(MADE.positions)
    assert line is not None
    owner = owners(len(MADE.positions), "interlaced positions", 0, line)
    found = diagnosed(MADE.counts[owner], MADE.positions)
    assert [one.name for one in found.faults if one.sure] == ["interlaced positions"], found


def test_the_two_ways_to_interlace_undo_each_other() -> None:
    for M, line, begin in ((30, 5, 0), (35, 5, 1)):
        one, other = (owners(M, f"interlaced {which}", begin, line) for which in ("frames", "positions"))
        np.testing.assert_array_equal(one[other], np.arange(M))
    assert owners(30, "interlaced frames", 0, 5)[::5].tolist() == [0, 10, 20, 5, 15, 25]


def test_what_swings_along_its_lines_keeps_its_ends() -> None:
    for one in motions(MADE.positions[:, ::-1]):
        some = one.places[one.known]
        assert np.isfinite(some).all()
        assert (some >= MADE.positions[:, ::-1].min(axis=0) - 1e-9).all()
        assert (some <= MADE.positions[:, ::-1].max(axis=0) + 1e-9).all()


@pytest.mark.night
def test_a_probe_that_was_transposed_is_told_without_an_object() -> None:
    made = beamtime(Setup("defocused", "strong", "fermat", 150, 48, 0.25, 1e5, 5))
    y, x = (np.indices((48, 48)) - 24) / 48
    askew = np.exp(-((x / 0.13) ** 2 + (y / 0.16) ** 2) / 2 - 1j * (4 * x**2 - 11 * y**2 - 72 * y**3))
    askew *= (1 + 0.6 * x) * (1 + 2.5 * x)
    light = far_field(made.object, made.positions, askew)
    gain = 1e5 / light.sum(axis=(1, 2)).mean()
    counts = np.random.default_rng(0).poisson(light * gain).astype(np.int32)
    askew = (askew * np.sqrt(gain)).astype(np.complex64)
    stored = diagnosed(counts, made.positions, np.ascontiguousarray(askew.T))
    assert any(one.name == "probe transposed" and one.fixes for one in stored.faults), stored
    assert not any(one.name.startswith("probe") for one in diagnosed(counts, made.positions, askew).faults)


def test_rounded_amplitudes_are_no_counts() -> None:
    counts, s = MADE.counts, MADE.positions
    held = {"probe": MADE.probe[np.newaxis], "object": MADE.object}
    assert quantity_in(Scan(np.rint(np.sqrt(counts)), s, **held)).name == "rounded"
    assert quantity_in(Scan(counts, s, **held)).name == "counts"
    assert quantity_in(Scan(counts // 20, s, **held)).name == "counts"
    assert quantity_in(Scan(np.rint(np.sqrt(counts)), s, held["probe"])).name == "counts"
