"""Faults that no list of conventions holds, and what ``diagnose`` says of them: none of these, or a wrong name.

python -m benchmarks.unlisted --scans 3
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Setup, beamtime

Arrays = NDArray[Any]
Change = Callable[[Arrays, Arrays, np.random.Generator], tuple[Arrays, Arrays]]
"""From frames (M, N, N) and positions (M, 2) [x, y] to faulty ones."""

_WITHIN = 15.0


@dataclass(frozen=True)
class Unlisted:
    """A fault that is none of the conventions.

    Attributes
    ----------
    change : callable
    names : frozenset of str
        Names that say it truly, beside "none" and "wandering".
    turn : Turn or None
        The turn that a scan with it still has; None where it has none.
    """

    change: Change
    names: frozenset[str] = frozenset()
    turn: Turn | None = EIGHT[0]


def _within_lines(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    n = line_length(positions) or 12
    order = np.arange(len(frames))
    for start in range(0, len(order), n):
        order[start : start + n] = rng.permutation(order[start : start + n])
    return frames[order], positions


def _of_another(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """A random walk over the same area: positions that were never these frames'."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    return frames, rng.uniform(low, high, positions.shape)


def _coarse(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    step = 1.5 * _step(positions)
    return frames, np.rint(positions / step) * step


def _drift(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """A bend that grows with the square of time, two steps at the end."""
    t = np.linspace(0, 1, len(positions))[:, np.newaxis]
    return frames, positions + 2 * _step(positions) * t**2 * [0.8, -0.6]


def _jitter(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    return frames, positions + rng.normal(0, _step(positions), positions.shape)


def _two_origins(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    moved = positions.copy()
    moved[len(moved) // 2 :] += 1.5 * _step(positions) * np.array([1.0, 0.7])
    return frames, moved


def _twice(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Every third frame stands for its successor too."""
    order = np.arange(len(frames))
    order[1::3] = order[: len(order[1::3]) * 3 : 3]
    return frames[order], positions


def _detector_turned(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    angle, middle = np.radians(7.0), np.full(2, frames.shape[-1] // 2)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = [affine_transform(one**2, matrix, middle - matrix @ middle, order=1) for one in frames]
    return np.sqrt(np.rint(turned)).astype(np.float32), positions


def _half_binned(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """The second half of the frames binned by two, in the middle of an empty frame."""
    made, N = frames.copy(), frames.shape[-1]
    half = len(made) // 2
    small = (frames[half:] ** 2).reshape(-1, N // 2, 2, N // 2, 2).sum(axis=(2, 4))
    made[half:] = 0
    made[half:, N // 4 : N // 4 + N // 2, N // 4 : N // 4 + N // 2] = np.sqrt(small)
    return made, positions


def _sheared(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    middle = positions.mean(axis=0)
    return frames, (positions - middle) @ np.array([[1.0, 0.0], [0.2, 1.0]]) + middle


def _stretched(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    middle = positions.mean(axis=0)
    return frames, (positions - middle) * [1.12, 1.0] + middle


def _half_dark(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    dark = frames.copy()
    dark[rng.permutation(len(dark))[: len(dark) // 2]] = np.sqrt(rng.poisson(0.02, frames.shape[1:]))
    return dark, positions


def _crop_varies(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    moves = np.clip(np.cumsum(rng.integers(-1, 2, (len(frames), 2)), axis=0), -4, 4)
    return np.stack([np.roll(one, move, (0, 1)) for one, move in zip(frames, moves, strict=True)]), positions


def _averaged(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Each frame runs into the next, as a slow detector's do."""
    counts = frames.astype(np.float64) ** 2
    return np.sqrt(np.rint((counts + np.roll(counts, 1, axis=0)) / 2)).astype(np.float32), positions


def _fixed_pattern(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Scatter from air or optics, as strong as the sample's own."""
    N = frames.shape[-1]
    far = np.hypot(*(np.indices((N, N)) - N / 3))
    light = np.exp(-((far / 6) ** 2)) * (frames**2).mean() * 8
    return np.sqrt(np.rint(frames**2 + rng.poisson(light, frames.shape))).astype(np.float32), positions


def _reversed_lines(frames: Arrays, positions: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Every other line told the other way, as when a raster is taken for a scan to and fro."""
    n, order = line_length(positions) or 12, np.arange(len(positions))
    for start in range(n, len(order), 2 * n):
        order[start : start + n] = order[start : start + n][::-1]
    return frames, positions[order]


def _step(positions: Arrays) -> float:
    return float(np.median(np.hypot(*np.diff(positions, axis=0).T)))


UNLISTED = {
    "frames shuffled within lines": Unlisted(_within_lines, frozenset({"shuffled"}), turn=None),
    "positions of another scan": Unlisted(_of_another, turn=None),
    "positions on a coarse grid": Unlisted(_coarse),
    "drift": Unlisted(_drift),
    "jitter of a step": Unlisted(_jitter),
    "two scans, two origins": Unlisted(_two_origins, frozenset({"unequal"})),
    "frames twice": Unlisted(_twice),
    "detector turned by 7 degrees": Unlisted(_detector_turned, frozenset({"rotation", "small rotation", "left-over"})),
    "half of the frames binned": Unlisted(_half_binned, frozenset({"unequal"})),
    "axes not at right angles": Unlisted(_sheared, frozenset({"shear", "oblique"})),
    "one axis stretched": Unlisted(_stretched, frozenset({"stretch", "oblique"})),
    "half of the frames dark": Unlisted(_half_dark),
    "crop that wanders": Unlisted(_crop_varies, frozenset({"left-over"})),
    # What such a frame shows lies half a step back.
    "frames run into the next": Unlisted(_averaged, frozenset({"lines", "shift", "wandering"})),
    "light that is not the sample's": Unlisted(_fixed_pattern),
    "every other line reversed": Unlisted(_reversed_lines, frozenset({"reversed lines"}), turn=None),
}
"""Faults by what they are."""

_HONEST = {"none", "wandering", "repeated", "dark", "unlike"}
"""Names that put a finger on what was seen, and claim no convention."""


def graded(found: Diagnosis, fault: Unlisted) -> str:
    """What the diagnosis amounts to, worst first.

    Parameters
    ----------
    found : Diagnosis
    fault : Unlisted
    """
    turn = found.orientation.turn
    certain = found.orientation.word is Word.CERTAIN
    false = [one for one in found.faults if one.sure and one.name not in fault.names | _HONEST]
    turned = turn is not None and (
        fault.turn is None or not turn.apart(fault.turn, 180.0 if found.orientation.twin_open else 360.0) < _WITHIN
    )
    if (turned and certain and fault.turn is not None) or any(one.word is Word.CERTAIN for one in false):
        return "wrong and certain"
    if false or (turned and fault.turn is not None):
        return "wrong, likely"
    if any(one.sure for one in found.faults):
        return "seen"
    if found.canonical:
        return "passes for canonical"
    return "nothing seen, turn told" if turn is not None else "cannot tell"


SETUPS = (
    Setup("defocused", "strong", "fly", 156, 32, 0.22, 2e4, 9),
    Setup("zone-plate", "particles", "raster", 144, 48, 0.3, 1e5, 10),
    Setup("defocused", "star", "jittered", 144, 32, 0.25, 1e5, 11),
    Setup("far-defocused", "strong", "spiral", 140, 48, 0.15, 1e4, 12),
    Setup("diffuser", "strong", "fly", 150, 32, 0.25, 1e5, 13),
)
"""Scans that are diagnosed with certainty when they are sound, or nearly."""

HELD = ("probe and object", "probe", "neither")


def faulty(setup: Setup, fault: Unlisted | None, held: str) -> Scan:
    """A scan with a fault, and what a file may hold of it.

    Parameters
    ----------
    setup : Setup
    fault : Unlisted or None
        None for a sound scan.
    held : str
        One of :data:`HELD`.
    """
    made = beamtime(setup)
    frames, positions = np.sqrt(made.counts).astype(np.float32), made.positions
    if fault is not None:
        frames, positions = fault.change(frames, positions, np.random.default_rng(setup.seed))
    scan = Scan(frames, positions, made.probe, made.object)
    return scan if held == HELD[0] else replace(scan, object=None, probe=made.probe if held == HELD[1] else None)


def main() -> None:
    """Print what is said of every fault, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=3, help=f"of the {len(SETUPS)} scans")
    parser.add_argument("--fault", help="only those whose name holds this")
    asked = parser.parse_args()
    start, table = time.perf_counter(), Counter[tuple[str, str]]()
    for name, fault in {"sound": None, **UNLISTED}.items():
        if asked.fault and asked.fault not in name:
            continue
        for setup in SETUPS[: asked.scans]:
            for held in HELD:
                found = diagnose(faulty(setup, fault, held), np.random.default_rng(0))
                grade = graded(found, fault or Unlisted(_drift))
                said = ", ".join(f"{one.name} ({one.word})" for one in found.faults)
                turn = found.orientation
                where = "" if turn.turn is None else f" {turn.turn.mirrored:d} {turn.turn.degrees:.0f}"
                print(f"{name:32s} {setup.seed} {held:16s} {grade:24s} {turn.word}{where}; {said}", flush=True)
                table[name if fault is None else "faulty", f"{held}: {grade}"] += 1
    for (kind, grade), count in sorted(table.items()):
        print(f"{kind:8s} {grade:45s} {count:4d}")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
