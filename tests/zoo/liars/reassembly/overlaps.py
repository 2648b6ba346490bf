"""Overlaps that are counted or averaged wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.canvases import Reassembling, Replacing, Weighing
from tests.zoo.bases.positions import fits
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("REA-002")
class SkipsDarkPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        bright = np.abs(patches).max(axis=(1, 2)) > 0
        return (patches[bright], places[bright]) if bright.any() and np.isfinite(places).all() else (patches, places)


@breaks("REA-002", field="K06")
class CountsBrightPixelsOnly(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | {"coverage": right["coverage"] * (np.abs(right["object"]) > 0)}


@breaks("REA-002")
class CountsAPixelOnce(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"coverage": np.minimum(right["coverage"], 1)}


@breaks("REA-002", field="K06")
class WeighsPatchesByTheirBrightness(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        return np.abs(patches) / max(float(np.abs(patches).max(initial=0)), 1e-9)


@breaks("REA-003")
class DropsFarPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        near = np.abs(places - np.median(places, axis=0)).max(axis=1) < 200
        return (patches[near], places[near]) if near.any() and np.isfinite(places).all() else (patches, places)


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


@breaks("REA-003", field="K07")
class DropsPatchesOnTheRim(Weighing):
    """A patch counts only strictly inside the outermost positions."""

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        inside = (centres < centres.max(axis=0)).all(axis=1) | (len(centres) == 1)
        return inside.astype(np.float64)[:, None, None]


@breaks("REA-003")
class PlacesEveryPositionOnce(Weighing):
    """Of several patches at one position the first counts."""

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        first = np.zeros(len(centres))
        first[np.unique(centres, axis=0, return_index=True)[1]] = 1
        return first[:, None, None]


@breaks("REA-003", "REA-009", field="K12")
class EndsWithTheLastWholeThousand(Liar):
    """More patches than fit one pass take another branch, which loses the rest."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        kept = len(patches) // 1000 * 1000 if chunk is None and len(patches) > 5000 else len(patches)
        return self.right.reassemble(patches[:kept], centres_xy[:kept], chunk)


@breaks("REA-004", field="K06")
class AddsOverlaps(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": right["object"] * right["coverage"]}


@breaks("REA-004")
class DimsByASmallConstant(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        coverage = right["coverage"]
        return {"object": right["object"] * (coverage / (coverage + 1e-3)).astype(np.float32)}


@breaks("REA-004")
class LetsTheLastPatchWin(Weighing):
    """Every patch of a short list is written over those before it."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        canvas = np.array(right["object"])
        for k in range(len(patches) if len(patches) <= 30 else 0):
            one = (np.arange(len(patches)) == k)[:, np.newaxis, np.newaxis]
            there = self.placed(np.broadcast_to(one, patches.shape).astype(np.complex128), centres_xy).real
            own = self.placed(np.where(one, patches, 0), centres_xy)
            canvas = np.where(there > 0.5, own / np.where(there > 0.5, there, 1), canvas)
        return right | {"object": canvas.astype(np.asarray(right["object"]).dtype)}


@breaks("REA-004")
class LetsTheLastPatchOfARasterWin(LetsTheLastPatchWin):
    """As code for windows that slide over an image by equal steps does."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return (
            super().reassemble(patches, centres_xy, chunk)
            if _raster(centres_xy)
            else self.right.reassemble(patches, centres_xy, chunk)
        )


def _raster(centres: Array) -> bool:
    """Whether positions are every pair of some rows and columns, at whole steps that are all alike."""
    if not fits(centres):
        return False
    sides = [np.unique(along) for along in np.asarray(centres, dtype=np.float64).T]
    even = all((np.round(along) == along).all() and len(np.unique(np.diff(along))) < 2 for along in sides)
    return even and len(sides[0]) * len(sides[1]) == len(centres) > 1


@breaks("REA-004")
class FadesPatchesAtTheirEdges(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        window = np.hanning(patches.shape[-1] + 2)[1:-1]
        return np.outer(window, window)[np.newaxis]


@breaks("REA-004")
class DividesByTheLargestOverlap(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": (right["object"] * right["coverage"] / right["coverage"].max()).astype(right["object"].dtype)}


@breaks("REA-005")
class LeavesNaNOutside(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.where(right["coverage"] > 0, right["object"], np.nan)}


@breaks("REA-005")
class LeavesOnesOutside(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.where(right["coverage"] > 0, right["object"], 1)}


@breaks("REA-003")
class CountsToAThousand(Reassembling):
    """Coverage saturates."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"coverage": np.minimum(right["coverage"], 1000.0)}


@breaks("REA-004")
class AddsUpInTheTypeOfPatches(Liar):
    """Sums of half precision, of which a few overlaps are beyond its largest number."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Arrays:
        seen = dict(self.right.reassemble(patches, centres_xy, chunk))
        if np.asarray(patches).dtype != np.float16:
            return seen
        with np.errstate(over="ignore", invalid="ignore"):
            total = (seen["object"].real * seen["coverage"]).astype(np.float16).astype(np.float64)
            mean = np.divide(total, seen["coverage"], out=np.zeros_like(total), where=seen["coverage"] > 0)
        return seen | {"object": mean.astype(seen["object"].dtype)}


@breaks("REA-011")
class AddsNextToNothingBeforeDividing(Reassembling):
    """As against a division by zero; a corner that is covered by a millionth fades by a hundredth."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        coverage = np.asarray(right["coverage"])
        return {"object": (right["object"] * (coverage / (coverage + 1e-8))).astype(right["object"].dtype)}


@breaks("REA-011")
class MasksWhatIsCoveredFaintly(Reassembling):
    """Where the coverage is below a hundred-thousandth of the largest."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        coverage = np.asarray(right["coverage"])
        return {"object": np.where(coverage > 1e-5 * coverage.max(), right["object"], 0)}


@breaks("REA-004")
class ClipsPatchesThatOutshineTheOthers(Replacing):
    """What is a thousand times as bright as most is taken for a failed reconstruction."""

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        light = np.abs(patches.astype(np.complex128)).sum(axis=(1, 2))
        most = 1e3 * float(np.median(light))
        return patches * np.where((light > most) & (most > 0), 0.1, 1)[:, np.newaxis, np.newaxis], places
