"""Whether a measured file keeps the convention by itself, before anyone else is judged on it (PHY-013)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.engine import diagnose, scan_of
from conformance.files.diagnose.explained import SOUND, SOUND_ALONE, forward_of
from conformance.files.diagnose.forward import Misfit
from conformance.files.diagnose.quantity import intensity_of
from conformance.files.diagnose.sample import take
from conformance.files.diagnose.sentences import sentences

MARGIN = 0.9
"""Misfit over that of a rival, above which neither explains the frames better."""

CLEAR = 4.0
"""Student's t over the frames, below which neither does."""

_FRAMES = 32


def mistaken(positions: NDArray[np.float64], N: int) -> dict[str, NDArray[np.float64]]:
    """Positions (m, 2) [x, y] as the usual mistakes have them, by what they are; none that leaves them as they are.

    Parameters
    ----------
    positions : (m, 2)
    N : int
        Side of a frame.
    """
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2
    wrong = {
        "x and y exchanged": positions[:, ::-1],
        "x mirrored": positions * (-1, 1) + (2 * middle[0], 0),
        "y mirrored": positions * (1, -1) + (0, 2 * middle[1]),
        "x and y mirrored": 2 * middle - positions,
        "positions that name the corner of the patch": positions + N / 2,
        "positions from the other corner": positions - N / 2,
    }
    # A scan along one line is its own mirror image.
    return {what: at for what, at in wrong.items() if not np.allclose(at, positions, rtol=0, atol=1e-3)}


def clearly_better(one: Misfit, other: Misfit) -> bool:
    """Whether one explains the frames better than the other by a margin, frame by frame."""
    return one.mean < MARGIN * other.mean and one.leads(other) > CLEAR


def broken_by_itself(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Why a file, whoever reads it, does not keep the convention; empty where it does.

    Its probe and object must explain its frames at the stored positions, and clearly better than at mistaken ones.

    Parameters
    ----------
    arrays : Mapping[str, ndarray]
        Under the contract's names, with ``objectGuess``.
    """
    scan = scan_of(arrays)
    sample = take(scan, intensity_of("amplitude"), np.random.default_rng(0), _FRAMES)
    if len(sample) < 4:
        return "the file holds too few frames with light"
    assert scan.object is not None
    forward = forward_of(sample, scan.object, 1.0)
    stored = forward.misfits(forward.s)
    if stored.over_floor < SOUND or stored.mean < SOUND_ALONE:
        rivals = mistaken(forward.s[:, ::-1], forward.N)
        if all(clearly_better(stored, forward.misfits(wrong[:, ::-1])) for wrong in rivals.values()):
            return ""
    found = diagnose(scan, np.random.default_rng(0))
    return f"the file, not the adapter, is at fault or cannot be judged by: {' '.join(sentences(found))}"
