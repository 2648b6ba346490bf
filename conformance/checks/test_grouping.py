"""Checks of the grouping clauses (GRP)."""

from __future__ import annotations

import numpy as np

from conformance.check import check
from conformance.evidence import Evidence
from conformance.specimens import Specimen, requests_for
from conformance.subject import Subject


@check("GRP-004")
def test_members_of_a_group_are_distinct(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        for number, members in enumerate(np.asarray(subject.grouped(specimen, request)["nn_indices"])):
            evidence.holds(
                len(set(members.tolist())) == len(members),
                f"group {number} at gridsize {request.gridsize} names a scan point twice: {members.tolist()}",
            )
