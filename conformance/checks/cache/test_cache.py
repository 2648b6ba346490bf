"""Checks of the groups cache (CCH)."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject
from conformance.checks.grouping.test_grouping import indices_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import pool_radii, seed_of
from conformance.scans.specimens import Recipe, make_specimen

REQUEST = GroupRequest(N=8, gridsize=2, K=5, nsamples=12, seed=3, strategy="group_then_sample")
KEYS = ("all_groups", "dataset_checksum", "gridsize", "overlap_factor")


def arrays_of(seed: int = 31, M: int = 30) -> dict[str, Any]:
    """Arrays of a scan."""
    return dict(make_specimen(Recipe(M=M, N=8, seed=seed)).arrays)


class Place:
    """A data set in a folder of its own, with the scan that was read from it."""

    def __init__(self, subject: Subject, arrays: Mapping[str, Any], name: str = "fly.scan.npz") -> None:
        self.subject = subject
        self.path = subject.write(arrays, name)
        self.scan = subject.scan(arrays)

    def cache(self, request: GroupRequest = REQUEST) -> Path:
        """Where the contract puts the cache."""
        return self.path.with_name(f"{self.path.stem}.g{request.gridsize}k{request.K}.groups_cache.npz")

    def members(self, request: GroupRequest = REQUEST) -> NDArray[np.int64]:
        """Groups of a request with the cache."""
        return indices_of(self.subject.adapter.group(self.scan, replace(request, dataset_path=self.path)), request)

    def bare(self, request: GroupRequest = REQUEST) -> NDArray[np.int64]:
        """Groups of the same request without one."""
        return indices_of(self.subject.adapter.group(self.scan, replace(request, dataset_path=None)), request)

    def content(self, request: GroupRequest = REQUEST) -> dict[str, NDArray[Any]]:
        """Members of the cache file; never unpickled."""
        with np.load(self.cache(request), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def planted(self, request: GroupRequest = REQUEST) -> set[frozenset[int]]:
        """Groups in the cache file, whatever it is; none when it cannot be read."""
        try:
            rows = np.asarray(self.content(request)["all_groups"]).tolist()
            return {frozenset(map(int, row)) for row in rows}
        except Exception:  # noqa: BLE001 - caches are planted in every state of damage
            return set()

    def rewrite(self, content: Mapping[str, Any], request: GroupRequest = REQUEST) -> None:
        """Put other members in place of the cache."""
        np.savez_compressed(self.cache(request), **content)

    def files(self) -> list[str]:
        """Names in the folder of the data set."""
        return sorted(path.name for path in self.path.parent.iterdir())


def written(evidence: Evidence, place: Place, request: GroupRequest = REQUEST) -> dict[str, NDArray[Any]]:
    """Group once, and return what the cache holds."""
    place.members(request)
    evidence.holds(
        place.cache(request).exists(),
        f"No cache {place.cache(request).name} was written; the folder holds {place.files()}.",
    )
    return evidence.accepted(lambda: place.content(request), "Reading the cache without unpickling")


def checksum_of(x: Any, y: Any) -> str:
    """MD5 as the clause says."""
    return hashlib.md5(np.concatenate([x, y, [len(x), len(y)]]).tobytes(), usedforsecurity=False).hexdigest()


@check("CCH-001")
def test_a_hit_gives_what_a_miss_gives(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K, sequential in ((2, 5, False), (3, 10, False), (2, 7, True)):
        request = replace(REQUEST, gridsize=gridsize, K=K, sequential_sampling=sequential)
        place = Place(subject, arrays_of())
        expected = place.bare(request)
        for what, draw in (
            ("groups on a miss, against those without a cache", place.members),
            ("groups on a hit, against those without a cache", place.members),
            ("groups without a cache, computed again", place.bare),
        ):
            evidence.equal(draw(request), expected, what, axes=("group", "member"))


@check("CCH-002")
def test_name_and_place(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in ((2, 5), (2, 8), (3, 9)):
        request = replace(REQUEST, gridsize=gridsize, K=K)
        place = Place(subject, arrays_of())
        written(evidence, place, request)
        evidence.holds(
            place.files() == sorted([place.path.name, place.cache(request).name]),
            f"The folder of the data set holds {place.files()}, not the data set and {place.cache(request).name}.",
        )


@check("CCH-003")
def test_content(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in ((2, 5), (3, 9)):
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
        given = arrays | {"xcoords": x, "ycoords": y}
        content = written(evidence, Place(subject, given))
        seen = str(content["dataset_checksum"])
        evidence.holds(
            seen == checksum_of(x, y), f"The checksum of {what} is {seen}, the contract gives {checksum_of(x, y)}."
        )


@check("CCH-005")
def test_rows_are_sets_in_order(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in ((2, 4), (2, 7), (3, 10)):
        request = replace(REQUEST, gridsize=gridsize, K=K)
        arrays = arrays_of()
        groups = written(evidence, Place(subject, arrays), request)["all_groups"]
        evidence.equal(
            np.sort(groups, axis=1), groups, "rows of all_groups, against the same sorted", axes=("group", "member")
        )
        evidence.equal(
            np.unique(groups, axis=0), groups, "all_groups, against its unique rows in order", axes=("group", "member")
        )
        evidence.holds(bool((np.diff(groups, axis=1) > 0).all()), "A row of all_groups names a scan point twice.")
        positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
        radii = pool_radii(positions, K)
        for row in groups:
            near = seed_of(positions, row, radii) is not None
            evidence.holds(near, f"The cached group {row.tolist()} lies in the pool of no scan point.")


def answered_anew(
    evidence: Evidence,
    place: Place,
    what: str,
    request: GroupRequest = REQUEST,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require that a cache which must not be used is a miss, and is rewritten."""
    expected, planted = place.bare(request), place.planted(request)
    seen = evidence.accepted(lambda: place.members(request), f"Grouping beside {what}")
    evidence.equal(
        seen,
        expected,
        f"groups beside {what}",
        axes=("draw", "member"),
        suspects=lambda: (
            {
                # Which of its rows are drawn, only the backend knows.
                "the groups come from the cache that lay there": (
                    seen if set(map(frozenset, seen.tolist())) <= planted else expected
                )
            }
            if suspects is None
            else suspects()
        ),
    )
    content = evidence.accepted(lambda: place.content(request), f"Reading the cache rewritten after {what}")
    fresh = Place(place.subject, place.subject.adapter.arrays(place.scan))
    fresh.members(request)
    groups = content.get("all_groups", np.empty(0))
    evidence.equal(
        groups,
        fresh.content(request)["all_groups"],
        f"all_groups rewritten after {what}",
        axes=("group", "member"),
    )
    evidence.present(content, *KEYS)
    numbers = (str(content["dataset_checksum"]), int(content["gridsize"]), int(content["overlap_factor"]))
    x, y = (as_numpy(place.subject.adapter.arrays(place.scan)[name]) for name in ("xcoords", "ycoords"))
    right = (checksum_of(x, y), request.gridsize, request.K)
    evidence.holds(numbers == right, f"The cache rewritten after {what} holds {numbers}, not {right}.")


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
    ):
        old = Place(subject, other)
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
    for gridsize, K in ((2, 9), (3, 9)):
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
        "a cache that is no archive": b"groups\n" * 30,
        "a cache that needs unpickling": content | {"all_groups": np.array([[1, "a"]], dtype=object)},
        "a cache without gridsize": {k: v for k, v in content.items() if k != "gridsize"},
        "a cache without checksum": {k: v for k, v in content.items() if k != "dataset_checksum"},
    }
    for what, held in damaged.items():
        if isinstance(held, bytes):
            place.cache().write_bytes(held)
        else:
            place.rewrite(held)
        answered_anew(evidence, place, what)


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


@check("CCH-010")
def test_a_folder_that_cannot_be_written(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    expected = place.bare()
    # A folder in the place of the file cannot be written even by root.
    place.cache().mkdir()
    (place.cache() / "kept").write_text("")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        seen = evidence.accepted(place.members, "Grouping where the cache cannot be written")
    evidence.equal(seen, expected, "groups where the cache cannot be written", axes=("group", "member"))
    evidence.holds(len(caught) > 0, "The cache could not be written, and no warning said so.")
    evidence.holds((place.cache() / "kept").exists(), "What lay in the place of the cache was removed.")


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


_GROUP = """
from pathlib import Path
from dataclasses import replace
from conformance.adapter import GroupRequest
import numpy as np
path = Path(arguments[0])
scan = adapter.load(path) if hasattr(adapter, "load") else adapter.assemble(dict(np.load(path)))
request = GroupRequest(N=8, gridsize=2, K=5, nsamples=12, seed=3, strategy="group_then_sample", dataset_path=path)
print(json.dumps(np.asarray(adapter.group(scan, request)["nn_indices"]).tolist()))
"""


@check("CCH-013")
def test_several_processes(subject: Subject, evidence: Evidence) -> None:
    place = Place(subject, arrays_of())
    expected = place.bare()
    running = [start(subject, _GROUP, [str(place.path)]) for _ in range(3)]
    for process in running:
        seen = evidence.accepted(lambda: finish(process), "Building a cache in one of several processes")
        evidence.equal(np.array(seen), expected, "groups of one of several processes")
    evidence.holds(
        place.files() == sorted([place.path.name, place.cache().name]), f"Several processes left {place.files()}."
    )
    evidence.present(evidence.accepted(place.content, "Reading a cache that several processes built"), *KEYS)


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


@check("CCH-015")
def test_the_number_of_all_groups(subject: Subject, evidence: Evidence) -> None:
    # Pools large enough that subsets drawn at random hardly ever coincide, below and above the cap of fifty.
    for gridsize, K, M in ((3, 16, 30), (3, 540, 30), (2, 18, 60)):
        request = replace(REQUEST, gridsize=gridsize, K=K)
        groups = written(evidence, Place(subject, arrays_of(M=M)), request)["all_groups"]
        most = M * min(50, (K + 1) // gridsize**2 + 1)
        evidence.holds(
            len(groups) <= most,
            f"all_groups of {M} points at gridsize {gridsize} and K {K} has {len(groups)} rows; {most} are the most.",
        )


@check("CCH-016")
def test_a_good_cache_is_used(subject: Subject, evidence: Evidence) -> None:
    for gridsize, K in ((2, 5), (3, 10)):
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
