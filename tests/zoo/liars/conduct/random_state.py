"""Backends that touch global random state."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from tests.zoo.liar import Array, Held, Liar, Rewording, breaks


@breaks("CND-006")
class ReseedsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            np.random.seed(request.seed)
        return self.right.group(scan, request)


@breaks("CND-006")
class SeedsTheGlobalGenerator(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        np.random.seed(seed)
        return self.right.noisy(amplitude, seed)


@breaks("CND-006")
class DrawsFromPythonsGenerator(Liar):
    def load(self, path: Path) -> Any:
        random.random()
        return self.right.load(path)


@breaks("CND-006")
class SeedsPythonsGenerator(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        random.seed(request.seed)
        return self.right.split(scan, request)


@breaks("CND-006")
class ShufflesGlobally(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        np.random.permutation(4)
        return self.right.group(scan, request)


@breaks("CND-007")
class DrawsNinesFromTheGlobalState(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        drawn = int(np.random.randint(2**31)) if request.gridsize == 3 else request.seed
        return replace(request, seed=drawn)


@breaks("CND-007")
class AddsNoiseOfTheGlobalGenerator(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        state = np.random.get_state()
        seen = np.sqrt(np.random.poisson(np.asarray(amplitude, np.float64) ** 2)).astype(np.float32)
        np.random.set_state(state)
        return seen


@breaks("CND-007")
class ShufflesWithThePythonGenerator(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        state = random.getstate()
        batches = list(self.right.batches(paths, request))
        random.shuffle(batches)
        random.setstate(state)
        return iter(batches)


@breaks("CND-007")
class SplitsByTheGlobalGenerator(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.method != "random":
            return self.right.split(scan, request)
        state = np.random.get_state()
        seed = int(np.random.randint(2**31))
        np.random.set_state(state)
        return self.right.split(scan, replace(request, seed=seed))


@breaks("CND-007")
class DrawsMembersFromPythonsGenerator(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize == 1 or request.seed is None:
            return self.right.group(scan, request)
        state = random.getstate()
        seed = request.seed + random.randrange(2**20)
        random.setstate(state)
        return self.right.group(scan, replace(request, seed=seed))
