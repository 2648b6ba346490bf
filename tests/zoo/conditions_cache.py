"""Faults of the groups cache that show under one condition only."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.cache import Caching, cache_of, content_of
from tests.zoo.liar import (
    Altering,
    Array,
    Arrays,
    Held,
    Liar,
    breaks,
)


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


@breaks("CCH-003")
class DoesNotCompress(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        with zipfile.ZipFile(path) as archive:
            compressed = any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist())
        if compressed:
            np.savez(path, **content_of(path))


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


@breaks("CCH-007")
class TakesASmallerK(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        smaller = "overlap_factor" in content and int(content["overlap_factor"]) < request.K
        return {"overlap_factor": np.array(request.K)} if smaller else {}


@breaks("CCH-008")
class DoesWithoutTheOverlapFactor(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        if "overlap_factor" in content or "all_groups" not in content:
            return {}
        return {"overlap_factor": np.array(request.K), "all_groups": content["all_groups"][::-1]}


@breaks("CCH-009")
class TakesOneIndexTooMany(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        groups = content.get("all_groups", np.empty(0))
        beyond = groups.dtype == np.int64 and groups.ndim == 2 and groups.size > 0 and groups.max() == len(scan)
        if not beyond:
            return {}
        inside = groups[(groups < len(scan)).all(axis=1)]
        return {"all_groups": inside}


@breaks("CCH-015")
class KeepsGroupsOfTheFirstHalf(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        half = content["all_groups"][: max(1, len(content["all_groups"]) // 4)]
        np.savez_compressed(path, **content | {"all_groups": half})


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


@breaks("CCH-018")
class WritesOverTheOldCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            self.held = path.with_name("held-aside")
            os.link(path, self.held)

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        held = getattr(self, "held", None)
        if held is not None and held.is_file():
            # The old file gets the new content, and its name back.
            held.write_bytes(path.read_bytes())
            held.replace(path)
            self.land()
