"""Caches that change what groups are given."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.caches import Caching, Rewriting, cache_of, content_of
from tests.zoo.liar import Altering, Arrays, Held, Liar, breaks, grouped_by


@breaks("CCH-001")
class LetsTheFirstRunDecide(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None and not path.exists():
            self.right.group(scan, request)
            return self.right.group(scan, replace(request, seed=77, sequential_sampling=False))
        return self.right.group(scan, request)


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


@breaks("CCH-012")
class CachesEveryStrategy(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.dataset_path is not None:
            stem = f"{request.dataset_path.stem}.g{request.gridsize}k{request.K}.groups_cache.npz"
            request.dataset_path.with_name(stem).touch()
        return self.right.group(scan, request)


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
class DrawsOneSampleForEverySeed(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        cached = request.strategy == "group_then_sample" and request.gridsize > 1
        return self.right.group(scan, replace(request, seed=0) if cached else request)


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


@breaks("CCH-015")
class KeepsEverySet(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        groups = content["all_groups"]
        every = itertools.combinations(range(int(groups.max()) + 1), groups.shape[1])
        return {"all_groups": np.array(list(itertools.islice(every, 20_000)), dtype=np.int64)}


@breaks("CCH-015")
class KeepsGroupsOfTheFirstHalf(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        half = content["all_groups"][: max(1, len(content["all_groups"]) // 4)]
        np.savez_compressed(path, **content | {"all_groups": half})


@breaks("CCH-015")
class CachesAThousandGroups(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][:1000]}


@breaks("CCH-016")
class TrustsNoCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            path.unlink()


@breaks("CCH-016")
class DistrustsCachesOlderThanTheData(Caching):
    """Copying a data set, or touching it, makes its good cache stale."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        data = request.dataset_path
        if path.is_file() and data is not None and data.is_file() and path.stat().st_mtime < data.stat().st_mtime:
            self.land()
            path.unlink()


@breaks("CCH-016")
class BelievesItsOwnIntegersAlone(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file() and content_of(path).get("gridsize", np.array(0)).dtype != np.int64:
            self.land()
            path.unlink()


@breaks("CCH-017")
class NumbersCachedGroupsInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        older = request.strategy == "group_then_sample"
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)} if older else {}


@breaks("CCH-017")
class PairsCachedFramesBackwards(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        older = request.strategy == "group_then_sample" and request.gridsize > 1
        return {"diffraction": grouped["diffraction"][..., ::-1]} if older else {}


@breaks("CCH-014")
class LeavesOneOutWhenAllAreAsked(Liar):
    """An exclusive bound: as many as there are is one too many."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        given = self.right.group(scan, request)
        if request.strategy != "group_then_sample" or not 1 < len(given["nn_indices"]) == request.nsamples:
            return given
        more = self.right.group(scan, replace(request, nsamples=request.nsamples + 1))
        fewer = replace(request, nsamples=request.nsamples - 1)
        return given if len(more["nn_indices"]) > request.nsamples else self.right.group(scan, fewer)


@breaks("CCH-001")
class GivesAllRowsInOrderOnAHit(Liar):
    """Where all are asked for there is nothing to draw."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        rows = content_of(path).get("all_groups", ()) if path is not None and path.is_file() else ()
        grouped = self.right.group(scan, request)
        if len(rows) != len(grouped["nn_indices"]) or request.seed is None:
            return grouped
        return self.right.group(scan, replace(request, sequential_sampling=True))
