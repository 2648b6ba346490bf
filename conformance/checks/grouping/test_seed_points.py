"""Checks of grouping (GRP): which points become seeds of groups, drawn or in sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.grouping.members import fresh, members_of
from conformance.checks.grouping.requests import base_request
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.oracles.grouping import lies_in_pool, pool_radii
from conformance.scans.domain import Property, gridsize, many, side, takes
from conformance.scans.drawn import GroupingCase, grouping_cases
from conformance.scans.specimens import Recipe, Specimen, make_specimen
from conformance.scans.transformed import random_scan
from conformance.scans.unusual import islands


@check("GRP-010")
def test_sequential_seeds_are_the_first_points(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    count = min(specimen.M, 7)
    single = GroupRequest(N=specimen.N, gridsize=1, K=4, nsamples=count, seed=5, sequential_sampling=True)
    evidence.equal(
        members_of(subject, specimen, single)[:, 0],
        np.arange(count),
        "the seeds of sequential sampling",
        axes=("seed",),
        suspects=lambda: unordered(subject, specimen, single),
    )
    # With no more seeds than points oversampling has nothing to add.
    flagged = replace(single, enable_oversampling=takes(Property.OVERSAMPLING))
    evidence.equal(
        members_of(subject, specimen, flagged)[:, 0],
        np.arange(count),
        "the seeds of sequential sampling at gridsize 1 with oversampling enabled",
        axes=("group",),
    )
    if specimen.M >= 4:
        request = GroupRequest(N=specimen.N, gridsize=2, K=5, nsamples=count, seed=5, sequential_sampling=True)
        radii = pool_radii(specimen.positions, 5)
        for seed, row in enumerate(members_of(subject, specimen, request)):
            evidence.holds(
                lies_in_pool(specimen.positions, row, seed, radii),
                f"Group {seed} of sequential sampling, {row.tolist()}, does not lie in the pool of scan point {seed}.",
            )


def unordered(subject: Subject, specimen: Specimen, request: GroupRequest) -> Suspects:
    """Seeds of the same request without the flag."""
    drawn = members_of(subject, specimen, replace(request, sequential_sampling=False))[:, 0]
    last = np.arange(specimen.M)[-request.nsamples :]
    return {
        "sequential_sampling is ignored: the seeds are drawn at random": drawn,
        "the seeds are the last points, not the first": last,
        "the seeds are the first points in reverse order": np.arange(request.nsamples)[::-1],
        "the points are sorted by x before the first are taken": _first_by(specimen.positions[:, 0], request),
        "the points are sorted by y before the first are taken": _first_by(specimen.positions[:, 1], request),
        "the seeds start at the second point": np.arange(1, request.nsamples + 1),
    }


def _first_by(keys: Array, request: GroupRequest) -> NDArray[np.intp]:
    return np.argsort(keys, kind="stable")[: request.nsamples]


@check("GRP-010", given={"case": grouping_cases(min_gridsize=2, sequential=True)})
def test_sequential_groups_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    members = members_of(subject, case.specimen, case.request)
    radii = pool_radii(case.specimen.positions, case.request.K)
    for seed, row in enumerate(members):
        evidence.holds(
            lies_in_pool(case.specimen.positions, row, seed, radii),
            f"Group {seed} of sequential sampling, {row.tolist()}, does not lie in the pool of scan point {seed}.",
        )


@check("GRP-024")
def test_every_point_can_be_a_seed(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=13, N=8, seed=64))
    everything = base_request(gridsize=1, nsamples=13)
    evidence.equal(
        np.sort(fresh(subject, specimen, everything)[:, 0]), np.arange(13), "the seeds when all are asked for"
    )
    few = ((5, 4, 100),) if takes(Property.FEW) else ()
    # A point stays undrawn with probability 1e-9 in 60 draws of 4 among 13, and in 100 of one among 5; else with 1e-6.
    for points, left_out, draws in ((13, 9, 60), *few, (150, 90, 40), (150, 1, 4), (1_100, 1, 3)):
        M = many(points, 8)
        long = specimen if points == 13 else Specimen(f"long-{M}x8", random_scan(79, M, side(8)), consistent=False)
        request = base_request(gridsize=1, nsamples=M - left_out, N=side(8))
        seeds = [fresh(subject, long, replace(request, seed=seed))[:, 0] for seed in range(draws)]
        missing = np.setdiff1d(np.arange(M), np.concatenate(seeds)).tolist()
        evidence.holds(
            not missing, f"In {draws} draws of {M - left_out} among {M} points, point {missing[:9]} was never drawn."
        )


@check("GRP-010")
def test_sequences_of_points_at_one_place(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=20, N=8, seed=79)).arrays)
    for name in ("xcoords", "ycoords"):
        arrays[name] = np.repeat(arrays[name][:9], [1, 3, 2, 4, 1, 2, 3, 2, 2])
    specimen = Specimen("several-at-each-place-20x8", arrays, consistent=False)
    for nsamples in (5, 9):
        request = base_request(gridsize=1, nsamples=nsamples, sequential_sampling=True)
        members = fresh(subject, specimen, request).ravel()
        what = f"the first {nsamples} seeds of a scan with several points at each place"
        firsts = np.array([0, 1, 4, 6, 10, 11, 13, 16, 18])
        suspects = {"points at the place of an earlier one are skipped": firsts[:nsamples]}
        evidence.equal(members, np.arange(nsamples), what, axes=("draw",), suspects=lambda: suspects)


def visits(specimen: Specimen, members: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """Groups on each island."""
    island = np.round(specimen.positions[members[:, 0], 0] / 1000.0).astype(int)
    return np.bincount(island, minlength=number)


@check("GRP-027")
def test_no_point_is_seed_of_two_groups(subject: Subject, evidence: Evidence) -> None:
    specimen = islands(6, 5, 71)
    for nsamples, seed in ((30, 1), (30, 2), (29, 3), (24, 4)):
        request = base_request(K=4, nsamples=nsamples, seed=seed)
        seen = visits(specimen, fresh(subject, specimen, request), 6)
        evidence.holds(
            bool((seen <= 5).all()),
            f"Six islands of five points each have {seen.tolist()} of {nsamples} groups: an island with more than five "
            "has a point that is the seed of two groups.",
        )
    # As many as hundreds, for draws that are made otherwise beyond some number.
    many_islands = islands(120, 5, 77)
    request = base_request(K=4, nsamples=600, seed=5)
    seen = visits(many_islands, fresh(subject, many_islands, request), 120)
    evidence.holds(
        bool((seen <= 5).all()),
        f"Of 120 islands of five points each {int((seen > 5).sum())} have more than five of 600 groups: "
        "on these a point is the seed of two groups.",
    )
    if gridsize(3) != 3:
        return
    wide = islands(4, 10, 75)
    for nsamples, seed in ((40, 1), (40, 2), (39, 3), (34, 4)):
        request = base_request(gridsize=3, K=9, nsamples=nsamples, seed=seed)
        seen = visits(wide, fresh(subject, wide, request), 4)
        evidence.holds(
            bool((seen <= 10).all()),
            f"Four islands of ten points each have {seen.tolist()} of {nsamples} groups of nine: an island with more "
            "than ten has a point that is the seed of two groups.",
        )


@check("GRP-024")
def test_every_point_can_be_a_seed_of_groups(subject: Subject, evidence: Evidence) -> None:
    islets, isles = islands(4, 8, 72), islands(4, 10, 76)
    for what, request in (
        ("ordinary", base_request(K=7, nsamples=3)),
        ("wide", base_request(gridsize=3, K=9, nsamples=3)),
        ("oversampled", base_request(K=7, nsamples=36, enable_oversampling=True, neighbor_pool_size=7)),
    ):
        if gridsize(request.gridsize) != request.gridsize:
            continue
        if request.enable_oversampling and not takes(Property.OVERSAMPLING):
            continue
        specimen = isles if request.gridsize == 3 else islets
        # With four islands each stays out of three groups with probability 0.42, so out of all 40 draws with 1e-15.
        seen = sum(visits(specimen, fresh(subject, specimen, replace(request, seed=seed)), 4) for seed in range(40))
        evidence.holds(
            bool((np.asarray(seen) > 0).all()),
            f"In 40 {what} draws the islands of the scan have {np.asarray(seen).tolist()} groups: "
            "no point of the last ones ever becomes a seed.",
        )


@check("GRP-024")
def test_points_of_every_part_of_a_long_scan_become_seeds(subject: Subject, evidence: Evidence) -> None:
    """However few of them are asked for; members of a group lie near its seed, also by their number."""
    N = side(8)
    M = many(5_000, N)
    specimen = Specimen("long-5000x8", random_scan(78, M, N), consistent=False)
    for what, changes in (
        ("single points", {"gridsize": 1}),
        ("groups of four", {}),
        ("groups of four with oversampling enabled", {"enable_oversampling": True, "neighbor_pool_size": 6}),
    ):
        if "enable_oversampling" in changes and not takes(Property.OVERSAMPLING):
            continue
        if gridsize(int(changes.get("gridsize", 2))) != changes.get("gridsize", 2):
            continue
        request = base_request(**{"nsamples": 40, "N": N, **changes})
        members = np.concatenate([fresh(subject, specimen, replace(request, seed=seed)) for seed in range(5)])
        # Of 200 seeds a tenth of the points has none with probability 7e-10.
        tenths = np.bincount(members.ravel() * 10 // M, minlength=10)
        evidence.holds(
            bool((tenths > 0).all()),
            f"Of {len(members)} {what} of {M} points none lies in the tenths {np.flatnonzero(tenths == 0).tolist()}.",
        )
        # Of 200 seeds one of the classes is left out with probability 1e-10.
        for step in (2, 3, 5, 7):
            left = np.setdiff1d(np.arange(step), members % step)
            evidence.holds(
                not len(left), f"Of {len(members)} {what} none has a number that leaves {left.tolist()} over by {step}."
            )
