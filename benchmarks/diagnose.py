"""Calibration of ``diagnose``: simulated scans of all kinds, turned at random, and what is said of them.

python -m benchmarks.diagnose --files 1200
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import Turn
from conformance.scans import beamline
from conformance.scans.beamline import Beam, Beamtime, Matter, Setup, beamtime
from conformance.scans.faults import inflict
from conformance.scans.holography import Light, holograms

WITHIN = 15.0
"""Degrees within which an angle is right."""


def drawn_setup(rng: np.random.Generator) -> Setup:
    """A setup of any kind: probes, objects, trajectories, sizes, overlaps and doses."""
    return Setup(
        beam=rng.choice(get_args(Beam)),
        matter=rng.choice(get_args(Matter)),
        path=rng.choice(get_args(beamline.Path)),
        M=int(rng.choice([40, 80, 120, 180])),
        N=int(rng.choice([32, 48])),
        pitch=float(rng.uniform(0.1, 0.6)),
        photons=10 ** float(rng.uniform(2, 6)),
        seed=int(rng.integers(2**31)),
    )


def drawn_turn(rng: np.random.Generator) -> Turn:
    """One of the eight, or in a third of the cases any angle; half of them mirrored."""
    degrees = rng.uniform(0, 360) if rng.random() < 1 / 3 else 90.0 * rng.integers(4)
    return Turn(bool(rng.integers(2)), float(degrees))


@dataclass(frozen=True)
class Habits:
    """How a file holds its scan.

    Attributes
    ----------
    probe : bool
        Whether it holds the probe.
    values : str
        ``counts``, ``amplitude`` or ``log``.
    unit : float
        Of the positions, in object pixels.
    centre : tuple of int
        Rows and columns that the zero frequency lies off the middle.
    gap : bool
        Whether the detector has one, which the file does not tell.
    planned : bool
        Whether the positions are the planned ones.
    """

    probe: bool = True
    values: str = "counts"
    unit: float = 1.0
    centre: tuple[int, int] = (0, 0)
    gap: bool = False
    planned: bool = False


def drawn_habits(rng: np.random.Generator, probe: bool | None) -> Habits:
    """Mostly plain files; in an eighth of the cases each of the strange ones.

    Parameters
    ----------
    rng : numpy.random.Generator
    probe : bool or None
        Whether there is a probe; None: as often as not.
    """
    strange = rng.random(5) < 1 / 8
    return Habits(
        bool(rng.integers(2)) if probe is None else probe,
        str(rng.choice(["amplitude", "log"])) if strange[0] else "counts",
        float(10 ** rng.uniform(2, 9)) if strange[1] else 1.0,
        (int(rng.integers(-6, 7)), int(rng.integers(-6, 7))) if strange[2] else (0, 0),
        bool(strange[3]),
        bool(strange[4]),
    )


def turned_scan(made: Beamtime, turn: Turn, habits: Habits, order: np.ndarray | None = None) -> Scan:
    """The scan as a file that ``turn`` would make canonical.

    Parameters
    ----------
    made : Beamtime
    turn : Turn
    habits : Habits
    order : (M,) int64, optional
        Shuffles the positions, so that nothing is right.
    """
    where = made.planned if habits.planned else made.positions
    positions = (where[:, ::-1] @ turn.inverse.matrix.T)[:, ::-1] / habits.unit
    if order is not None:
        positions = positions[order]
    counts = np.roll(made.counts, habits.centre, (1, 2))
    if habits.gap:
        counts = counts * (np.abs(np.arange(counts.shape[2]) - counts.shape[2] // 3) > 1)
    values = {"counts": counts, "amplitude": np.sqrt(counts), "log": np.log1p(counts)}[habits.values]
    return Scan(values, positions, made.probe if habits.probe else None)


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


def near_field(setup: Setup, made: Beamtime, rng: np.random.Generator) -> Beamtime:
    """A scan recorded in the near field: the same beam a little way on, or a parallel one.

    Parameters
    ----------
    setup : Setup
    made : Beamtime
        The scan of that setup in the far field.
    rng : numpy.random.Generator
        Draws the beam, the distance and the step.
    """
    light = rng.choice(["same", *get_args(Light)])
    if light != "same":
        return holograms(setup, light, float(np.exp(rng.uniform(0.7, 3.0))), float(rng.uniform(1.5, 0.15 * setup.N)))
    x, y = made.positions.T
    arrays = {"xcoords": x, "ycoords": y, "diff3d": np.sqrt(made.counts), "probeGuess": made.probe}
    frames = inflict(arrays | {"objectGuess": made.object}, ("near-field",), rng)["diff3d"]
    return replace(made, counts=np.rint(frames.astype(np.float64) ** 2).astype(np.int32))


def structureless(made: Beamtime, rng: np.random.Generator) -> Beamtime:
    """The mean frame, drawn anew for every point: nothing that varies with the scan."""
    mean = np.broadcast_to(made.counts.mean(axis=0), made.counts.shape)
    return replace(made, counts=rng.poisson(mean).astype(np.int32))


def near_word(found: Diagnosis) -> str:
    """What is said of the near field: a word, or ``silent``."""
    return next((str(one.word) for one in found.faults if one.name == "near-field"), "silent")


KINDS = ("far field", "far field", "far field", "shuffled", "near field", "structureless", "far field", "near field")
"""What files are, in turn."""


def drawn_file(rng: np.random.Generator, kind: str, probe: bool | None) -> tuple[Setup, Turn, Habits, Scan]:
    """A file of a kind, and the truth about it.

    Parameters
    ----------
    rng : numpy.random.Generator
    kind : str
        One of :data:`KINDS`.
    probe : bool or None
        Whether it holds its probe; None: as often as not.
    """
    setup, turn, habits = drawn_setup(rng), drawn_turn(rng), drawn_habits(rng, probe)
    made = beamtime(setup)
    if kind == "near field":
        made = near_field(setup, made, rng)
    if kind == "structureless":
        made = structureless(made, rng)
    order = rng.permutation(len(made.positions)) if kind == "shuffled" else None
    return setup, turn, habits, turned_scan(made, turn, habits, order)


def row_of(seed: int, number: int, probe: bool | None) -> dict[str, Any]:
    """What is said of a file, and whether it is right.

    Parameters
    ----------
    seed, number : int
        Draw the file.
    probe : bool or None
        As for :func:`drawn_file`.
    """
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    setup, turn, habits, scan = drawn_file(rng, kind, probe)
    start = time.perf_counter()
    found = diagnose(scan, rng, habits.values)
    verdict = found.orientation
    return {
        "file": [seed, number],
        "kind": kind,
        "word": str(verdict.word) + (", twin open" if verdict.twin_open else ""),
        "grade": graded(found, turn, kind in ("shuffled", "structureless")),
        "near": near_word(found),
        "canonical": found.canonical,
        "setup": asdict(setup),
        "habits": asdict(habits),
        "turn": [turn.mirrored, turn.degrees],
        "told": None if verdict.turn is None else [verdict.turn.mirrored, verdict.turn.degrees],
        "faults": [[one.name, str(one.word)] for one in found.faults],
        "readings": [_told(one) for one in found.readings],
        "seconds": round(time.perf_counter() - start, 2),
    }


def _told(one: Reading) -> list[Any]:
    turn = one.turn and [one.turn.mirrored, round(one.turn.degrees, 1)]
    return [one.letter, turn, round(float(one.lead), 1), bool(one.decided), round(float(one.twin), 1)]


def wrong(row: dict[str, Any]) -> bool:
    """Whether a turn is wrong, a near field is seen in a far one, or a file of another kind passes for canonical."""
    false_near = row["kind"] != "near field" and row["near"] in ("certain", "likely")
    return bool(row["grade"] == "wrong" or false_near or (row["canonical"] and row["kind"] != "far field"))


def main() -> None:
    """Diagnose simulated scans until enough are done, print those that are wrong, and the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no further file after so long")
    parser.add_argument("--seed", type=int, default=0)
    probe = parser.add_mutually_exclusive_group()
    probe.add_argument("--probe", action="store_true", default=None, help="all files hold a probe; else half of them")
    probe.add_argument("--no-probe", action="store_false", dest="probe", help="no file holds one")
    parser.add_argument("--out", type=Path, help="append a line of JSON for every file as it is done")
    asked = parser.parse_args()
    start, rows = time.perf_counter(), list[dict[str, Any]]()
    for number in range(asked.files):
        if time.perf_counter() - start > 60 * asked.minutes:
            break
        rows.append(row_of(asked.seed, number, asked.probe))
        line = json.dumps(rows[-1])
        if asked.out is not None:
            with asked.out.open("a") as stream:
                stream.write(line + "\n")
        if wrong(rows[-1]):
            print("wrong:", line, flush=True)
    for title, columns in (("turn", ("kind", "word", "grade")), ("near field", ("kind", "near", "canonical"))):
        print(f"{title}\n{columns[0]:14s} {columns[1]:24s} {columns[2]:12s} number")
        for cells, count in sorted(Counter(tuple(str(row[one]) for one in columns) for row in rows).items()):
            print(f"{cells[0]:14s} {cells[1]:24s} {cells[2]:12s} {count:6d}")
    print(f"{(time.perf_counter() - start) / max(1, len(rows)):.2f} s a file")


if __name__ == "__main__":
    main()
