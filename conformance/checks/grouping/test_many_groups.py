"""Checks of grouping (GRP) by every strategy, gridsize and way of sampling, with as many groups as thousands."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.grouping.members import fresh, indices_of
from conformance.checks.grouping.requests import base_request
from conformance.contract.arrays import Place, per_group
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, many, side, sized, takes
from conformance.scans.seed import seed_of_run
from conformance.scans.specimens import Specimen
from conformance.scans.transformed import random_scan

COUNTS = tuple(2**k + off for k in range(6, 13) for off in (-1, 0, 1))
"""Numbers of groups around every power of two, for what is done otherwise from some number on."""
_POINTS = 4_097
_OLDER = 2_200
"""Points of a scan of which the older strategy forms all groups."""
_SHARE = 4
"""Points for each group that is asked of them: pools may have groups in common, but not so many."""


def ways(subject: Subject) -> Iterator[tuple[str, GroupRequest, int]]:
    """Yield each strategy, gridsize and way of sampling in words, a request, and the points of its scan."""
    samplings: list[tuple[str, dict[str, Any]]] = [("drawn", {})]
    if takes(Property.SEQUENCE):
        samplings.append(("in sequence", {"sequential_sampling": True}))
    N = side(8)
    for (g, K), (how, changes) in itertools.product(sized((1, 4), (2, 6), (3, 11)), samplings):
        request = base_request(N=N, gridsize=g, K=K, seed=11, **changes)
        yield f"groups of {g * g}, {how}", request, many(_POINTS, N)
    if "cache" in {str(one) for one in subject.selected.stages} and takes(Property.CACHED):
        for g, K in sized((1, 4), (2, 6), (3, 9)):
            request = base_request(N=N, gridsize=g, K=K, seed=11, strategy="group_then_sample")
            yield f"groups of {g * g}, by the older strategy", request, many(_POINTS if g == 1 else _OLDER, N)


def counted(subject: Subject) -> Iterator[tuple[str, GroupRequest, Specimen]]:
    """Yield each way with all points, and with a few of :data:`COUNTS`, others each time."""
    turn = itertools.cycle(np.random.default_rng([seed_of_run(), 91]).permutation(COUNTS).tolist())
    for what, request, M in ways(subject):
        scan = Specimen(f"many-{M}x{request.N}", random_scan(92, M, request.N), consistent=False)
        most = M // _SHARE if request.strategy != "sample_then_group" and request.gridsize > 1 else M
        for count in (most, *(min(next(turn), most - 1) for _ in range(3))):
            yield f"{count} {what}", GroupRequest(**{**vars(request), "nsamples": count}), scan


@check("GRP-007")
def test_as_many_groups_as_are_asked_for(subject: Subject, evidence: Evidence) -> None:
    for what, request, scan in counted(subject):
        grouped = subject.adapter.group(subject.scan_of(scan), request)
        for name in per_group(Place.GROUPED):
            if grouped.get(name) is not None:
                rows = len(as_numpy(grouped[name]))
                evidence.holds(rows == request.nsamples, f"{name} has {rows} rows of {what}.")


@check("GRP-006")
def test_single_points_occur_once_by_every_strategy(subject: Subject, evidence: Evidence) -> None:
    for what, request, scan in counted(subject):
        if request.gridsize == 1:
            members = indices_of(subject.adapter.group(subject.scan_of(scan), request), request).ravel()
            repeated = len(members) - len(np.unique(members))
            evidence.holds(repeated == 0, f"{repeated} of {what} occur twice.")


def _of_contents(N: int, M: int) -> Iterator[tuple[str, Specimen]]:
    """Scans whose frames are alike, dark, faint or bright in part: one, a half, and all but one of them."""
    plain = random_scan(93, M, N)
    frames = plain["diff3d"]
    yield "of ordinary frames", Specimen(f"ordinary-{M}x{N}", plain, consistent=False)
    for what, part in (("one", slice(3, 4)), ("half", slice(0, None, 2)), ("most", slice(1, None))):
        for content, changed in (
            ("dark", 0 * frames),
            ("faint", frames * np.float32(1e-6)),
            ("bright", frames * np.float32(1e6)),
            ("alike", np.broadcast_to(frames[:1], frames.shape)),
            ("flat", np.full_like(frames, 3)),
            ("of one pixel", frames * (np.arange(N) == 1)),
        ):
            if what == "most" and content == "dark":
                # A group of dark frames alone has no scale (NRM-007).
                continue
            held = frames.copy()
            held[part] = changed[part]
            yield (
                f"of whose frames {what} {'is' if what == 'one' else 'are'} {content}",
                Specimen(f"{what}-{content}-{M}x{N}", plain | {"diff3d": held}, consistent=False),
            )


@check("GRP-023")
def test_no_frame_changes_the_groups(subject: Subject, evidence: Evidence) -> None:
    """Neither a faint frame, nor one like another: by every strategy, gridsize and way of sampling."""
    N = side(8)
    scans = list(_of_contents(N, many(40, N)))
    for what, request, _ in ways(subject):
        for asked in (7, len(scans[0][1].arrays["xcoords"])):
            wanted = GroupRequest(**{**vars(request), "nsamples": asked})
            expected = fresh(subject, scans[0][1], wanted)
            for frames, scan in scans[1:]:
                said = f"{asked} {what}, of a scan {frames}, against ordinary frames"
                evidence.equal(fresh(subject, scan, wanted), expected, said, axes=("group", "member"))


@check("GRP-024")
def test_no_frame_keeps_its_point_from_being_drawn(subject: Subject, evidence: Evidence) -> None:
    """A frame that is dark, faint, or like another is a frame."""
    N = side(8)
    for frames, scan in _of_contents(N, many(40, N)):
        M = len(scan.arrays["xcoords"])
        # A point stays out of ten draws with probability 1e-10.
        request = base_request(N=N, gridsize=1, K=4, nsamples=M - M // 10)
        drawn = [fresh(subject, scan, GroupRequest(**{**vars(request), "seed": seed})) for seed in range(10)]
        missing = np.setdiff1d(np.arange(M), np.concatenate(drawn)).tolist()
        evidence.holds(not missing, f"Of a scan {frames} the points {missing[:9]} are never drawn.")
