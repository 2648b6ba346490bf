"""Checks of grouping (GRP) unusual scans: oversampled, many points, many channels, positions anywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.grouping.frames import pairing
from conformance.checks.grouping.members import distinct, in_pools
from conformance.checks.grouping.unusual_groups import groupings
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import pool_radii
from conformance.scans.contents import CONTENTS
from conformance.scans.domain import canvas, content
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for
from conformance.scans.unusual import longest_scan


@check("GRP-001")
def test_members_are_distinct_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        distinct(evidence, as_numpy(grouped["nn_indices"]).astype(np.int64), regime.request)


@check("GRP-002")
def test_indices_are_int32_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        request, indices = regime.request, grouped["nn_indices"]
        shape = (request.nsamples, gridsize_here(request.gridsize) ** 2)
        evidence.layout(indices, f"nn_indices of {regime.what}", shape=shape, dtype="int32")
        within = bool(((as_numpy(indices) >= 0) & (as_numpy(indices) < regime.specimen.M)).all())
        evidence.holds(within, f"nn_indices of {regime.what} leave 0 … {regime.specimen.M - 1}.")


@check("GRP-003")
def test_frames_are_those_of_the_indices_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        pairing(evidence, grouped, regime.specimen, regime.request)


@check("GRP-004")
def test_members_lie_in_a_pool_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        members = as_numpy(grouped["nn_indices"]).astype(np.int64)
        if len(members) > 1_000:
            if regime.request.sequential_sampling:
                in_pools_of_a_sequence(evidence, regime.specimen.positions, members, regime.reach)
        elif regime.request.gridsize > 1:
            in_pools(evidence, regime.specimen, members, regime.reach, regime.what)


def in_pools_of_a_sequence(
    evidence: Evidence, positions: NDArray[np.float64], members: NDArray[np.int64], K: int
) -> None:
    """Require that the members of group b are point b or among its K nearest others, for any number of groups."""
    own = np.arange(len(members))[:, np.newaxis]
    distance = np.hypot(*np.moveaxis(positions[members] - positions[: len(members), np.newaxis], -1, 0))
    outside = np.flatnonzero(((members != own) & (distance > pool_radii(positions, K)[own] + 1e-6)).any(axis=1))
    evidence.holds(
        len(outside) == 0,
        f"{len(outside)} of {len(members)} groups leave the pool of their seed, group {outside[:1].tolist()} first.",
    )


@check("GRP-002", "GRP-003")
def test_more_points_than_sixteen_bits_count(subject: Subject, evidence: Evidence) -> None:
    longest = longest_scan()
    specimen, M = longest.specimen, longest.specimen.M
    grouped = subject.grouped(specimen, longest.request)
    evidence.equal(as_numpy(grouped["nn_indices"])[:, 0], np.arange(M), f"the seeds of {M} points", axes=("seed",))
    evidence.equal(
        np.moveaxis(as_numpy(grouped["diffraction"]), -1, 1)[:, 0],
        specimen.arrays["diff3d"],
        f"diffraction of {M} points",
        axes=("group", "row", "column"),
    )


@check("GRP-004")
def test_scans_of_the_same_ends_are_different_scans(subject: Subject, evidence: Evidence) -> None:
    """One after the other: as many points, the same first and last one, the same bounds."""
    specimen = make_specimen(Recipe(M=30, N=8, seed=68, truth="none"), "first-30x8")
    inner = np.concatenate([[0], 1 + np.random.default_rng(5).permutation(28), [29]])
    arrays = dict(specimen.arrays) | {name: specimen.arrays[name][inner] for name in ("xcoords", "ycoords")}
    for held in (specimen, Specimen("second-30x8", arrays, consistent=False), specimen):
        request = GroupRequest(N=8, gridsize=2, K=4, nsamples=30, seed=6)
        members = as_numpy(subject.adapter.group(subject.scan(held.arrays), request)["nn_indices"]).astype(np.int64)
        in_pools(evidence, held, members, 4, f"the {held.name} scan")


@check("GRP-022")
def test_the_object_passes_through_every_request(subject: Subject, evidence: Evidence) -> None:
    """At every gridsize, of every content, and also an object of ones, which looks like a placeholder."""
    specimen = make_specimen(Recipe(M=22, N=8, seed=67))
    bright = specimen.arrays["objectGuess"] * np.complex64(30)
    rng, plain = np.random.default_rng(67), specimen.arrays["objectGuess"].astype(np.complex128)
    objects = {what: content(plain, rng).astype(np.complex64) for what, content in CONTENTS.items()}
    # Most of it was never scanned.
    height, width = canvas((610, 270))
    objects["far larger"] = rng.normal(size=(height, 2 * width)).view(np.complex128).astype(np.complex64)
    for what, obj in {"bright": bright, "flat": np.ones(canvas((31, 44)), np.complex64), **objects}.items():
        obj = content(obj)
        held = Specimen(
            f"{what.replace(' ', '-')}-object-22x8", dict(specimen.arrays) | {"objectGuess": obj}, consistent=False
        )
        for request in requests_for(held):
            grouped = subject.grouped(held, request)
            evidence.holds(grouped["objectGuess"] is not None, f"The {what} object is lost at {request.gridsize=}.")
            evidence.equal(
                grouped["objectGuess"], obj, f"the {what} object at gridsize {request.gridsize}", axes=("row", "column")
            )
