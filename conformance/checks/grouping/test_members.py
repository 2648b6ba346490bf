"""Checks of grouping (GRP): members are distinct rows of the scan that lie near each other."""

from __future__ import annotations

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.grouping.members import ANY, WIDE, distinct, in_pools, members_of
from conformance.checks.grouping.requests import base_request, refused
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.domain import places
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Recipe, Specimen, free, make_specimen, requests_for


@check("GRP-001")
def test_members_are_distinct(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        distinct(evidence, members_of(subject, specimen, request), request)


@check("GRP-001", given=ANY)
def test_members_are_distinct_on_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    distinct(evidence, members_of(subject, case.specimen, case.request), case.request)


@check("GRP-002")
def test_indices_are_rows_of_the_scan(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        indices = subject.grouped(specimen, request)["nn_indices"]
        shape = as_numpy(indices).shape
        evidence.layout(indices, "nn_indices", shape=(shape[0], gridsize_here(request.gridsize) ** 2), dtype="int32")
        low, high = as_numpy(indices).min(), as_numpy(indices).max()
        evidence.holds(low >= 0, f"nn_indices holds {low}; a negative index selects a frame from the end of the scan.")
        evidence.holds(high < specimen.M, f"nn_indices holds {high}; the scan ends at {specimen.M - 1}.")


@check("GRP-002", given=WIDE)
def test_indices_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    members = members_of(subject, case.specimen, case.request)
    evidence.holds(
        bool(((members >= 0) & (members < case.specimen.M)).all()),
        f"nn_indices leave 0 … {case.specimen.M - 1}: they run from {members.min()} to {members.max()}.",
    )


@check("GRP-004")
def test_members_lie_in_a_pool(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        if request.gridsize > 1:
            members = members_of(subject, specimen, request)
            in_pools(evidence, specimen, members, request.K, f"gridsize {request.gridsize}")


@check("GRP-004", given=WIDE)
def test_members_of_any_scan_lie_in_a_pool(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    members = members_of(subject, case.specimen, case.request)
    in_pools(evidence, case.specimen, members, case.request.K, f"gridsize {case.request.gridsize}")


@check("GRP-004")
def test_neighbours_are_near_on_a_stretched_scan(subject: Subject, evidence: Evidence) -> None:
    """Points that are neighbours along y only: neighbours by index or along x are no neighbours."""
    rng = np.random.default_rng(8)
    arrays = dict(make_specimen(Recipe(M=36, N=8, seed=21)).arrays)
    arrays["xcoords"] = 500.0 * (np.arange(36) % 6) + places(rng.uniform(0, 1, 36))
    arrays["ycoords"] = 3.0 * (np.arange(36) // 6) + places(rng.uniform(0, 1, 36))
    specimen = Specimen("stretched-36x8", free(arrays), consistent=False)
    request = GroupRequest(N=8, gridsize=2, K=4, nsamples=36, seed=2)
    in_pools(evidence, specimen, members_of(subject, specimen, request), 4, "a scan of six distant columns")


@check("GRP-004")
def test_neighbours_are_near_however_far_the_scan_lies(subject: Subject, evidence: Evidence) -> None:
    """Beyond what single precision tells apart, on both sides of the origin, and in the smallest of units."""
    made = make_specimen(Recipe(M=30, N=8, seed=24, truth="none")).arrays
    rng = np.random.default_rng(24)
    x, y = (places(np.round(rng.uniform(-40, 40, 30) * 64) / 64) for _ in range(2))
    x[-1] += 2.0**20  # One point stands alone: cells of the whole extent hold all others.
    for unit, far in ((1.0, 0.0), (1.0, 2.0**28), (1.0, -(2.0**33)), (2.0**-30, 0.0), (2.0**30, 0.0)):
        arrays = dict(made) | {"xcoords": places(x * unit + far), "ycoords": places(y * unit - far)}
        specimen = Specimen(f"far-{far:g}-unit-{unit:g}-30x8", free(arrays), consistent=False)
        request = GroupRequest(N=8, gridsize=2, K=4, nsamples=30, seed=2)
        what = f"a scan at {far:g} pixels, {80 * unit:g} pixels wide but for one point"
        in_pools(evidence, specimen, members_of(subject, specimen, request), 4, what)


@check("GRP-004")
def test_a_pool_size_without_oversampling_has_no_effect(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=49))
    for seed in range(4):
        request = GroupRequest(N=8, gridsize=2, K=4, nsamples=40, seed=seed, neighbor_pool_size=14)
        members = members_of(subject, specimen, request)
        in_pools(evidence, specimen, members, 4, "a request with a pool size but without oversampling")


@check("GRP-005")
def test_coincident_points_are_other_points(subject: Subject, evidence: Evidence) -> None:
    # Five visits fill a pool of four others with points at distance zero; four visits leave one place.
    for visits in (5, 4):
        arrays = dict(make_specimen(Recipe(M=20, N=8, seed=22)).arrays)
        for name in ("xcoords", "ycoords"):
            arrays[name] = np.repeat(arrays[name][: 20 // visits] * 40, visits)
        specimen = Specimen(f"visited-{visits}-times-20x8", free(arrays), consistent=False)
        request = GroupRequest(N=8, gridsize=2, K=4, nsamples=20, seed=9, sequential_sampling=True)
        members = members_of(subject, specimen, request)
        distinct(evidence, members, request)
        in_pools(evidence, specimen, members, 4, f"a scan that visits every position {visits} times")


@check("GRP-016")
def test_k_beyond_the_scan_means_all_points(subject: Subject, evidence: Evidence) -> None:
    for M, K in ((4, 4), (5, 2**40), (7, 7), (9, 8)):
        specimen = make_specimen(Recipe(M=M, N=8, seed=50 + M))
        M = specimen.M
        request = base_request(K=max(K, M - 1) if K >= M else K, nsamples=M)
        members = evidence.accepted(lambda: members_of(subject, specimen, request), f"K = {K} on a scan of {M} points")
        distinct(evidence, members, request)
        evidence.holds(
            bool((members >= 0).all() and (members < M).all()), f"K = {K} on {M} points: indices leave the scan."
        )


@check("GRP-013")
def test_the_pool_size_holds_without_need(subject: Subject, evidence: Evidence) -> None:
    """Also where there are points enough, so that oversampling has nothing to add."""
    specimen = make_specimen(Recipe(M=40, N=8, seed=43))
    for pool, K in ((4, 12), (5, 9)):
        request = base_request(K=K, nsamples=30, enable_oversampling=True, neighbor_pool_size=pool)
        members = members_of(subject, specimen, request)
        distinct(evidence, members, request)
        in_pools(evidence, specimen, members, pool, f"30 groups of 40 points with neighbor_pool_size {pool} and K {K}")
    refused(
        subject, evidence, "a pool of 3 for five groups of four", K=6, enable_oversampling=True, neighbor_pool_size=3
    )
