"""Wrong groups caches (CCH)."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Arrays, Held, Liar, breaks, grouped_by

READ_ERRORS = (OSError, ValueError, KeyError, EOFError)


def cache_of(request: GroupRequest) -> Path | None:
    """Where the cache of a request lies; None where it has none."""
    if request.dataset_path is None or request.strategy != "group_then_sample" or request.gridsize == 1:
        return None
    stem = f"{request.dataset_path.stem}.g{request.gridsize}k{request.K}.groups_cache.npz"
    return request.dataset_path.with_name(stem)


def content_of(path: Path) -> Arrays:
    """Members of a cache; empty when it cannot be read."""
    try:
        with np.load(path) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no cache
        return {}


class Caching(Liar):
    """Meddles with the cache before or after the right backend uses it."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None:
            self.before(path, scan, request)
        grouped = self.right.group(scan, request)
        if path is not None and path.is_file():
            self.after(path, scan, request)
        return grouped

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        """Meddle before."""

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        """Meddle after."""


class Rewriting(Caching):
    """Writes something else into the cache."""

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        np.savez_compressed(path, **content | self.changed(content))

    def changed(self, content: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("CCH-001")
class LetsTheFirstRunDecide(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None and not path.exists():
            self.right.group(scan, request)
            return self.right.group(scan, replace(request, seed=77, sequential_sampling=False))
        return self.right.group(scan, request)


@breaks("CCH-002")
class NamesEveryCacheAlike(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.rename(path.with_name("groups_cache.npz"))


@breaks("CCH-003")
class CachesInInt32(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"].astype(np.int32)}


@breaks("CCH-003")
class CachesWithoutParameters(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        np.savez_compressed(path, **{k: v for k, v in content.items() if k != "overlap_factor"})


@breaks("CCH-004")
class ChecksumsWithoutLengths(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        import hashlib

        held = Held(self.right, scan)
        bytes_of = held.xcoords.tobytes() + held.ycoords.tobytes()
        digest = hashlib.md5(bytes_of, usedforsecurity=False).hexdigest()
        np.savez_compressed(path, **content_of(path) | {"dataset_checksum": np.array(digest)})


@breaks("CCH-005")
class CachesRowsInAnyOrder(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][::-1]}


@breaks("CCH-006")
class ReusesStaleGroups(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        from conformance.checks.cache.cache_file import checksum_of

        content = content_of(path)
        if content and {"dataset_checksum", "all_groups"} <= set(content):
            content["dataset_checksum"] = np.array(checksum_of(scan.xcoords, scan.ycoords))
            np.savez_compressed(path, **content)


@breaks("CCH-007")
class BelievesTheNameOfTheCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        if "overlap_factor" in content:
            np.savez_compressed(path, **content | {"overlap_factor": np.array(request.K)})


@breaks("CCH-008")
class FailsOnDamage(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            with np.load(path) as archive:
                archive["gridsize"]


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


@breaks("CCH-010")
class FailsWhereItCannotWrite(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_dir():
            raise IsADirectoryError(str(path))


@breaks("CCH-010")
class WritesNoCacheInSilence(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        unwritable = path is not None and path.is_dir()
        return self.right.group(scan, replace(request, dataset_path=None) if unwritable else request)


@breaks("CCH-011")
class LeavesALockBehind(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_suffix(".lock").touch()


@breaks("CCH-012")
class CachesEveryStrategy(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.dataset_path is not None:
            stem = f"{request.dataset_path.stem}.g{request.gridsize}k{request.K}.groups_cache.npz"
            request.dataset_path.with_name(stem).touch()
        return self.right.group(scan, request)


@breaks("CCH-013")
class LeavesAFileOfEveryProcess(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_name(f".building-{os.getpid()}").touch()
        self.land()


@breaks("CCH-014")
class DrawsOneSampleForEverySeed(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        cached = request.strategy == "group_then_sample" and request.gridsize > 1
        return self.right.group(scan, replace(request, seed=0) if cached else request)


@breaks("CCH-015")
class KeepsEverySet(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        groups = content["all_groups"]
        every = itertools.combinations(range(int(groups.max()) + 1), groups.shape[1])
        return {"all_groups": np.array(list(itertools.islice(every, 20_000)), dtype=np.int64)}


@breaks("CCH-016")
class TrustsNoCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            path.unlink()


@breaks("CCH-001")
class DrawsAnewOnAHit(Caching):
    """The generator that a miss has used up is fresh on a hit."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        hit = path is not None and path.is_file()
        seed = request.seed
        return self.right.group(scan, replace(request, seed=seed + 1) if hit and seed is not None else request)


@breaks("CCH-001")
class SortsGroupsOnAHit(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        hit = path is not None and path.is_file()
        grouped = self.right.group(scan, request)
        if not hit:
            return grouped
        members = np.asarray(grouped["nn_indices"])
        order = np.lexsort(members.T[::-1])
        return grouped_by(self.right, Held(self.right, scan), members[order], request)


class Renaming(Caching):
    """Keeps its caches under other names."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        other = path.with_name(self.named(path, request))
        if other.is_file():
            other.rename(path)

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.rename(path.with_name(self.named(path, request)))

    def named(self, path: Path, request: GroupRequest) -> str:
        raise NotImplementedError


@breaks("CCH-002")
class CutsNamesAtTheFirstDot(Renaming):
    def named(self, path: Path, request: GroupRequest) -> str:
        return f"{path.name.split('.')[0]}.g{request.gridsize}k{request.K}.groups_cache.npz"


@breaks("CCH-002")
class LeavesKOutOfTheName(Renaming):
    def named(self, path: Path, request: GroupRequest) -> str:
        return path.name.replace(f"k{request.K}.", ".")


@breaks("CCH-002")
class KeepsCachesInAFolder(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        folder = path.parent / ".cache"
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)


@breaks("CCH-003")
class CachesTheChecksumAsBytesOfAnObject(Rewriting):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        content["dataset_checksum"] = np.array(content["dataset_checksum"].item(), dtype=object)
        np.savez_compressed(path, allow_pickle=True, **content)


@breaks("CCH-003")
class CachesTheNumberOfMembersForTheGridsize(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"gridsize": content["gridsize"] ** 2}


@breaks("CCH-003")
class CachesFloatParameters(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"overlap_factor": content["overlap_factor"].astype(np.float64)}


class Hashing(Caching):
    """Writes a checksum of something else."""

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        import hashlib

        held = Held(self.right, scan)
        digest = hashlib.md5(self.hashed(held.xcoords, held.ycoords), usedforsecurity=False).hexdigest()
        np.savez_compressed(path, **content_of(path) | {"dataset_checksum": np.array(digest)})

    def hashed(self, x: Any, y: Any) -> bytes:
        raise NotImplementedError


@breaks("CCH-004")
class ChecksumsYFirst(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return np.concatenate([y, x, [len(x), len(y)]]).tobytes()


@breaks("CCH-004")
class ChecksumsInSinglePrecision(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return np.concatenate([x, y, [len(x), len(y)]]).astype(np.float32).tobytes()


@breaks("CCH-004")
class ChecksumsWholeLengths(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return x.tobytes() + y.tobytes() + np.array([len(x), len(y)]).tobytes()


@breaks("CCH-005")
class CachesMembersInAnyOrder(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][:, ::-1]}


@breaks("CCH-005")
class CachesGroupsTwice(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": np.sort(np.repeat(content["all_groups"], 2, axis=0), axis=0)}


@breaks("CCH-005")
class CachesFarGroups(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        groups = np.array(content["all_groups"])
        groups[-1] = np.arange(groups.shape[1]) * 3
        return {"all_groups": np.unique(groups, axis=0)}


@breaks("CCH-006")
class ChecksOnlyTheNumberOfPoints(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        from conformance.checks.cache.cache_file import checksum_of

        content, held = content_of(path), Held(self.right, scan)
        if "all_groups" in content and content["all_groups"].max(initial=0) == len(held) - 1:
            content["dataset_checksum"] = np.array(checksum_of(held.xcoords, held.ycoords))
            np.savez_compressed(path, **content)


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


@breaks("CCH-006")
class LeavesStaleCaches(Leaving):
    def left(self, old: bytes, path: Path) -> bool:
        return old.startswith(b"PK")


@breaks("CCH-008")
class LeavesDamagedCaches(Leaving):
    def left(self, old: bytes, path: Path) -> bool:
        return not old.startswith(b"PK")


@breaks("CCH-007")
class ChecksTheGridsizeOnly(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        if "overlap_factor" in content and int(content.get("gridsize", 0)) == request.gridsize:
            np.savez_compressed(path, **content | {"overlap_factor": np.array(request.K)})


@breaks("CCH-008")
class UnpicklesCaches(Caching):
    """Whatever is in the file is loaded before it is judged."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file() and path.read_bytes()[:2] == b"PK":
            with np.load(path, allow_pickle=True) as archive:
                for name in archive.files:
                    archive[name].astype(np.int64) if name == "all_groups" else archive[name]


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


@breaks("CCH-011")
class LeavesATemporaryCache(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_name(f"{path.name}.tmp").write_bytes(path.read_bytes()[:10])


@breaks("CCH-012")
class ReadsTheCacheUnderEveryStrategy(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize > 1 and request.strategy == "sample_then_group":
            older = replace(request, strategy="group_then_sample")
            path = cache_of(older)
            groups = content_of(path).get("all_groups") if path is not None and path.is_file() else None
            if groups is not None:
                rows = groups[np.random.default_rng(request.seed).permutation(len(groups))[: request.nsamples]]
                return grouped_by(self.right, Held(self.right, scan), rows, request)
        return self.right.group(scan, request)


@breaks("CCH-012")
class CachesSinglePoints(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize == 1 and request.dataset_path is not None and request.strategy == "group_then_sample":
            name = f"{request.dataset_path.stem}.g1k{request.K}.groups_cache.npz"
            np.savez_compressed(request.dataset_path.with_name(name), all_groups=np.arange(3)[:, None])
        return self.right.group(scan, request)


@breaks("CCH-014")
class RepeatsGroupsToFillUp(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        members = np.asarray(grouped["nn_indices"])
        if request.strategy == "sample_then_group" or request.gridsize == 1 or len(members) >= request.nsamples:
            return grouped
        filled = np.resize(members, (request.nsamples, members.shape[1]))
        return grouped_by(self.right, Held(self.right, scan), filled, request)


@breaks("CCH-014")
class TakesTheFirstGroups(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        cached = request.strategy == "group_then_sample" and request.gridsize > 1
        return self.right.group(scan, replace(request, sequential_sampling=True) if cached else request)
