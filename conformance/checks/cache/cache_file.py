"""The file of a groups cache: where it lies, what it holds, and how a backend answers when it is spoilt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.grouping.members import indices_of
from conformance.contract import arrays as table
from conformance.contract.types import Arrays
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, make_specimen

REQUEST = GroupRequest(N=8, gridsize=2, K=5, nsamples=12, seed=3, strategy="group_then_sample")
KEYS = table.names_of(table.Place.CACHE)


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

    def content(self, request: GroupRequest = REQUEST) -> Arrays:
        """Members of the cache file that the contract names, never unpickled; a backend may add its own beside them."""
        with np.load(self.cache(request), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in KEYS}

    def rows(self, request: GroupRequest = REQUEST) -> NDArray[Any]:
        """Groups in the cache file, whatever it is; none when it cannot be read."""
        try:
            return np.asarray(self.content(request)["all_groups"])
        except Exception:  # noqa: BLE001 - caches are planted in every state of damage
            return np.empty(0)

    def rewrite(self, content: Mapping[str, Any], request: GroupRequest = REQUEST) -> None:
        """Put other members in place of the cache."""
        np.savez_compressed(self.cache(request), **content)

    def files(self) -> list[str]:
        """Names in the folder of the data set."""
        return sorted(path.name for path in self.path.parent.iterdir())


def written(evidence: Evidence, place: Place, request: GroupRequest = REQUEST) -> Arrays:
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


def read_anyway(
    place: Place, request: GroupRequest, seen: NDArray[Any], lying: NDArray[Any], expected: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Groups of a backend that reads a cache which it must not use; which rows are drawn, only the backend knows.

    Parameters
    ----------
    place : Place
    request : GroupRequest
    seen, lying, expected : ndarray
        Groups with the cache, in it, and without it.
    """
    known = {frozenset(row) for row in lying.tolist()} if lying.ndim == 2 else set()
    if seen.ndim == 2 and len(seen) and {frozenset(row) for row in seen.tolist()} <= known:
        # Without the file the right groups come, unless the process itself holds those of an earlier call.
        place.cache(request).unlink(missing_ok=True)
        kept = np.array_equal(place.members(request), seen)
        whence = "are kept from an earlier call" if kept else "come from the cache that lay there"
        return {f"the groups {whence}": seen}
    if seen.shape == expected.shape and sorted(seen.tolist()) == sorted(expected.tolist()):
        # The right groups in another order were not read from what is damaged.
        return {}
    # All else is equal: what makes the difference is the file.
    alone = np.array_equal(place.bare(request), expected)
    return {"the cache that lay there is read, damaged as it is": seen if alone else expected}


def answered_anew(
    evidence: Evidence,
    place: Place,
    what: str,
    request: GroupRequest = REQUEST,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require that a cache which must not be used is a miss, and is rewritten."""
    expected, lying = place.bare(request), place.rows(request)
    seen = evidence.accepted(lambda: place.members(request), f"Grouping beside {what}")
    evidence.equal(
        seen,
        expected,
        f"groups beside {what}",
        axes=("draw", "member"),
        # Which cache it is speaks before that it is one.
        suspects=lambda: {
            **(suspects() if suspects else {}),
            **read_anyway(place, request, seen, lying, expected),
        },
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
        suspects={"the cache that lay there is left as it was": lying},
    )
    evidence.present(content, *KEYS)
    numbers = (str(content["dataset_checksum"]), int(content["gridsize"]), int(content["overlap_factor"]))
    x, y = (as_numpy(place.subject.adapter.arrays(place.scan)[name]) for name in ("xcoords", "ycoords"))
    right = (checksum_of(x, y), request.gridsize, request.K)
    evidence.holds(numbers == right, f"The cache rewritten after {what} holds {numbers}, not {right}.")
