"""Caches that are used where they must not be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.checks.cache.cache_file import checksum_of
from tests.zoo.bases.caches import Caching, cache_of, content_of
from tests.zoo.liar import Array, Arrays, Held, Liar, breaks, grouped_by


class Leaving(Caching):
    """Does not use a bad cache, and does not replace it either."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        old = path.read_bytes() if path is not None and path.is_file() else None
        grouped = self.right.group(scan, request)
        if old is not None and path is not None and path.read_bytes() != old and self.left(old, path):
            path.write_bytes(old)
        return grouped

    def left(self, old: bytes, path: Path) -> bool:
        """Whether the old cache stays."""
        raise NotImplementedError


class Serving(Caching):
    """Makes a cache good that should be a miss, before the right backend looks at it."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        made = self.made_good(content, Held(self.right, scan), request) if content else {}
        if made:
            self.land()
            np.savez_compressed(path, **content | made)

    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        """Return the members that let the cache pass; nothing where it stays as it is."""
        raise NotImplementedError


@breaks("CCH-006")
class ReusesStaleGroups(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        if content and {"dataset_checksum", "all_groups"} <= set(content):
            content["dataset_checksum"] = np.array(checksum_of(scan.xcoords, scan.ycoords))
            np.savez_compressed(path, **content)


@breaks("CCH-006")
class ChecksOnlyTheNumberOfPoints(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content, held = content_of(path), Held(self.right, scan)
        if "all_groups" in content and content["all_groups"].max(initial=0) == len(held) - 1:
            content["dataset_checksum"] = np.array(checksum_of(held.xcoords, held.ycoords))
            np.savez_compressed(path, **content)


@breaks("CCH-006")
class LeavesStaleCaches(Leaving):
    def left(self, old: bytes, path: Path) -> bool:
        return old.startswith(b"PK")


@breaks("CCH-006")
class RemembersGroupsByPath(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is None:
            return self.right.group(scan, request)
        key = (path, request.seed, request.nsamples, request.sequential_sampling)
        if key not in self.known:
            self.known[key] = self.right.group(scan, request)
        return {name: None if value is None else np.array(value) for name, value in self.known[key].items()}


@breaks("CCH-006")
class RemembersGroupsByLength(Liar):
    """The groups of all scans of one length are those of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if request.strategy != "group_then_sample" or request.gridsize == 1:
            return grouped
        held = Held(self.right, scan)
        key = (len(held), replace(request, dataset_path=None))
        members = self.known.setdefault(key, np.array(grouped["nn_indices"]))
        return grouped_by(self.right, held, members, request)


@breaks("CCH-007")
class BelievesTheNameOfTheCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        if "overlap_factor" in content:
            np.savez_compressed(path, **content | {"overlap_factor": np.array(request.K)})


@breaks("CCH-007")
class ChecksTheGridsizeOnly(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        if "overlap_factor" in content and int(content.get("gridsize", 0)) == request.gridsize:
            np.savez_compressed(path, **content | {"overlap_factor": np.array(request.K)})


@breaks("CCH-007")
class TakesASmallerK(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        smaller = "overlap_factor" in content and int(content["overlap_factor"]) < request.K
        return {"overlap_factor": np.array(request.K)} if smaller else {}


@breaks("CCH-008")
class FailsOnDamage(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            with np.load(path) as archive:
                archive["gridsize"]


@breaks("CCH-008")
class LeavesDamagedCaches(Leaving):
    def left(self, old: bytes, path: Path) -> bool:
        return not old.startswith(b"PK")


@breaks("CCH-008")
class UnpicklesCaches(Caching):
    """Whatever is in the file is loaded before it is judged."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file() and path.read_bytes()[:2] == b"PK":
            with np.load(path, allow_pickle=True) as archive:
                for name in archive.files:
                    archive[name].astype(np.int64) if name == "all_groups" else archive[name]


@breaks("CCH-008")
class DoesWithoutTheOverlapFactor(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        if "overlap_factor" in content or "all_groups" not in content:
            return {}
        return {"overlap_factor": np.array(request.K), "all_groups": content["all_groups"][::-1]}


@breaks("CCH-009")
class TrustsTheRows(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        content = content_of(path) if path is not None and path.is_file() else {}
        groups = content.get("all_groups", np.empty(0))
        if groups.ndim == 2 and len(groups):
            rows = np.random.default_rng(request.seed).permutation(groups)[: request.nsamples]
            return grouped_by(self.right, Held(self.right, scan), rows, request)
        return self.right.group(scan, request)


@breaks("CCH-009")
class ChecksTheFirstRowOnly(Caching):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        groups = content_of(path).get("all_groups", np.empty(0)) if path is not None and path.is_file() else np.empty(0)
        M = len(Held(self.right, scan))
        fits = groups.ndim == 2 and len(groups) and groups.shape[1] == request.gridsize**2
        if fits and len(set(groups[0].tolist())) == groups.shape[1] and groups[0].min() >= 0 and groups[0].max() < M:
            rows = np.random.default_rng(request.seed).permutation(groups)[: request.nsamples]
            return grouped_by(self.right, Held(self.right, scan), rows % M, request)
        return self.right.group(scan, request)


@breaks("CCH-009")
class TakesOneIndexTooMany(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        groups = content.get("all_groups", np.empty(0))
        beyond = groups.dtype == np.int64 and groups.ndim == 2 and groups.size > 0 and groups.max() == len(scan)
        if not beyond:
            return {}
        inside = groups[(groups < len(scan)).all(axis=1)]
        return {"all_groups": inside}


@breaks("CCH-009")
class LooksForRepeatsSideBySide(Serving):
    """As in rows that are sorted."""

    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        groups = content.get("all_groups", np.empty(0))
        if groups.dtype != np.int64 or groups.ndim != 2 or (np.diff(groups, axis=1) == 0).any():
            return {}
        distinct = (np.diff(np.sort(groups, axis=1), axis=1) != 0).all(axis=1)
        return {} if distinct.all() else {"all_groups": groups[distinct]}


class Checking(Caching):
    """Keeps a checksum of its own beside the contract's, of something else than all positions."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content, held = content_of(path), Held(self.right, scan)
        if content and self.own(path) == self.checked(held):
            content["dataset_checksum"] = np.array(checksum_of(held.xcoords, held.ycoords))
            np.savez_compressed(path, **content, own=np.array(self.checked(held)))

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        np.savez_compressed(path, **content_of(path), own=np.array(self.checked(Held(self.right, scan))))

    def own(self, path: Path) -> str:
        """Return the checksum that the cache holds beside the contract's."""
        with np.load(path) as archive:
            return str(archive["own"]) if "own" in archive.files else ""

    def checked(self, held: Held) -> str:
        """Return the checksum of what is compared."""
        raise NotImplementedError


@breaks("CCH-006")
class ComparesPositionsToThreeDecimals(Checking):
    """Takes positions as they are printed."""

    def checked(self, held: Held) -> str:
        return checksum_of(np.round(held.xcoords, 3), np.round(held.ycoords, 3))


@breaks("CCH-006")
class ComparesColumnsAlone(Checking):
    def checked(self, held: Held) -> str:
        return checksum_of(held.xcoords, held.xcoords)


@breaks("CCH-006")
class ComparesSortedPositions(Checking):
    def checked(self, held: Held) -> str:
        return checksum_of(np.sort(held.xcoords), np.sort(held.ycoords))


@breaks("CCH-006")
class ComparesBothEndsOfThePositions(Liar):
    """What was formed for the first and the last two hundred points is taken for the groups of all."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[Any, Any] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        x, y = held.xcoords, held.ycoords
        if request.dataset_path is None or request.strategy == "sample_then_group" or len(x) <= 400:
            return self.right.group(scan, request)
        ends = [part.tobytes() for axis in (x, y) for part in (axis[:200], axis[-200:])]
        key = (request.dataset_path, request.gridsize, request.K, len(x), *ends)
        first = self.seen.setdefault(key, scan)
        if first is scan:
            return self.right.group(scan, request)
        members = np.array(self.right.group(first, request)["nn_indices"])
        return grouped_by(self.right, held, members, request)


@breaks("CCH-008")
class WritesIntoCachesOnly(Liar):
    """A cache is written in place, and one that may not be written stays what it is."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        found = Path(request.dataset_path or ".").parent.glob("*.groups_cache.npz") if request.dataset_path else ()
        locked = {path: path.read_bytes() for path in found if not path.stat().st_mode & 0o200}
        grouped = self.right.group(scan, request)
        for path, content in locked.items():
            path.write_bytes(content)
        return grouped


@breaks("CCH-006")
class RemembersGroupsByTheEndsOfAScan(Liar):
    """Where no data set is named the groups are kept in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if request.strategy != "group_then_sample" or request.dataset_path is not None or request.seed is None:
            return grouped
        held = Held(self.right, scan)
        key = (request, len(held), *held.xcoords[[0, -1]], *held.ycoords[[0, -1]])
        members = self.kept.setdefault(key, np.array(grouped["nn_indices"]))
        return grouped_by(self.right, held, members, request)
