"""Checks of the groups cache (CCH): what a backend makes of a file that is another scan's, or not quite a cache."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.cache.cache_file import REQUEST, Place, answered_anew, arrays_of, read_anyway, written
from conformance.checks.grouping.members import in_pools
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.damage import damages
from conformance.scans.domain import sized, taken
from conformance.scans.seed import moved
from conformance.scans.specimens import Specimen, free
from conformance.scans.transformed import random_scan


@check("CCH-006", needs=["arrays"])
def test_changed_positions_are_a_miss(subject: Subject, evidence: Evidence) -> None:
    for what, other in (
        ("a cache of other positions", arrays_of(seed=32)),
        (
            "a cache of the scan with x and y exchanged",
            arrays_of() | {"xcoords": arrays_of()["ycoords"], "ycoords": arrays_of()["xcoords"]},
        ),
        (
            "a cache of one point moved",
            arrays_of()
            | {"xcoords": np.where(np.arange(30) == 7, arrays_of()["xcoords"] + 30, arrays_of()["xcoords"])},
        ),
        # The last bit of one number is a change: whoever rounds before comparing takes it for none.
        (
            "a cache of one point moved by the last bit",
            arrays_of()
            | {
                "ycoords": np.where(
                    np.arange(30) == 29, np.nextafter(arrays_of()["ycoords"], np.inf), arrays_of()["ycoords"]
                )
            },
        ),
    ):
        if not taken(other):
            continue
        old = Place(subject, free(other))
        written(evidence, old)
        place = Place(subject, arrays_of())
        place.cache().write_bytes(old.cache().read_bytes())
        answered_anew(
            evidence,
            place,
            what,
            suspects=lambda: {"the groups come from the cache of the other positions": old.bare()},
        )


@check("CCH-007", needs=["arrays"])
def test_wrong_parameters_are_a_miss(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 9), (3, 9)):
        old = replace(REQUEST, gridsize=gridsize, K=K)
        place = Place(subject, arrays_of())
        written(evidence, place, old)
        place.cache(old).rename(place.cache())
        answered_anew(
            evidence,
            place,
            f"a cache of gridsize {gridsize} and K {K} under another name",
            suspects=lambda: {"the groups come from the cache of the other gridsize and K": place.bare(old)},
        )


@check("CCH-008", needs=["arrays"])
def test_damage_is_a_miss(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    whole = place.cache().read_bytes()
    damaged: dict[str, bytes | dict[str, Any]] = {
        "a truncated cache": whole[: len(whole) // 2],
        "an empty cache": b"",
        "a cache that is no archive, and that nobody may write into": b"groups\n" * 30,
        "a cache that needs unpickling": content | {"all_groups": np.array([[1, "a"]], dtype=object)},
        "a cache without gridsize": {k: v for k, v in content.items() if k != "gridsize"},
        "a cache without checksum": {k: v for k, v in content.items() if k != "dataset_checksum"},
    }
    for what, held in damaged.items():
        if isinstance(held, bytes):
            place.cache().write_bytes(held)
        else:
            place.rewrite(held)
        if "write into" in what and os.name == "posix":
            place.cache().chmod(0o444)
        answered_anew(evidence, place, what)


@check("CCH-008")
def test_damage_at_any_place(subject: Subject, evidence: Evidence) -> None:
    """A cache of some of the groups shows whether it is used; damaged where nobody need look, it may be."""
    request = replace(REQUEST, nsamples=400)
    place = Place(subject, arrays_of())
    content = written(evidence, place, request)
    expected, groups = place.bare(request), content["all_groups"]
    place.rewrite(content | {"all_groups": groups[::3]})
    planted, whole = {tuple(row) for row in groups[::3].tolist()}, place.cache().read_bytes()
    for what, damaged in damages(whole, np.random.default_rng(moved(8))):
        place.cache().write_bytes(damaged)
        seen = evidence.accepted(lambda: place.members(request), f"Grouping beside a cache {what}")
        if {tuple(sorted(row)) for row in seen.tolist()} == planted:
            continue
        evidence.equal(
            seen,
            expected,
            f"groups beside a cache {what}",
            axes=("draw", "member"),
            suspects=lambda: read_anyway(place, request, seen, np.empty(0), expected),
        )
        rewritten = place.cache().read_bytes() != damaged
        evidence.holds(rewritten, f"A cache {what} was not used, and stayed where it was.")
        held = evidence.accepted(place.content, f"Reading what was written over a cache {what}")
        evidence.equal(held.get("all_groups", np.empty(0)), groups, f"all_groups written over a cache {what}")


@check("CCH-009", needs=["arrays"])
def test_impossible_groups_are_a_miss(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    right = content["all_groups"]
    beyond, just, repeated, later, negative = (right.copy() for _ in range(5))
    later[:, -1] = later[:, -2]
    beyond[:, -1] = 400
    just[-1, -1] = 30
    repeated[:, 1] = repeated[:, 0]
    negative[:, 0] = -1
    for what, groups in {
        "groups with indices beyond the scan": beyond,
        "groups with the index just beyond the scan": just,
        "groups that name a point twice": repeated,
        "groups that name their last point twice": later,
        "groups with negative indices": negative,
        "groups of nine": np.tile(np.arange(9), (5, 1)),
        "groups in float64": right.astype(np.float64),
        "groups in one row": right.ravel(),
        "no group at all": right[:0],
    }.items():
        place.rewrite(content | {"all_groups": groups})
        answered_anew(evidence, place, what)


@check("CCH-006", needs=["arrays"])
def test_positions_that_change_in_place(subject: Subject, evidence: Evidence) -> None:
    """One data set after the other at one path: same number of points, same first and last point."""
    first = arrays_of()
    moved = dict(first)
    moved["xcoords"], moved["ycoords"] = first["ycoords"].copy(), first["xcoords"].copy()
    inner = dict(first)
    order = np.concatenate([[0], 1 + np.random.default_rng(3).permutation(28), [29]])
    inner["xcoords"], inner["ycoords"] = first["xcoords"][order], first["ycoords"][order]
    nudged = first | {"xcoords": np.nextafter(first["xcoords"], np.inf)}
    place = Place(subject, first)
    for what, arrays in (
        ("every point moved by the last bit", nudged),
        ("x and y exchanged", moved),
        ("inner points exchanged", inner),
    ):
        if not taken(arrays):
            continue
        # The cache of the first one each time: after another change it would be a miss for that.
        place.scan = subject.scan(first)
        place.members()
        place.bare()
        place.scan = subject.scan(arrays)
        answered_anew(evidence, place, f"a cache of the same data set with {what}")
        specimen = Specimen(what, arrays, consistent=False)
        in_pools(evidence, specimen, place.members(), REQUEST.K, f"a data set that was read before, with {what}")


@check("CCH-006", needs=["arrays"])
def test_any_point_of_many_may_have_changed(subject: Subject, evidence: Evidence) -> None:
    """The first, the last, and those between, in a scan of which a reader may look at a part only."""
    first = random_scan(33, 700, 8, truth=False)
    place = Place(subject, first)
    place.members()
    for name in ("xcoords", "ycoords"):
        for at in (0, 150, 350, 699):
            changed = first[name].copy()
            changed[at] += 100
            place.scan = subject.scan(first | {name: changed})
            answered_anew(evidence, place, f"a cache of the same data set with point {at} of 700 moved along {name[0]}")


@check("CCH-007", needs=["arrays"])
def test_fewer_neighbours_are_other_neighbours(subject: Subject, evidence: Evidence) -> None:
    """Groups of a smaller K all lie in the pools of a larger one, and are not its groups."""
    for kept, asked in ((5, 9), (9, 5), (6, 5), (4, 5)):
        request = replace(REQUEST, K=asked)
        place = Place(subject, arrays_of())
        written(evidence, place, replace(REQUEST, K=kept))
        place.cache(replace(REQUEST, K=kept)).rename(place.cache(request))
        answered_anew(evidence, place, f"a cache of K {kept} in the place of one of K {asked}", request)


@check("CCH-008", needs=["arrays"])
def test_a_missing_key_is_damage(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    for name in ("all_groups", "dataset_checksum", "gridsize", "overlap_factor"):
        place.rewrite({key: values for key, values in content.items() if key != name})
        answered_anew(evidence, place, f"a cache without {name}")
    place.rewrite(content | {"all_groups": np.array("none")})
    answered_anew(evidence, place, "a cache whose all_groups is a text")


@check("CCH-009", needs=["arrays"])
def test_one_impossible_row_is_enough(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    right = content["all_groups"]

    def with_entry(row: int, column: int, value: int) -> NDArray[np.int64]:
        changed = right.copy()
        changed[row, column] = value
        return changed

    cases: Mapping[str, NDArray[Any]] = {
        "groups of which the last names the point behind the scan": with_entry(-1, -1, 30),
        "groups of which one in the middle begins with -1": with_entry(len(right) // 2, 0, -1),
        "groups of which the last names a point twice": with_entry(-1, 2, int(right[-1, 1])),
        # Out of order: side by side no two of them are equal.
        "groups of which one names its first point again at its end": with_entry(3, -1, int(right[3, 0])),
        "groups of which one names a point again two places on": with_entry(
            len(right) // 2, 1, int(right[len(right) // 2, 3])
        ),
        "groups in int32": right.astype(np.int32),
        "groups in uint64": right.astype(np.uint64),
        "no groups": right[:0],
    }
    for what, groups in cases.items():
        place.rewrite(content | {"all_groups": groups})
        answered_anew(evidence, place, what)
