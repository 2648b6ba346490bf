"""Checks of what is drawn (GRP): seeds of every kind, in every process; which points become seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject
from conformance.checks.dataset.test_dataset import within
from conformance.checks.dataset.test_varieties import sound
from conformance.checks.grouping.test_grouping import base_request, distinct, fresh, in_pools, members_of, refused
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.specimens import Recipe, Specimen, make_specimen, write_scan

SEEDS = (0, 1, 2, 257, 1001, 65537, 2**24, 2**24 + 1, 2**31 + 1, 2**32 - 1)
"""Seeds that are one and the same in eight, sixteen or twenty-four bits, or taken for no seed at all."""


@check("GRP-017")
def test_every_seed_is_a_seed(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=30, N=8, seed=60))
    for gridsize in (1, 2):
        request = base_request(gridsize=gridsize, K=8, nsamples=15)
        for seed in SEEDS:
            first = fresh(subject, specimen, replace(request, seed=seed))
            fresh(subject, specimen, replace(request, seed=None))
            again = fresh(subject, specimen, replace(request, seed=seed))
            evidence.equal(again, first, f"the groups of a second call with seed {seed}", axes=("draw", "member"))
    # However often: a hundred calls between.
    first = fresh(subject, specimen, request)
    for number in range(100):
        fresh(subject, specimen, replace(request, seed=number, nsamples=1))
    evidence.equal(
        fresh(subject, specimen, request), first, "the groups after a hundred other calls", axes=("draw", "member")
    )


@check("GRP-018")
def test_seeds_that_look_alike_are_different(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=60))
    for gridsize in (1, 2):
        request = base_request(gridsize=gridsize, K=8, nsamples=20)
        seen: dict[bytes, int] = {}
        for seed in SEEDS:
            drawn = fresh(subject, specimen, replace(request, seed=seed)).tobytes()
            other = seen.setdefault(drawn, seed)
            evidence.holds(other == seed, f"Seeds {other} and {seed} give the same groups at gridsize {gridsize}.")


_GROUP = """
from pathlib import Path
import numpy as np
from conformance.adapter import GroupRequest
path = Path(arguments[0])
scan = adapter.load(path) if hasattr(adapter, "load") else adapter.assemble(dict(np.load(path)))
drawn = []
for gridsize in (1, 2):
    grouped = adapter.group(scan, GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=12, seed=7))
    drawn += np.asarray(grouped["nn_indices"]).ravel().tolist()
print(json.dumps(drawn))
"""


@check("GRP-017")
def test_another_process_draws_the_same(subject: Subject, evidence: Evidence) -> None:
    """Python salts the hash of texts anew in every process, and process numbers differ."""
    specimen = make_specimen(Recipe(M=30, N=8, seed=61))
    path = subject.fresh_folder() / "scan.npz"
    write_scan(path, specimen.arrays)
    running = start(subject, _GROUP, [str(path)])
    here = [fresh(subject, specimen, base_request(gridsize=g, K=6, nsamples=12, seed=7)).ravel() for g in (1, 2)]
    there = evidence.accepted(lambda: finish(running), "Grouping in a fresh process")
    evidence.equal(
        np.array(there), np.concatenate(here), "the groups of another process, at gridsize 1 and 2", axes=("draw",)
    )


@check("GRP-019")
def test_no_seed_is_fresh_for_every_draw(subject: Subject, evidence: Evidence) -> None:
    """Calls in one second, also where the seeds themselves are not drawn."""
    specimen = make_specimen(Recipe(M=40, N=8, seed=61))
    for what, changes in (
        ("one call after the other", {"gridsize": 1}),
        ("sequential seeds", {"sequential_sampling": True}),
        ("oversampling", {"nsamples": 60, "enable_oversampling": True, "neighbor_pool_size": 8}),
    ):
        request = base_request(**{"K": 8, "nsamples": 20, "seed": None, **changes})
        draws = {fresh(subject, specimen, request).tobytes() for _ in range(4)}
        evidence.holds(len(draws) == 4, f"Four calls without a seed gave {len(draws)} different draws ({what}).")


@check("GRP-009")
def test_sequential_requests_are_no_exception(subject: Subject, evidence: Evidence) -> None:
    for nsamples in (21, 50):
        what = f"{nsamples} sequential groups of four from 20 points without oversampling"
        refused(subject, evidence, what, nsamples=nsamples, sequential_sampling=True)


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


@check("GRP-006", "GRP-008")
def test_thousands_of_single_points(subject: Subject, evidence: Evidence) -> None:
    M = 3_001
    few = make_specimen(Recipe(M=7, N=8, seed=78, truth="none")).arrays
    arrays = {name: np.resize(few[name], (M, *few[name].shape[1:])) for name in ("xcoords", "ycoords", "diff3d")}
    specimen = Specimen(f"long-{M}x8", arrays | {"probeGuess": few["probeGuess"]}, consistent=False)
    for nsamples in (M - 1, M, 10**7):
        members = fresh(subject, specimen, base_request(gridsize=1, nsamples=nsamples, seed=3)).ravel()
        count = min(nsamples, M)
        evidence.holds(len(members) == count, f"{nsamples} single points of {M} gave {len(members)} groups.")
        repeated = len(members) - len(np.unique(members))
        evidence.holds(repeated == 0, f"{repeated} of {len(members)} single points are drawn again.")


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


@check("GRP-011", "GRP-012", "GRP-013")
def test_oversampled_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    """Of nine and of four, from seeds drawn and in sequence: as many as asked for, all different, each in its pool."""
    specimen = make_specimen(Recipe(M=20, N=8, seed=74, pattern="spiral"))
    for gridsize, pool, nsamples in ((2, 6, 70), (3, 11, 55)):
        for sequential in (False, True):
            request = base_request(gridsize=gridsize, K=14, nsamples=nsamples, sequential_sampling=sequential)
            request = replace(request, enable_oversampling=True, neighbor_pool_size=pool)
            what = f"{'sequential ' if sequential else ''}oversampled groups of {gridsize**2}"
            for seed in (1, 2):
                members = members_of(subject, specimen, replace(request, seed=seed))
                evidence.holds(len(members) == nsamples, f"{nsamples} {what} were asked for, {len(members)} are there.")
                distinct(evidence, members, request)
                in_pools(evidence, specimen, members, pool, f"{what} with neighbor_pool_size {pool}")
                sets = {tuple(sorted(row)) for row in members.tolist()}
                evidence.holds(
                    len(sets) == nsamples, f"{nsamples - len(sets)} of {nsamples} {what} repeat another one."
                )


@check("GRP-013", needs=["batches"])
def test_oversampled_groups_of_a_data_set_lie_in_the_pool(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        pool = kind.request.group.neighbor_pool_size
        for number, arrays in enumerate(kind.scans if pool else ()):
            members = rows["nn_indices"][rows["experiment_id"] == number].astype(np.int64)
            within(evidence, members, arrays["diff3d"])
            scan = Specimen(f"file {number}", arrays, consistent=False)
            in_pools(evidence, scan, members, pool or 0, f"{kind.what} of a data set with neighbor_pool_size {pool}")


def islands(number: int, size: int, seed: int) -> Specimen:
    """Scan points on islands far from each other, in random order, so that a group tells whose island it is of."""
    rng = np.random.default_rng(seed)
    M = number * size
    arrays: dict[str, Any] = dict(make_specimen(Recipe(M=M, N=8, truth="none", seed=seed)).arrays)
    island = rng.permutation(M) // size
    arrays["xcoords"] = 1000.0 * island + rng.uniform(0, 5, M)
    arrays["ycoords"] = 400.0 * (island % 3) + rng.uniform(0, 5, M)
    for name in ("xcoords", "ycoords"):
        arrays[f"{name}_start"] = arrays[name] + 0.25
    return Specimen(f"islands-{number}x{size}", arrays, consistent=False)


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
        specimen = isles if request.gridsize == 3 else islets
        # With four islands each stays out of three groups with probability 0.42, so out of all 40 draws with 1e-15.
        seen = sum(visits(specimen, fresh(subject, specimen, replace(request, seed=seed)), 4) for seed in range(40))
        evidence.holds(
            bool((np.asarray(seen) > 0).all()),
            f"In 40 {what} draws the islands of the scan have {np.asarray(seen).tolist()} groups: "
            "no point of the last ones ever becomes a seed.",
        )


@check("GRP-025")
def test_a_smaller_frame_side_is_refused(subject: Subject, evidence: Evidence) -> None:
    """Cropping the frames would be another scan."""
    scan = subject.scan_of(make_specimen(Recipe(M=12, N=16, seed=73)))
    sound = GroupRequest(N=16, gridsize=2, K=5, nsamples=6, seed=1)
    for N in (8, 12, 14, 32):
        evidence.refused(
            lambda: subject.adapter.group(scan, replace(sound, N=N)),
            f"N = {N} for frames of 16 x 16",
            beside=lambda: subject.adapter.group(scan, sound),
        )
