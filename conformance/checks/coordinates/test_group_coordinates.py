"""Checks of group coordinates (CRD): absolute, centred and start coordinates of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.coordinates.expected_coordinates import (
    AXES,
    absolute_follow,
    offsets_follow,
    reach,
    relative_follow,
    relative_suspects,
    start_follow,
)
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import sized
from conformance.scans.drawn import GroupingCase, grouping_cases, oversampling_cases
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for

ANY = {"case": grouping_cases()}
WIDE = {"case": grouping_cases(min_gridsize=2)}
OVERSAMPLED = {"case": oversampling_cases()}


@check("CRD-001")
def test_absolute_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        absolute_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-001", given=ANY)
def test_absolute_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    absolute_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-001", given=OVERSAMPLED)
def test_absolute_coordinates_when_oversampled(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    absolute_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-002")
def test_offsets(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        offsets_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-002", given=WIDE)
def test_offsets_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    offsets_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-003")
def test_relative_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in sorted(requests_for(specimen), key=lambda one: -one.gridsize):
        relative_follow(evidence, specimen, subject.grouped(specimen, request), request.gridsize)


@check("CRD-003", given=WIDE)
def test_relative_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    relative_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request), case.request.gridsize)


def balanced(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any]) -> None:
    """Require relative coordinates that sum to zero over the members."""
    sums = as_numpy(grouped["coords_relative"]).astype(np.float64).sum(axis=3)
    evidence.close(
        sums,
        np.zeros_like(sums),
        "the sum of coords_relative over the members",
        rtol=0,
        atol=1e-8 * reach(specimen),
        axes=AXES[:3],
        suspects=lambda: {
            name: values.sum(axis=3)
            for name, values in relative_suspects(specimen, as_numpy(grouped["nn_indices"])).items()
        },
    )


@check("CRD-004")
def test_relative_coordinates_sum_to_zero(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        balanced(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-004", given=WIDE)
def test_relative_coordinates_of_any_scan_sum_to_zero(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    balanced(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-005")
def test_start_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        start_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-005", given=ANY)
def test_start_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    start_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-005")
def test_start_coordinates_that_differ_along_one_axis_or_at_one_point(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=20, N=8, seed=24)).arrays)
    x, y = arrays["xcoords"], arrays["ycoords"]
    last = np.arange(20) == 19
    for what, start_x, start_y in (
        ("along y only", x, y + 2),
        ("along x only", x + 2, y),
        ("at the last point only", x, np.where(last, y - 3, y)),
        ("by a hundredth", x + 0.01, y - 0.01),
    ):
        starts = {"xcoords_start": start_x.copy(), "ycoords_start": start_y.copy()}
        specimen = Specimen(f"starts {what}", arrays | starts, consistent=False)
        for (gridsize,) in sized((1,), (2,)):
            request = GroupRequest(N=8, gridsize=gridsize, K=5, nsamples=20, seed=1)
            start_follow(evidence, specimen, subject.adapter.group(subject.scan(specimen.arrays), request))


@check("CRD-006")
def test_start_coordinates_default_to_the_others(subject: Subject, evidence: Evidence) -> None:
    for distinct in (None, "given"):
        arrays = dict(make_specimen(Recipe(M=20, N=8, distinct_start=False, seed=23)).arrays)
        if distinct:
            arrays |= {"xcoords_start": arrays["xcoords"], "ycoords_start": arrays["ycoords"]}
        scan = subject.scan(arrays)
        for (gridsize,) in sized((1,), (2,)):
            grouped = subject.adapter.group(scan, GroupRequest(N=8, gridsize=gridsize, K=5, nsamples=9, seed=1))
            for part in ("nn", "offsets", "relative"):
                evidence.present(grouped, f"coords_start_{part}", f"coords_{part}")
                shape = (9, 1, 2, 1 if part == "offsets" else gridsize**2)
                evidence.layout(grouped[f"coords_{part}"], f"coords_{part}", shape=shape, dtype="float64")
                evidence.equal(
                    grouped[f"coords_start_{part}"],
                    as_numpy(grouped[f"coords_{part}"]),
                    f"coords_start_{part} of a scan without start coordinates of its own",
                    axes=AXES,
                )
