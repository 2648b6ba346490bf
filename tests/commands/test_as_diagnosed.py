"""Files mended as their frames ask: what comes out is canonical, again and again, and says what was done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.fixing.provenance import KEY
from conformance.scans.beamline import Setup, beamtime
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.files.written import tike

MADE = beamtime(Setup(path="jittered", M=100, N=32, pitch=0.2, photons=2e4, seed=4))
Arrays = dict[str, Any]


def arrays(x_sign: int = 1) -> Arrays:
    x, y = MADE.positions.T
    frames = np.sqrt(MADE.counts).astype(np.float32)
    names = {"xcoords": x_sign * x, "ycoords": y, "xcoords_start": x_sign * x, "ycoords_start": y, "diff3d": frames}
    return names | {"probeGuess": MADE.probe, "objectGuess": MADE.object}


def turned(a: Arrays, degrees: float) -> Arrays:
    s = np.stack([a["xcoords"], a["ycoords"]], axis=1)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = ((s - s.mean(axis=0)) @ np.array([[cosine, sine], [-sine, cosine]]) + s.mean(axis=0)).T
    return a | {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}


def wrapped(a: Arrays) -> Arrays:
    """Positions whose counter of x holds eight bits, and ran over in the middle of each line."""
    x = np.mod(a["xcoords"] - np.median(a["xcoords"]), 256) + np.median(a["xcoords"])
    return a | {"xcoords": x, "xcoords_start": x}


WRONG: dict[str, Callable[[], Arrays]] = {
    "x flipped": lambda: arrays(-1),
    "x flipped, no object": lambda: {k: v for k, v in arrays(-1).items() if k != "objectGuess"},
    "rotated": lambda: turned(arrays(), 25),
    "counts": lambda: arrays() | {"diff3d": MADE.counts.astype(np.float32)},
    "off centre": lambda: arrays() | {"diff3d": np.roll(arrays()["diff3d"], (3, -5), (1, 2))},
    "x ran over": lambda: wrapped(arrays()),
    "far origin": lambda: (
        arrays() | {name: arrays()[name] + 1e5 for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start")}
    ),
}

QUICK = "x flipped"
"""The one that needs no night."""


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.night] * (one != QUICK)) for one in WRONG])
def test_a_mended_file_is_canonical_and_stays_so(name: str, call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", WRONG[name]())
    done = call("validate", "in.npz", "--fix", "out.npz", "--as-diagnosed")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "diagnosed  " in done.stdout
    assert call("diagnose", "out.npz").exit_code == 0
    again = call("validate", "out.npz", "--fix", "again.npz", "--as-diagnosed")
    assert again.exit_code == 0
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "out.npz").read_bytes()
    with np.load(tmp_path / "out.npz") as mended:
        (run,) = json.loads(str(mended["_metadata"]))[KEY]
        assert {step["grade"] for step in run["steps"]} == {"diagnosed"}
        sound = arrays()
        if "objectGuess" in mended:
            assert np.abs(mended["xcoords"] - sound["xcoords"]).max() < 1.5
            assert np.abs(mended["ycoords"] - sound["ycoords"]).max() < 1.5
        np.testing.assert_allclose(mended["diff3d"], sound["diff3d"], rtol=1e-6)
        np.testing.assert_allclose(mended["xcoords_start"], mended["xcoords"])


def test_what_cannot_be_told_is_not_written(call: Call, tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).permutation(MADE.positions).T
    shuffled = arrays() | {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    del shuffled["objectGuess"]
    write_scan(tmp_path / "in.npz", shuffled)
    done = call("validate", "in.npz", "--fix", "out.npz", "--as-diagnosed")
    assert done.exit_code == 2
    assert "out.npz was not written: " in done.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.night
def test_convert_mends_as_it_writes(call: Call, tmp_path: Path) -> None:
    tike(tmp_path / "in.npz", arrays(-1))
    done = call("convert", "in.npz", "out.npz", "--as-diagnosed")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "as diagnosed: xcoords: map-positions" in done.stdout
    assert call("diagnose", "out.npz").exit_code == 0
    with np.load(tmp_path / "out.npz") as written:
        record = json.loads(str(written["_metadata"]))
    assert record["orientation"]["said_by"] == "diagnosed"
    assert record[KEY][0]["steps"][0]["op"] == "map-positions"


def test_options_that_go_together_are_asked_for(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", arrays())
    call("validate", "in.npz", "--as-diagnosed").refuses("--as-diagnosed")
    call("validate", "in.npz", "--fix", "out.npz", "--likely").refuses("--likely")
    call("convert", "in.npz", "out.npz", "--likely").refuses("--likely")
