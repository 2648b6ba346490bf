"""Checks of the groups cache (CCH): what lies in the file, and what a backend makes of a file that is not quite one."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.cache.test_cache import REQUEST, Place, answered_anew, arrays_of, written
from conformance.checks.coordinates.test_coordinates import (
    absolute_follow,
    offsets_follow,
    relative_follow,
    start_follow,
)
from conformance.checks.grouping.test_draws import SEEDS, islands
from conformance.checks.grouping.test_grouping import in_pools, pairing
from conformance.checks.normalization.test_normalization import frames_of, normalised
from conformance.contract.arrays import COORDINATES
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Specimen


@check("CCH-003")
def test_the_file_is_compressed(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    written(evidence, place)
    with zipfile.ZipFile(place.cache()) as archive:
        plain = [one.filename for one in archive.infolist() if one.compress_type == zipfile.ZIP_STORED]
    evidence.holds("all_groups.npy" not in plain, f"The cache holds {', '.join(plain)} without compression.")


@check("CCH-015")
def test_groups_of_the_whole_scan_are_held(subject: Subject, evidence: Evidence) -> None:
    """On islands as large as a pool every point's groups stay on its island, so that none may be without any."""
    specimen = islands(6, 6, 74)
    request = replace(REQUEST, K=5)
    groups = written(evidence, Place(subject, specimen.arrays), request)["all_groups"]
    island = np.round(specimen.positions[:, 0] / 1000.0).astype(int)
    held = np.bincount(island[groups[:, 0]], minlength=6)
    evidence.holds(bool((held > 0).all()), f"Six islands of a scan have {held.tolist()} cached groups.")


@check("CCH-015")
def test_groups_of_every_part_of_a_long_scan_are_held(subject: Subject, evidence: Evidence) -> None:
    """Island after island, each as large as a pool: none may be without any, the last ones included."""
    specimen = islands(200, 6, 77)
    arrays, island = dict(specimen.arrays), np.arange(1_200) // 6
    for name in COORDINATES:
        arrays[name] = arrays[name] % (1000.0 if name[0] == "x" else 400.0) + 1000.0 * island
    groups = written(evidence, Place(subject, arrays), replace(REQUEST, K=5))["all_groups"]
    held = np.bincount(island[groups[:, 0]], minlength=200)
    evidence.holds(bool((held > 0).all()), f"{int((held == 0).sum())} of 200 islands of a scan have no cached group.")


@check("CCH-006", needs=["arrays"])
def test_positions_that_change_in_place(subject: Subject, evidence: Evidence) -> None:
    """One data set after the other at one path: same number of points, same first and last point."""
    first = arrays_of()
    moved = dict(first)
    moved["xcoords"], moved["ycoords"] = first["ycoords"].copy(), first["xcoords"].copy()
    inner = dict(first)
    order = np.concatenate([[0], 1 + np.random.default_rng(3).permutation(28), [29]])
    inner["xcoords"], inner["ycoords"] = first["xcoords"][order], first["ycoords"][order]
    place = Place(subject, first)
    place.members()
    for what, arrays in (("x and y exchanged", moved), ("inner points exchanged", inner)):
        place.scan = subject.scan(arrays)
        answered_anew(evidence, place, f"a cache of the same data set with {what}")
        specimen = Specimen(what, arrays, consistent=False)
        in_pools(evidence, specimen, place.members(), REQUEST.K, f"a data set that was read before, with {what}")


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
        "groups in int32": right.astype(np.int32),
        "groups in uint64": right.astype(np.uint64),
        "no groups": right[:0],
    }
    for what, groups in cases.items():
        place.rewrite(content | {"all_groups": groups})
        answered_anew(evidence, place, what)


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
    for gridsize, K, path in ((2, 6, None), (2, 6, place.path), (3, 10, None)):
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


@check("CCH-018", needs=["arrays"])
def test_a_cache_is_replaced_not_overwritten(subject: Subject, evidence: Evidence) -> None:
    """A second name of the old file shows whether its content was written over."""
    place = Place(subject, arrays_of())
    content = written(evidence, place)
    place.rewrite(content | {"gridsize": np.array(7)})
    kept = subject.fresh_folder() / "held-open"
    os.link(place.cache(), kept)
    before = kept.read_bytes()
    answered_anew(evidence, place, "a cache of another gridsize")
    evidence.holds(
        kept.read_bytes() == before,
        "The old cache was written over while others may have it open; a half-written file can be read.",
    )
