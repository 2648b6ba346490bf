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
        from conformance.checks.test_cache import checksum_of

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
