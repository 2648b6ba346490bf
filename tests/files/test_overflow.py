"""Positions whose counter ran over are told from lines that fly back, and continued to what they were (FIL-014)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.order import owners, turnings
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.signs import counted_on
from conformance.files.diagnose.turns import Turn
from conformance.files.diagnose.weighing import weighed
from conformance.files.overflow import continued, overflows


def _raster(columns: int, rows: int, pitch: tuple[float, float], *, to_and_fro: bool, x: float) -> NDArray[np.float64]:
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    if to_and_fro:
        i[1::2] = i[1::2, ::-1]
    made = np.stack([x + pitch[0] * i.ravel(), 40 + pitch[1] * j.ravel()], axis=1)
    return made + np.random.default_rng(columns).uniform(-0.3, 0.3, made.shape)


@pytest.mark.parametrize("to_and_fro", [False, True])
@pytest.mark.parametrize("lowest", [0.0, -128.0])
@pytest.mark.parametrize(("columns", "pitch", "x"), [(20, 13.0, 35.0), (16, 27.0, 180.0), (10, 3.0, 240.0)])
def test_a_counter_that_ran_over_is_continued(
    columns: int, pitch: float, x: float, lowest: float, to_and_fro: bool
) -> None:
    true = _raster(columns, 12, (pitch, 5.0), to_and_fro=to_and_fro, x=x)
    stored = true.copy()
    stored[:, 0] = np.mod(true[:, 0], 256) + lowest
    (found,) = overflows(stored)
    assert (found.axis, found.period) == (0, 256)
    np.testing.assert_allclose(np.diff(continued(stored, (found,)), axis=0), np.diff(true, axis=0), atol=1e-9)
    frames = np.zeros((len(true), 8, 8), np.float32)
    scan, faults = counted_on(Scan(frames, stored))
    assert [one.name for one in faults] == ["overflow"]
    assert not overflows(scan.positions)


def test_the_slow_axis_runs_over_between_lines() -> None:
    true = _raster(14, 40, (5.0, 7.0), to_and_fro=True, x=40)
    stored = true.copy()
    stored[:, 1] = np.mod(true[:, 1], 256)
    (found,) = overflows(stored)
    assert found.axis == 1
    np.testing.assert_allclose(np.diff(continued(stored, (found,)), axis=0), np.diff(true, axis=0), atol=1e-9)


def _uneven_lines(pitch: float) -> NDArray[np.float64]:
    """Short wide lines to and fro, of five points or six, as of a measured scan of a large beam."""
    lines = [np.arange(5 + j % 3 // 2) * pitch + 70 + j * 2.4 * pitch % 29 for j in range(60)]
    x = np.concatenate([line[:: 1 - 2 * (j % 2)] for j, line in enumerate(lines)])
    y = np.concatenate([np.full(len(line), 398 - 3.3 * j) for j, line in enumerate(lines)])
    made = np.stack([x, y], axis=1)
    return made + np.random.default_rng(6).uniform(-0.2, 0.2, made.shape)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("moved", [0.0, -300.5])
@pytest.mark.parametrize("bits", [8, 9])
def test_a_counter_runs_over_on_lines_of_a_few_points(axis: int, moved: float, bits: int) -> None:
    true = _uneven_lines(66.0) + moved
    stored = true.copy()
    lowest = 0.0 if bits == 8 or moved else -256.0
    stored[:, axis] = np.mod(true[:, axis] - lowest, 2**bits) + lowest
    (found,) = overflows(stored)
    assert (found.axis, found.period) == (axis, 2**bits)
    np.testing.assert_allclose(np.diff(continued(stored, (found,)), axis=0), np.diff(true, axis=0), atol=1e-9)


@pytest.mark.parametrize("columns", [6, 16, 64])
def test_lines_that_are_late_by_a_point_or_scanned_twice_ran_over_nothing(columns: int) -> None:
    late = _raster(columns, 32, (4.0, 4.0), to_and_fro=False, x=0.0) - [0, 40]
    twice = np.concatenate([late, late])
    late[:, 1] = np.roll(late[:, 1], 1)
    assert not overflows(late)
    assert not overflows(twice)


@pytest.mark.parametrize("to_and_fro", [False, True])
@pytest.mark.parametrize("columns", [6, 20, 51])
def test_lines_that_fly_back_ran_over_nothing(columns: int, to_and_fro: bool) -> None:
    assert not overflows(_raster(columns, 15, (5.0, 5.0), to_and_fro=to_and_fro, x=2.0))


def test_orders_that_look_like_turns_are_their_own_inverses() -> None:
    s = _raster(9, 9, (4.0, 4.0), to_and_fro=False, x=10)
    names = [one.name for one in turnings(s)]
    assert names == ["reversed frames", "backward lines", "last line first", "rows for columns"]
    for one in turnings(s):
        owner = owners(len(s), **one.rule)
        np.testing.assert_array_equal(owner[owner], np.arange(len(s)))


def test_who_counts_positions_on_says_so_beside_the_turn() -> None:
    stored = _uneven_lines(66.0)
    stored[:, 0] = np.mod(stored[:, 0], 256)
    _, faults = counted_on(Scan(np.zeros((len(stored), 8, 8), np.float32), stored))
    readings = [Reading("F, the overlap matched filter", Turn(False, 0.0), 0.5, 20.0, True)]
    assert weighed(readings, faults).reason.endswith(", once the counter of positions is continued")
    assert "once" not in weighed(readings, []).reason
