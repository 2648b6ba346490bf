"""Scans that do not explain themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks


@breaks("PHY-010")
class PairsTruthWithTheNextGroup(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": np.roll(grouped["Y"], 1, axis=0)}


@breaks("PHY-010")
class ReordersTheChannelsOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": grouped["Y"][..., ::-1]}


@breaks("PHY-010")
class PairsFramesWithTheTruthOfTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if grouped["Y"] is None:
            return {}
        return {"Y": np.broadcast_to(grouped["Y"].mean(axis=3, keepdims=True), grouped["Y"].shape).astype(np.complex64)}


@breaks("PHY-010")
class MirrorsTheTruthLikeTheOffsets(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": grouped["Y"][:, ::-1, ::-1]}


@breaks("PHY-013")
class MirrorsPatchesOfMeasuredScans(Liar):
    """Is judged on a file; mirrors every position about the middle of the object."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        size = np.array([obj.shape[1], obj.shape[0]])
        return self.right.patches(obj, size - np.asarray(centres_xy), N)


@breaks("PHY-013")
class ExchangesAxesOfMeasuredScans(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy)[:, ::-1], N)


@breaks("PHY-013")
class TakesMeasuredPositionsForCorners(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + N / 2, N)
