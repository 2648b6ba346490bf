"""A backend of one stage alone is judged on that: no check of conduct finds nothing to ask, or what nobody claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.backends.discovery import taken
from conformance.backends.subject import Subject
from conformance.contract.stages import ROWS, Stage
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from ptycho_ref.adapter import RefAdapter


class Single:
    """The methods of some stages, over a right backend, and no others."""

    name = "single"
    stages: frozenset[Stage] = frozenset()

    def __init__(self) -> None:
        self._right = RefAdapter()

    def __getattr__(self, name: str) -> Any:
        if name in {one for stage in type(self).stages for one in (*ROWS[stage].required, *ROWS[stage].optional)}:
            return getattr(self._right, name)
        raise AttributeError(name)


class OfPhysics(Single):
    stages = frozenset({Stage.PHYSICS})


class OfPhysicsWithoutNoise(OfPhysics):
    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        if nphotons is not None:
            raise NotImplementedError("no noise is drawn")
        return self._right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


class OfPatches(Single):
    stages = frozenset({Stage.PATCHES})


class OfTransforms(Single):
    stages = frozenset({Stage.TRANSFORMS})


class OfMovedImages(OfTransforms):
    transform = None


class OfNothing(OfMovedImages):
    translate = None


class OfReassembly(Single):
    stages = frozenset({Stage.REASSEMBLY})


class OfFiles(Single):
    stages = frozenset({Stage.NPZ})


class OfSettings(Single):
    stages = frozenset({Stage.CONFIG})


@pytest.mark.parametrize(
    "adapter",
    [
        OfPhysicsWithoutNoise,
        OfTransforms,
        OfFiles,
        *(
            pytest.param(one, marks=pytest.mark.night)
            for one in (OfPhysics, OfPatches, OfMovedImages, OfReassembly, OfSettings)
        ),
    ],
)
def test_a_single_stage_is_judged_on_that(adapter: type[Single], tmp_path: Path) -> None:
    subject = Subject(taken(adapter()), tmp_path)
    wanted = [one for one in declarations() if one.framework is None and one.stages == {Stage.CONDUCT}]
    found = [decision for one in wanted for decision in attempt(one, subject, ())]
    amiss = [one for one in found if one.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    assert not [f"{one.clause} {one.outcome} {one.check}: {one.reason}" for one in amiss]
    assert any(one.outcome is Outcome.PASS for one in found)


def test_who_only_moves_images_is_judged_on_that(tmp_path: Path) -> None:
    def outcomes(adapter: Single) -> dict[str, set[Outcome]]:
        subject = Subject(taken(adapter), tmp_path / type(adapter).__name__)
        wanted = [one for one in declarations() if one.stages == {Stage.TRANSFORMS} and not one.given]
        found = [decision for one in wanted for decision in attempt(one, subject, ())]
        return {clause: {one.outcome for one in found if one.clause == clause} for clause in ("TRF-001", "TRF-010")}

    assert outcomes(OfMovedImages()) == {"TRF-001": {Outcome.NOT_APPLICABLE}, "TRF-010": {Outcome.PASS}}
    assert outcomes(OfNothing())["TRF-001"] == {Outcome.ERROR}
