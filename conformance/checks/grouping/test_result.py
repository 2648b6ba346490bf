"""Checks of grouping (GRP): what a grouped result holds beside the indices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.grouping.frames import pairing
from conformance.checks.grouping.members import ANY
from conformance.contract.arrays import Place, required_in
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Specimen, requests_for


@check("GRP-003")
def test_frames_are_those_of_the_indices(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    earlier: list[NDArray[Any]] = []
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        pairing(evidence, grouped, specimen, request, earlier)
        earlier.append(as_numpy(grouped["diffraction"]).copy())


@check("GRP-003", given=ANY)
def test_frames_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    pairing(evidence, subject.grouped(case.specimen, case.request), case.specimen, case.request)


KEYS = required_in(Place.GROUPED)


@check("GRP-021")
def test_the_result_has_every_key(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        evidence.present(grouped, *KEYS, "Y", "objectGuess")
        for name in KEYS:
            evidence.holds(grouped[name] is not None, f"{name} is None.")
            rows = as_numpy(grouped[name]).shape[0]
            evidence.holds(
                rows == as_numpy(grouped["nn_indices"]).shape[0], f"{name} has {rows} rows, nn_indices others."
            )


@check("GRP-022")
def test_the_object_passes_through(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    grouped = subject.grouped(specimen, requests_for(specimen)[0])
    obj = specimen.arrays.get("objectGuess")
    if obj is None:
        evidence.holds(grouped["objectGuess"] is None, "The scan has no object, the grouped result has one.")
    else:
        expected = obj.astype(np.complex64)
        evidence.equal(grouped["objectGuess"], expected, "objectGuess of the result", axes=("row", "column"))
