"""Files of people get the answer that is owed to them, where the cases lie beside the checkout."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from conformance.engine.outcome import Outcome
from conformance.files.examine import UnreadableScan
from tests.files import field

pytest.importorskip("h5py", reason="HDF5 files need h5py")


@pytest.mark.skipif(not field.CASES.is_file(), reason="no cases of people beside the checkout")
def test_every_case_is_answered(tmp_path: Path) -> None:
    outcomes = {number: field.answered(number, files)[0] for number, files in field.written(tmp_path)}
    assert set(outcomes) == set(field.OWED)
    assert not {number: outcome for number, outcome in outcomes.items() if outcome in ("SILENT", "WRONG")}


@pytest.mark.night
@pytest.mark.skipif(not field.CASES.is_file(), reason="no cases of people beside the checkout")
def test_no_right_backend_is_blamed_for_a_case(tmp_path: Path) -> None:
    outcomes = dict[str, Outcome]()
    for number, files in field.written(tmp_path):
        if files[0].suffix == ".npz":
            with contextlib.suppress(UnreadableScan):
                outcomes[number], _ = field.judged_on(files[0], tmp_path / f"judged-{number}")
    assert {Outcome.PASS} < set(outcomes.values()) <= {Outcome.PASS, Outcome.NOT_APPLICABLE}, outcomes
