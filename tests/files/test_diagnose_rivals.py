"""Other positions than turned ones: no turn is told for them, and no scan passes for canonical."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.lines import line_directions
from conformance.files.diagnose.sample import Scan
from conformance.scans.beamline import Beam, Path, Setup, beamtime


def _told(path: Path, change: str) -> Diagnosis:
    beam: Beam = "far-defocused" if path == "fly" else "defocused"
    made = beamtime(Setup(beam, "strong", path, 100, 40, 0.18, 1e5, 3))
    frames, s = made.counts, made.positions.copy()
    if change == "lag":
        s = np.roll(s, 2, axis=0)
    if change == "lines":
        directions = line_directions(s)
        assert directions is not None
        s += 0.5 * float(np.median(np.hypot(*np.diff(s, axis=0).T))) * directions
    if change == "lost":
        frames, s = np.delete(frames, range(60, 63), axis=0), s[:-3]
    return diagnose(Scan(np.sqrt(frames), s, made.probe), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("path", "change", "name"),
    [
        ("fermat", "lag", "lag"),
        pytest.param("fly", "lines", "lines", marks=pytest.mark.night),
        pytest.param("fly", "lost", "lag", marks=pytest.mark.night),
    ],
)
def test_other_positions_are_seen_without_an_object(path: Path, change: str, name: str) -> None:
    found = _told(path, change)
    assert [one.name for one in found.faults] == [name], found
    assert not found.canonical


def test_a_lag_along_a_spiral_is_no_turn() -> None:
    found = _told("fermat", "lag")
    assert found.orientation.turn is None, found


@pytest.mark.parametrize("path", ["fermat", pytest.param("fly", marks=pytest.mark.night)])
def test_a_sound_scan_has_no_rival(path: Path) -> None:
    assert _told(path, "none").canonical
