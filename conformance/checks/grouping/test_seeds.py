"""Checks of grouping (GRP): what is drawn follows the seed of the request, in every process, and nothing else."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.another_process import another_process, drawn_afresh, seeded_groups
from conformance.checks.grouping.members import fresh
from conformance.checks.grouping.requests import SEEDS, base_request, refused
from conformance.checks.independent_seeds import all_differ
from conformance.contract.stages import Stage
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, modes, sized, takes
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


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
    for nsamples in (12, 120, 126, 150) if takes(Property.OVERSAMPLING) else ():
        request = base_request(K=8, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=8, seed=7)
        with warnings.catch_warnings():
            # Only 126 sets of four exist among nine points.
            warnings.simplefilter("ignore")
            first, second = fresh(subject, specimen, request), fresh(subject, specimen, request)
        evidence.equal(second, first, f"{nsamples} oversampled groups of a second call", axes=("group", "channel"))


@check("GRP-017")
def test_the_same_scan_loaded_again_gives_the_same_groups(subject: Subject, evidence: Evidence) -> None:
    arrays = make_specimen(Recipe(M=30, N=8, seed=65)).arrays
    for (gridsize,) in sized((1,), (2,)):
        request = base_request(gridsize=gridsize, nsamples=12)
        first, second = (subject.adapter.group(subject.scan(arrays), request)["nn_indices"] for _ in range(2))
        evidence.equal(second, as_numpy(first), "the groups of the same scan, loaded again", axes=("group", "member"))


@check("GRP-018")
def test_another_seed_gives_other_groups(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=60))
    # Where K is C there are still C + 1 points in each pool: sets differ, and not in their order alone.
    for gridsize, sequential, K in sized((1, False, 8), (2, False, 8), (2, True, 8), (2, True, 4), (3, True, 9)):
        request = base_request(gridsize=gridsize, K=K, nsamples=20, sequential_sampling=sequential)
        drawn = [fresh(subject, specimen, replace(request, seed=seed)) for seed in (1, 2, 3, 12345)]
        draws = len({np.sort(members, axis=1).tobytes() for members in drawn})
        evidence.holds(draws == 4, f"Four seeds gave {draws} different draws at gridsize {gridsize} and K = {K}.")


@check("GRP-018")
def test_another_seed_gives_other_oversampled_groups(subject: Subject, evidence: Evidence) -> None:
    """A few more than there are points, and many times as many; sets are compared, whatever their order."""
    specimen = make_specimen(Recipe(M=24, N=8, seed=60))
    for gridsize, nsamples in sized((2, 30), (2, 70), (3, 260)) if takes(Property.OVERSAMPLING) else ():
        request = base_request(
            gridsize=gridsize, K=12, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=12
        )
        draws = [np.sort(fresh(subject, specimen, replace(request, seed=seed)), axis=1) for seed in (1, 2, 12345)]
        kinds = {np.unique(members, axis=0).tobytes() for members in draws}
        said = f"Three seeds gave {len(kinds)} different draws of {nsamples} oversampled groups at gridsize {gridsize}."
        evidence.holds(len(kinds) == len(draws), said)


@check("GRP-019")
def test_no_seed_means_fresh_entropy(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=40, N=8, seed=61))
    for (gridsize,) in sized((1,), (2,)):
        request = base_request(gridsize=gridsize, K=8, nsamples=20, seed=None)
        draws = set()
        for _ in range(3):
            # A generator that a seed has set, and that goes on, would give the same each time.
            fresh(subject, specimen, replace(request, seed=3))
            draws.add(fresh(subject, specimen, request).tobytes())
        evidence.holds(len(draws) == 3, f"Three calls without a seed gave {len(draws)} different draws.")


@check("GRP-023")
def test_groups_depend_on_positions_alone(subject: Subject, evidence: Evidence) -> None:
    """However bright or faint the frames are."""
    for factor in (2.0, 1e-6, 1e8):
        _same_groups(subject, evidence, factor)


def _same_groups(subject: Subject, evidence: Evidence, factor: float) -> None:
    specimen = make_specimen(Recipe(M=30, N=8, seed=63))
    brighter = dict(specimen.arrays)
    changed = (brighter["diff3d"][::-1, ::-1] * 2 + 1) * np.float32(factor / 2)
    brighter["diff3d"] = np.ascontiguousarray(changed)
    brighter["probeGuess"] = brighter["probeGuess"] * 3
    # Some frames are dark, as when the shutter closed.
    brighter["diff3d"][[3, 11, 12, 25]] = 0
    brighter["probeGuess"] = np.stack([brighter["probeGuess"]] * modes(3))
    brighter["scan_index"] = brighter["scan_index"][::-1] + 5
    if takes(Property.NO_OBJECT):
        del brighter["objectGuess"]
    other = Specimen(f"frames-{factor:g}-times-as-bright-30x8", brighter, consistent=False)
    for (gridsize,) in sized((1,), (2,)):
        request = base_request(gridsize=gridsize, nsamples=28)
        evidence.equal(
            fresh(subject, other, request),
            fresh(subject, specimen, request),
            f"the groups of a scan with frames {factor:g} times as bright, another probe and labels",
            axes=("group", "member"),
        )


@check("GRP-017")
def test_every_seed_is_a_seed(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=30, N=8, seed=60))
    for (gridsize,) in sized((1,), (2,)):
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
    for (gridsize,) in sized((1,), (2,)):
        request = base_request(gridsize=gridsize, K=8, nsamples=20)
        seen: dict[bytes, int] = {}
        for seed in SEEDS:
            drawn = fresh(subject, specimen, replace(request, seed=seed)).tobytes()
            other = seen.setdefault(drawn, seed)
            evidence.holds(other == seed, f"Seeds {other} and {seed} give the same groups at gridsize {gridsize}.")


@check("GRP-017")
def test_another_process_draws_the_same(subject: Subject, evidence: Evidence) -> None:
    """Python salts the hash of texts anew in every process, and process numbers differ."""
    running = another_process(subject)
    here = seeded_groups(subject)
    there = evidence.accepted(running.groups, "Grouping in a fresh process")
    evidence.equal(
        np.array(there),
        np.array(here),
        f"the groups of another process, at gridsize 1 and {gridsize_here(2)}",
        axes=("draw",),
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
        if "enable_oversampling" in changes and not takes(Property.OVERSAMPLING):
            continue
        if "sequential_sampling" in changes and gridsize_here(2) == 1:
            # Of single points nothing is drawn.
            continue
        request = base_request(**{"K": 8, "nsamples": 20, "seed": None, **changes})
        # Of draws that are chosen by eight bits, 64 show two alike with a chance of 0.9996.
        draws = {fresh(subject, specimen, request).tobytes() for _ in range(64)}
        evidence.holds(len(draws) == 64, f"64 calls without a seed gave {len(draws)} different draws ({what}).")
    if takes(Property.CACHED) and Stage.CACHE in subject.selected.stages:
        _fresh_for_the_older_strategy(subject, evidence)


def _fresh_for_the_older_strategy(subject: Subject, evidence: Evidence) -> None:
    """Groups may be formed once for all; which of them are given is drawn at every call."""
    specimen = make_specimen(Recipe(M=30, N=8, seed=64))
    scan, path = subject.scan(specimen.arrays), subject.write(specimen.arrays)
    for what, place in (("with a cache", path), ("without one", None)):
        request = base_request(K=6, nsamples=12, seed=None, strategy="group_then_sample", dataset_path=place)
        draws = {as_numpy(subject.adapter.group(scan, request)["nn_indices"]).tobytes() for _ in range(24)}
        evidence.holds(len(draws) == 24, f"24 calls without a seed gave {len(draws)} samples of all groups, {what}.")


@check("GRP-009")
def test_sequential_requests_are_no_exception(subject: Subject, evidence: Evidence) -> None:
    for nsamples in (21, 50):
        what = f"{nsamples} sequential groups of four from 20 points without oversampling"
        refused(subject, evidence, what, nsamples=nsamples, sequential_sampling=True)


@check("GRP-018")
def test_seeds_of_groups_are_independent(subject: Subject, evidence: Evidence) -> None:
    """Half of the points, in their order: chance gives no two of so many seeds the same."""
    scan = subject.scan_of(make_specimen(Recipe(M=64, N=8, seed=66)))
    request = base_request(gridsize=1, nsamples=32)

    def draw(seed: int) -> bytes:
        return as_numpy(subject.adapter.group(scan, replace(request, seed=seed))["nn_indices"]).tobytes()

    all_differ(evidence, draw, "groups", drawn=500)


@check("GRP-019")
def test_no_process_draws_the_groups_of_another(subject: Subject, evidence: Evidence) -> None:
    drawn_afresh(subject, evidence, "group")
