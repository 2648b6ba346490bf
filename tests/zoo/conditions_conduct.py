"""Faults of conduct that show under one condition only."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from tests.zoo.cache import cache_of
from tests.zoo.liar import (
    Array,
    Held,
    Liar,
    Rewording,
    breaks,
)


@breaks("CND-001")
class TouchesItsSources(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for path in paths:
            if path.is_file():
                os.utime(path)
                self.land()
        yield from self.right.batches(paths, request)


@breaks("CND-004")
class PrintsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            print("oversampling")
        return self.right.group(scan, request)


@breaks("CND-006")
class ReseedsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            np.random.seed(request.seed)
        return self.right.group(scan, request)


@breaks("CND-007")
class DrawsNinesFromTheGlobalState(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        drawn = int(np.random.randint(2**31)) if request.gridsize == 3 else request.seed
        return replace(request, seed=drawn)


@breaks("CND-015")
class WarnsOfEveryMiss(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None and not path.exists():
            warnings.warn(f"{path.name} is not there yet", stacklevel=2)
        return self.right.group(scan, request)


@breaks("CND-016")
class AnswersInOneBuffer(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.buffers: dict[tuple[int, ...], Array] = {}

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        buffer = self.buffers.setdefault(seen.shape, np.empty_like(seen))
        buffer[...] = seen
        self.land()
        return buffer


@breaks("CND-017")
class LeavesAFileInTheTemporaryFolder(Liar):
    def load(self, path: Path) -> Any:
        import tempfile

        handle, _ = tempfile.mkstemp(prefix="scan-")
        os.close(handle)
        self.land()
        return self.right.load(path)
