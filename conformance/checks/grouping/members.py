"""The members of groups: read from a result, and what the contract says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import pool_radii, seed_of
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.drawn import grouping_cases, oversampling_cases
from conformance.scans.specimens import Specimen

ANY = {"case": grouping_cases()}
WIDE = {"case": grouping_cases(min_gridsize=2)}
OVERSAMPLED = {"case": oversampling_cases()}


def members_of(subject: Subject, specimen: Specimen, request: GroupRequest) -> NDArray[np.int64]:
    """Indices of the groups, (B, C)."""
    return indices_of(subject.grouped(specimen, request), request)


def fresh(subject: Subject, specimen: Specimen, request: GroupRequest) -> NDArray[np.int64]:
    """Indices of a new call, past every memo."""
    return indices_of(subject.adapter.group(subject.scan_of(specimen), request), request)


def indices_of(grouped: Any, request: GroupRequest) -> NDArray[np.int64]:
    """Indices of a grouped result; what has no row a group and no column a member is none."""
    members, C = as_numpy(grouped["nn_indices"]), gridsize_here(request.gridsize) ** 2
    if members.ndim != 2 or members.shape[1] != C or not len(members):
        raise Violation(f"nn_indices has shape {members.shape}; at gridsize {request.gridsize} it is (B, {C}).")
    return members.astype(np.int64)


def distinct(evidence: Evidence, members: NDArray[np.int64], request: GroupRequest) -> None:
    """Require C different members in every group."""
    C = gridsize_here(request.gridsize) ** 2
    evidence.holds(
        members.ndim == 2 and members.shape[1] == C,
        f"nn_indices has shape {members.shape}; at gridsize {request.gridsize} every group has {C} members.",
    )
    for number, row in enumerate(members):
        evidence.holds(
            len(set(row.tolist())) == C,
            f"Group {number} at gridsize {request.gridsize} names a scan point twice: {row.tolist()}.",
        )


def in_pools(evidence: Evidence, specimen: Specimen, members: NDArray[np.int64], K: int, what: str) -> None:
    """Require that every group lies in the pool of some scan point."""
    radii = pool_radii(specimen.positions, K)
    for number, row in enumerate(members):
        evidence.holds(
            seed_of(specimen.positions, row, radii) is not None,
            f"Group {number} of {what}, {row.tolist()}, lies in the pool of no scan point: "
            f"no point has all of them among itself and its {K} nearest others.",
        )
