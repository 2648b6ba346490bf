"""Checks of grouping (GRP): how many groups there are, of how many members, and which requests are refused."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest, GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.grouping.members import ANY, fresh, members_of
from conformance.checks.grouping.requests import base_request, refused
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, side, sized, takes
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


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
    asked = f"A request for {case.request.nsamples} groups of {case.specimen.M} points"
    grouped = evidence.accepted(lambda: subject.grouped(case.specimen, case.request), asked)
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


@check("GRP-009")
def test_more_samples_than_points_are_refused(subject: Subject, evidence: Evidence) -> None:
    for nsamples in (21, 50):
        refused(subject, evidence, f"{nsamples} groups of four from 20 points without oversampling", nsamples=nsamples)


@check("GRP-014")
def test_k_smaller_than_a_group_is_refused(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 3), (2, 1), (3, 8)):
        refused(subject, evidence, f"K = {K} at gridsize {gridsize}", gridsize=gridsize, K=K)


@check("GRP-015")
def test_fewer_points_than_members_are_refused(subject: Subject, evidence: Evidence) -> None:
    for gridsize, M in sized((2, 1), (2, 3), (3, 8)) if takes(Property.FEW) else ():
        refused(
            subject, evidence, f"{M} points at gridsize {gridsize}", M=M, gridsize=gridsize, K=gridsize**2, nsamples=1
        )


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


@check("GRP-025")
def test_another_frame_side_is_refused(subject: Subject, evidence: Evidence) -> None:
    for N in (side(8) + 2, side(8) * 2, side(8) * 8):
        refused(subject, evidence, f"N = {N} for frames of {side(8)} x {side(8)}", N=N)
    refused(subject, evidence, "N = None, where every scan has a side", N=None)


@check("GRP-026")
def test_a_request_for_nothing_is_refused(subject: Subject, evidence: Evidence) -> None:
    # Minus one means all to some, and the square of minus two is four.
    sizes: list[dict[str, Any]] = [{"gridsize": value} for value in (0, -1, -2)]
    for changes in (*sizes, *({"nsamples": value} for value in (0, -1, -3))):
        ((name, value),) = changes.items()
        refused(subject, evidence, f"a request with {name} = {value}", **changes)


@check("GRP-006", "GRP-008")
def test_thousands_of_single_points(subject: Subject, evidence: Evidence) -> None:
    M = 3_001
    few = make_specimen(Recipe(M=7, N=8, seed=78, truth="none")).arrays
    arrays = {name: np.resize(few[name], (M, *few[name].shape[1:])) for name in ("xcoords", "ycoords", "diff3d")}
    if not takes(Property.REPEATED):
        arrays["xcoords"] = arrays["xcoords"] + 20.0 * np.arange(M)
    arrays |= {name: few[name] for name in ("objectGuess",) if name in few}
    specimen = Specimen(f"long-{M}x8", arrays | {"probeGuess": few["probeGuess"]}, consistent=False)
    for nsamples in (*(M // part for part in (40, 20, 12, 8, 5, 3, 2)), M - 1, M, 10**7):
        request = base_request(gridsize=1, nsamples=nsamples, seed=3)
        asked = f"a request for {nsamples} single points of {M}"
        members = evidence.accepted(partial(fresh, subject, specimen, request), asked).ravel()
        count = min(nsamples, M)
        evidence.holds(len(members) == count, f"{nsamples} single points of {M} gave {len(members)} groups.")
        repeated = len(members) - len(np.unique(members))
        evidence.holds(repeated == 0, f"{repeated} of {len(members)} single points are drawn again.")


@check("GRP-006", "GRP-008")
def test_single_points_whatever_else_is_asked_for(subject: Subject, evidence: Evidence) -> None:
    """What is said of pools says nothing of single points, of which no more exist than the scan has."""
    specimen = make_specimen(Recipe(M=30, N=8, seed=61))
    others: list[dict[str, Any]] = [{"neighbor_pool_size": 7}, {"K": 40}]
    if takes(Property.OVERSAMPLING):
        others += [{"enable_oversampling": True}, {"enable_oversampling": True, "neighbor_pool_size": 7}]
    if takes(Property.CACHED):
        others.append({"strategy": "group_then_sample"})
    for other, nsamples, sequential in itertools.product(others, (9, specimen.M, 47), (False, True)):
        request = base_request(gridsize=1, nsamples=nsamples, sequential_sampling=sequential, seed=3, **other)
        what = f"{nsamples} single points of {specimen.M} with {other}"
        members = evidence.accepted(partial(members_of, subject, specimen, request), what).ravel()
        count, distinct = min(nsamples, specimen.M), len(np.unique(members))
        evidence.holds(len(members) == distinct == count, f"{what} gave {len(members)} groups of {distinct} points.")


@check("GRP-025")
def test_a_smaller_frame_side_is_refused(subject: Subject, evidence: Evidence) -> None:
    """Cropping the frames would be another scan."""
    own = side(16)
    scan = subject.scan_of(make_specimen(Recipe(M=12, N=16, seed=73)))
    sound = GroupRequest(N=own, gridsize=2, K=5, nsamples=6, seed=1)
    for N in (one for one in (own // 2, own - 4, own - 2, own * 2) if side(one) == one):
        evidence.refused(
            lambda: subject.adapter.group(scan, replace(sound, N=N)),
            f"N = {N} for frames of {own} x {own}",
            beside=lambda: subject.adapter.group(scan, sound),
        )
