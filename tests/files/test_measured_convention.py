"""PHY-013: what is wrong with a measured file is said of the file; an adapter is judged on sound ones only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.engine.catalogue import deciding
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.files.diagnose.convention import broken_by_itself
from conformance.scans.specimens import Specimen
from tests.files.test_diagnose_faults import FAULTS, SOUND


def arrays_of(scan: object) -> dict[str, np.ndarray]:
    x, y = scan.positions.T  # type: ignore[attr-defined]
    names = {"diff3d": "frames", "probeGuess": "probe", "objectGuess": "object"}
    return {"xcoords": x.copy(), "ycoords": y.copy()} | {name: getattr(scan, of) for name, of in names.items()}


def test_a_sound_file_is_judged_on() -> None:
    assert broken_by_itself(arrays_of(SOUND)) == ""


@pytest.mark.parametrize("name", ["origin", "x flipped", "centre", "counts", "frames: x and y exchanged"])
def test_a_broken_file_is_named_and_nobody_else(name: str, tmp_path: Path) -> None:
    subject = Subject(select(["ref"], ["cpu"])[0], tmp_path)
    specimen = Specimen("measured", arrays_of(FAULTS[name]), consistent=False, path=tmp_path / "measured.npz")
    (declaration,) = deciding("PHY-013")
    (trial,) = attempt(declaration, subject, [specimen])
    assert trial.outcome is Outcome.NOT_APPLICABLE
    assert trial.reason.startswith("the file, not the adapter")


def test_bursts_are_the_files(tmp_path: Path) -> None:
    arrays = arrays_of(SOUND)
    arrays["diff3d"] = np.array(arrays["diff3d"])
    arrays["diff3d"][[5, 30]] = arrays["diff3d"][[6, 31]] * 300
    subject = Subject(select(["ref"], ["cpu"])[0], tmp_path)
    specimen = Specimen("measured", arrays, consistent=False, path=tmp_path / "measured.npz")
    (trial,) = attempt(deciding("PHY-013")[0], subject, [specimen])
    assert trial.outcome is Outcome.NOT_APPLICABLE
    assert trial.reason.startswith("the file, not the adapter")
