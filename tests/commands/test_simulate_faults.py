"""Faults of scan files by name: each changes the scan it is put into, and those that validate owes a name get it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.scans.faults import FAULTS, inflict
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.files.scans import sound

NAMED = {
    "corner-zero": "FIL-010",
    "off-centre": "FIL-010",
    "metres": "FIL-014",
    "far-origin": "FIL-012",
    "intensity": "NPZ-034",
    "logarithm": "FIL-017",
    "dark-frames": "FIL-003",
    "bursts": "FIL-004",
    "hot-pixels": "FIL-006",
    "dead-line": "FIL-006",
    "gap": "FIL-005",
    "saturated": "FIL-007",
    "sliding": "FIL-009",
    "probe-of-power-one": "FIL-011",
}
"""What ``validate`` names by itself; the others are for those who know where the beam was."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_changes_the_scan_and_nothing_else(name: str) -> None:
    before = sound(2)
    held = {key: values.copy() for key, values in before.items()}
    after = inflict(before, (name,), np.random.default_rng(1))
    assert all(np.array_equal(before[key], held[key]) for key in held)
    assert any(key not in held or not np.array_equal(after[key], held[key]) for key in after)


@pytest.mark.parametrize("name", NAMED)
def test_validate_names_the_fault(name: str, tmp_path: Path) -> None:
    for seed in range(2):
        write_scan(tmp_path / "scan.npz", inflict(sound(seed), (name,), np.random.default_rng(seed)))
        assert NAMED[name] in {one.clause for one in examine(tmp_path / "scan.npz").findings}


@pytest.mark.parametrize("beam", ["focus", "defocused", "diffuser", "spot", "zone-plate"])
def test_scans_of_beamlines_are_sound(beam: str, tmp_path: Path) -> None:
    from typing import Any, cast

    from conformance.commands.simulate import _of_beamline

    for sample, pattern, seed in (("weak", "fermat", 1), ("strong", "jittered", 2), ("particles", "spiral", 3)):
        arrays = _of_beamline(120, 48, pattern, beam, sample, 3.0, 1e5, seed)
        write_scan(tmp_path / "scan.npz", cast(Any, arrays))
        loud = [one.sentence() for one in examine(tmp_path / "scan.npz").findings if one.severity != "note"]
        assert not loud, (beam, sample, pattern)


def test_simulate_takes_faults_and_beams_by_name(call: Call, tmp_path: Path) -> None:
    done = call("simulate", "a.npz", "--points", "60", "--side", "32", "--beam", "spot", "--fault", "x-flipped")
    assert done.exit_code == 0, done.stderr
    assert "x-flipped" in done.stdout
    for options in ("--beam nail", "--sample cat", "--fault upside-down", "--pattern star", "--beam spot --modes 2"):
        done = call("simulate", "b.npz", *options.split())
        assert done.exit_code == 3
        assert options.split()[-1] in done.stderr


def test_a_scan_without_overlap_is_warned_of(call: Call) -> None:
    done = call("simulate", "a.npz", "--points", "40", "--side", "32", "--pitch", "40")
    assert done.exit_code == 0
    assert "share" in done.stderr
