"""What frames show by the place of the beam, and by their pixels: descan, flicker, an axis at rest, enlarged frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import zoom

from conformance.files.formats.values import Values
from conformance.files.rules.by_place import descanned, flickering
from conformance.files.rules.enlarged import enlarged
from conformance.files.rules.looking import view_of
from conformance.files.rules.numbered import stood_still
from conformance.files.rules.view import View
from conformance.files.survey import Survey
from tests.files.scans import Arrays, N, sound

COLUMNS, ROWS = 12, 10


def _view(arrays: Arrays, *without: str) -> View:
    stack = arrays["diff3d"]
    survey = Survey(len(stack), stack.shape[1:])
    for first in range(0, len(stack), 50):
        block = stack[first : first + 50]
        survey.add(block, slice(first, first + len(block)), slice(None), slice(None))
    held = {name: Values(name, values) for name, values in arrays.items() if name not in without}
    return view_of(held, survey, "diff3d", stack.dtype, counts=False)


def _scan(seed: int, pitch: float = 2.0) -> Arrays:
    return sound(seed, columns=COLUMNS, rows=ROWS, pitch=pitch)


def _told(view: View) -> list[Any]:
    return [*descanned(view), *flickering(view, 1.0), *filter(None, (stood_still(view), enlarged(view)))]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("pitch", [1.5, 2.0, 5.0])
def test_sound_scans_show_none_of_it(pitch: float, seed: int) -> None:
    arrays = _scan(seed, pitch)
    assert not _told(_view(arrays))
    assert not _told(_view(arrays, "objectGuess"))
    # An exact raster rests along every line, on one axis or the other.
    for axis in ("xcoords", "ycoords"):
        assert not _told(_view(arrays | {axis: np.rint((arrays[axis] - 18) / pitch) * pitch}, "objectGuess"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("axis", [0, 1])
def test_patterns_that_go_with_the_beam(axis: int, seed: int) -> None:
    (finding,) = descanned(_view(_tilted(_scan(seed), "xcoords", axis)))
    assert f"{('row', 'column')[axis]}s along x" in finding.problem
    assert "descan" in finding.problem
    both = descanned(_view(_tilted(_tilted(_scan(seed), "xcoords", axis), "ycoords", 1 - axis)))
    assert f"{('row', 'column')[1 - axis]}s along y" in next(both).problem
    # Along the slow axis alone that may be a drift as well.
    assert not list(descanned(_view(_tilted(_scan(seed), "ycoords", axis))))


def _tilted(arrays: Arrays, along: str, axis: int) -> Arrays:
    """The scan with patterns that move by five pixels along an axis of the frame as the beam does along x or y."""
    by = np.rint(5 * (arrays[along] - arrays[along].mean()) / np.ptp(arrays[along])).astype(int)
    return arrays | {
        "diff3d": np.stack([np.roll(one, move, axis) for one, move in zip(arrays["diff3d"], by, strict=True)])
    }


@pytest.mark.parametrize("seed", range(3))
def test_light_that_neighbours_do_not_share(seed: int) -> None:
    arrays, rng = _scan(seed), np.random.default_rng(seed)
    pulses = rng.gamma(12, 1 / 12, (len(arrays["diff3d"]), 1, 1)).astype(np.float32)
    (finding,) = flickering(_view(arrays | {"diff3d": arrays["diff3d"] * np.sqrt(pulses)}, "objectGuess"), 1.0)
    assert "flickers" in finding.problem
    # What goes along with the place may be the object, and what comes later in the order of the frames another pairing.
    slow = np.exp(0.1 * (arrays["xcoords"] - arrays["xcoords"].mean()))[:, np.newaxis, np.newaxis]
    assert not list(flickering(_view(arrays | {"diff3d": arrays["diff3d"] * slow}, "objectGuess"), 1.0))


@pytest.mark.parametrize(("axis", "first", "last"), [("xcoords", 24, 60), ("ycoords", 40, 52), ("xcoords", 108, 120)])
def test_an_axis_that_stood_still(axis: str, first: int, last: int) -> None:
    arrays = _scan(7)
    arrays[axis][first:last] = arrays[axis][first]
    said = stood_still(_view(arrays))
    assert said.startswith(f"{axis[0]} keeps the value")
    assert f"({first} to {last - 1})" in said


def _linear(image: Any) -> Any:
    return zoom(image, 2, order=1, grid_mode=True, mode="nearest")


def _repeated(image: Any) -> Any:
    return np.kron(image, np.ones((2, 2)))


@pytest.mark.parametrize("enlarge", [_linear, _repeated])
def test_frames_that_were_enlarged(enlarge: Callable[[Any], Any]) -> None:
    for seed in range(3):
        light = _scan(seed)["diff3d"].astype(np.float64) ** 2
        frames = np.sqrt(np.stack([enlarge(one) for one in light])).astype(np.float32)
        assert "enlarged by interpolation" in enlarged(_view({"diff3d": frames}))
        assert frames.shape[1] > N
