"""Wrong coordinates of groups (CRD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Arrays, Held, breaks

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


@breaks("CRD-009")
class MirrorsY(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"] * np.array([1, -1]).reshape(1, 1, 2, 1)}
