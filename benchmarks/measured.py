"""What ``diagnose`` says of measured scans, stored in ways that are known: right, wrong or cannot tell, and seconds.

python -m benchmarks.measured ../shared/data --part turns
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.diagnose import graded
from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import EIGHT, Turn, name_of
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import far_field

Case = tuple[str, Scan, Turn, frozenset[str]]
"""What was done to a scan, the scan, the turn that makes it canonical, and the faults that say the rest of it."""

ROTATIONS = (Turn(False, 12.0), Turn(False, 305.0), Turn(True, 40.0))
_NONE = frozenset[str]()


def siemens(folder: Path) -> Scan:
    """The far-field scan: amplitudes, with probe and object."""
    with np.load(folder / "siemens_canonical.npz") as a:
        positions = np.stack([a["xcoords"], a["ycoords"]], axis=1)
        return Scan(a["diff3d"], positions, a["probeGuess"], a["objectGuess"])


def petra(folder: Path) -> Scan:
    """The near-field scan: counts, no probe; positions in micrometres."""
    import h5py

    with h5py.File(folder / "petra_near_field.cxi") as stream:
        detector = stream["entry_1/instrument_1/detector_1"]
        positions = stream["entry_1/sample_1/geometry_1/translation"][:, :2].astype(float) * 1e6
        return Scan(detector["data"][:], positions, bad=detector["mask"][:] > 0)


def held(scan: Scan, what: str) -> Scan:
    """A scan of which a file holds ``probe and object``, the ``probe`` or ``neither``."""
    if what == "probe and object":
        return scan
    return replace(scan, object=None, probe=scan.probe if what == "probe" else None)


def turned(scan: Scan, turn: Turn) -> Scan:
    """Stored so that ``turn`` makes it what it was."""
    middle = (scan.positions.max(axis=0) + scan.positions.min(axis=0)) / 2
    s = (scan.positions - middle)[:, ::-1] @ turn.inverse.matrix.T
    return replace(scan, positions=s[:, ::-1] + middle)


def turns(far: Scan, near: Scan) -> Iterator[Case]:
    """All eight, and three rotations."""
    for name, scan, kinds, stored in (
        ("siemens", far, ("probe and object", "probe", "neither"), EIGHT[0]),
        ("petra", near, ("neither",), Turn(False, 180.0)),
    ):
        for turn in (*EIGHT, *ROTATIONS):
            told = name_of(turn) if turn in EIGHT else f"turn of {turn.degrees:.0f}{' mirrored' * turn.mirrored}"
            for what in kinds:
                faults = (
                    frozenset({"rotation", told, "small rotation"})
                    if scan is far
                    else frozenset({"near-field", "counts"})
                )
                yield f"{name}, {told}, {what}", turned(held(scan, what), turn), turn.after(stored), faults


def strange(far: Scan, near: Scan) -> Iterator[Case]:
    """Centres, units, half pixels and counts."""
    frames = np.asarray(far.frames)
    for what in ("probe and object", "probe", "neither"):
        scan = held(far, what)
        told = what != "neither"
        for shift in ((3, -7), (0, 9)):
            rolled = replace(scan, frames=np.roll(frames, shift, (1, 2)))
            yield f"rolled by {shift}, {what}", rolled, EIGHT[0], frozenset({"centre"} if told else _NONE)
        corner = replace(scan, frames=np.fft.ifftshift(frames, axes=(1, 2)))
        yield f"zero frequency at [0, 0], {what}", corner, EIGHT[0], frozenset({"fftshift"} if told else _NONE)
        for unit, size in (("metres", 2.8e-8), ("micrometres", 2.8e-2)):
            yield f"{unit}, {what}", replace(scan, positions=far.positions * size), EIGHT[0], frozenset({"unit"})
        half = frozenset({"shift"} if what == "probe and object" else _NONE)
        yield f"half a pixel, {what}", replace(scan, positions=far.positions + 0.5), EIGHT[0], half
        counts = frozenset({"counts"})
        yield f"counts, {what}", replace(scan, frames=np.rint(frames.astype(np.float64) ** 2)), EIGHT[0], counts


def doses(far: Scan, near: Scan) -> Iterator[Case]:
    """Fewer photons, drawn from the counts."""
    rng = np.random.default_rng(1)
    counts = np.rint(np.asarray(far.frames, np.float64) ** 2).astype(np.int64)
    mean = counts.sum() / len(counts)
    for photons in (10_000, 3_000, 1_000, 300, 100, 30):
        frames = np.sqrt(rng.binomial(counts, min(1.0, photons / mean))).astype(np.float32)
        for what in ("probe", "neither"):
            scan = replace(turned(held(far, what), EIGHT[5]), frames=frames)
            yield f"{photons} photons a frame, {what}", scan, EIGHT[5], _NONE


def points(far: Scan, near: Scan) -> Iterator[Case]:
    """Fewer frames, next to each other."""
    frames = np.asarray(far.frames)
    for number in (200, 100, 50, 36, 25, 16, 9):
        rows = np.sort(cKDTree(far.positions).query(np.median(far.positions, axis=0), number)[1])
        for what in ("probe", "neither"):
            scan = turned(replace(held(far, what), frames=frames[rows], positions=far.positions[rows]), EIGHT[5])
            yield f"{number} frames, {what}", scan, EIGHT[5], _NONE


@dataclass(frozen=True, eq=False)
class Made:
    """Frames that are made when they are read.

    Attributes
    ----------
    shape : tuple of int
        (M, N, N).
    object : (H, W) complex
    probe : (N, N) complex
    positions : (M, 2)
        Columns x, y.
    """

    shape: tuple[int, int, int]
    object: NDArray[np.complexfloating]
    probe: NDArray[np.complexfloating]
    positions: NDArray[np.float64]

    def __getitem__(self, index: Any) -> NDArray[np.float32]:
        """Amplitudes by a slice or a list of numbers, with the noise of their own number."""
        numbers = np.arange(self.shape[0])[index]
        intensity = far_field(self.object, self.positions[numbers], self.probe)
        drawn = [np.random.default_rng(int(n)).poisson(one) for n, one in zip(numbers, intensity, strict=True)]
        return np.asarray(np.sqrt(np.stack(drawn)), dtype=np.float32)


def large(far: Scan, near: Scan) -> Iterator[Case]:
    """100,000 frames of 128 x 128 with the measured probe, made as they are read."""
    rng, N = np.random.default_rng(2), 128
    across, step = 317, 8.0
    grid = np.stack(np.meshgrid(np.arange(across), np.arange(across)), axis=-1).reshape(-1, 2)[:100_000] * step
    positions = grid + rng.uniform(-2, 2, grid.shape) + N / 2 + 3
    side = int(positions.max()) + N // 2 + 4
    phase = np.zeros((side, side), np.float32)
    for scale in (1, 4, 16):
        part = rng.normal(size=(side // scale + 1, side // scale + 1)).astype(np.float32)
        phase += np.kron(part, np.ones((scale, scale), np.float32))[:side, :side]
    assert far.probe is not None
    modes = far.probe.reshape(-1, N, N)
    frames = Made((len(positions), N, N), np.exp(0.4j * phase).astype(np.complex64), modes[0], positions)
    for what in ("probe", "neither"):
        probe = modes[:1] if what == "probe" else None
        yield f"100,000 frames, {what}", turned(Scan(frames, positions, probe), EIGHT[5]), EIGHT[5], _NONE


PARTS = {"turns": turns, "strange": strange, "doses": doses, "points": points, "large": large}


def judged(found: Diagnosis, turn: Turn, names: frozenset[str]) -> str:
    """Right, wrong or cannot tell, with its word; the worst of turn and faults.

    Parameters
    ----------
    found : Diagnosis
    turn : Turn
        The truth.
    names : frozenset of str
        Faults that are true.
    """
    grade = graded(found, turn, False)
    false = [one for one in found.faults if one.sure and one.name not in names]
    if any(one.word is Word.CERTAIN for one in false):
        return "wrong and certain"
    if grade == "wrong" or false:
        return f"wrong, {found.orientation.word}" if grade == "wrong" else "wrong, likely"
    return f"right, {found.orientation.word}" if grade == "right" else grade


def main() -> None:
    """Print a line for each case, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="where siemens_canonical.npz and petra_near_field.cxi lie")
    parser.add_argument("--part", choices=PARTS, default="turns")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    asked = parser.parse_args()
    table = Counter[str]()
    for name, scan, turn, names in PARTS[asked.part](siemens(asked.data), petra(asked.data)):
        if asked.only not in name:
            continue
        start = time.process_time()
        found = diagnose(scan, np.random.default_rng(0))
        grade = judged(found, turn, names)
        said = ", ".join(f"{one.name} ({one.word})" for one in found.faults)
        leads = " ".join(
            f"{one.letter}{one.lead:.1f}{'!' * one.decided}" for one in found.readings if one.turn is not None
        )
        print(f"{name:52s} {grade:20s} {leads}; {said}; {time.process_time() - start:.1f} s", flush=True)
        table[grade] += 1
    print(", ".join(f"{grade}: {count}" for grade, count in sorted(table.items())))


if __name__ == "__main__":
    main()
