"""Oversampled groups that repeat themselves, or come from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from tests.zoo.bases.batches import Redirecting
from tests.zoo.bases.groups import Forgiving
from tests.zoo.liar import Array, Held, Liar, Regrouping, Rewording, breaks


@breaks("GRP-011")
class StopsAtTheNumberOfPoints(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[: len(scan)]


@breaks("GRP-011")
class OversamplesByWholeTurns(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        turns = -(-request.nsamples // len(scan))
        return replace(request, nsamples=turns * len(scan)) if request.enable_oversampling else request


@breaks("GRP-011")
class CapsOversampledSequences(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        capped = request.enable_oversampling and request.sequential_sampling
        return replace(request, nsamples=min(request.nsamples, len(scan))) if capped else request


@breaks("GRP-012")
class OversamplesByRepeating(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return np.resize(right[: max(1, len(right) // 2)], right.shape) if request.enable_oversampling else right


@breaks("GRP-012")
class CountsOrdersAsGroups(Regrouping):
    """The same points in another order pass for another group."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if not request.enable_oversampling or len(right) < 2:
            return right
        half = right[: len(right) // 2]
        return np.concatenate([half, half[:, ::-1], right[2 * len(half) :]])


@breaks("GRP-012")
class DrawsSetsWithReplacement(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if not request.enable_oversampling:
            return right
        return right[np.random.default_rng(request.seed).integers(0, len(right), len(right))]


@breaks("GRP-012")
class RepeatsASetOfNine(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.enable_oversampling and right.shape[1] == 9:
            right[-1] = right[0][::-1]
        return right


@breaks("GRP-012")
class RepeatsSetsOfSequences(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        sequence = request.enable_oversampling and request.sequential_sampling and right.shape[1] > 1
        return right[np.arange(len(right)) % len(scan)] if sequence else right


@breaks("GRP-012")
class CountsSetsInSixtyFourBits(Regrouping):
    """A pool that holds more sets than can be counted holds fewer than none, and is used up at once."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        pool = min(request.neighbor_pool_size or request.K, len(scan) - 1) + 1
        endless = request.enable_oversampling and comb(pool, request.gridsize**2) >= 2**63
        return np.resize(right[: len(right) // 2 + 1], right.shape) if endless else right


@breaks("GRP-012")
class TakesKForAPoolBeyondTheScan(Rewording):
    """A pool of more neighbours than there are is taken for a mistake."""

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        beyond = (request.neighbor_pool_size or 0) >= len(scan)
        return replace(request, neighbor_pool_size=None) if request.enable_oversampling and beyond else request


@breaks("GRP-013")
class IgnoresThePoolWithoutNeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        needed = request.nsamples > len(scan) or not request.enable_oversampling
        return request if needed else replace(request, enable_oversampling=False, neighbor_pool_size=None)


@breaks("GRP-013")
class IgnoresThePoolSize(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, neighbor_pool_size=None)


@breaks("GRP-013")
class WidensAPoolThatIsTooSmall(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, neighbor_pool_size=request.gridsize**2)


@breaks("GRP-013")
class OversamplesOnlyWhereItMust(Rewording):
    """With no more groups than points the flag is ignored, and the pool size with it."""

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, enable_oversampling=False) if request.nsamples <= len(scan) else request


@breaks("GRP-013")
class TakesTheLargerOfPoolAndK(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        pool = request.neighbor_pool_size
        small = pool is not None and request.gridsize**2 <= pool < request.K
        return replace(request, neighbor_pool_size=request.K) if small else request


@breaks("GRP-013")
class BatchesWithoutThePoolSize(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, group=replace(request.group, neighbor_pool_size=None))


@breaks("GRP-013")
class IgnoresThePoolOfSequences(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        sequence = request.enable_oversampling and request.sequential_sampling
        return replace(request, neighbor_pool_size=None) if sequence else request


@breaks("GRP-012")
class RemembersFiveHundredSets(Regrouping):
    """Sets before the last five hundred are forgotten, and come again."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[np.arange(len(right)) % 500] if request.enable_oversampling else right


@breaks("GRP-013")
class RefusesPoolsBeyondTheScan(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        pool = request.neighbor_pool_size
        if request.enable_oversampling and pool is not None and pool >= len(Held(self.right, scan)) > 1:
            raise ValueError(f"neighbor_pool_size = {pool}: there are not so many points [GRP-013]")
        return self.right.group(scan, request)


@breaks("GRP-013")
class TakesAPoolOfNoneForK(Rewording):
    """Tests for truth: a pool of no points is one that nobody has set."""

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, neighbor_pool_size=request.neighbor_pool_size or None)
