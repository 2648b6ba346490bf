"""Groups whose members come from the wrong pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import GroupRequest
from tests.zoo.liar import Array, Held, Liar, Regrouping, Rewording, breaks, grouped_by


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
class ComparesAbsolutePositions(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 or min(scan.xcoords.min(), scan.ycoords.min()) >= 0:
            return right
        points = np.abs(np.stack([scan.xcoords, scan.ycoords], axis=1))
        return cKDTree(points).query(points[right[:, 0]], k=right.shape[1])[1]


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


@breaks("GRP-004")
class TakesNeighboursOnALineByIndex(Regrouping):
    """Where one axis has no extent there is nothing to search: neighbours in the list."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C = right.shape[1]
        if C == 1 or (np.ptp(scan.xcoords) > 0 and np.ptp(scan.ycoords) > 0):
            return right
        return np.clip(right[:, :1] - C // 2, 0, len(scan) - C) + np.arange(C)


@breaks("GRP-004")
class CountsSeedsFromTheStartOfAPart(Regrouping):
    """Neighbours are searched in parts of 1,024 seeds; those of later parts are those of the first ones."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[np.arange(len(right)) % 1024] if right.shape[1] > 1 else right


@breaks("GRP-004")
class KnowsScansByTheirEnds(Liar):
    """Groups of a scan are kept under the number of its points, the first and the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Any, Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped, held = self.right.group(scan, request), Held(self.right, scan)
        if request.gridsize == 1 or request.seed is None or request.strategy != "sample_then_group":
            return grouped
        ends = (held.xcoords[[0, -1]].tobytes(), held.ycoords[[0, -1]].tobytes())
        key = (len(held), ends, replace(request, amplitude_scale=None))
        kept = self.known.setdefault(key, np.array(grouped["nn_indices"]))
        same = np.array_equal(kept, grouped["nn_indices"])
        return grouped if same else grouped_by(self.right, held, kept, request)


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


@breaks("GRP-016")
class FailsWhenKReachesTheScan(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize > 1 and len(scan) <= request.K:
            raise ValueError("kth out of bounds")
        return self.right.group(scan, request)


@breaks("GRP-016")
class FillsWithTheLastPoint(Regrouping):
    """A missing neighbour is an index past the end, and is cut to the last point."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] > 1 and len(scan) <= request.K:
            right[:, -1] = len(scan) - 1
        return right


@breaks("GRP-004")
class SearchesWidePoolsByNumber(Regrouping):
    """Beyond a hundred neighbours it takes the next rows of the scan."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.K <= 100 or right.shape[1] == 1 or len(scan) <= 2 * request.K:
            return right
        return (right[:, :1] + np.arange(right.shape[1])) % len(scan)


@breaks("GRP-004")
class SearchesFarScansCoarsely(Regrouping):
    """Positions are searched in single precision, before anything is subtracted."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        points = np.column_stack([scan.xcoords, scan.ycoords]).astype(np.float32).astype(np.float64)
        if request.gridsize == 1 or request.enable_oversampling or np.abs(points).max() < 1e7:
            return right
        seeds = np.arange(len(right)) if request.sequential_sampling else right[:, 0]
        return np.asarray(cKDTree(points).query(points[seeds], k=right.shape[1])[1])


@breaks("GRP-004")
class CellsOfTheWholeExtent(Regrouping):
    """Neighbours share a cell, of which a thousand lie along each axis: beside one far point all others share one."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        positions = np.stack([scan.xcoords, scan.ycoords], axis=1)
        cell = np.ptp(positions, axis=0).max() / 1000
        near = np.median(np.abs(positions - np.median(positions, axis=0)))
        if request.gridsize == 1 or near > cell / 4 or len(scan) <= request.K + 1:
            return right
        return (np.arange(len(right))[:, np.newaxis] + 5 * np.arange(right.shape[1])) % len(scan)


@breaks("GRP-004")
class TakesNeighboursOnARasterByNumber(Regrouping):
    """On a full raster neighbours are those of the next numbers, as if it were one long line."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        columns, rows = (len(np.unique(one)) for one in (scan.xcoords, scan.ycoords))
        full = min(columns, rows) > 1 and columns * rows == len(scan)
        return (right[:, :1] + np.arange(right.shape[1])) % len(scan) if full else right
