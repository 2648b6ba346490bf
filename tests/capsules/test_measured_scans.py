"""Failures on a scan of the user's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conformance.engine.trial import Trial
from conformance.failures.capsule import DamagedCapsule, read_capsule
from conformance.failures.recording import keep
from conformance.failures.replay import Verdict, replay
from conformance.files.examine import specimen_from_file
from conformance.scans.specimens import Recipe, Specimen, make_specimen, write_scan
from tests.capsules.adapters import FRAMES, LosesBrightFrames, NeedsAll, of, right

pytestmark = pytest.mark.filterwarnings("ignore")


def measured(folder: Path, M: int = 60, legacy: bool = False) -> Specimen:
    """A scan file of counts in which one frame is very bright."""
    made = make_specimen(Recipe(M=M, N=8, seed=5, truth="none")).arrays
    stack = np.round(made["diff3d"] * 20).astype(np.uint16)
    stack[41, 2, 5] = 50_000
    arrays = {**made, "diff3d": np.moveaxis(stack, 0, -1) if legacy else stack}
    write_scan(folder / "night-4.npz", arrays)
    return specimen_from_file(folder / "night-4.npz")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_scan_of_the_users_is_cut_to_the_frame_that_matters(
    failing: Callable[..., Trial], tmp_path: Path, legacy: bool
) -> None:
    trial = failing(LosesBrightFrames(), FRAMES, measured(tmp_path, legacy=legacy))
    kept = keep(trial, of(LosesBrightFrames()), tmp_path / "capsules")
    assert kept.path is not None
    with np.load(kept.path / "scan.npz") as scan:
        stack = np.moveaxis(scan["diff3d"], -1, 0) if legacy else scan["diff3d"]
        assert stack.dtype == np.uint16
        assert len(stack) == 1
        assert stack[0, 2, 5] == 50_000
        assert len(scan["xcoords"]) == 1
    held = read_capsule(kept.path)
    assert "Cut to the scan points 41 to 41 of 60 of night-4.npz" in held.notes[0]
    (tmp_path / "night-4.npz").unlink()
    assert replay(held, of(LosesBrightFrames())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_scan_that_cannot_be_cut_is_kept_whole(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(NeedsAll(), FRAMES, measured(tmp_path))
    kept = keep(trial, of(NeedsAll()), tmp_path / "capsules")
    assert kept.path is not None
    assert (kept.path / "scan.npz").read_bytes() == (tmp_path / "night-4.npz").read_bytes()


def test_a_scan_too_large_to_keep_is_named(
    failing: Callable[..., Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("writing", "shrinking", "replay"):
        monkeypatch.setattr(f"conformance.failures.{module}.MOST_BYTES", 1000)
    trial = failing(NeedsAll(), FRAMES, measured(tmp_path))
    kept = keep(trial, of(NeedsAll()), tmp_path / "capsules")
    assert kept.path is not None
    assert not (kept.path / "scan.npz").exists()
    held = read_capsule(kept.path)
    assert replay(held, of(NeedsAll())).verdict is Verdict.STILL_FAILS
    with (tmp_path / "night-4.npz").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(DamagedCapsule, match="no longer the scan"):
        read_capsule(kept.path)
    (tmp_path / "night-4.npz").unlink()
    with pytest.raises(DamagedCapsule, match="not there"):
        read_capsule(kept.path)
