"""Checks of grouping (GRP): more groups than points, drawn from a pool."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.dataset.group_kinds import sound
from conformance.checks.dataset.rows import within
from conformance.checks.grouping.members import OVERSAMPLED, distinct, in_pools, members_of
from conformance.checks.grouping.requests import base_request, refused
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.grouping import pool_radii, seed_of
from conformance.scans.domain import sized
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Recipe, Specimen, make_specimen


@check("GRP-011", given=OVERSAMPLED)
def test_oversampling_gives_the_number_asked_for(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    members = members_of(subject, case.specimen, case.request)
    distinct(evidence, members, case.request)
    evidence.holds(
        len(members) == case.request.nsamples,
        f"Oversampling gave {len(members)} groups; {case.request.nsamples} were asked for.",
    )


@check("GRP-012")
def test_oversampled_groups_differ(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=12, N=8, seed=41))
    # Each of 12 pools of 8 others holds 126 sets, so 60 different ones exist by far.
    request = base_request(nsamples=60, enable_oversampling=True, neighbor_pool_size=8)
    for seed in range(3):
        sets = {tuple(sorted(row)) for row in members_of(subject, specimen, replace(request, seed=seed)).tolist()}
        evidence.holds(len(sets) == 60, f"{60 - len(sets)} of 60 oversampled groups repeat another one.")
    # One pool of 13 alone holds 715 sets.
    wide, many_sets = make_specimen(Recipe(M=40, N=8, seed=48)), replace(request, nsamples=700, neighbor_pool_size=12)
    sets = {tuple(sorted(row)) for row in members_of(subject, wide, many_sets).tolist()}
    evidence.holds(len(sets) == 700, f"{700 - len(sets)} of 700 oversampled groups repeat another one.")
    # A pool beyond the scan is all of its points, whatever K is.
    for M, K, nsamples in ((5, 4, 5), (12, 4, 480)):
        points = make_specimen(Recipe(M=M, N=8, seed=42))
        if points.M != M:
            continue
        every = base_request(K=K, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=50)
        sets = {tuple(sorted(row)) for row in members_of(subject, points, every).tolist()}
        what = f"{nsamples} of the {comb(M, 4)} groups of four among {M} points, with pools of 50"
        evidence.holds(len(sets) == nsamples, f"{what}, were asked for; {nsamples - len(sets)} repeat another one.")


@check("GRP-013", given=OVERSAMPLED)
def test_oversampled_groups_lie_in_the_pool(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    pool = case.request.neighbor_pool_size or case.request.K
    in_pools(evidence, case.specimen, members_of(subject, case.specimen, case.request), pool, "an oversampled request")


@check("GRP-013")
def test_the_oversampling_pool_is_used_whole(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=43))
    request = base_request(K=4, nsamples=400, enable_oversampling=True, neighbor_pool_size=12)
    radii = pool_radii(specimen.positions, 6)
    outside = [row for row in members_of(subject, specimen, request) if seed_of(specimen.positions, row, radii) is None]
    evidence.holds(
        len(outside) > 0, "All 400 groups from pools of 12 lie in pools of 6: neighbor_pool_size has no effect."
    )
    # The flag counts even where there are points enough.
    few = [members_of(subject, specimen, replace(request, nsamples=40, seed=seed)) for seed in range(6)]
    wide = [row for row in np.concatenate(few) if seed_of(specimen.positions, row, radii) is None]
    evidence.holds(
        len(wide) > 0, "All of six times 40 groups of 40 points lie in pools of 6, though oversampling asks for 12."
    )
    every, what = replace(request, neighbor_pool_size=50), "A pool of 50 at 40 points, which is all of them,"
    evidence.accepted(lambda: members_of(subject, specimen, every), what)
    narrow = members_of(subject, specimen, replace(request, K=5, neighbor_pool_size=None))
    in_pools(evidence, specimen, narrow, 5, "an oversampled request without a pool size")


@check("GRP-013")
def test_a_pool_smaller_than_a_group_is_refused(subject: Subject, evidence: Evidence) -> None:
    for size in (0, 1, 3):
        refused(
            subject,
            evidence,
            f"a pool of {size} for groups of four",
            enable_oversampling=True,
            neighbor_pool_size=size,
            nsamples=30,
        )


@check("GRP-011", "GRP-012", "GRP-013")
def test_oversampled_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    """From seeds drawn and in sequence: as many as asked for, all different, each in its pool.

    A pool of 120 neighbours holds more sets of sixteen than 64 bits can count, or any memory hold.
    """
    few, many = (make_specimen(Recipe(M=M, N=8, seed=74, pattern="spiral")) for M in (20, 150))
    for gridsize, pool, nsamples in sized((2, 6, 70), (3, 11, 55), (4, 120, 160)):
        specimen = many if pool > 20 else few
        for sequential in (False, True):
            K = max(14, gridsize**2)
            request = base_request(gridsize=gridsize, K=K, nsamples=nsamples, sequential_sampling=sequential)
            request = replace(request, enable_oversampling=True, neighbor_pool_size=pool)
            what = f"{'sequential ' if sequential else ''}oversampled groups of {gridsize**2}"
            members = members_of(subject, specimen, replace(request, seed=1 + sequential))
            evidence.holds(len(members) == nsamples, f"{nsamples} {what} were asked for, {len(members)} are there.")
            distinct(evidence, members, request)
            in_pools(evidence, specimen, members, pool, f"{what} with neighbor_pool_size {pool}")
            sets = {tuple(sorted(row)) for row in members.tolist()}
            evidence.holds(len(sets) == nsamples, f"{nsamples - len(sets)} of {nsamples} {what} repeat another one.")


@check("GRP-013", needs=["batches"])
def test_oversampled_groups_of_a_data_set_lie_in_the_pool(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        pool = kind.request.group.neighbor_pool_size
        for number, arrays in enumerate(kind.scans if pool else ()):
            members = rows["nn_indices"][rows["experiment_id"] == number].astype(np.int64)
            within(evidence, members, arrays["diff3d"])
            scan = Specimen(f"file {number}", arrays, consistent=False)
            in_pools(evidence, scan, members, pool or 0, f"{kind.what} of a data set with neighbor_pool_size {pool}")
