"""Groups of wrong members, and frames that are not those of the members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Regrouping, breaks


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


@breaks("GRP-001")
class RepeatsAMemberOfOversampledNines(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.enable_oversampling and right.shape[1] == 9:
            right[:, -1] = right[:, 0]
        return right


@breaks("GRP-002")
class CountsPointsInOneByte(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right % 256 if len(scan) > 256 and request.gridsize == 1 else right


@breaks("GRP-002")
class CountsPointsInSixteenBits(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right % 32768


@breaks("GRP-002")
class NumbersOversampledGroupsInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)} if request.enable_oversampling else {}


@breaks("GRP-002", field="E10")
class CountsFromTheEnd(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = grouped["nn_indices"]
        return {"nn_indices": np.where(members > len(scan) // 2, members - len(scan), members).astype(np.int32)}


@breaks("GRP-002")
class IndicesInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)}


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
class PairsOversampledFramesWrongly(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.roll(grouped["diffraction"], 1, axis=0)} if request.enable_oversampling else {}


@breaks("GRP-003")
class LosesTheTailOfManyGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = grouped["diffraction"].copy()
        frames[len(frames) // 64 * 64 :] = 0 if len(frames) > 64 else frames[len(frames) // 64 * 64 :]
        return {"diffraction": frames}


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


@breaks("GRP-003")
class GathersLargeFramesInHalfPrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": grouped["diffraction"].astype(np.float16).astype(np.float32)} if request.N >= 48 else {}
