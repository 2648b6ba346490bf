"""Masks of each frame become one, objects in two parts are joined, counts among amplitudes are made such."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.fixing.declared import Declared
from conformance.files.fixing.mending import mended
from tests.files.scans import sound
from tests.files.test_fixing import fixed, loud


def test_masks_of_frames_become_one(tmp_path: Path) -> None:
    bad = np.zeros((80, 32, 32), bool)
    bad[7, 3, 4] = bad[70, 31, 0] = True
    arrays = sound(4)
    arrays["diff3d"][bad] = 200.0
    done, result = fixed(tmp_path, arrays | {"bad_pixels": bad})
    assert "FIL-004" not in {one.clause for one in (*done.before.findings, *done.after.findings)}
    np.testing.assert_array_equal(result["bad_pixels"], bad.any(axis=0))


@pytest.mark.parametrize("last", [False, True])
def test_an_object_in_two_parts_is_joined_as_it_is_said(last: bool, tmp_path: Path) -> None:
    wanted = sound(4)
    truth = wanted["objectGuess"] * np.exp(-0.2j)
    halves = {"complex": (truth.real, truth.imag), "polar": (np.abs(truth), np.angle(truth))}
    for said, (first, second) in halves.items():
        parts = np.stack([first, second], axis=-1 if last else 0).astype(np.float32)
        done, result = fixed(tmp_path, wanted | {"objectGuess": parts}, Declared(layers=said))
        assert not loud(done)
        np.testing.assert_allclose(result["objectGuess"], truth, atol=1e-6)


@pytest.mark.parametrize("rows", [slice(None, 31), slice(70, None), slice(None, None, 3)])
def test_counts_among_amplitudes_become_amplitudes_and_the_rest_stays(rows: slice, tmp_path: Path) -> None:
    wanted = sound(4)
    mixed = {name: np.array(values) for name, values in wanted.items()}
    mixed["diff3d"][rows] = mixed["diff3d"][rows] ** 2
    done, result = fixed(tmp_path, mixed, Declared(intensity=True))
    assert [one.clause for one in done.before.findings if one.fix is not None] == ["FIL-004"]
    assert not loud(done)
    np.testing.assert_allclose(result["diff3d"], wanted["diff3d"], rtol=1e-6)
    again = mended(examine(tmp_path / "out.npz"), tmp_path / "again.npz", Declared(intensity=True))
    assert not again.fixes


def test_bright_frames_are_no_counts_among_amplitudes(tmp_path: Path) -> None:
    arrays = sound(4)
    arrays["diff3d"][:20] *= 12
    done, _ = fixed(tmp_path, arrays, Declared(intensity=True, drop_frames=True), dry=True)
    assert "20 of 80 frames are 142 times brighter" in " ".join(one.problem for one in done.before.findings)
