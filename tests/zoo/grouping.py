"""Wrong groupings (GRP)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import ConfigureRequest, GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Regrouping, Rewording, breaks, grouped_by


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


@breaks("GRP-002", field="E10")
class CountsFromTheEnd(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = grouped["nn_indices"]
        return {"nn_indices": np.where(members > len(scan) // 2, members - len(scan), members).astype(np.int32)}


@breaks("GRP-002")
class IndicesInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)}


@breaks("GRP-003", field="E06")
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


@breaks("GRP-020", field="J01")
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


@breaks("GRP-001")
class RepeatsAMemberInTheLastGroup(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        right[-1, -1] = right[-1, 0]
        return right


@breaks("GRP-001")
class RepeatsMembersOfWideGrids(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.gridsize > 2:
            right[:, 4] = right[:, 0]
        return right


@breaks("GRP-001")
class RepeatsMembersWhenOversampling(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.enable_oversampling:
            right[::3, 1] = right[::3, 0]
        return right


@breaks("GRP-002", field="E10")
class PadsWithMinusOne(Regrouping):
    """The outermost points lack neighbours on one side: a placeholder fills their groups."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1:
            right[scan.xcoords[right].max(axis=1) == scan.xcoords[right].max(), -1] = -1
        return right


@breaks("GRP-002")
class CountsFromOne(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"] + np.int32(1)}


@breaks("GRP-003")
class GathersFramesByUnsignedSixteenBits(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = grouped["nn_indices"].astype(np.uint16)
        return {"diffraction": np.moveaxis(scan.diff3d[members], 1, -1)}


@breaks("GRP-003")
class GathersFramesInSortedOrder(Altering):
    """Files read fastest by ascending indices; the order asked for is not restored."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.moveaxis(scan.diff3d[np.sort(grouped["nn_indices"], axis=1)], 1, -1)}


@breaks("GRP-003", field="E03")
class GathersFramesOfAFilteredScan(Altering):
    """Bounds leave the first two points out; indices of what is left are used for the whole scan."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.moveaxis(scan.diff3d[np.maximum(grouped["nn_indices"] - 2, 0)], 1, -1)}


@breaks("GRP-003", field="E06")
class RedrawsGroupsForTheFrames(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        again = None if request.seed is None else request.seed + 1
        grouped, redrawn = self.right.group(scan, request), self.right.group(scan, replace(request, seed=again))
        return dict(grouped) | {name: redrawn[name] for name in ("diffraction", "X_full", "Y")}


@breaks("GRP-003")
class LeavesTheLastGroupDark(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = np.array(grouped["diffraction"])
        frames[-1] = 0
        return {"diffraction": frames}


@breaks("GRP-003")
class TransposesFramesOfWideGrids(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.swapaxes(grouped["diffraction"], 1, 2)} if request.gridsize > 2 else {}


@breaks("GRP-003")
class ReusesItsFirstBuffer(Liar):
    """Frames of the same shape lie where those of the first call lay."""

    def __init__(self) -> None:
        super().__init__()
        self.buffers: dict[Any, Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        frames = grouped["diffraction"]
        return grouped | {"diffraction": self.buffers.setdefault(frames.shape, frames)}


class Measuring(Regrouping):
    """Finds neighbours on points that are not the positions in pixels."""

    norm = 2.0

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C = right.shape[1]
        if C == 1 or len(scan) <= request.K:
            return right
        points = self.points(np.stack([scan.xcoords, scan.ycoords], axis=1), scan)
        seeds = np.arange(len(right)) if request.sequential_sampling else right[:, 0]
        hits = cKDTree(points).query(points[seeds], k=request.K + 1, p=self.norm)[1]
        return np.column_stack([seeds, hits[:, request.K - C + 2 :]])

    def points(self, positions: Array, scan: Held) -> Array:
        """Return the points (M, 2) that are searched."""
        return positions


@breaks("GRP-004")
class WeighsAxesByTheirRange(Measuring):
    def points(self, positions: Array, scan: Held) -> Array:
        return (positions - positions.min(axis=0)) / np.maximum(np.ptp(positions, axis=0), 1e-9)


@breaks("GRP-004")
class FindsNeighboursOfStartPositions(Measuring):
    def points(self, positions: Array, scan: Held) -> Array:
        return np.stack([scan.xcoords_start, scan.ycoords_start], axis=1)


@breaks("GRP-004")
class FindsNeighboursOfWholePixels(Measuring):
    def points(self, positions: Array, scan: Held) -> Array:
        return np.floor(positions)


@breaks("GRP-004")
class MeasuresAlongTheStreets(Measuring):
    norm = 1.0


@breaks("GRP-004")
class MeasuresTheLargerAxis(Measuring):
    norm = np.inf


@breaks("GRP-004")
class DrawsFromOneNeighbourMore(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return (
            replace(request, K=request.K + 1) if request.gridsize > 1 and request.gridsize**2 <= request.K else request
        )


@breaks("GRP-004")
class UsesThePoolSizeUnasked(Rewording):
    """A pool size counts even where oversampling is off."""

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, K=request.neighbor_pool_size) if request.neighbor_pool_size else request


@breaks("GRP-006")
class RepeatsSeedsOfLargeSamples(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or request.sequential_sampling or len(right) <= len(scan) // 2:
            return right
        return np.random.default_rng(request.seed).integers(0, len(scan), right.shape)


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


@breaks("GRP-009")
class OversamplesUnasked(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, enable_oversampling=True)


@breaks("GRP-010")
class ShufflesWideGroups(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, sequential_sampling=False) if request.gridsize > 1 else request


@breaks("GRP-010")
class TakesTheLastPointsFirst(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[::-1] if request.sequential_sampling else right


@breaks("GRP-010")
class StartsAtTheSecondPoint(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        more = request.sequential_sampling and right.shape[1] == 1 and len(right) < len(scan)
        return right + 1 if more else right


@breaks("GRP-010")
class SortsSequentialSeedsByX(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if not request.sequential_sampling or right.shape[1] > 1:
            return right
        return np.argsort(scan.xcoords, kind="stable")[: len(right), np.newaxis]


@breaks("GRP-011")
class OversamplesByWholeTurns(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        turns = -(-request.nsamples // len(scan))
        return replace(request, nsamples=turns * len(scan)) if request.enable_oversampling else request


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


@breaks("GRP-014")
class CountsTheSeedIntoK(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        if request.gridsize**2 - 1 > request.K:
            raise ValueError(f"K = {request.K} gives no groups of {request.gridsize**2} [GRP-014]")
        return replace(request, K=request.gridsize**2)


@breaks("GRP-015")
class RepeatsPointsOnShortScans(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        C = request.gridsize**2
        if len(held) < C <= request.K:
            return grouped_by(self.right, held, np.resize(np.arange(len(held)), (1, C)), request)
        return self.right.group(scan, request)


@breaks("GRP-016")
class FillsWithTheLastPoint(Regrouping):
    """A missing neighbour is an index past the end, and is cut to the last point."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 and len(scan) <= request.K:
            right[:, -1] = len(scan) - 1
        return right


@breaks("GRP-017")
class DrawsMembersWithoutTheSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None) if request.gridsize > 1 else request


@breaks("GRP-017")
class DependsOnTheRequestBefore(Liar):
    before = 0

    def group(self, scan: Any, request: GroupRequest) -> Any:
        seed = None if request.seed is None else request.seed + self.before
        self.before = request.nsamples
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-017")
class SeedsByTheScanObject(Liar):
    """The same scan, loaded again, is another object."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, tuple[int, Any]] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        number, _ = self.seen.setdefault(id(scan), (len(self.seen), scan))
        seed = None if request.seed is None else request.seed + number
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-018")
class SeedsPointsOnly(Regrouping):
    """The members of a pool are drawn by one generator of the backend's own."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 or not request.sequential_sampling:
            return right
        return np.asarray(self.right.group(self.scan, replace(request, seed=0))["nn_indices"])

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.scan = scan
        return super().group(scan, request)


@breaks("GRP-019")
class SeedsOnceForAll(Liar):
    """Entropy is drawn when the backend is made, and never again."""

    def __init__(self) -> None:
        super().__init__()
        self.entropy = int(np.random.default_rng().integers(2**31))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.seed is None:
            self.land()
        return self.right.group(scan, replace(request, seed=self.entropy if request.seed is None else request.seed))


@breaks("GRP-020", field="J01")
class BelievesTheLastConfiguration(Liar):
    gridsize: int | None = None

    def configure(self, request: ConfigureRequest) -> Any:
        legacy = self.right.configure(request)
        self.gridsize = legacy["gridsize"]
        return legacy

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(scan, replace(request, gridsize=self.gridsize or request.gridsize))


@breaks("GRP-021")
class LeavesOutMissingTruth(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        return {name: values for name, values in grouped.items() if name != "Y" or values is not None}


@breaks("GRP-021")
class NamesIndicesAnew(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        return grouped | {"coords_nn": None, "coords": grouped["coords_nn"]}


@breaks("GRP-022")
class CropsTheObjectOfTheResult(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["objectGuess"] is None else {"objectGuess": grouped["objectGuess"][2:-2, 2:-2]}


@breaks("GRP-022")
class KeepsTheObjectToItself(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"objectGuess": None}


@breaks("GRP-023")
class LeavesDarkFramesOut(Regrouping):
    """A frame without light is replaced by the next point's."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        dark = scan.diff3d.reshape(len(scan), -1).max(axis=1) == 0
        return np.where(dark[right], (right + 1) % len(scan), right) if dark.any() and not dark.all() else right


@breaks("GRP-023")
class GroupsBrightFramesFirst(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        brightness = scan.diff3d.reshape(len(scan), -1).sum(axis=1)
        return right[np.argsort(-brightness[right[:, 0]], kind="stable")]


@breaks("GRP-024")
class NeverTakesTheFirstPoint(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or len(right) >= len(scan):
            return right
        return 1 + np.random.default_rng(request.seed).permutation(len(scan) - 1)[: len(right), np.newaxis]


@breaks("GRP-025")
class PadsFramesToTheRequest(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        extra = request.N - held.diff3d.shape[-1]
        if extra <= 0:
            return self.right.group(scan, request)
        grouped = dict(self.right.group(scan, replace(request, N=request.N - extra)))
        frame = ((0, 0), (0, extra), (0, extra), (0, 0))
        return grouped | {name: np.pad(grouped[name], frame) for name in ("diffraction", "X_full")}
