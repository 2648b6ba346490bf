"""Frames tell by themselves in which order they were taken, and how long the lines of a scan are (FIL-014)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.files.formats.values import Values
from conformance.files.rules.looking import view_of
from conformance.files.rules.ordered import other_lines, out_of_order
from conformance.files.rules.positions import repeated
from conformance.files.rules.view import View
from conformance.files.survey import Survey
from tests.files.scans import N, sound

ROWS, COLUMNS = 9, 14


def _view(stack: Any, **members: Any) -> View:
    survey = Survey(len(stack), (N, N))
    for first in range(0, len(stack), 50):
        block = stack[first : first + 50]
        survey.add(block, slice(first, first + len(block)), slice(None), slice(None))
    held = {name: Values(name, values) for name, values in members.items()}
    return view_of(held, survey, "diff3d", stack.dtype, counts=False)


def _scan(seed: int) -> dict[str, Any]:
    return sound(seed, columns=COLUMNS, rows=ROWS, photons=3e3, pitch=2.5)


def _by_text(first: int) -> Any:
    M = ROWS * COLUMNS
    return np.array(sorted(range(first, first + M), key=str)) - first


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("first", [0, 1])
def test_frames_in_the_order_of_text(first: int, seed: int) -> None:
    arrays, order = _scan(seed), _by_text(first)
    places = {name: arrays[name] for name in ("xcoords", "ycoords")}
    assert not list(out_of_order(_view(arrays["diff3d"], **places)))
    changed = arrays["diff3d"][order]
    for given in ({}, places):
        (finding,) = out_of_order(_view(changed, **given))
        assert f"({', '.join(str(n + first) for n in order[:4])}, ...)" in finding.problem
    # Positions that lie in the same order go with them.
    assert not list(out_of_order(_view(changed, **{name: values[order] for name, values in places.items()})))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("down", [False, True])
def test_sides_of_a_raster_that_were_exchanged(down: bool, seed: int) -> None:
    frames = _scan(seed)["diff3d"]
    sound_one = frames if not down else frames.reshape(ROWS, COLUMNS, N, N).swapaxes(0, 1).reshape(-1, N, N)
    shape = (ROWS, COLUMNS) if not down else (COLUMNS, ROWS)
    assert not other_lines(_view(sound_one), shape)
    wrong = frames if not down else frames.reshape(COLUMNS, ROWS, N, N).swapaxes(0, 1).reshape(-1, N, N)
    said = other_lines(_view(wrong), shape[::-1] if not down else (ROWS, COLUMNS))
    assert f"the scan has {ROWS} lines of {COLUMNS}" in said


@pytest.mark.parametrize("exchanged", [False, True])
def test_positions_of_a_raster_of_the_other_sides(exchanged: bool) -> None:
    stack = _scan(1)["diff3d"]
    sides = (COLUMNS, ROWS) if exchanged else (ROWS, COLUMNS)
    y, x = np.indices(sides).reshape(2, -1) * 2.5
    said = [one.problem for one in repeated(_view(stack, xcoords=x, ycoords=y))]
    assert [f"the scan has {ROWS} lines of {COLUMNS}" in one for one in said] == [True] * exchanged


def test_a_lattice_tells_no_line() -> None:
    rng = np.random.default_rng(1)
    r, c = np.mgrid[:ROWS, :COLUMNS].reshape(2, -1)
    phase = 2 * np.pi * np.stack([c / 2.3 + r / 7, c / 2.3 - r / 9])
    r0, c0 = np.mgrid[:N, :N]
    light = 20 + 8 * np.cos(phase[0][:, None, None] + r0 / 5) + 8 * np.cos(phase[1][:, None, None] + c0 / 5)
    stack = np.sqrt(rng.poisson(light)).astype(np.float32)
    assert not other_lines(_view(stack), (ROWS, COLUMNS))
    assert not other_lines(_view(stack), (COLUMNS, ROWS))
