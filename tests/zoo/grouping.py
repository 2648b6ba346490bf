"""Wrong groupings (GRP)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Regrouping, Rewording, breaks


@breaks("GRP-001")
class RepeatsAMember(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        right[:, -1] = right[:, 0]
        return right


@breaks("GRP-001")
class DrawsWithReplacement(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        rng = np.random.default_rng(request.seed)
        columns = rng.integers(0, right.shape[1], right.shape)
        return np.take_along_axis(right, columns, axis=1)


@breaks("GRP-002")
class CountsFromTheEnd(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = grouped["nn_indices"]
        return {"nn_indices": np.where(members > len(scan) // 2, members - len(scan), members).astype(np.int32)}


@breaks("GRP-002")
class IndicesInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)}


@breaks("GRP-003")
class PairsFramesWithTheNextGroup(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.roll(grouped["diffraction"], 1, axis=0)}


@breaks("GRP-003")
class GathersChannelsColumnMajor(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        g = request.gridsize
        order = np.arange(g * g).reshape(g, g).T.ravel()
        return {"diffraction": grouped["diffraction"][..., order]}


@breaks("GRP-004")
class TakesNeighboursByIndex(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return (right[:, :1] + np.arange(right.shape[1])) % len(scan)


@breaks("GRP-004")
class TakesNeighboursAlongXOnly(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        order = np.argsort(np.abs(scan.xcoords - scan.xcoords[right[:, :1]]), axis=1, kind="stable")
        return order[:, : right.shape[1]]


@breaks("GRP-004")
class DrawsFromTwiceAsManyNeighbours(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, K=2 * request.K + 2) if request.gridsize > 1 else request


@breaks("GRP-005")
class DropsTheFirstHitAsItself(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C = right.shape[1]
        if C == 1 or len(scan) <= C:
            return right
        seeds = np.arange(len(right)) if request.sequential_sampling else right[:, 0]
        tree = cKDTree(np.stack([scan.xcoords, scan.ycoords], axis=1))
        return np.column_stack([seeds, tree.query(tree.data[seeds], k=C)[1][:, 1:]])


@breaks("GRP-005")
class SkipsPointsAtDistanceZero(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C = right.shape[1]
        if C == 1:
            return right
        out = []
        for row, seed in enumerate(np.arange(len(right)) if request.sequential_sampling else right[:, 0]):
            distance = np.hypot(scan.xcoords - scan.xcoords[seed], scan.ycoords - scan.ycoords[seed])
            others = [i for i in np.argsort(distance, kind="stable") if distance[i] > 0][: C - 1]
            out.append([seed, *others] if len(others) == C - 1 else right[row])
        return np.array(out)


@breaks("GRP-006")
class SamplesPointsWithReplacement(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or request.sequential_sampling:
            return right
        return np.random.default_rng(request.seed).integers(0, len(scan), right.shape)


@breaks("GRP-007")
class LosesTheLastGroup(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[:-1] if len(right) > 1 else np.repeat(right, 2, axis=0)


@breaks("GRP-008")
class RepeatsPointsToFillUp(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return np.resize(right, (request.nsamples, 1)) if right.shape[1] == 1 else right


class Forgiving(Liar):
    """Answers a request it should refuse by the nearest one it can meet."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            if getattr(error, "clause", None) != self.clauses[0]:
                raise
            return self.right.group(scan, self.forgiven(request, scan))

    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        raise NotImplementedError


@breaks("GRP-009")
class GivesFewerGroupsThanAskedFor(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, nsamples=len(scan))


@breaks("GRP-010")
class IgnoresSequentialSampling(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, sequential_sampling=False)


@breaks("GRP-011")
class StopsAtTheNumberOfPoints(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[: len(scan)]


@breaks("GRP-012")
class OversamplesByRepeating(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return np.resize(right[: max(1, len(right) // 2)], right.shape) if request.enable_oversampling else right


@breaks("GRP-013")
class IgnoresThePoolSize(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, neighbor_pool_size=None)


@breaks("GRP-013")
class WidensAPoolThatIsTooSmall(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, neighbor_pool_size=request.gridsize**2)


@breaks("GRP-014")
class RaisesKInSilence(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, K=request.gridsize**2)


@breaks("GRP-015")
class LowersGridsizeOnShortScans(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, gridsize=1)


@breaks("GRP-016")
class FailsWhenKReachesTheScan(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize > 1 and len(scan) <= request.K:
            raise ValueError("kth out of bounds")
        return self.right.group(scan, request)


@breaks("GRP-017")
class IgnoresTheSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None)


@breaks("GRP-017")
class CarriesItsGeneratorAlong(Liar):
    calls = 0

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.calls += 1
        seed = None if request.seed is None else request.seed + self.calls
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-018")
class AlwaysSeedsWithZero(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None if request.seed is None else 0)


@breaks("GRP-019")
class SeedsWithZeroWithoutASeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.seed is None:
            self.land()
            return replace(request, seed=0)
        return request


@breaks("GRP-020")
class RemembersTheFirstGridsize(Liar):
    first = None

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.first = self.first or request.gridsize
        return self.right.group(scan, replace(request, gridsize=self.first))


@breaks("GRP-021")
class ForgetsStartRelative(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        del grouped["coords_start_relative"]
        return grouped


@breaks("GRP-022")
class TransposesTheObject(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        obj = grouped["objectGuess"]
        return {"objectGuess": None if obj is None else obj.T}


@breaks("GRP-023")
class SeedsFromTheFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        seed = None if request.seed is None else request.seed + int(scan.diff3d.sum())
        return replace(request, seed=seed)


@breaks("GRP-024")
class NeverTakesTheLastPoint(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or len(right) >= len(scan):
            return right
        return np.random.default_rng(request.seed).permutation(len(scan) - 1)[: len(right), np.newaxis]


@breaks("GRP-025")
class BelievesTheFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, N=scan.diff3d.shape[-1])


@breaks("GRP-026")
class TakesNothingForOne(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, gridsize=max(1, request.gridsize), nsamples=max(1, request.nsamples))
