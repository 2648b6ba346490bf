"""Frames that probe and object explain at another place than stated: their positions are not called right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.explained import forward_of
from conformance.files.diagnose.misplaced import MISPLACED, RAN_OVER, misplaced
from conformance.files.diagnose.repairs import Repair
from conformance.files.diagnose.sample import Scan, take
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Setup, beamtime

_WIDE = Setup(beam="defocused", matter="strong", path="jittered", M=196, N=32, pitch=0.3, photons=2e4, seed=4)

Moved = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _with_x(moved: Moved) -> Scan:
    made = beamtime(_WIDE)
    positions = made.positions.copy()
    positions[:, 0] = moved(positions[:, 0])
    return Scan(np.sqrt(made.counts).astype(np.float32), positions, made.probe, made.object)


def _looked_for(scan: Scan) -> Repair | None:
    sample = take(scan, np.square, np.random.default_rng(0))
    assert scan.object is not None
    return misplaced(forward_of(sample, scan.object, 1.0))


def _anywhere(x: NDArray[np.float64]) -> NDArray[np.float64]:
    rng = np.random.default_rng(1)
    return np.where(rng.random(len(x)) < 0.3, rng.uniform(x.min(), x.max(), len(x)), x)


@pytest.mark.parametrize("moved", [lambda x: x, lambda x: x + 7, lambda x: 1.03 * x])
def test_what_all_places_have_in_common_is_no_place_that_was_lost(moved: Moved) -> None:
    assert _looked_for(_with_x(moved)) is None


@pytest.mark.parametrize(("period", "begin"), [(32.0, 0.0), (37.0, 9.0)])
def test_places_that_lack_multiples_of_one_number_were_counted(period: float, begin: float) -> None:
    found = _looked_for(_with_x(lambda x: np.mod(x - begin, period)))
    assert found is not None
    assert found.name == RAN_OVER
    true = _with_x(lambda x: x).positions[:, ::-1]
    rows = forward_rows(len(true), len(found.s))
    assert (np.abs(found.s - true[rows]).max(axis=1) < 1.5).mean() > 0.95


def test_a_part_of_the_places_may_be_lost_in_no_order() -> None:
    found = _looked_for(_with_x(_anywhere))
    assert found is not None
    assert found.name == MISPLACED


def forward_rows(M: int, m: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, M - 1, min(M, m)).astype(np.int64))


@pytest.mark.night
def test_positions_of_which_a_part_was_lost_are_not_called_right() -> None:
    said: Diagnosis = diagnose(_with_x(_anywhere), np.random.default_rng(0))
    assert said.orientation.word is Word.CANNOT_TELL
    assert any(one.sure and one.name == MISPLACED for one in said.faults)
