"""What an adapter states that moves its probe in place of the object: verified, and judged on all else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.contract.stages import Stage
from conformance.engine.outcome import Outcome
from tests.limits.conventions import MovedProbes
from tests.test_capabilities import verdicts


class Moving(MovedProbes):
    subpixel = "probe"

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        return self.right.reassemble(patches, np.round(centres_xy), chunk)


class MovingAndTransposed(Moving):
    """One more defect: scans are simulated of the transposed object."""

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        return super().measure(ycoords, xcoords, probe, obj, nphotons, seed)


def told(adapter: Any, folder: Path, by_day: bool, *stages: Stage) -> dict[str, tuple[str, str]]:
    """Outcome and reason of what did not pass."""
    found = verdicts(adapter, folder, stages, by_day=by_day)
    return {clause: (str(one.outcome), one.reason) for clause, one in found.items() if one.outcome is not Outcome.PASS}


def test_a_moved_probe_as_stated_is_declared_and_all_else_passes(tmp_path: Path, by_day: bool) -> None:
    of_values = (Stage.PATCHES, Stage.REASSEMBLY)
    found = told(Moving(), tmp_path, by_day, *of_values, *([] if by_day else [Stage.PHYSICS]))
    silent = {"PAT-014"} if by_day else {"PAT-014", "PHY-013", "PHY-015", "PHY-016"}
    assert {clause for clause, (outcome, _) in found.items() if outcome == "DECLARED"} == {"PAT-002", "REA-011"}, found
    assert set(found) == {"PAT-002", "REA-011"} | silent, found
    assert "the probe moved in Fourier space by what is left" in found["PAT-002"][1]


@pytest.mark.night
def test_scans_are_asked_at_whole_positions_where_the_probe_is_moved(tmp_path: Path, by_day: bool) -> None:
    assert set(told(Moving(), tmp_path, by_day, Stage.RAWDATA)) == {"RAW-015", "RAW-016"}


def test_one_more_defect_is_named(tmp_path: Path) -> None:
    found = told(MovingAndTransposed(), tmp_path, False, Stage.RAWDATA)
    assert "exchanged" in found["RAW-007"][1]
