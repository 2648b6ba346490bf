"""Faults that no list holds: none of the conventions is named for them, and what was seen is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.unlisted import SETUPS, UNLISTED, faulty, graded
from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.turns import Turn
from conformance.files.diagnose.verdict import Word

pytestmark = pytest.mark.night

SEEN = [
    "positions of another scan",
    "positions on a coarse grid",
    "drift",
    "jitter of a step",
    "two scans, two origins",
    "frames twice",
    "axes not at right angles",
    "one axis stretched",
    "half of the frames dark",
    "frames run into the next",
]


@pytest.mark.parametrize("name", SEEN)
def test_a_fault_of_no_list_is_seen_and_not_misnamed(name: str) -> None:
    found = diagnose(faulty(SETUPS[0], UNLISTED[name], "probe and object"), np.random.default_rng(0))
    assert graded(found, UNLISTED[name]) == "seen", found
    assert not found.canonical


def test_a_drift_is_told_from_a_jitter() -> None:
    said = {}
    for name in ("drift", "jitter of a step"):
        found = diagnose(faulty(SETUPS[0], UNLISTED[name], "probe and object"), np.random.default_rng(0))
        said[name] = " ".join(one.sentence for one in found.faults)
    assert "as in a drift" in said["drift"], said
    assert "as in a drift" not in said["jitter of a step"], said


def test_frames_that_repeat_and_frames_without_light_are_counted() -> None:
    twice = diagnose(faulty(SETUPS[0], UNLISTED["frames twice"], "neither"), np.random.default_rng(0))
    assert [one.name for one in twice.faults if one.sure] == ["repeated"]
    dark = diagnose(faulty(SETUPS[0], UNLISTED["half of the frames dark"], "probe"), np.random.default_rng(0))
    assert [one.name for one in dark.faults if one.sure] == ["dark"]
    assert not dark.canonical


def test_a_stretch_is_mended_as_one() -> None:
    scan = faulty(SETUPS[0], UNLISTED["one axis stretched"], "probe and object")
    found = diagnose(scan, np.random.default_rng(0))
    fault = next(one for one in found.faults if one.name == "stretch")
    arguments = fault.fixes[0].arguments
    middle = np.array(arguments["about"])
    back = (scan.positions - middle) @ np.array(arguments["matrix"]).T + middle
    step = sum((np.array([one.arguments["x"], one.arguments["y"]]) for one in fault.fixes[1:]), np.zeros(2))
    sound = faulty(SETUPS[0], None, "probe and object").positions
    assert np.abs(back + step - sound).max() < 0.3
    assert diagnose(replace(scan, positions=back + step), np.random.default_rng(0)).canonical


@pytest.mark.parametrize(("name", "word"), [("axes not at right angles", Word.LIKELY), (None, Word.CERTAIN)])
def test_oblique_axes_are_no_certain_turn(name: str | None, word: Word) -> None:
    scan = faulty(SETUPS[3], UNLISTED[name] if name else None, "probe")
    if name is None:
        turn = Turn(False, 355.0)
        scan = replace(scan, positions=(scan.positions[:, ::-1] @ turn.matrix)[:, ::-1])
    found = diagnose(scan, np.random.default_rng(0))
    assert found.orientation.word is word
    assert ("oblique" in [one.name for one in found.faults]) == (name is not None)


def test_a_scan_that_changes_on_the_way_is_not_of_one_piece() -> None:
    for name in ("half of the frames binned", "crop that wanders"):
        found = diagnose(faulty(SETUPS[0], UNLISTED[name], "probe"), np.random.default_rng(0))
        assert "unlike" in [one.name for one in found.faults if one.sure], name
        assert not any(one.word is Word.CERTAIN for one in found.faults), name


def test_light_that_is_not_the_samples_moves_no_centre() -> None:
    scan = faulty(SETUPS[0], UNLISTED["light that is not the sample's"], "probe")
    assert not any(one.sure for one in diagnose(scan, np.random.default_rng(0)).faults)


@pytest.mark.parametrize("jump", [3, 12, -6])
def test_a_crop_that_jumps_near_an_end_has_no_centre(jump: int) -> None:
    scan = faulty(SETUPS[2], None, "probe")
    frames = np.array(scan.frames)
    rest = slice(jump, None) if jump > 0 else slice(None, jump)
    frames[rest] = np.roll(frames[rest], (5, -4), (1, 2))
    found = diagnose(replace(scan, frames=frames), np.random.default_rng(0))
    assert [one.name for one in found.faults if one.sure] == ["unlike"], found.faults
