"""Faults with a name of their own: pictures of amplitudes, drifts, single frames, a corner, copied modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.diagnose.engine import diagnose, scan_of
from conformance.files.diagnose.quantity_in import quantity_in
from conformance.files.diagnose.sample import Scan
from conformance.files.examine import examine
from conformance.scans.beamline import Beamtime, Setup, beamtime
from tests.files.scans import Arrays, sound


def _said(arrays: Arrays, path: Path) -> dict[str, str]:
    np.savez(path, **arrays)
    return {one.clause: one.problem for one in examine(path).findings}


def _made(beam: Any, matter: Any = "strong", seed: int = 0) -> Beamtime:
    return beamtime(Setup(beam=beam, matter=matter, path="jittered", N=48, pitch=0.3, photons=3e5, seed=seed))


def _arrays(made: Beamtime, frames: Any) -> Arrays:
    x, y = made.positions.T
    return {"xcoords": x, "ycoords": y, "diff3d": frames, "probeGuess": made.probe, "objectGuess": made.object}


@pytest.mark.parametrize("beam", ["defocused", "zone-plate", "diffuser", "focus"])
def test_amplitudes_scaled_to_a_picture_are_no_counts(beam: Any, tmp_path: Path) -> None:
    made = _made(beam)
    roots = np.sqrt(made.counts)
    picture = np.rint(roots / roots.max() * 255).astype(np.uint8)
    said = _said(_arrays(made, picture), tmp_path / "picture.npz")
    assert "numbers of a picture" in said["FIL-017"]
    assert "NPZ-034" not in said
    assert quantity_in(Scan(picture, made.positions, made.probe, made.object)).name == "rounded"
    for k, counted in enumerate((made.counts, np.rint(made.counts / made.counts.max() * 255))):
        assert quantity_in(Scan(counted, made.positions, made.probe, made.object)).name == "counts"
        said = _said(_arrays(made, counted.astype(np.uint32)), tmp_path / f"{k}.npz")
        assert "NPZ-034" in said
        assert "numbers of a picture" not in said.get("FIL-017", "")


def test_a_drift_is_no_fault_of_the_last_frames() -> None:
    made = _made("defocused", seed=3)
    x, y = made.positions.T
    time = np.linspace(0, 1, len(x))
    arrays = _arrays(made, np.sqrt(made.counts).astype(np.float32)) | {"ycoords": y + 6 * time**2}
    told = [one.name for one in diagnose(scan_of(arrays), np.random.default_rng(0)).faults]
    assert "unequal" not in told
    assert told


def test_single_frames_that_are_not_explained_are_named() -> None:
    made = _made("defocused", seed=5)
    arrays = _arrays(made, np.sqrt(made.counts).astype(np.float32))
    arrays["xcoords"] = arrays["xcoords"].copy()
    arrays["xcoords"][np.random.default_rng(1).choice(len(made.counts), 9, replace=False)] += 150
    found = diagnose(scan_of(arrays), np.random.default_rng(0))
    assert not [one for one in found.faults if one.name in ("object", "none")]
    (part,) = (one for one in found.faults if one.name == "part")
    assert "where all others are" in part.sentence


def test_the_corner_is_seen_without_a_probe(tmp_path: Path) -> None:
    arrays = {name: values for name, values in sound(4).items() if name in ("xcoords", "ycoords", "diff3d")}
    assert "FIL-010" not in _said(arrays, tmp_path / "sound.npz")
    arrays["diff3d"] = np.fft.ifftshift(arrays["diff3d"], axes=(1, 2))
    assert "in the corner" in _said(arrays, tmp_path / "corner.npz")["FIL-010"]


def test_modes_that_are_copies(tmp_path: Path) -> None:
    arrays = sound(4)
    probe = arrays["probeGuess"]
    tilted = probe * np.linspace(-1, 1, probe.shape[-1], dtype=np.float32)
    arrays["probeGuess"] = np.stack([probe, 0.4 * tilted, 0.3j * probe]).astype(np.complex64)
    assert "FIL-026" not in _said(arrays, tmp_path / "sound.npz")
    arrays["probeGuess"] = np.stack([probe, 0.4 * tilted, 1j * probe]).astype(np.complex64)
    assert "modes 0 and 2 of 3" in _said(arrays, tmp_path / "copies.npz")["FIL-026"]


@pytest.mark.parametrize(("first", "last"), [(30, 55), (100, 140)])
def test_a_quarter_that_is_lost_for_some_frames_is_no_other_exposure(first: int, last: int, tmp_path: Path) -> None:
    made = _made("defocused", seed=6)
    frames = np.sqrt(made.counts).astype(np.float32)
    assert "FIL-003" not in _said(_arrays(made, frames), tmp_path / "sound.npz")
    frames[first:last, :24, 24:] = 0
    said = _said(_arrays(made, frames), tmp_path / "lost.npz")
    assert "of columns 24 to" in said["FIL-003"]
    assert str(first) in said["FIL-003"]
    assert "FIL-004" not in said
    assert "FIL-009" not in said


@pytest.mark.parametrize("photons", [30, 300, 3e3])
def test_frames_of_few_photons_lose_no_part(photons: float, tmp_path: Path) -> None:
    for matter in ("strong", "particles", "star"):
        made = beamtime(Setup(beam="defocused", matter=matter, N=48, pitch=0.3, photons=photons, seed=2))
        said = _said(_arrays(made, np.sqrt(made.counts).astype(np.float32)), tmp_path / f"{matter}.npz")
        assert "a module or a part" not in said.get("FIL-003", "")
