"""Wrong coordinates of groups (CRD)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks, coordinates

PREFIXES = ("coords", "coords_start")


@breaks("CRD-001")
class PutsYFirst(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_nn": grouped["coords_nn"][:, :, ::-1]}


@breaks("CRD-001")
class GathersPositionsOfTheNextPoint(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = (grouped["nn_indices"] + 1) % len(scan)
        return {"coords_nn": np.stack([scan.xcoords[members], scan.ycoords[members]], axis=1)[:, np.newaxis]}


@breaks("CRD-002")
class CentresOnTheSeed(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": grouped["coords_nn"][..., :1]}


@breaks("CRD-002")
class CentresOnTheMedian(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_offsets": np.median(grouped["coords_nn"], axis=3, keepdims=True)}


@breaks("CRD-003")
class ExchangesXAndY(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"][:, :, ::-1]}


@breaks("CRD-003")
class FlipsTheSignOfRelativeCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]}


@breaks("CRD-004")
class CentresOnTheFirstMember(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        return {"coords_relative": -(absolute - absolute[..., :1])}


@breaks("CRD-005")
class NominalCoordinatesForStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{part}": grouped[f"coords_{part}"] for part in ("nn", "offsets", "relative")}


@breaks("CRD-005")
class NeverWritesStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{p}": np.zeros_like(grouped[f"coords_{p}"]) for p in ("nn", "offsets", "relative")}


@breaks("CRD-006")
class ZerosWithoutStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not np.array_equal(scan.xcoords, scan.xcoords_start):
            return {}
        return {f"coords_start_{p}": np.zeros_like(grouped[f"coords_{p}"]) for p in ("nn", "offsets", "relative")}


@breaks("CRD-007")
class MovesTheOriginToTheScan(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        corner = np.array([scan.xcoords.min(), scan.ycoords.min()]).reshape(1, 1, 2, 1)
        return {name: grouped[name] - corner for name in ("coords_nn", "coords_offsets")}


@breaks("CRD-008")
class NarrowsBeforeCentring(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        changed = {}
        for prefix in PREFIXES:
            narrow = grouped[f"{prefix}_nn"].astype(np.float32).astype(np.float64)
            changed[f"{prefix}_relative"] = -(narrow - narrow.mean(axis=3, keepdims=True))
        return changed


@breaks("CRD-009", field="D02")
class MirrorsY(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"] * np.array([1, -1]).reshape(1, 1, 2, 1)}


@breaks("CRD-001", field="E06")
class RedrawsGroupsForCoordinates(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        again = None if request.seed is None else request.seed + 1
        grouped, redrawn = self.right.group(scan, request), self.right.group(scan, replace(request, seed=again))
        return dict(grouped) | {name: values for name, values in redrawn.items() if name.startswith("coords")}


@breaks("CRD-001")
class NarrowsAbsoluteCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_nn": grouped["coords_nn"].astype(np.float32).astype(np.float64)}


@breaks("CRD-001")
class PositionsOfSortedMembers(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = np.sort(grouped["nn_indices"], axis=1)
        return coordinates("coords", scan.xcoords, scan.ycoords, members)


@breaks("CRD-001")
class ExchangesStartAndTruePositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        parts = ("nn", "offsets", "relative")
        return {f"coords_{part}": grouped[f"coords_start_{part}"] for part in parts} | {
            f"coords_start_{part}": grouped[f"coords_{part}"] for part in parts
        }


@breaks("CRD-001")
class ExchangesAxesOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        names = ("coords_nn", "coords_offsets", "coords_relative")
        return {name: grouped[name][:, :, ::-1] for name in names} if request.enable_oversampling else {}


@breaks("CRD-001")
class ReadsXAsYBehindTheArrays(Liar):
    """Positions are exchanged on the way in and again where they are shown: two wrongs that look right."""

    def load(self, path: Path) -> Any:
        return self._exchanged(self.right.load(path))

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        return self._exchanged(self.right.assemble(arrays))

    def arrays(self, scan: Any) -> Any:
        return exchanged(self.right.arrays(scan))

    def _exchanged(self, scan: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(exchanged(self.right.arrays(scan)))


def exchanged(arrays: Mapping[str, Any]) -> Arrays:
    """Arrays of a scan with x for y."""
    other = {"xcoords": "ycoords", "ycoords": "xcoords"} | {
        "xcoords_start": "ycoords_start",
        "ycoords_start": "xcoords_start",
    }
    return {name: arrays[other.get(name, name)] for name in arrays}


@breaks("CRD-002")
class CentresOnTheBoundingBox(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = grouped["coords_nn"]
        return {"coords_offsets": (absolute.max(axis=3, keepdims=True) + absolute.min(axis=3, keepdims=True)) / 2}


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


@breaks("CRD-004")
class CentresOnTheRoundedMean(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": np.round(grouped["coords_offsets"]) - grouped["coords_nn"]}


@breaks("CRD-004")
class CentresOnTheMeanOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_start_offsets"] - grouped["coords_nn"]}


@breaks("CRD-005")
class FlipsTheSignOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_start_relative": -grouped["coords_start_relative"]}


@breaks("CRD-005")
class MeasuresStartFromTheTrueMean(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        offsets = grouped["coords_offsets"]
        return {"coords_start_offsets": offsets, "coords_start_relative": offsets - grouped["coords_start_nn"]}


@breaks("CRD-005")
class ExchangesAxesOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{part}": grouped[f"coords_start_{part}"][:, :, ::-1] for part in ("nn", "relative")}


@breaks("CRD-006")
class MarksMissingStartByNaN(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not np.array_equal(scan.xcoords, scan.xcoords_start):
            return {}
        return {
            f"coords_start_{p}": np.full_like(grouped[f"coords_{p}"], np.nan) for p in ("nn", "offsets", "relative")
        }


class Relocating(Liar):
    """Positions are changed before they are grouped."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        for prefix in PREFIXES:
            absolute = self.relocated(grouped[f"{prefix}_nn"])
            offsets = absolute.mean(axis=3, keepdims=True)
            parts = {"nn": absolute, "offsets": offsets, "relative": offsets - absolute}
            grouped |= {f"{prefix}_{part}": values for part, values in parts.items()}
        return grouped

    def relocated(self, absolute: Array) -> Array:
        raise NotImplementedError


@breaks("CRD-007", field="D02")
class TakesTheModulusOfPositions(Relocating):
    def relocated(self, absolute: Array) -> Array:
        return np.abs(absolute)


@breaks("CRD-007")
class CutsPositionsAtZero(Relocating):
    def relocated(self, absolute: Array) -> Array:
        return np.maximum(absolute, 0.0)


@breaks("CRD-007", field="D01")
class TakesLargePositionsForAnotherUnit(Relocating):
    """Whatever lies beyond ten thousand pixels must have been meant in nanometres."""

    def relocated(self, absolute: Array) -> Array:
        return absolute / 55.0 if np.abs(absolute).max() > 1e4 else absolute


@breaks("CRD-008")
class NarrowsStartBeforeCentring(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        narrow = grouped["coords_start_nn"].astype(np.float32).astype(np.float64)
        return {"coords_start_relative": narrow.mean(axis=3, keepdims=True) - narrow}


@breaks("CRD-008")
class CentresOnASinglePrecisionMean(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mean = grouped["coords_offsets"].astype(np.float32).astype(np.float64)
        return {"coords_relative": mean - grouped["coords_nn"]}


@breaks("CRD-001")
class NarrowsYOnly(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = np.array(grouped["coords_nn"])
        absolute[:, :, 1] = absolute[:, :, 1].astype(np.float32)
        return {"coords_nn": absolute}


@breaks("CRD-009")
class CentresYOnTheFirstMember(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        relative = np.array(grouped["coords_relative"])
        relative[:, :, 1] -= relative[:, :, 1, :1]
        return {"coords_relative": relative}
