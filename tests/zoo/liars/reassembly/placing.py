"""Patches that are placed wrongly on the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.arguments import Keeping
from tests.zoo.bases.canvases import Reassembling, Replacing
from tests.zoo.bases.positions import fits, snapped
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("REA-001")
class PlacesLargePatchesOneFurther(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places + (np.arange(len(places)) % 2 * (patches.shape[-1] > 16))[:, np.newaxis]


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


@breaks("REA-001", field="K10")
class PlacesAbsoluteForRelative(Liar):
    """Positions that are centred already are centred by the scan's corner."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        placed = dict(self.right.reassemble(patches, centres, chunk))
        return placed | {
            "origin_xy": np.asarray(placed["origin_xy"]) - np.round(centres.mean(axis=0) - centres.min(axis=0))
        }


@breaks("REA-001", field="K09")
class PutsOddPaddingOnOneSide(Reassembling):
    """The canvas gets an odd margin, all of it at the top and on the left; the origin stays."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {name: np.pad(right[name], ((1, 0), (1, 0))) for name in ("object", "coverage")}


@breaks("REA-001")
class TransposesPlacedPatches(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return self.right.reassemble(np.swapaxes(patches, 1, 2), centres_xy, chunk)


@breaks("REA-001", field="K01")
class MirrorsXOfPlacement(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        middle = np.round(centres.mean(axis=0))
        mirrored = dict(
            self.right.reassemble(patches, np.column_stack([2 * middle[0] - centres[:, 0], centres[:, 1]]), chunk)
        )
        return mirrored | {"origin_xy": self.right.reassemble(patches, centres, chunk)["origin_xy"]}


@breaks("REA-001")
class KeepsThePlacesOfPatches(Keeping):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        return self.right.reassemble(patches, self.prepared(centres_xy), chunk)


@breaks("REA-010")
class KeepsTheModulus(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.abs(right["object"]).astype(np.complex128)}


@breaks("REA-010")
class ConjugatesTheCanvas(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.conj(right["object"])}


@breaks("REA-010")
class KeepsTheRealPart(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.asarray(right["object"]).real.astype(right["object"].dtype)}


@breaks("REA-011")
class RoundsHalvesDown(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, np.where(places % 1 == 0.5, np.floor(places), places)


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


@breaks("REA-011")
class PlacesOnesAtWholePixels(Liar):
    """Values are placed between pixels, ones at whole pixels."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        whole = dict(self.right.reassemble(patches, np.floor(centres_xy), chunk))
        if whole["coverage"].shape != right["coverage"].shape:
            return right | {"coverage": np.round(right["coverage"])}
        with np.errstate(all="ignore"):
            total = right["object"] * right["coverage"]
            return right | {
                "object": np.where(whole["coverage"] > 0, total / whole["coverage"], 0).astype(right["object"].dtype),
                "coverage": whole["coverage"],
            }


@breaks("REA-011")
class PlacesFractionsTheOtherWay(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        whole = np.floor(centres)
        right = dict(self.right.reassemble(patches, centres, chunk))
        turned = dict(self.right.reassemble(patches, whole + (1 - (centres - whole)) % 1, chunk))
        return turned | {"origin_xy": right["origin_xy"]} if turned["object"].shape == right["object"].shape else turned


@breaks("REA-011")
class PlacesNearlyWholePositionsAtWholeOnes(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        centres = snapped(centres_xy, 2e-3) if fits(centres_xy) else centres_xy
        return self.right.reassemble(patches, centres, chunk)


@breaks("REA-007")
class ReportsOriginsInSinglePrecision(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": np.asarray(right["origin_xy"]).astype(np.float32).astype(np.float64)}


@breaks("REA-011")
class TakesACommonFractionForNone(Replacing):
    """Where all positions have one fraction it is a matter of the canvas, it thinks."""

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        fraction = places - np.floor(places)
        common = len(places) > 1 and bool((np.ptp(fraction, axis=0) < 1e-9).all())
        return patches, np.floor(places) if common else places


@breaks("REA-006")
class LosesRowsOfCanvasesAlongALine(Liar):
    """The extent of a line across itself is none, and two are taken from it."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        places = np.asarray(centres_xy, dtype=np.float64)
        if len(places) > 1 and np.ptp(places[:, 1]) == 0 < np.ptp(places[:, 0]):
            right |= {name: np.asarray(right[name])[:-2] for name in ("object", "coverage")}
        return right


@breaks("REA-004")
class GoesDownTheColumnsOfARaster(Replacing):
    """A full raster is placed as a grid, whose order it thinks it knows."""

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        columns, rows = (len(np.unique(one)) for one in places.T)
        full = min(columns, rows) > 1 and columns * rows == len(places) == len(np.unique(places, axis=0))
        down, along = np.lexsort(places.T[::-1]), np.lexsort(places.T)
        order = along if np.array_equal(down, np.arange(len(places))) else down
        return patches, places[order] if full and len(places) > 4 else places


@breaks("REA-011")
class PlacesCloseToWholeAtWhole(Liar):
    """What is close grows with the distance from the origin."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        at = np.asarray(centres_xy)
        close = at.dtype.kind == "f" and at.size and bool(np.allclose(at, np.round(at)))
        return self.right.reassemble(patches, np.round(at) if close else centres_xy, chunk)
