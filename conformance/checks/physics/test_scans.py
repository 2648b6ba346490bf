"""Checks of the forward model (PHY) on whole scans, simulated ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.patches.ground_truth import misplaced
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of, floored
from conformance.oracles.rules import rules_here
from conformance.scans.drawn import GroupingCase, grouping_cases
from conformance.scans.specimens import Specimen, requests_for

GROUPED = axes_of("diffraction", 4)


def not_simulated(specimen: Specimen) -> str:
    """Why PHY-010 does not apply."""
    return "" if specimen.consistent else "the scan was not simulated, or carries no truth"


def explains_itself(subject: Subject, evidence: Evidence, specimen: Specimen, grouped: Any, what: str) -> None:
    """Require the forward model of the truth to be the diffraction."""
    truth = as_numpy(grouped["Y"])
    B, N, _, C = truth.shape
    flat = np.ascontiguousarray(np.moveaxis(truth, -1, 1).reshape(B * C, N, N))
    simulated = as_numpy(subject.adapter.simulate(flat, specimen.arrays["probeGuess"])).reshape(B, C, N, N)
    frames = as_numpy(grouped["diffraction"])
    if rules_here().floor.epsilon:
        # A scan of the suite has no floor, whatever the forward model adds.
        frames = floored(frames.astype(np.float64) ** 2)
    seen = np.moveaxis(simulated, 1, -1)
    evidence.close(
        seen,
        frames,
        f"the forward model of Y, against diffraction, {what}",
        rtol=0,
        atol=2e-5 * float(frames.max()),
        axes=GROUPED,
        suspects=lambda: {
            f"the truth is another: {name}": np.moveaxis(
                amplitudes_of(patches, specimen.arrays["probeGuess"]).reshape(B, C, N, N), 1, -1
            )
            for name, patches in other_truth(specimen, as_numpy(grouped["nn_indices"])).items()
        },
        either=True,
    )


def other_truth(specimen: Specimen, members: Array) -> dict[str, Array]:
    """Patches (B·C, N, N) that known mistakes take for the truth of groups."""

    def cut(centres: Array) -> Array:
        return patches_at(obj, np.moveaxis(centres[:, 0], 1, 2).reshape(-1, 2), specimen.N)

    obj, C = specimen.arrays["objectGuess"], members.shape[1]
    right = patches_at(obj, specimen.positions[members.ravel()], specimen.N)
    means = right.reshape(-1, C, *right.shape[1:]).mean(axis=1)
    return {name: cut(centres) for name, centres in misplaced(specimen, members).items()} | {
        "patches are turned by 180 degrees": right[:, ::-1, ::-1],
        "patches are transposed": np.swapaxes(right, 1, 2),
        "patches are flipped top to bottom": right[:, ::-1],
        "patches are flipped left to right": right[:, :, ::-1],
        "patches are conjugated": np.conj(right),
        "the phase of the patches is dropped": np.abs(right),
        "every channel holds the mean of the group's patches": np.repeat(means, C, axis=0),
    }


@check("PHY-010", needs=["group"], where=not_simulated)
def test_a_simulated_scan_explains_itself(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        explains_itself(subject, evidence, specimen, grouped, f"at gridsize {request.gridsize}")


@check("PHY-010", needs=["group"], given={"case": grouping_cases(truth="object")})
def test_any_simulated_scan_explains_itself(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    grouped = subject.grouped(case.specimen, case.request)
    explains_itself(subject, evidence, case.specimen, grouped, f"at gridsize {case.request.gridsize}")
