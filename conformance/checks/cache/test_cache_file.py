"""Checks of the groups cache (CCH): its file, what lies in it, and the folder around it."""

from __future__ import annotations

import contextlib
import os
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.fresh_process import FreshProcess
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject
from conformance.checks.cache.cache_file import KEYS, REQUEST, Place, answered_anew, arrays_of, checksum_of, written
from conformance.contract.arrays import COORDINATES
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.grouping import pool_radii, seed_of
from conformance.scans.domain import many, side, sized
from conformance.scans.specimens import free
from conformance.scans.unusual import islands


@check("CCH-002")
def test_name_and_place(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 5), (2, 8), (3, 9)):
        # Numbers that come out of arrays write themselves otherwise.
        written_otherwise: Any = np.array([gridsize, K])
        request = replace(REQUEST, gridsize=written_otherwise[0], K=written_otherwise[1])
        place = Place(subject, arrays_of())
        written(evidence, place, request)
        evidence.holds(
            place.files() == sorted([place.path.name, place.cache(request).name]),
            f"The folder of the data set holds {place.files()}, not the data set and {place.cache(request).name}.",
        )
    # The stem is all but the last suffix, whatever it looks like; the folder is the one that is worked in.
    for name in ("fly.npz.npz", "night 4.g2k5.npz", "größe-2.NPZ.npz"):
        place = Place(subject, arrays_of(), name)
        with restored():
            os.chdir(place.path.parent)
            place.path = Path(name)
            written(evidence, place)
            evidence.holds(
                place.files() == sorted([name, place.cache().name]),
                f"The folder of {name} holds {place.files()}, not the data set and {place.cache().name}.",
            )
    # A link to where the detector wrote is called as it was asked for; some systems allow none.
    place = Place(subject, arrays_of())
    linked = subject.fresh_folder() / "night.npz"
    with contextlib.suppress(OSError, NotImplementedError):
        linked.symlink_to(place.path)
        place.path = linked
        written(evidence, place)


@check("CCH-003")
def test_content(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 5), (3, 9)):
        request = replace(REQUEST, gridsize=gridsize, K=K)
        place = Place(subject, arrays_of())
        content = written(evidence, place, request)
        with zipfile.ZipFile(place.cache(request)) as archive:
            plain = [one.filename for one in archive.infolist() if one.compress_type == zipfile.ZIP_STORED]
        evidence.holds(not plain, f"{', '.join(plain)} of the cache are stored without compression.")
        evidence.present(content, *KEYS)
        groups = content["all_groups"]
        evidence.layout(groups, "all_groups", shape=(len(groups), gridsize**2), dtype="int64")
        evidence.equal(int(content["gridsize"]), gridsize, "the stored gridsize")
        evidence.equal(int(content["overlap_factor"]), K, "the stored overlap_factor")
        for name in ("gridsize", "overlap_factor"):
            evidence.holds(
                content[name].dtype.kind in "iu", f"{name} of the cache is {content[name].dtype}, not an integer."
            )
        evidence.holds(content["dataset_checksum"].dtype.kind in "US", "dataset_checksum of the cache is no text.")


@check("CCH-004")
def test_checksum(subject: Subject, evidence: Evidence) -> None:
    arrays = arrays_of(M=9)
    spots = {
        "x = 0 … 8, y = 0, 0, 1, …": (np.arange(9.0), np.array([0.0, 0, 1, 1, 2, 2, 3, 3, 4])),
        "a measured-looking scan": (arrays["xcoords"], arrays["ycoords"]),
    }
    for what, (x, y) in spots.items():
        given = free(arrays | {"xcoords": x, "ycoords": y})
        content = written(evidence, Place(subject, given))
        seen = str(content["dataset_checksum"])
        evidence.holds(
            seen == checksum_of(x, y), f"The checksum of {what} is {seen}, the contract gives {checksum_of(x, y)}."
        )


@check("CCH-005")
def test_rows_are_sets_in_order(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in sized((2, 4), (2, 7), (3, 10)):
        arrays = arrays_of()
        groups = _in_order(subject, evidence, arrays, replace(REQUEST, gridsize=gridsize, K=K))
        positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
        radii = pool_radii(positions, K)
        for row in groups:
            near = seed_of(positions, row, radii) is not None
            evidence.holds(near, f"The cached group {row.tolist()} lies in the pool of no scan point.")


@check("CCH-005")
def test_rows_of_a_long_scan_are_in_order(subject: Subject, evidence: Evidence) -> None:
    """Points whose numbers have several bytes, and rows of more digits than one number holds."""
    for gridsize, K in sized((2, 5), (3, 10)):
        _in_order(subject, evidence, arrays_of(M=many(1_300, side(8))), replace(REQUEST, gridsize=gridsize, K=K))


def _in_order(subject: Subject, evidence: Evidence, arrays: Arrays, request: GroupRequest) -> Array:
    groups: Array = written(evidence, Place(subject, arrays), request)["all_groups"]
    evidence.equal(
        np.sort(groups, axis=1), groups, "rows of all_groups, against the same sorted", axes=("group", "member")
    )
    evidence.equal(
        _lexicographic(groups), groups, "all_groups, against its unique rows in order", axes=("group", "member")
    )
    evidence.holds(bool((np.diff(groups, axis=1) > 0).all()), "A row of all_groups names a scan point twice.")
    return groups


def _lexicographic(groups: Array) -> Array:
    """Unique rows of a (G, C) array, in lexicographic order."""
    return np.array(sorted(set(map(tuple, groups.tolist()))), dtype=groups.dtype).reshape(-1, groups.shape[1])


@check("CCH-010")
def test_a_folder_that_cannot_be_written(subject: Subject, evidence: Evidence) -> None:
    taken, moved = Place(subject, arrays_of()), Place(subject, arrays_of())
    # A folder in the place of the file cannot be written even by root.
    taken.cache().mkdir()
    (taken.cache() / "kept").write_text("")
    # A scan in memory outlives the folder that it was read from.
    moved.path = moved.path.parent / "gone" / moved.path.name
    for what, place in (("a folder has its place", taken), ("its folder is not there", moved)):
        expected = place.bare()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            seen = evidence.accepted(place.members, f"Grouping where the cache cannot be written: {what}")
        evidence.equal(seen, expected, f"groups where no cache can be written: {what}", axes=("group", "member"))
        written_anyway = place.cache().is_file()
        evidence.holds(
            len(caught) > 0 or written_anyway, f"No cache could be written ({what}), and no warning said so."
        )
    evidence.holds((taken.cache() / "kept").exists(), "What lay in the place of the cache was removed.")


@check("CCH-011")
def test_nothing_else_is_left_behind(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    before = Path.cwd(), sorted(Path.cwd().iterdir())
    for _ in range(2):
        place.members()
        evidence.holds(
            place.files() == sorted([place.path.name, place.cache().name]), f"Writing a cache left {place.files()}."
        )
    evidence.holds(
        before == (Path.cwd(), sorted(Path.cwd().iterdir())), "Writing a cache changed the working directory."
    )


_GROUP = """
from pathlib import Path
from dataclasses import replace
from conformance.adapter import GroupRequest
import numpy as np
path = Path(arguments[0])
scan = adapter.load(path) if hasattr(adapter, "load") else adapter.assemble(dict(np.load(path)))
N = np.load(path)["diff3d"].shape[-1]
request = GroupRequest(N=N, gridsize=2, K=5, nsamples=12, seed=3, strategy="group_then_sample", dataset_path=path)
print(json.dumps(np.asarray(adapter.group(scan, request)["nn_indices"]).tolist()))
"""


@check("CCH-013")
def test_several_processes(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    expected = place.bare()
    running = [FreshProcess(subject, _GROUP, [str(place.path)]) for _ in range(2)]
    for process in running:
        seen = evidence.accepted(process.result, "Building a cache in one of several processes")
        evidence.equal(np.array(seen), expected, "groups of one of several processes")
    evidence.holds(
        place.files() == sorted([place.path.name, place.cache().name]), f"Several processes left {place.files()}."
    )
    evidence.present(evidence.accepted(place.content, "Reading a cache that several processes built"), *KEYS)


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
