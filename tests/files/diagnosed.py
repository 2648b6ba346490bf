"""Scans to diagnose, and where the measured ones lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.turns import Turn
from conformance.scans.beamline import Beamtime, Setup, beamtime

DATA = Path(__file__).parents[3] / "shared" / "data"
SOUND = Setup(beam="defocused", matter="strong", path="jittered", M=120, N=32, pitch=0.2, photons=2e4, seed=4)


def sound() -> Beamtime:
    return beamtime(SOUND)


def stored_so_that(turn: Turn, positions: np.ndarray) -> np.ndarray:
    """Positions [x, y] that ``turn`` makes canonical."""
    return (positions[:, ::-1] @ turn.inverse.matrix.T)[:, ::-1]


def siemens() -> Scan:
    path = DATA / "siemens_canonical.npz"
    if not path.is_file():
        pytest.skip(f"the measured scan is not there: {path}")
    with np.load(path) as arrays:
        positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
        return Scan(arrays["diff3d"], positions, arrays["probeGuess"], arrays["objectGuess"])


def petra() -> Scan:
    path = DATA / "petra_near_field.cxi"
    if not path.is_file():
        pytest.skip(f"the measured scan is not there: {path}")
    h5py = pytest.importorskip("h5py")
    with h5py.File(path) as stream:
        detector = stream["entry_1/instrument_1/detector_1"]
        frames, mask = detector["data"][:], detector["mask"][:] > 0
        positions = stream["entry_1/sample_1/geometry_1/translation"][:, :2].astype(float) * 1e6
    return Scan(frames, positions, bad=mask)
