"""Wrong patches (PAT)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks, cut_at


def truth_at(liar: Liar, scan: Held, centres: Array) -> Arrays:
    """Ground truth cut at (B, 1, 2, C) positions; nothing without an object."""
    return {} if scan.objectGuess is None else {"Y": cut_at(liar.right, scan, centres)}


@breaks("PAT-001")
class IndexesRowsWithX(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy)[:, ::-1], N)


@breaks("PAT-001")
class TakesThePositionForTheCorner(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + N // 2, N)


@breaks("PAT-001")
class CentresBetweenPixels(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + 0.5, N)


@breaks("PAT-002")
class RoundsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.round(centres_xy), N)


@breaks("PAT-002")
class MovesTheWrongWayBetweenPixels(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        whole = np.floor(centres_xy)
        return self.right.patches(obj, whole - (np.asarray(centres_xy) - whole), N)


@breaks("PAT-003")
class WrapsAroundTheEdge(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        size = np.array([obj.shape[1], obj.shape[0]])
        tiled = np.tile(obj, (3, 3))
        return self.right.patches(tiled, np.mod(centres_xy, size) + size, N)


@breaks("PAT-003")
class MovesEdgePatchesInside(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        limit = np.array([obj.shape[1], obj.shape[0]]) - N // 2
        return self.right.patches(obj, np.clip(centres_xy, N // 2, np.maximum(limit, N // 2)), N)


@breaks("PAT-004")
class DropsThePhase(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return np.abs(self.right.patches(obj, centres_xy, N)).astype(np.complex64)


@breaks("PAT-005")
class SortsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        positions = np.asarray(centres_xy)
        return self.right.patches(obj, positions[np.lexsort(positions.T)], N)


@breaks("PAT-006")
class NormalisesTheObject(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj / np.abs(obj).max(), centres_xy, N)


@breaks("PAT-007")
class IlluminatesPatches(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        window = np.hanning(N + 2)[1:-1]
        return (self.right.patches(obj, centres_xy, N) * np.outer(window, window)).astype(np.complex64)


@breaks("PAT-008")
class MirrorsPatchesAboutTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_offsets"] + grouped["coords_relative"])


@breaks("PAT-008")
class CutsAtStartPositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_start_nn"])


@breaks("PAT-008")
class DropsThePhaseOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": np.abs(grouped["Y"]).astype(np.complex64)}


@breaks("PAT-009")
class CutsInPlaceOfStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_nn"])


@breaks("PAT-010", field="A06")
class OnesForMissingTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"Y": np.ones(grouped["diffraction"].shape, np.complex64)} if grouped["Y"] is None else {}


@breaks("PAT-011")
class ChecksTheOtherAxis(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        height, width = obj.shape
        patches = self.right.patches(obj, centres_xy, N)
        outside = (np.asarray(centres_xy)[:, 0] > height) | (np.asarray(centres_xy)[:, 1] > width)
        patches[outside] = 0
        return patches
