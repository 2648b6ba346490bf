"""Wrong offsets, and coordinates relative to something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import EndingEarly
from tests.zoo.liar import Altering, Arrays, Held, breaks


@breaks("CRD-002")
class CentresOnTheSeed(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": grouped["coords_nn"][..., :1]}


@breaks("CRD-002")
class CentresOnTheMedian(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": np.median(grouped["coords_nn"], axis=3, keepdims=True)}


@breaks("CRD-002")
class CentresOnTheBoundingBox(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        return {"coords_offsets": (absolute.max(axis=3, keepdims=True) + absolute.min(axis=3, keepdims=True)) / 2}


@breaks("CRD-002")
class TakesZeroForMissing(Altering):
    """A coordinate that is zero counts as one that was not recorded."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        there = np.maximum((absolute != 0).sum(axis=3, keepdims=True), 1)
        return {"coords_offsets": absolute.sum(axis=3, keepdims=True) / there}


@breaks("CRD-002")
class SumsInPlaceOfMeans(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": grouped["coords_nn"].sum(axis=3, keepdims=True)}


@breaks("CRD-002")
class RoundsOffsets(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": np.round(grouped["coords_offsets"])}


@breaks("CRD-002")
class AveragesInSinglePrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mean = grouped["coords_nn"].astype(np.float32).mean(axis=3, keepdims=True, dtype=np.float32)
        return {"coords_offsets": mean.astype(np.float64)}


@breaks("CRD-002")
class AveragesThreeOfFour(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        return {"coords_offsets": absolute[..., : max(1, absolute.shape[3] - 1)].mean(axis=3, keepdims=True)}


@breaks("CRD-002")
class WritesAThousandOffsets(EndingEarly):
    names = ("coords_offsets",)


@breaks("CRD-003")
class TurnsTheSignOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]} if request.enable_oversampling else {}


@breaks("CRD-003")
class TurnsTheSignOfSixteen(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]} if request.gridsize > 3 else {}


@breaks("CRD-003")
class ExchangesXAndY(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"][:, :, ::-1]}


@breaks("CRD-003")
class FlipsTheSignOfRelativeCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]}


@breaks("CRD-003")
class ForgetsTheMinus(Altering):
    """Only where x is concerned: the two axes are written out one by one."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"] * np.array([-1, 1]).reshape(1, 1, 2, 1)}


@breaks("CRD-003")
class FlipsTheSignOfWideGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]} if request.gridsize > 2 else {}


@breaks("CRD-003")
class MeasuresFromTheMiddleOfTheScan(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        middle = np.array([scan.xcoords.mean(), scan.ycoords.mean()]).reshape(1, 1, 2, 1)
        return {"coords_relative": middle - grouped["coords_nn"]}


@breaks("CRD-003", field="K10")
class HandsOnAbsoluteForRelative(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_nn"]}


@breaks("CRD-003")
class NarrowsRelativeCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"].astype(np.float32)}


@breaks("CRD-003")
class TurnsTheSignOfOversampledNines(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        wrong = request.enable_oversampling and request.gridsize == 3
        return {"coords_relative": -grouped["coords_relative"]} if wrong else {}


@breaks("CRD-003")
class WritesAThousandRelativeCoordinates(EndingEarly):
    names = ("coords_relative",)


@breaks("CRD-004")
class CentresOnTheFirstMember(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        return {"coords_relative": -(absolute - absolute[..., :1])}


@breaks("CRD-004")
class CentresOnTheRoundedMean(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": np.round(grouped["coords_offsets"]) - grouped["coords_nn"]}


@breaks("CRD-004")
class CentresOnTheMeanOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_start_offsets"] - grouped["coords_nn"]}


@breaks("CRD-003")
class FlushesOffsetsOfSmallUnits(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        relative = grouped["coords_relative"]
        return {"coords_relative": np.where(np.abs(relative) < 1e-7, 0.0, relative)}


@breaks("CRD-005")
class TakesNearStartsForNone(Altering):
    """Start positions within a twentieth of a pixel are taken for the positions."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        off = [np.abs(scan.arrays[f"{one}_start"] - scan.arrays[one]).max() for one in ("xcoords", "ycoords")]
        parts = ("nn", "offsets", "relative") if max(off) < 0.05 else ()
        return {f"coords_start_{part}": np.array(grouped[f"coords_{part}"]) for part in parts}
