"""Too few groups, or too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import Forgiving
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Regrouping, Rewording, breaks


@breaks("GRP-006")
class SamplesPointsWithReplacement(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or request.sequential_sampling:
            return right
        return np.random.default_rng(request.seed).integers(0, len(scan), right.shape)


@breaks("GRP-006")
class RepeatsSeedsOfLargeSamples(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or request.sequential_sampling or len(right) <= len(scan) // 2:
            return right
        return np.random.default_rng(request.seed).integers(0, len(scan), right.shape)


@breaks("GRP-006")
class RepeatsAPointOfThousands(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 and not request.sequential_sampling and len(right) > 400:
            right[-1] = right[0]
        return right


@breaks("GRP-007")
class LosesTheLastGroup(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[:-1] if len(right) > 1 else np.repeat(right, 2, axis=0)


@breaks("GRP-007", field="E04")
class AllocatesMoreGroupsThanItForms(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        names = ("diffraction", "X_full")
        return {name: np.concatenate([grouped[name], np.zeros_like(grouped[name][:1])]) for name in names}


@breaks("GRP-007")
class DropsGroupsAtTheRim(Regrouping):
    """Seeds on the rim lack a quadrant and are left out."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 or len(right) < 3:
            return right
        x, y = scan.xcoords[right].mean(axis=1), scan.ycoords[right].mean(axis=1)
        inside = (x > x.min()) & (x < x.max()) & (y > y.min()) & (y < y.max())
        return right[inside] if inside.any() else right


@breaks("GRP-008")
class RepeatsPointsToFillUp(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return np.resize(right, (request.nsamples, 1)) if right.shape[1] == 1 else right


@breaks("GRP-008")
class RefusesMoreThanThereAre(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        M = len(Held(self.right, scan))
        if request.gridsize == 1 and request.nsamples > M and not request.enable_oversampling:
            raise ValueError(f"nsamples = {request.nsamples} for {M} points [GRP-008]")
        return self.right.group(scan, request)


@breaks("GRP-008")
class RepeatsPointsInOrder(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        more = request.sequential_sampling and right.shape[1] == 1 and request.nsamples > len(right)
        return np.resize(right, (request.nsamples, 1)) if more else right


@breaks("GRP-008")
class TakesAVeryLargeRequestForATypingError(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        large = request.gridsize == 1 and request.nsamples > 1000 * len(scan)
        return replace(request, nsamples=1) if large else request


@breaks("GRP-009")
class CapsSequencesInSilence(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if not request.sequential_sampling or request.enable_oversampling or request.strategy != "sample_then_group":
            return request
        return replace(request, nsamples=min(request.nsamples, len(scan)))


@breaks("GRP-009")
class GivesFewerGroupsThanAskedFor(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, nsamples=len(scan))


@breaks("GRP-009")
class OversamplesUnasked(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, enable_oversampling=True)


@breaks("GRP-026")
class TakesNothingForOne(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, gridsize=max(1, request.gridsize), nsamples=max(1, request.nsamples))


@breaks("GRP-026")
class TakesMinusOneForAll(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, nsamples=len(scan)) if request.nsamples == -1 else request


@breaks("GRP-006")
class DrawsInBlocksOfAHundred(Regrouping):
    """Few blocks are each drawn by themselves, so that points of one come again in another; many are drawn at once."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.gridsize > 1 or not 300 < len(right) <= 600:
            return right
        return np.concatenate([right[:300], right[: len(right) - 300]])


@breaks("GRP-006")
class RepeatsPointsByTheOlderStrategy(Regrouping):
    """Groups of one are drawn like rows of a cache, with replacement where many are asked for."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.strategy == "sample_then_group" or right.shape[1] > 1 or len(right) < 32:
            return right
        return right[np.arange(len(right)) // 2]


@breaks("GRP-007")
class FillsOneBlockOfGroups(Regrouping):
    """A buffer of two thousand groups is never made larger."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[:2_048]


@breaks("GRP-007")
class LosesALastFullBlockOfTheOlderStrategy(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        older = request.strategy == "group_then_sample" and right.shape[1] > 1
        return right[:512] if older else right


@breaks("GRP-008")
class AllocatesWhatIsAskedFor(Liar):
    """Room for every group of the request, whether there will be one or not."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.nsamples > 5_000_000:
            raise MemoryError(f"Unable to allocate {request.nsamples} groups")
        return self.right.group(scan, request)


@breaks("GRP-006")
class OversamplesSinglePoints(Regrouping):
    """Where more than the scan has are asked for, and oversampling is."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or not request.enable_oversampling or request.nsamples <= len(right):
            return right
        return np.resize(right, (request.nsamples, 1))
