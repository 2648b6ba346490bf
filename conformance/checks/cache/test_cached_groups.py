"""Checks of the groups cache (CCH): the groups that come out of it, and when it is used."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.cache.cache_file import REQUEST, Place, arrays_of, written
from conformance.checks.coordinates.expected_coordinates import (
    absolute_follow,
    offsets_follow,
    relative_follow,
    start_follow,
)
from conformance.checks.grouping.frames import pairing
from conformance.checks.grouping.requests import SEEDS
from conformance.checks.normalization.expected_scale import frames_of, normalised
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import many, side, sized
from conformance.scans.specimens import Specimen


@check("CCH-001")
def test_a_hit_gives_what_a_miss_gives(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K, sequential, M in sized((2, 5, False, 30), (3, 10, False, 1_300), (2, 7, True, 30)):
        request = replace(REQUEST, gridsize=gridsize, K=K, sequential_sampling=sequential)
        place = Place(subject, arrays_of(M=many(M, side(8))))
        expected = place.bare(request)
        for what, draw in (
            ("groups on a miss, against those without a cache", place.members),
            ("groups on a hit, against those without a cache", place.members),
            ("groups without a cache, computed again", place.bare),
        ):
            evidence.equal(draw(request), expected, what, axes=("group", "member"))


@check("CCH-001")
def test_a_hit_gives_what_a_miss_gives_however_many_are_asked_for(subject: Subject, evidence: Evidence) -> None:
    """One group, nearly all there are, all, more: sampled and in sequence."""
    place = Place(subject, arrays_of())
    place.members(REQUEST)
    every = len(place.bare(replace(REQUEST, nsamples=10_000)))
    for wanted, sequential, seed in itertools.product((1, every - 1, every, every + 50), (False, True), (3, 0)):
        request = replace(REQUEST, nsamples=wanted, sequential_sampling=sequential, seed=seed)
        what = f"{wanted} groups of {every} {'in sequence' if sequential else f'of seed {seed}'} on a hit, against"
        evidence.equal(place.members(request), place.bare(request), f"{what} a miss", axes=("group", "member"))


@check("CCH-012")
def test_no_cache_without_the_strategy(subject: Subject, evidence: Evidence) -> None:
    for what, request in (
        ("sample-then-group", replace(REQUEST, strategy="sample_then_group")),
        ("gridsize 1", replace(REQUEST, gridsize=1)),
        ("gridsize 1 under sample-then-group", replace(REQUEST, gridsize=1, strategy="sample_then_group")),
    ):
        place = Place(subject, arrays_of())
        place.members(request)
        evidence.holds(place.files() == [place.path.name], f"{what} wrote {place.files()}.")
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    plain = replace(REQUEST, strategy="sample_then_group")
    expected = place.bare(plain)
    one = np.repeat(content["all_groups"][:1], 12, axis=0)
    place.rewrite(content | {"all_groups": one})
    evidence.equal(
        place.members(plain),
        expected,
        "groups of sample-then-group beside a cache",
        axes=("group", "member"),
        suspects=lambda: {"the groups come from the cache of the other strategy": one},
    )


@check("CCH-014")
def test_the_seed_draws_from_all_groups(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    groups = written(evidence, place)["all_groups"]
    known = {tuple(row) for row in groups.tolist()}
    draws: dict[int, NDArray[np.int64]] = {}
    for seed in (1, 2, 3, 1):
        members = place.members(replace(REQUEST, seed=seed))
        rows = {tuple(sorted(row)) for row in members.tolist()}
        evidence.holds(rows <= known, "A sampled group is none of the cached ones.")
        evidence.holds(len(rows) == 12, f"12 different groups were asked for, {len(rows)} came.")
        if seed in draws:
            evidence.equal(members, draws[seed], "groups of one seed, drawn twice")
        draws[seed] = members
    different = {members.tobytes() for members in draws.values()}
    evidence.holds(len(different) == 3, f"Three seeds drew {len(different)} different samples of the cached groups.")
    everything = place.members(replace(REQUEST, nsamples=len(groups) + 50))
    evidence.equal(
        np.unique(np.sort(everything, axis=1), axis=0), groups, "the groups when more are asked for than there are"
    )
    evidence.holds(len(everything) == len(groups), f"{len(groups)} groups exist, {len(everything)} were given.")
    for wanted in (1, len(groups) - 1, len(groups), len(groups) + 1):
        given, most = len(place.members(replace(REQUEST, nsamples=wanted))), min(wanted, len(groups))
        evidence.holds(given == most, f"Of {len(groups)} groups {wanted} were asked for; {given} came.")


@check("CCH-015")
def test_the_number_of_all_groups(subject: Subject, evidence: Evidence) -> None:
    # Pools large enough that subsets drawn at random hardly ever coincide, below and above the cap of fifty.
    for gridsize, K, M in sized((3, 16, 30), (3, 540, 30), (2, 18, 60)):
        request = replace(REQUEST, gridsize=gridsize, K=K)
        groups = written(evidence, Place(subject, arrays_of(M=M)), request)["all_groups"]
        most = M * min(50, (K + 1) // gridsize**2 + 1)
        evidence.holds(
            len(groups) <= most,
            f"all_groups of {M} points at gridsize {gridsize} and K {K} has {len(groups)} rows; {most} are the most.",
        )


@check("CCH-016")
def test_a_good_cache_is_used(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 5), (3, 10)):
        request = replace(REQUEST, gridsize=gridsize, K=K, nsamples=400)
        place = Place(subject, arrays_of())
        content = written(evidence, place, request)
        groups = content["all_groups"]
        # The first row holds point 0 and the last one point M - 1, where bounds go wrong.
        last = np.flatnonzero((groups == 29).any(axis=1))[-1]
        for rows in ([0], [last], sorted({0, 3, 4, int(last)})):
            place.rewrite(content | {"all_groups": groups[rows]}, request)
            seen = np.sort(place.members(request), axis=1)
            evidence.equal(
                np.unique(seen, axis=0),
                groups[rows],
                f"the groups drawn from a cache of {len(rows)} good rows",
                axes=("group", "member"),
                suspects=lambda: {
                    "the cache is not used: the groups are formed anew": np.unique(
                        np.sort(place.bare(request), axis=1), axis=0
                    )
                },
            )


@check("CCH-016")
def test_a_good_cache_is_used_whoever_wrote_it_and_when(subject: Subject, evidence: Evidence) -> None:
    """What another program writes has other integers, an order of its own and more keys; copies have any age."""
    request = replace(REQUEST, nsamples=400)
    place = Place(subject, arrays_of())
    content = written(evidence, place, request)
    kept = content["all_groups"][::3]
    narrow = {name: content[name].astype(np.int32) for name in ("gridsize", "overlap_factor")}
    others: dict[str, tuple[dict[str, Any], float]] = {
        "whose file is older than the data set": ({}, -1e8),
        "whose file is newer than the data set": ({}, 1e6),
        "with integers of 32 bits": (narrow, 0.0),
        "with groups in Fortran order": ({"all_groups": np.asfortranarray(kept)}, 0.0),
        "with another key": ({"software": np.array("another program, 3.1")}, 0.0),
    }
    for what, (changed, age) in others.items():
        members = content | {"all_groups": kept} | changed
        place.rewrite(dict(reversed(members.items())), request)
        moment = place.path.stat().st_mtime + age
        os.utime(place.cache(request), (moment, moment))
        seen = np.unique(np.sort(place.members(request), axis=1), axis=0)
        evidence.equal(
            seen,
            kept,
            f"the groups drawn from a good cache {what}",
            axes=("group", "member"),
            suspects=lambda: {
                "the cache is not used: the groups are formed anew": np.unique(
                    np.sort(place.bare(request), axis=1), axis=0
                )
            },
        )


@check("CCH-014")
def test_every_seed_draws_its_own_sample(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    seen: dict[bytes, int] = {}
    for seed in SEEDS:
        drawn = place.members(replace(REQUEST, seed=seed))
        again = place.members(replace(REQUEST, seed=seed))
        evidence.equal(again, drawn, f"the sample of seed {seed}, drawn twice", axes=("group", "member"))
        other = seen.setdefault(drawn.tobytes(), seed)
        evidence.holds(other == seed, f"Seeds {other} and {seed} draw the same sample of the cached groups.")


@check("CCH-017")
def test_the_result_is_a_grouped_result(subject: Subject, evidence: Evidence) -> None:
    """Frames, coordinates and scale of the older strategy, with and without a cache."""
    arrays = arrays_of()
    specimen = Specimen("older-strategy-30x8", arrays, consistent=False)
    place = Place(subject, arrays)
    for gridsize, K, path in sized((2, 6, None), (2, 6, place.path), (3, 10, None)):
        request = replace(REQUEST, gridsize=gridsize, K=K, dataset_path=path)
        grouped = subject.adapter.group(place.scan, request)
        shape = as_numpy(grouped["nn_indices"]).shape
        evidence.layout(grouped["nn_indices"], "nn_indices", shape=(shape[0], gridsize**2), dtype="int32")
        pairing(evidence, grouped, specimen, request)
        absolute_follow(evidence, specimen, grouped)
        offsets_follow(evidence, specimen, grouped)
        relative_follow(evidence, specimen, grouped, gridsize)
        start_follow(evidence, specimen, grouped)
        normalised(evidence, grouped["X_full"], frames_of(specimen, grouped), "X_full of the older strategy")
