"""Counts on a scale of their own are told from amplitudes on one, from rounded ones, and from those without noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.finding import Severity
from tests.files.scans import sound

SCAN = sound(31)
COUNTS = np.rint(SCAN["diff3d"].astype(np.float64) ** 2)


def _clauses(path: Path, frames: Any) -> dict[str, str]:
    np.savez(path, **SCAN | {"diff3d": frames.astype(np.float32)})
    return {one.clause: one.problem for one in examine(path).findings if one.severity is not Severity.NOTE}


@pytest.mark.parametrize("gain", [0.0123, 0.37, 1 / 7, 2.5, 17.3])
def test_counts_times_a_gain(gain: float, tmp_path: Path) -> None:
    found = _clauses(tmp_path / "scan.npz", COUNTS * gain)
    assert f"{np.float32(gain):.4g}" in found["NPZ-034"]


AMPLITUDES: dict[str, Callable[[Any], Any]] = {
    "on a scale": lambda roots: roots * 0.37,
    "rounded": lambda roots: np.round(roots, 3),
    "rounded on a scale": lambda roots: np.round(roots / 40, 4),
    "halves": lambda roots: roots.astype(np.float16),
    "without noise": lambda roots: np.abs(roots * (1 + 1e-3 * np.random.default_rng(3).normal(size=roots.shape))),
    "of eight bits": lambda roots: np.rint(roots / roots.max() * 255) / 255,
}


@pytest.mark.parametrize("name", AMPLITUDES)
def test_amplitudes_on_a_scale_are_none(name: str, tmp_path: Path) -> None:
    assert "NPZ-034" not in _clauses(tmp_path / "scan.npz", AMPLITUDES[name](np.sqrt(COUNTS)))


def test_one_probe_a_frame(tmp_path: Path) -> None:
    probes = np.stack([SCAN["probeGuess"]] * 80)
    np.savez(tmp_path / "scan.npz", **SCAN | {"probeGuess": probes})
    (said,) = (one.problem for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-026")
    assert "80 modes for 80 frames" in said


def test_frames_that_were_standardised(tmp_path: Path) -> None:
    frames = (SCAN["diff3d"] - SCAN["diff3d"].mean()) / SCAN["diff3d"].std()
    assert "standardised" in _clauses(tmp_path / "scan.npz", frames)["NPZ-018"]
