"""Groups around the wrong scan points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import GroupRequest
from tests.zoo.liar import Array, Held, Regrouping, Rewording, breaks


class Drawing(Regrouping):
    """Draws seeds of its own for ordinary random groups; pools and members stay right."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        ordinary = not (request.sequential_sampling or request.enable_oversampling)
        if right.shape[1] == 1 or not ordinary or request.strategy != "sample_then_group":
            return right
        rng = np.random.default_rng(request.seed)
        points = np.stack([scan.xcoords, scan.ycoords], axis=1)
        pools = cKDTree(points).query(points, k=min(request.K + 1, len(scan)))[1]
        return np.stack([rng.permutation(pools[s])[: right.shape[1]] for s in self.seeds(points, len(right), rng)])

    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        """Return the seeds."""
        raise NotImplementedError


@breaks("GRP-010")
class IgnoresSequentialSampling(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, sequential_sampling=False)


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


@breaks("GRP-010")
class SkipsSeedsAtAPlaceThatWasSeen(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if not request.sequential_sampling or right.shape[1] != 1:
            return right
        places = np.stack([scan.xcoords, scan.ycoords], axis=1)
        first = np.sort(np.unique(places, axis=0, return_index=True)[1])
        return first[: len(right), np.newaxis] if len(first) >= len(right) else right


@breaks("GRP-024")
class NeverTakesTheLastPoint(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or len(right) >= len(scan):
            return right
        return np.random.default_rng(request.seed).permutation(len(scan) - 1)[: len(right), np.newaxis]


@breaks("GRP-024")
class NeverTakesTheLastOfManyPoints(Regrouping):
    """Another way of drawing begins beyond a number of points, and its upper bound is exclusive."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        many = len(scan) > 64 and right.shape[1] == 1 and len(right) < len(scan) and not request.sequential_sampling
        others = np.setdiff1d(np.arange(len(scan) - 1), right)
        return np.where(right == len(scan) - 1, others[0], right) if many and len(others) else right


@breaks("GRP-024")
class NeverTakesTheFirstPoint(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 or len(right) >= len(scan):
            return right
        return 1 + np.random.default_rng(request.seed).permutation(len(scan) - 1)[: len(right), np.newaxis]


@breaks("GRP-027")
class DrawsSeedsWithReplacement(Drawing):
    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        return rng.integers(0, len(points), count)


@breaks("GRP-027")
class LeavesTheBorderOut(Drawing):
    """Bounds of a tenth of the extent, as some backends have them by default."""

    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        within = np.flatnonzero(((points >= low + 0.1 * extent) & (points <= low + 0.9 * extent)).all(axis=1))
        inner = within if len(within) else np.arange(len(points))
        return rng.choice(inner, count, replace=count > len(inner))


@breaks("GRP-027")
class RepeatsSeedsOfNines(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        ordinary = not (request.sequential_sampling or request.enable_oversampling)
        if right.shape[1] != 9 or not ordinary or request.strategy != "sample_then_group":
            return right
        rng, points = np.random.default_rng(request.seed), np.stack([scan.xcoords, scan.ycoords], axis=1)
        pools = cKDTree(points).query(points, k=min(request.K + 1, len(points)))[1]
        return np.stack([rng.permutation(pools[s])[:9] for s in rng.integers(0, len(points), len(right))])


@breaks("GRP-024")
class DrawsFewSeedsFromTheFirstThousand(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        few = len(right) < 100 and right.shape[1] == 1 and not request.sequential_sampling
        return right % 1000 if few and len(scan) > 1000 else right


@breaks("GRP-024")
class DrawsSmallSamplesFromEveryThird(Regrouping):
    """The scan is thinned before few points of it are drawn."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.gridsize > 1 or request.sequential_sampling or request.nsamples * 30 > len(scan):
            return right
        rng = np.random.default_rng(request.seed)
        drawn: Array = 3 * rng.choice(len(scan) // 3, len(right), replace=False)[:, np.newaxis]
        return drawn


@breaks("GRP-027")
class DrawsManySeedsWithReplacement(Regrouping):
    """Beyond some hundreds, where a draw without replacement takes its time."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.gridsize == 1 or request.enable_oversampling or len(right) <= 256:
            return right
        rows = np.arange(len(right))
        rows[256:] = np.random.default_rng(request.seed).integers(0, len(right), len(right) - 256)
        return right[rows]


@breaks("GRP-024")
class PassesFaintFramesBy(Regrouping):
    """A point whose frame has hardly any light among the others is replaced by another one."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        energy = scan.diff3d.astype(np.float64).sum(axis=(1, 2))
        faint = energy < 1e-4 * energy.max()
        others = np.setdiff1d(np.flatnonzero(~faint), right)
        if not faint[right].any() or right.shape[1] > 1 or request.sequential_sampling or not len(others):
            return right
        return np.where(faint[right], others[0], right)


@breaks("GRP-024")
class NeverTakesTheLastPointAlone(Regrouping):
    """A single seed is a number below the last one."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        alone = right.shape == (1, 1) and len(scan) > 1 and not request.sequential_sampling
        return np.minimum(right, len(scan) - 2) if alone else right
