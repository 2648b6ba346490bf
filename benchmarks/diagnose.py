"""Calibration of ``diagnose``: simulated scans of all kinds, turned at random, and what is said of them.

python -m benchmarks.diagnose --files 1200
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import Turn
from conformance.scans.beamline import Beam, Beamtime, Matter, Path, Setup, beamtime
from conformance.scans.faults import inflict

WITHIN = 15.0
"""Degrees within which an angle is right."""


def drawn_setup(rng: np.random.Generator) -> Setup:
    """A setup of any kind: probes, objects, trajectories, sizes, overlaps and doses."""
    return Setup(
        beam=rng.choice(get_args(Beam)),
        matter=rng.choice(get_args(Matter)),
        path=rng.choice(get_args(Path)),
        M=int(rng.choice([40, 100, 200, 350])),
        N=int(rng.choice([32, 48, 64])),
        pitch=float(rng.uniform(0.1, 0.6)),
        photons=10 ** float(rng.uniform(2, 6)),
        seed=int(rng.integers(2**31)),
    )


def drawn_turn(rng: np.random.Generator) -> Turn:
    """One of the eight, or in a third of the cases any angle; half of them mirrored."""
    degrees = rng.uniform(0, 360) if rng.random() < 1 / 3 else 90.0 * rng.integers(4)
    return Turn(bool(rng.integers(2)), float(degrees))


def turned_scan(made: Beamtime, turn: Turn, probe: bool, order: np.ndarray | None = None) -> Scan:
    """The scan as a file that ``turn`` would make canonical.

    Parameters
    ----------
    made : Beamtime
    turn : Turn
    probe : bool
        Whether the file holds the probe.
    order : (M,) int64, optional
        Shuffles the positions, so that nothing is right.
    """
    positions = (made.positions[:, ::-1] @ turn.inverse.matrix.T)[:, ::-1]
    if order is not None:
        positions = positions[order]
    return Scan(made.counts, positions, made.probe if probe else None)


def graded(found: Diagnosis, turn: Turn, shuffled: bool) -> str:
    """``right``, ``wrong`` or ``cannot tell``.

    Parameters
    ----------
    found : Diagnosis
    turn : Turn
        The truth.
    shuffled : bool
        Whether there is no truth.
    """
    told = found.orientation.turn
    if told is None:
        return "cannot tell"
    modulo = 180.0 if found.orientation.twin_open else 360.0
    return "right" if not shuffled and told.apart(turn, modulo) < WITHIN else "wrong"


def holograms(made: Beamtime, rng: np.random.Generator) -> Beamtime:
    """The same scan recorded in the near field."""
    x, y = made.positions.T
    arrays = {"xcoords": x, "ycoords": y, "diff3d": np.sqrt(made.counts), "probeGuess": made.probe}
    frames = inflict(arrays | {"objectGuess": made.object}, ("near-field",), rng)["diff3d"]
    return replace(made, counts=np.rint(frames.astype(np.float64) ** 2).astype(np.int32))


def near_word(found: Diagnosis) -> str:
    """What is said of the near field: a word, or ``silent``."""
    return next((str(one.word) for one in found.faults if one.name == "near-field"), "silent")


def calibrate(
    files: int, seed: int, probe: bool, minutes: float
) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]:
    """Diagnose simulated scans, and count what is said of their turn and of the near field by (file, word, grade).

    Every sixth file has shuffled positions, so that nothing is right; every other sixth is recorded in the near field.
    Wrong turns, and far-field files that are said to be near ones, are printed.

    Parameters
    ----------
    files : int
    seed : int
    probe : bool
        Whether the files hold their probe.
    minutes : float
        After which no further file is begun.
    """
    turns, near = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    start = time.perf_counter()
    for number in range(files):
        if time.perf_counter() - start > 60 * minutes:
            break
        rng = np.random.default_rng([seed, number])
        setup, turn = drawn_setup(rng), drawn_turn(rng)
        made, kind = beamtime(setup), {4: "shuffled", 5: "near field"}.get(number % 6, "far field")
        if kind == "near field":
            made = holograms(made, rng)
        order = rng.permutation(len(made.positions)) if kind == "shuffled" else None
        found = diagnose(turned_scan(made, turn, probe, order), rng, "counts")
        grade = graded(found, turn, order is not None)
        word = str(found.orientation.word) + (", twin open" if found.orientation.twin_open else "")
        turns[kind, word, grade] += 1
        near[kind, near_word(found), ""] += 1
        false_near = kind != "near field" and near_word(found) in ("certain", "likely")
        if grade == "wrong" or false_near:
            said = [(one.estimator[0], one.turn, round(one.lead, 1), one.decided) for one in found.readings]
            print(
                f"wrong: {kind} {[seed, number]} {setup} {turn} {found.orientation} {said} {found.faults}", flush=True
            )
    return turns, near


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no further file after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-probe", action="store_true", help="the files hold no probe")
    asked = parser.parse_args()
    start = time.perf_counter()
    turns, near = calibrate(asked.files, asked.seed, not asked.no_probe, asked.minutes)
    for title, table in (("turn", turns), ("near field", near)):
        print(f"{title}\n{'file':11s} {'word':24s} {'grade':12s} number")
        for (kind, word, grade), count in sorted(table.items()):
            print(f"{kind:11s} {word:24s} {grade:12s} {count:6d}")
    print(f"{(time.perf_counter() - start) / max(1, turns.total()):.2f} s a file")


if __name__ == "__main__":
    main()
