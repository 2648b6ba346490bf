"""Bases of liars about groups caches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.contract.arrays import Place, names_of
from tests.zoo.liar import Arrays, Liar

KEYS = names_of(Place.CACHE)


def cache_of(request: GroupRequest) -> Path | None:
    """Where the cache of a request lies; None where it has none."""
    if request.dataset_path is None or request.strategy != "group_then_sample" or request.gridsize == 1:
        return None
    stem = f"{request.dataset_path.stem}.g{request.gridsize}k{request.K}.groups_cache.npz"
    return request.dataset_path.with_name(stem)


def content_of(path: Path) -> Arrays:
    """Members of a cache that the contract names; empty when it cannot be read."""
    try:
        with np.load(path) as archive:
            return {name: archive[name] for name in archive.files if name in KEYS}
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
