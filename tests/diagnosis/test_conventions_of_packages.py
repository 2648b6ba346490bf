"""What released packages do to pixels at an edge, real objects and whole numbers is named for certain by the checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.discovery import taken
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declared
from conformance.engine.trial import attempt
from conformance.runs.judgement import judge
from conformance.runs.settings import RunSettings
from conformance.scans.specimens import gallery
from ptycho_ref.adapter import RefAdapter

EDGES = "patches/test_windows.py::test_outside_the_object_there_is_nothing"
PAIRS = "patches/test_every_pair.py::test_windows_of_every_pair"
MOVES = "transforms/test_translation.py::test_sub_pixel_translation_of_real_wide_and_tall_images"
RAMPS = "physics/test_forward_model.py::test_a_ramp_moves_the_pattern_its_own_way"
WAVES = "physics/test_every_pair.py::test_the_forward_model_of_every_pair"


def windows(obj: Any, centres: Any, N: int, change: Callable[[Any, Any, Any, int], Any]) -> Any:
    """Bilinear patches of which the four neighbours of a pixel are changed: rows and columns counted from its first."""
    height, width = np.shape(obj)
    found = np.zeros((len(centres), N, N), np.complex128)
    for patch, (x, y) in zip(found, np.asarray(centres, float) - N // 2, strict=True):
        rows, columns = np.floor(y) + np.arange(N)[:, np.newaxis], np.floor(x) + np.arange(N)
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = (y % 1 if down else 1 - y % 1) * (x % 1 if right else 1 - x % 1)
            patch += weight * change(np.asarray(obj), rows + 0 * columns + down, columns + 0 * rows + right, width)
        begun = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        patch[~begun] = 0
    return found.astype(np.complex64)


def in_a_list(obj: Any, rows: Any, columns: Any, width: int) -> Any:
    """Pixels by their number in a flat list."""
    number = (rows * width + columns).astype(int)
    return np.where((number >= 0) & (number < obj.size), obj.ravel()[np.clip(number, 0, obj.size - 1)], 0)


def in_rows(obj: Any, rows: Any, columns: Any, width: int) -> Any:
    """Pixels by row and column, and zeros beyond."""
    return np.where((columns >= 0) & (columns < width), in_a_list(obj, rows, columns, width), 0)


class GoesOnWithTheNextRow(RefAdapter):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return windows(obj, centres_xy, N, in_a_list)


class BeginsInside(RefAdapter):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return windows(obj, centres_xy, N, in_rows)


class LeavesPartsEmpty(RefAdapter):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        right = super().patches(obj, centres_xy, N)
        return np.where(np.isclose(super().patches(np.ones(np.shape(obj), np.complex64), centres_xy, N), 1), right, 0)


class TakesARealObjectForAPhase(RefAdapter):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return super().patches(obj if np.iscomplexobj(obj) else np.exp(1j * np.asarray(obj)), centres_xy, N)


class MultipliesWholeNumbers(RefAdapter):
    def simulate(self, patches: Any, probe: Any) -> Any:
        right = super().simulate(patches, probe)
        waves = np.asarray(patches)[:, np.newaxis] * np.reshape(probe, (-1, *np.shape(probe)[-2:]))
        if waves.dtype.kind not in "iu":
            return right
        far = np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(-2, -1))
        return np.sqrt((np.abs(far) ** 2).sum(axis=1)).astype(np.float32)


class CentresBetweenFrequencies(RefAdapter):
    precision = "double"

    def simulate(self, patches: Any, probe: Any) -> Any:
        N = np.shape(patches)[-1]
        return super().simulate(patches, probe * np.exp(-1j * np.pi * np.add.outer(np.arange(N), np.arange(N)) / N))


class EmptiesByTheRoundedShift(RefAdapter):
    def translate(self, images: Any, shifts_xy: Any) -> Any:
        tiled = np.tile(images, (1, 3, 3))
        height, width = np.shape(images)[1:]
        around = super().translate(tiled, np.mod(shifts_xy, (width, height)))[:, height : 2 * height, width : 2 * width]
        for image, (dx, dy) in zip(around, np.round(shifts_xy).astype(int), strict=True):
            image[: max(dy, 0)], image[height + min(dy, 0) :] = 0, 0
            image[:, : max(dx, 0)], image[:, width + min(dx, 0) :] = 0, 0
        return around


@pytest.mark.parametrize(
    ("adapter", "check", "name"),
    [
        (GoesOnWithTheNextRow, EDGES, "beyond the last column the next row goes on"),
        (BeginsInside, EDGES, "pixels that lie partly before the first row or column"),
        (LeavesPartsEmpty, EDGES, "pixels that lie partly on the object are empty"),
        (TakesARealObjectForAPhase, PAIRS, "a real object is taken for a phase"),
        (EmptiesByTheRoundedShift, MOVES, "the content wraps around, and only as many rows"),
        (CentresBetweenFrequencies, RAMPS, "the zero frequency lies between pixels, at (N - 1)/2"),
        (MultipliesWholeNumbers, WAVES, "patch and probe are multiplied in"),
    ],
)
def test_it_is_named(adapter: type, check: str, name: str, tmp_path: Path) -> None:
    asked = declared(check)
    assert asked is not None
    found = [one for one in attempt(asked, Subject(taken(adapter()), tmp_path), gallery()) if one.grounds.names]
    assert found
    assert all(one.grounds.certain and one.grounds.names[0].startswith(name) for one in found), found


def test_it_explains_why_no_convention_fits() -> None:
    adapter = f"{__name__}:CentresBetweenFrequencies"
    found = judge(RunSettings(adapters=(adapter,), stages=("physics",), frameworks=False))
    wrong = next(one for one in found.causes if "between pixels" in one.sentence)
    assert "CND-027" in wrong.perhaps
