"""Calibration of ``diagnose``: simulated scans of all kinds, turned at random, and what is said of them.

python -m benchmarks.diagnose --scans 1000 --shuffled 200
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import get_args

import numpy as np

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import Turn
from conformance.scans.beamline import Beam, Beamtime, Matter, Path, Setup, beamtime

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


def calibrate(scans: int, shuffled: int, seed: int, probe: bool) -> Counter[tuple[str, str, str]]:
    """Diagnose simulated scans and count (kind of file, word, grade); wrong ones are printed.

    Parameters
    ----------
    scans, shuffled : int
        Files in order, and files with shuffled positions.
    seed : int
    probe : bool
        Whether the files hold their probe.
    """
    table: Counter[tuple[str, str, str]] = Counter()
    for number in range(scans + shuffled):
        rng = np.random.default_rng([seed, number])
        setup, turn = drawn_setup(rng), drawn_turn(rng)
        made = beamtime(setup)
        order = rng.permutation(len(made.positions)) if number >= scans else None
        found = diagnose(turned_scan(made, turn, probe, order), rng, "counts")
        grade = graded(found, turn, order is not None)
        word = str(found.orientation.word) + (", twin open" if found.orientation.twin_open else "")
        table["shuffled" if order is not None else "simulated", word, grade] += 1
        if grade == "wrong":
            said = [(one.estimator[0], one.turn, round(one.lead, 1), one.decided) for one in found.readings]
            print(f"wrong: {[seed, number]} {setup} {turn} {found.orientation} {said}", flush=True)
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=40, help="simulated files")
    parser.add_argument("--shuffled", type=int, default=10, help="files with shuffled positions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-probe", action="store_true", help="the files hold no probe")
    asked = parser.parse_args()
    start = time.perf_counter()
    table = calibrate(asked.scans, asked.shuffled, asked.seed, not asked.no_probe)
    print(f"{'file':10s} {'word':24s} {'grade':12s} number")
    for (kind, word, grade), count in sorted(table.items()):
        print(f"{kind:10s} {word:24s} {grade:12s} {count:6d}")
    print(f"{(time.perf_counter() - start) / max(1, asked.scans + asked.shuffled):.2f} s a file")


if __name__ == "__main__":
    main()
