"""Frames beside another position than their own, and lines that lie to and fro: mended where the frames show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.scans.beamline import Setup, beamtime
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call

pytestmark = pytest.mark.night

MADE = beamtime(Setup("defocused", "strong", "fly", 120, 32, 0.22, 2e4, 9))
LINE = 13
Arrays = dict[str, Any]


def arrays(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    x, y = positions.T
    names = {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    return names | {"diff3d": frames.astype(np.float32), "probeGuess": MADE.probe, "objectGuess": MADE.object}


def lag(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    return arrays(frames[2:], positions[:-2])


def flyback(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    lines = frames[: len(frames) // LINE * LINE].reshape(-1, LINE, *frames.shape[1:])
    with_one_more = np.concatenate([lines, lines[:, -1:]], axis=1).reshape(-1, *frames.shape[1:])
    return arrays(with_one_more[: len(frames)], positions)


def reversed_lines(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    order = np.arange(len(frames))
    for start in range(LINE, len(frames) // LINE * LINE, 2 * LINE):
        order[start : start + LINE] = order[start : start + LINE][::-1]
    return arrays(frames[order], positions)


def to_and_fro(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    sign = np.where(np.arange(len(positions)) // LINE % 2, -1.0, 1.0)
    return arrays(frames, positions + 1.3 * sign[:, np.newaxis] * [1.0, 0.0] + [0.6, -0.4])


def stretched(frames: np.ndarray, positions: np.ndarray) -> Arrays:
    middle = positions.mean(axis=0)
    return arrays(frames, (positions - middle) * [1.05, 0.99] + middle)


@pytest.mark.parametrize(
    ("wrong", "op"),
    [
        (lag, "pair-frames"),
        (flyback, "pair-frames"),
        (reversed_lines, "pair-frames"),
        (to_and_fro, "shift-lines"),
        (stretched, "map-positions"),
    ],
)
def test_a_mended_file_has_each_frame_at_its_place(
    wrong: Callable[..., Arrays], op: str, call: Call, tmp_path: Path
) -> None:
    frames = np.sqrt(MADE.counts).astype(np.float32)
    write_scan(tmp_path / "in.npz", wrong(frames, MADE.positions))
    done = call("validate", "in.npz", "--fix", "out.npz", "--as-diagnosed")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert op in done.stdout
    with np.load(tmp_path / "out.npz") as mended:
        stack, x, y = mended["diff3d"], mended["xcoords"], mended["ycoords"]
        np.testing.assert_allclose(mended["xcoords_start"], x)
    assert len(stack) == len(x) > 0.9 * len(frames) - 2
    powers = (frames.astype(np.float64) ** 2).reshape(len(frames), -1) @ np.arange(frames[0].size)
    for frame, *place in zip(stack, x, y, strict=True):
        true = np.argmin(np.abs(powers - (frame.astype(np.float64) ** 2).ravel() @ np.arange(frame.size)))
        assert np.abs(MADE.positions[true] - place).max() < 0.4
