"""What a backend in its own convention does to arrays shows on its caller's as if nothing were translated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.conventions import Convention, Translated
from conformance.backends.discovery import taken
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from tests.zoo.liar import Array, Liar
from tests.zoo.liars.conduct.conventions import (
    CentresRowsInPlace,
    RemembersRowsByIdentity,
    RowsFirst,
    WritesIntoLockedRows,
)
from tests.zoo.matrix import specimens

SWAPPED = Convention(axis_order="yx")
METRES = Convention(unit="um", pixel_size=2e-8)
INTENSITIES = Convention(quantity="intensity", fft_order="corner")
POSITIONS = np.array([[20.5, 31.25], [24.0, 18.75], [27.5, 22.0], [30.0, 25.5]])


@pytest.mark.parametrize(
    ("kind", "check", "passes"),
    [
        (RowsFirst, "test_inputs_are_not_changed", True),
        (RowsFirst, "test_read_only_inputs_are_accepted", True),
        (RowsFirst, "test_each_argument_in_each_layout", True),
        (RowsFirst, "test_arrays_written_anew_are_new", True),
        (CentresRowsInPlace, "test_inputs_are_not_changed", False),
        (WritesIntoLockedRows, "test_read_only_inputs_are_accepted", False),
        (RemembersRowsByIdentity, "test_arrays_written_anew_are_new", False),
    ],
)
def test_clauses_of_conduct_see_through_a_translation(
    kind: type[Liar], check: str, passes: bool, tmp_path: Path
) -> None:
    subject = Subject(taken(kind()), tmp_path)
    (declaration,) = [one for one in declarations() if one.body.__name__ == check]
    found = list(attempt(declaration, subject, specimens(tmp_path)))
    assert (Outcome.FAIL not in {one.outcome for one in found}) is passes, [one.reason for one in found]


class Seen:
    """Keeps the positions that it is handed, and gives one and the same array of frames."""

    def __init__(self) -> None:
        self.places: list[Array] = []
        self.frames = np.ones((2, 4, 4), np.float32)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self.places.append(centres_xy)
        return np.zeros((len(centres_xy), N, N), np.complex64)

    def simulate(self, patches: Any, probe: Any) -> Any:
        self.frames[:] = np.abs(patches[0, 0, 0])
        return self.frames


@pytest.mark.parametrize("convention", [SWAPPED, METRES], ids=["yx", "um"])
@pytest.mark.parametrize(
    "positions",
    [
        POSITIONS,
        np.asfortranarray(POSITIONS),
        np.repeat(POSITIONS, 2, axis=0)[::-2],
        np.broadcast_to(POSITIONS[:1], (4, 2)),
        POSITIONS.astype(np.float32),
        POSITIONS.astype(">f8"),
        POSITIONS[:0],
        np.arange(8).reshape(4, 2),
    ],
    ids=["plain", "columns", "backwards", "repeated", "single", "big-endian", "none", "whole"],
)
def test_positions_lie_over_there_as_they_do_here(positions: Array, convention: Convention) -> None:
    seen = Seen()
    translated = Translated(seen, convention)
    for _ in range(2):
        translated.patches(np.ones((64, 64), np.complex64), positions, 8)
    first, second = seen.places
    assert first is second
    assert first.flags.writeable is positions.flags.writeable
    steps = [step // positions.itemsize for step in positions.strides]
    assert not positions.size or [step // first.itemsize for step in first.strides] == steps
    expected = positions[:, ::-1] if convention is SWAPPED else positions * 0.02
    np.testing.assert_allclose(first, expected)


@pytest.mark.parametrize("convention", [SWAPPED, METRES], ids=["yx", "um"])
def test_what_is_written_over_there_stands_here_in_pixels(convention: Convention) -> None:
    seen = Seen()
    positions = POSITIONS.copy()
    translated = Translated(seen, convention)
    translated.patches(np.ones((64, 64), np.complex64), positions, 8)
    seen.places[0][1] *= 2
    translated.patches(np.ones((64, 64), np.complex64), POSITIONS[:1], 8)
    np.testing.assert_allclose(positions[1], 2 * POSITIONS[1])
    np.testing.assert_allclose(positions[2:], POSITIONS[2:])
    positions[0] = [40.0, 41.0]
    translated.patches(np.ones((64, 64), np.complex64), positions, 8)
    assert seen.places[-1] is seen.places[0]
    np.testing.assert_allclose(
        sorted(seen.places[0][0]), np.array([40.0, 41.0]) * (1 if convention is SWAPPED else 0.02)
    )


def test_a_result_that_is_written_anew_changes_here_too() -> None:
    translated = Translated(Seen(), INTENSITIES)
    first = translated.simulate(np.full((1, 4, 4), 4.0), np.ones((4, 4)))
    assert (first == 2).all()
    translated.simulate(np.full((1, 4, 4), 9.0), np.ones((4, 4)))
    assert (first == 3).all()


def test_entries_that_share_memory_are_handed_over_as_they_are_read() -> None:
    overlapping = np.lib.stride_tricks.sliding_window_view(np.arange(20.0, 25.0), 2)
    seen = Seen()
    Translated(seen, SWAPPED).patches(np.ones((64, 64), np.complex64), overlapping, 8)
    np.testing.assert_array_equal(seen.places[0], overlapping[:, ::-1])


def test_an_array_that_is_locked_later_is_locked_over_there() -> None:
    seen, positions = Seen(), POSITIONS.copy()
    translated = Translated(seen, SWAPPED)
    for locked in (False, True, False):
        positions.flags.writeable = not locked
        translated.patches(np.ones((64, 64), np.complex64), positions, 8)
        assert seen.places[-1].flags.writeable is not locked
