"""Checks of grouping (GRP)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import ConfigureRequest, GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.contract.arrays import Place, axes_of, required_in
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import lies_in_pool, pool_radii, seed_of
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for
from conformance.scans.strategies import GroupingCase, grouping_cases, oversampling_cases

GROUPED = axes_of("diffraction", 4)
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
    members, C = as_numpy(grouped["nn_indices"]), request.gridsize**2
    if members.ndim != 2 or members.shape[1] != C or not len(members):
        raise Violation(f"nn_indices has shape {members.shape}; at gridsize {request.gridsize} it is (B, {C}).")
    return members.astype(np.int64)


def distinct(evidence: Evidence, members: NDArray[np.int64], request: GroupRequest) -> None:
    """Require C different members in every group."""
    C = request.gridsize**2
    evidence.holds(
        members.ndim == 2 and members.shape[1] == C,
        f"nn_indices has shape {members.shape}; at gridsize {request.gridsize} every group has {C} members.",
    )
    for number, row in enumerate(members):
        evidence.holds(
            len(set(row.tolist())) == C,
            f"Group {number} at gridsize {request.gridsize} names a scan point twice: {row.tolist()}.",
        )


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
        evidence.layout(indices, "nn_indices", shape=(shape[0], request.gridsize**2), dtype="int32")
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


def pairing(
    evidence: Evidence,
    grouped: Any,
    specimen: Specimen,
    request: GroupRequest,
    earlier: Sequence[NDArray[Any]] = (),
) -> None:
    """Require that the frames are those of the indices."""
    members = as_numpy(grouped["nn_indices"])
    frames = specimen.arrays["diff3d"]
    expected = np.stack([np.stack([frames[i] for i in row], axis=-1) for row in members])
    evidence.layout(grouped["diffraction"], "diffraction", shape=expected.shape, dtype="float32")
    evidence.equal(
        grouped["diffraction"],
        expected,
        f"diffraction at gridsize {request.gridsize}",
        axes=GROUPED,
        suspects=lambda: {
            **frames_for(frames, members),
            **{
                f"the frames are those of an earlier call, {n} calls before": one
                for n, one in enumerate(earlier[::-1], 1)
            },
        },
    )


def frames_for(frames: NDArray[Any], members: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Frames of groups that known mistakes would give."""

    def those(rows: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(frames[rows % len(frames)], 1, -1)

    return {
        "every index is one too large: the frames are those of the next scan point": those(members + 1),
        "every index is one too small: the frames are those of the previous scan point": those(members - 1),
        **{
            f"every index is {abs(k)} too {'large' if k > 0 else 'small'}": those(
                np.clip(members + k, 0, len(frames) - 1)
            )
            for k in (-3, -2, 2, 3)
        },
        "every channel holds the frame of the first member": those(np.repeat(members[:, :1], members.shape[1], axis=1)),
        "the frames are the first ones of the scan, not those of the indices": those(
            np.arange(members.size).reshape(members.shape)
        ),
        "the members of each group are sorted for the frames, not for the indices": those(np.sort(members, axis=1)),
    }


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


def in_pools(evidence: Evidence, specimen: Specimen, members: NDArray[np.int64], K: int, what: str) -> None:
    """Require that every group lies in the pool of some scan point."""
    radii = pool_radii(specimen.positions, K)
    for number, row in enumerate(members):
        evidence.holds(
            seed_of(specimen.positions, row, radii) is not None,
            f"Group {number} of {what}, {row.tolist()}, lies in the pool of no scan point: "
            f"no point has all of them among itself and its {K} nearest others.",
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
    arrays["xcoords"] = 500.0 * (np.arange(36) % 6) + rng.uniform(0, 1, 36)
    arrays["ycoords"] = 3.0 * (np.arange(36) // 6) + rng.uniform(0, 1, 36)
    specimen = Specimen("stretched-36x8", arrays, consistent=False)
    request = GroupRequest(N=8, gridsize=2, K=4, nsamples=36, seed=2)
    in_pools(evidence, specimen, members_of(subject, specimen, request), 4, "a scan of six distant columns")


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
        specimen = Specimen(f"visited-{visits}-times-20x8", arrays, consistent=False)
        request = GroupRequest(N=8, gridsize=2, K=4, nsamples=20, seed=9, sequential_sampling=True)
        members = members_of(subject, specimen, request)
        distinct(evidence, members, request)
        in_pools(evidence, specimen, members, 4, f"a scan that visits every position {visits} times")


@check("GRP-006")
def test_single_points_are_sampled_without_replacement(
    subject: Subject, evidence: Evidence, specimen: Specimen
) -> None:
    for request in requests_for(specimen):
        if request.gridsize == 1:
            members = members_of(subject, specimen, request)[:, 0]
            repeated = len(members) - len(set(members.tolist()))
            evidence.holds(repeated == 0, f"{repeated} of {len(members)} seeds at gridsize 1 are repeats.")


@check("GRP-007", given=ANY)
def test_the_number_of_groups(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    grouped = subject.grouped(case.specimen, case.request)
    for name in ("nn_indices", "diffraction", "X_full", "coords_nn", "coords_offsets", "coords_relative"):
        rows = as_numpy(grouped[name]).shape[0]
        evidence.holds(
            rows == case.request.nsamples, f"{name} has {rows} rows; {case.request.nsamples} groups were asked for."
        )


@check("GRP-008")
def test_more_samples_than_points_at_gridsize_one(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    if specimen.path is not None and specimen.M > 2000:
        return
    for sequential in (False, True):
        request = GroupRequest(
            N=specimen.N, gridsize=1, K=4, nsamples=specimen.M + 7, seed=1, sequential_sampling=sequential
        )
        members = evidence.accepted(
            lambda: sorted(members_of(subject, specimen, request)[:, 0].tolist()),
            f"A request for {specimen.M + 7} single points of {specimen.M}",
        )
        evidence.equal(members, np.arange(specimen.M), "the seeds when more are asked for than there are")


def base_request(**changes: Any) -> GroupRequest:
    """Return a valid request at gridsize 2."""
    return replace(GroupRequest(N=8, gridsize=2, K=6, nsamples=5, seed=1), **changes)


def refused(subject: Subject, evidence: Evidence, what: str, M: int = 20, **changes: Any) -> None:
    """Require that a request is refused beside the valid one."""
    sound = subject.scan_of(make_specimen(Recipe(M=20, N=8, seed=40)))
    scan = subject.scan_of(make_specimen(Recipe(M=M, N=8, seed=40)))
    evidence.refused(
        lambda: subject.adapter.group(scan, base_request(**changes)),
        what,
        beside=lambda: subject.adapter.group(sound, base_request()),
    )


@check("GRP-009")
def test_more_samples_than_points_are_refused(subject: Subject, evidence: Evidence) -> None:
    for nsamples in (21, 50):
        refused(subject, evidence, f"{nsamples} groups of four from 20 points without oversampling", nsamples=nsamples)


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
    flagged = replace(single, enable_oversampling=True)
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


def _first_by(keys: NDArray[Any], request: GroupRequest) -> NDArray[np.intp]:
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
    tight = make_specimen(Recipe(M=5, N=8, seed=42))
    every = base_request(K=4, nsamples=5, enable_oversampling=True, neighbor_pool_size=4)
    sets = {tuple(sorted(row)) for row in members_of(subject, tight, every).tolist()}
    evidence.holds(
        len(sets) == 5, f"Five different groups of four exist among five points; oversampling gave {len(sets)}."
    )


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
    narrow = members_of(subject, specimen, replace(request, K=5, neighbor_pool_size=None))
    in_pools(evidence, specimen, narrow, 5, "an oversampled request without a pool size")


@check("GRP-013")
def test_a_pool_smaller_than_a_group_is_refused(subject: Subject, evidence: Evidence) -> None:
    for size in (1, 3):
        refused(
            subject,
            evidence,
            f"a pool of {size} for groups of four",
            enable_oversampling=True,
            neighbor_pool_size=size,
            nsamples=30,
        )


@check("GRP-014")
def test_k_smaller_than_a_group_is_refused(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in ((2, 3), (2, 1), (3, 8)):
        refused(subject, evidence, f"K = {K} at gridsize {gridsize}", gridsize=gridsize, K=K)


@check("GRP-015")
def test_fewer_points_than_members_are_refused(subject: Subject, evidence: Evidence) -> None:
    for gridsize, M in ((2, 1), (2, 3), (3, 8)):
        refused(
            subject, evidence, f"{M} points at gridsize {gridsize}", M=M, gridsize=gridsize, K=gridsize**2, nsamples=1
        )


@check("GRP-016")
def test_k_beyond_the_scan_means_all_points(subject: Subject, evidence: Evidence) -> None:
    for M, K in ((4, 4), (5, 50), (7, 7), (9, 8)):
        specimen = make_specimen(Recipe(M=M, N=8, seed=50 + M))
        request = base_request(K=K, nsamples=M)
        members = evidence.accepted(lambda: members_of(subject, specimen, request), f"K = {K} on a scan of {M} points")
        distinct(evidence, members, request)
        evidence.holds(
            bool((members >= 0).all() and (members < M).all()), f"K = {K} on {M} points: indices leave the scan."
        )


@check("GRP-017")
def test_the_same_seed_gives_the_same_groups(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        first = fresh(subject, specimen, request)
        subject.adapter.group(subject.scan_of(specimen), replace(request, seed=99, nsamples=1))
        evidence.equal(
            fresh(subject, specimen, request), first, "the groups of a second call", axes=("group", "member")
        )


@check("GRP-017")
def test_the_same_seed_gives_the_same_oversampled_groups(subject: Subject, evidence: Evidence) -> None:
    """Few groups, nearly all that exist, all of them, and more than exist: each is drawn another way."""
    specimen = make_specimen(Recipe(M=9, N=8, seed=59))
    for nsamples in (12, 120, 126, 150):
        request = base_request(K=8, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=8, seed=7)
        with warnings.catch_warnings():
            # Only 126 sets of four exist among nine points.
            warnings.simplefilter("ignore")
            first, second = fresh(subject, specimen, request), fresh(subject, specimen, request)
        evidence.equal(second, first, f"{nsamples} oversampled groups of a second call", axes=("group", "channel"))


@check("GRP-017")
def test_the_same_scan_loaded_again_gives_the_same_groups(subject: Subject, evidence: Evidence) -> None:
    arrays = make_specimen(Recipe(M=30, N=8, seed=65)).arrays
    for gridsize in (1, 2):
        request = base_request(gridsize=gridsize, nsamples=12)
        first, second = (subject.adapter.group(subject.scan(arrays), request)["nn_indices"] for _ in range(2))
        evidence.equal(second, as_numpy(first), "the groups of the same scan, loaded again", axes=("group", "member"))


@check("GRP-018")
def test_another_seed_gives_other_groups(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=60))
    for gridsize, sequential in ((1, False), (2, False), (2, True)):
        request = base_request(gridsize=gridsize, K=8, nsamples=20, sequential_sampling=sequential)
        draws = {fresh(subject, specimen, replace(request, seed=seed)).tobytes() for seed in (1, 2, 3, 12345)}
        evidence.holds(len(draws) == 4, f"Four seeds gave {len(draws)} different draws at gridsize {gridsize}.")


@check("GRP-019")
def test_no_seed_means_fresh_entropy(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=61))
    for gridsize in (1, 2):
        request = base_request(gridsize=gridsize, K=8, nsamples=20, seed=None)
        draws = {fresh(subject, specimen, request).tobytes() for _ in range(3)}
        evidence.holds(len(draws) == 3, f"Three calls without a seed gave {len(draws)} different draws.")


@check("GRP-020")
def test_the_request_decides_the_gridsize(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=30, N=8, seed=62))
    for gridsize in (2, 1, 3, 2, 1):
        if "configure" in offered(subject.selected):
            subject.adapter.configure(ConfigureRequest("training", {"gridsize": gridsize % 3 + 1}))
        request = base_request(gridsize=gridsize, K=10, nsamples=4)
        grouped = subject.adapter.group(subject.scan_of(specimen), request)
        for name, axis in (("nn_indices", 1), ("diffraction", 3), ("coords_relative", 3)):
            width = as_numpy(grouped[name]).shape[axis]
            evidence.holds(
                width == gridsize**2, f"{name} has {width} channels after a request for gridsize {gridsize}."
            )


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


@check("GRP-023")
def test_groups_depend_on_positions_alone(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=30, N=8, seed=63))
    brighter = dict(specimen.arrays)
    brighter["diff3d"] = np.ascontiguousarray(brighter["diff3d"][::-1, ::-1] * 2 + 1)
    brighter["probeGuess"] = brighter["probeGuess"] * 3
    # Some frames are dark, as when the shutter closed.
    brighter["diff3d"][[3, 11, 12, 25]] = 0
    brighter["probeGuess"] = np.stack([brighter["probeGuess"]] * 3)
    brighter["scan_index"] = brighter["scan_index"][::-1] + 5
    del brighter["objectGuess"]
    other = Specimen("other-frames-30x8", brighter, consistent=False)
    for gridsize in (1, 2):
        request = base_request(gridsize=gridsize, nsamples=28)
        evidence.equal(
            fresh(subject, other, request),
            fresh(subject, specimen, request),
            "the groups of a scan with other frames, probe and labels",
            axes=("group", "member"),
        )


@check("GRP-024")
def test_every_point_can_be_a_seed(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=13, N=8, seed=64))
    everything = base_request(gridsize=1, nsamples=13)
    evidence.equal(
        np.sort(fresh(subject, specimen, everything)[:, 0]), np.arange(13), "the seeds when all are asked for"
    )
    drawn: set[int] = set()
    # A point stays undrawn in 60 draws of 4 among 13 with probability 1e-9.
    for seed in range(60):
        drawn |= set(fresh(subject, specimen, base_request(gridsize=1, nsamples=4, seed=seed))[:, 0].tolist())
    missing = sorted(set(range(13)) - drawn)
    evidence.holds(not missing, f"In 60 draws of 4 among 13 points, point {missing} was never drawn.")


@check("GRP-025")
def test_another_frame_side_is_refused(subject: Subject, evidence: Evidence) -> None:
    for N in (10, 16, 64):
        refused(subject, evidence, f"N = {N} for frames of 8 x 8", N=N)


@check("GRP-026")
def test_a_request_for_nothing_is_refused(subject: Subject, evidence: Evidence) -> None:
    for changes in ({"gridsize": 0}, {"gridsize": -1}, {"nsamples": 0}, {"nsamples": -3}):
        ((name, value),) = changes.items()
        refused(subject, evidence, f"a request with {name} = {value}", **changes)
