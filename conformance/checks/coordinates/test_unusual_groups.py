"""Checks of coordinates (CRD) of unusual groups: oversampled, many points, many channels, positions anywhere."""

from __future__ import annotations

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.coordinates.expected_coordinates import (
    absolute_follow,
    offsets_follow,
    relative_follow,
    start_follow,
)
from conformance.checks.grouping.unusual_groups import groupings
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, sized, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen
from conformance.scans.unusual import longest_scan


@check("CRD-001")
def test_absolute_coordinates_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        absolute_follow(evidence, regime.specimen, grouped)


@check("CRD-002")
def test_offsets_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        offsets_follow(evidence, regime.specimen, grouped)


@check("CRD-003")
def test_relative_coordinates_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        relative_follow(evidence, regime.specimen, grouped, regime.request.gridsize)


@check("CRD-005")
def test_start_coordinates_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        start_follow(evidence, regime.specimen, grouped)


@check("CRD-001", "CRD-002", "CRD-003", "CRD-005")
def test_coordinates_of_more_points_than_sixteen_bits_count(subject: Subject, evidence: Evidence) -> None:
    longest = longest_scan()
    grouped = subject.grouped(longest.specimen, longest.request)
    places = longest.specimen.positions.reshape(-1, 1, 2, 1)
    for stem in ("coords", "coords_start"):
        for part, expected in (("nn", places), ("offsets", places), ("relative", 0 * places)):
            name = f"{stem}_{part}"
            what = f"{name} of {longest.what}"
            evidence.close(grouped[name], expected, what, rtol=0, atol=1e-6, axes=axes_of(name, 4))


@check("CRD-001", "CRD-005")
def test_positions_that_are_great_whole_numbers(subject: Subject, evidence: Evidence) -> None:
    """Steps of a motor, of which 32 bits hold too few, are exact all the same."""
    arrays = dict(make_specimen(Recipe(M=24, N=8, truth="none" if takes(Property.NO_OBJECT) else "object")).arrays)
    for step in (2.0**33, -(2.0**40)) if takes(Property.BEYOND) else (0.0,):
        if step < 0 and not takes(Property.NEGATIVE):
            continue
        far = {name: np.round(arrays[name]) + step for name in ("xcoords", "ycoords")}
        starts = {f"{name}_start": values + 2.0 * takes(Property.STARTS) for name, values in far.items()}
        specimen = Specimen(f"far-{step:g}", arrays | far | starts, consistent=False)
        for gridsize, K in sized((1, 4), (2, 6)):
            grouped = subject.grouped(specimen, GroupRequest(side(8), gridsize, K, 9, 3))
            absolute_follow(evidence, specimen, grouped)
            if takes(Property.STARTS):
                start_follow(evidence, specimen, grouped)
