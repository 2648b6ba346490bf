"""What an adapter states of its floor: a number, verified, declared where it is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.discovery import MalformedAdapter, taken
from conformance.contract.capabilities import CAPABILITIES
from conformance.contract.stages import Stage
from conformance.engine.outcome import Outcome
from ptycho_ref.adapter import RefAdapter
from tests.limits.conventions import AtLeast, Floored
from tests.test_capabilities import verdicts


class Adding(Floored):
    floor = 1e-6


class Least(AtLeast):
    floor = epsilon = 1e-2


class Much(Floored):
    floor = epsilon = 2.5


class AddingAndTransposed(Adding):
    """One more defect: the patterns are transposed."""

    def simulate(self, patches: Any, probe: Any) -> Any:
        return np.swapaxes(super().simulate(patches, probe), -2, -1)


@pytest.mark.parametrize(
    "adapter", [Adding, pytest.param(Least, marks=pytest.mark.night), pytest.param(Much, marks=pytest.mark.night)]
)
def test_a_floor_as_stated_is_declared_and_all_else_passes(adapter: type, tmp_path: Path, by_day: bool) -> None:
    found = verdicts(adapter(), tmp_path, (Stage.PHYSICS, Stage.RAWDATA), by_day=by_day)
    told = {clause: (str(one.outcome), one.reason) for clause, one in found.items() if one.outcome is not Outcome.PASS}
    declared = {clause for clause, (outcome, _) in told.items() if outcome == "DECLARED"}
    assert declared == set(CAPABILITIES["floor"].declares[Stage.PHYSICS])
    assert set(told) - declared == {"PHY-013", "PHY-015", "PHY-017", "RAW-015", "RAW-016"}, told
    reading = "the least that an intensity is" if adapter is Least else "added to every intensity"
    assert found["PHY-001"].reason == f"differs as the adapter states, floor = {adapter().floor:g}: {reading}"


@pytest.mark.night
def test_one_more_defect_is_named_and_the_floor_is_not(tmp_path: Path, by_day: bool) -> None:
    found = verdicts(AddingAndTransposed(), tmp_path, (Stage.PHYSICS,), by_day=by_day)
    assert found["PHY-016"].outcome is Outcome.PASS
    assert found["PHY-001"].outcome is Outcome.FAIL
    assert "transposed" in found["PHY-001"].reason
    assert "constant is added" not in " ".join(one.reason for one in found.values())


@pytest.mark.parametrize("said", [-1e-7, float("nan"), float("inf"), True, "small", [1e-7]])
def test_no_floor_but_a_number_can_be_stated(said: object) -> None:
    class Stating(RefAdapter):
        floor = said

    with pytest.raises(MalformedAdapter, match="'floor' is .*; what may stand there: a number, zero or above"):
        taken(Stating())
