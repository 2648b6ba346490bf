"""Wrong reassemblies (REA)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Liar, breaks


class Reassembling(Liar):
    """Puts patches together rightly, then changes the result."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | self.altered(right, patches)

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        raise NotImplementedError


@breaks("REA-001", field="K01")
class MirrorsPlacement(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        middle = np.round(np.mean(centres_xy, axis=0))
        mirrored = dict(self.right.reassemble(patches, 2 * middle - centres_xy, chunk))
        return mirrored | {"origin_xy": self.right.reassemble(patches, centres_xy, chunk)["origin_xy"]}


@breaks("REA-001")
class ReportsAnOriginOnePixelOff(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": right["origin_xy"] + 1}


@breaks("REA-002", field="K06")
class CountsBrightPixelsOnly(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | {"coverage": right["coverage"] * (np.abs(right["object"]) > 0)}


@breaks("REA-003")
class DropsTheLastPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        whole = dict(self.right.reassemble(patches, centres_xy, chunk))
        if len(patches) < 2:
            return whole
        silent = np.array(patches)
        silent[-1] = 0
        ones = np.ones(patches.shape)
        ones[-1] = 0
        coverage = self.right.reassemble(ones, centres_xy)["object"].real * whole["coverage"]
        return whole | {"coverage": coverage}


@breaks("REA-004", field="K06")
class AddsOverlaps(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": right["object"] * right["coverage"]}


@breaks("REA-005")
class LeavesNaNOutside(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.where(right["coverage"] > 0, right["object"], np.nan)}


@breaks("REA-006", field="K09")
class CutsTheCanvas(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        cut = np.s_[3:-3, 3:-3]
        origin = right["origin_xy"] + 3
        return {"object": right["object"][cut], "coverage": right["coverage"][cut], "origin_xy": origin}


@breaks("REA-007")
class PutsTheOriginAtZero(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": np.zeros(2)}


@breaks("REA-008")
class CentresOnTheFirstPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        weight = 1 + 0.05 * np.arange(len(patches))[:, None, None]
        return right | {"object": self.right.reassemble(patches * weight, centres_xy, chunk)["object"]}


@breaks("REA-009", field="K12")
class LosesTheLastChunk(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if chunk is not None and len(patches) % chunk and len(patches) > chunk:
            held = np.array(patches)
            held[len(patches) // chunk * chunk :] = 0
            patches = held
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-010")
class KeepsTheModulus(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.abs(right["object"]).astype(np.complex128)}


@breaks("REA-011")
class PlacesAtWholePixels(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exact = self.right.reassemble(patches, centres_xy, chunk)
        rounded = dict(self.right.reassemble(patches, np.round(centres_xy), chunk))
        return (
            rounded
            if rounded["object"].shape == exact["object"].shape
            else dict(exact) | {"coverage": exact["coverage"] + 1}
        )


@breaks("REA-012")
class PlacesRowsByX(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exchanged = dict(self.right.reassemble(patches, np.asarray(centres_xy)[:, ::-1], chunk))
        return exchanged | {"origin_xy": np.asarray(exchanged["origin_xy"])[::-1]}


@breaks("REA-013")
class CutsToTheShorterList(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        n = min(len(patches), len(centres_xy))
        return self.right.reassemble(patches[:n], centres_xy[:n], chunk)
