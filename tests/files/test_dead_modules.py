"""A module that is dead at a corner of the frame is no dark of a pattern; a disc of light is no dead module."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.rules.gaps import dead_beyond_edges


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("corner", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_a_dead_corner_is_found(side: int, corner: tuple[int, int]) -> None:
    counts = np.full((side, side), 500.0)
    zero = np.zeros((side, side), bool)
    zero[side // 2 :, side // 2 - 3 :] = True
    zero = zero[:: corner[0], :: corner[1]]
    counts[zero] = 0
    assert np.array_equal(dead_beyond_edges(counts, zero, 30.0), zero)


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("radius", [0.2, 0.4, 0.55, 0.7, 1.0])
@pytest.mark.parametrize("centre", [(0.5, 0.5), (0.3, 0.4), (0.0, 0.0), (0.9, 0.2)])
def test_a_disc_of_light_is_no_dead_module(side: int, radius: float, centre: tuple[float, float]) -> None:
    row, column = np.mgrid[:side, :side] / side
    lit = np.hypot(row - centre[0], column - centre[1]) < radius
    assert not dead_beyond_edges(np.where(lit, 500.0, 0.0), ~lit, 30.0).any()
