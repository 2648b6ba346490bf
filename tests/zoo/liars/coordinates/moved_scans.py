"""Coordinates that depend on where a scan stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks

PREFIXES = ("coords", "coords_start")


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


@breaks("CRD-007")
class MovesTheOriginToTheScan(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        corner = np.array([scan.xcoords.min(), scan.ycoords.min()]).reshape(1, 1, 2, 1)
        return {name: grouped[name] - corner for name in ("coords_nn", "coords_offsets")}


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
class NarrowsBeforeCentring(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        changed = {}
        for prefix in PREFIXES:
            narrow = grouped[f"{prefix}_nn"].astype(np.float32).astype(np.float64)
            changed[f"{prefix}_relative"] = -(narrow - narrow.mean(axis=3, keepdims=True))
        return changed


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


@breaks("CRD-009", field="D02")
class MirrorsY(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": grouped["coords_relative"] * np.array([1, -1]).reshape(1, 1, 2, 1)}


@breaks("CRD-009")
class CentresYOnTheFirstMember(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        relative = np.array(grouped["coords_relative"])
        relative[:, :, 1] -= relative[:, :, 1, :1]
        return {"coords_relative": relative}
