"""Whether files that are parts of one scan share what they show: training and test sets (FIL-019)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conformance.files.archive import Archive, DamagedArchive
from conformance.files.finding import Finding, Severity
from conformance.files.neighbours import window_distance

_NAMES = ("train", "test", "val", "eval", "holdout")
_SAME = ("objectGuess", "probeGuess")


def leaks(paths: Sequence[Path]) -> Mapping[Path, Finding]:
    """Find the files whose patches overlap those of an earlier file of the same scan.

    Two files are of one scan where they hold the same object, or none and the same probe. A warning where a name tells
    training from test, a note otherwise.

    Parameters
    ----------
    paths : sequence of Path
        Scan files that were read before, in the order in which they were given.
    """
    found: dict[Path, Finding] = {}
    parts = [(path, held) for path in paths if (held := _part(path)) is not None]
    for number, (path, (scan, points, side)) in enumerate(parts):
        for earlier, (other, others, _) in parts[:number]:
            if scan != other or path in found:
                continue
            finding = _overlap(path, points, earlier, others, side)
            if finding is not None:
                found[path] = finding
    return found


def _part(path: Path) -> tuple[str, NDArray[np.float64], int] | None:
    """What tells the scan of a file, its points (M, 2) y, x, and the side of its patches."""
    try:
        with Archive(path) as archive:
            telling = next((name for name in _SAME if name in archive.names), None)
            if telling is None or not {"xcoords", "ycoords", "probeGuess"} <= set(archive.names):
                return None
            side = archive.member("probeGuess").shape[-1]
            points = np.stack(
                [archive.member(name).array().astype(np.float64) for name in ("ycoords", "xcoords")], axis=1
            )
            return telling + hashlib.sha256(archive.member(telling).array().tobytes()).hexdigest(), points, side
    except (DamagedArchive, OSError, ValueError, IndexError):
        return None


def _overlap(
    path: Path, points: NDArray[np.float64], earlier: Path, others: NDArray[np.float64], side: int
) -> Finding | None:
    distance = window_distance(points, others)
    near = np.less(distance, side)
    if not near.any():
        return None
    shared = int((distance == 0).sum())
    named = [any(word in one.stem.lower() for word in _NAMES) for one in (path, earlier)]
    problem = (
        f"{int(near.sum())} of {len(points)} patches overlap those of {earlier.name}, the same scan"
        f"{f', {shared} at the very same points' if shared else ''}: each has a neighbour there within "
        f"{float(distance[near].max()):.3g} pixels, of frames of {side}"
    )
    severity = Severity.WARNING if any(named) else Severity.NOTE
    return Finding("FIL-019", severity, "scan", problem)
