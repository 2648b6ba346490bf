"""Canvases of the wrong origin and extent."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.canvases import Reassembling, Replacing
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("REA-006", field="K09")
class CutsTheCanvas(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        cut = np.s_[3:-3, 3:-3]
        origin = right["origin_xy"] + 3
        return {"object": right["object"][cut], "coverage": right["coverage"][cut], "origin_xy": origin}


@breaks("REA-006")
class SizesTheCanvasByX(Reassembling):
    """The larger side is cut to the smaller one."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        height, width = right["object"].shape
        if height == width:
            return {}
        off = abs(height - width) // 2
        rows, columns = (
            (slice(off, off + width), slice(None)) if height > width else (slice(None), slice(off, off + height))
        )
        origin = np.asarray(right["origin_xy"]) + ((0, off) if height > width else (off, 0))
        return {
            "object": right["object"][rows, columns],
            "coverage": right["coverage"][rows, columns],
            "origin_xy": origin,
        }


@breaks("REA-006", field="K09")
class TrimsTheCanvasToTheMiddleOfPatches(Reassembling):
    """Sized from trimmed patches: half a patch is missing all around."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        off = patches.shape[-1] // 4
        cut = np.s_[off:-off, off:-off]
        origin = np.asarray(right["origin_xy"]) + off
        return {"object": right["object"][cut], "coverage": right["coverage"][cut], "origin_xy": origin}


@breaks("REA-007")
class NarrowsPositionsBeforeCentring(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places.astype(np.float32).astype(np.float64)


@breaks("REA-007")
class PutsTheOriginAtZero(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": np.zeros(2)}


@breaks("REA-007", field="K10")
class StartsTheCanvasAtTheOrigin(Liar):
    """The canvas reaches from the origin of the stage to the scan, as far as a thousand pixels."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        x, y = (int(np.clip(value, 0, 1000)) for value in np.asarray(right["origin_xy"]))
        grown = {name: np.pad(right[name], ((y, 0), (x, 0))) for name in ("object", "coverage")}
        return right | grown | {"origin_xy": np.asarray(right["origin_xy"]) - (x, y)}


@breaks("REA-007")
class CentresHalvesOnEvenPixels(Liar):
    """The middle of the scan is rounded by ``np.round``, which takes a half to the even pixel."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        middle = np.asarray(centres_xy, dtype=np.float64).mean(axis=0)
        x, y = (np.floor(middle + 0.5) - np.round(middle)).astype(int)
        shifted = {name: np.roll(np.pad(right[name], 1), (y, x), (0, 1)) for name in ("object", "coverage")}
        return right | shifted | {"origin_xy": np.asarray(right["origin_xy"]) - 1 - (x, y)}


@breaks("REA-007")
class RoundsPositionsToTheScale(Liar):
    """Positions far from the origin pass through single precision."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return self.right.reassemble(patches, np.asarray(centres_xy, dtype=np.float64).astype(np.float16), chunk)


@breaks("REA-012")
class PlacesRowsByX(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exchanged = dict(self.right.reassemble(patches, np.asarray(centres_xy)[:, ::-1], chunk))
        return exchanged | {"origin_xy": np.asarray(exchanged["origin_xy"])[::-1]}


@breaks("REA-010")
class MakesRealCanvasesOfRealValues(Liar):
    """The type follows from the values, not from that of the patches."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        held = np.asarray(right["object"])
        return right if held.imag.any() else right | {"object": held.real}


@breaks("REA-006")
class CutsCanvasesToAPicture(Reassembling):
    """No canvas has more than 32,767 pixels along a side."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {name: np.asarray(right[name])[:32_767, :32_767] for name in ("object", "coverage")}


@breaks("REA-011")
class NarrowsOffsetsOnLongCanvases(Replacing):
    """Offsets from the centre in half precision, where whole pixels still fit."""

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        middle = np.round(places.mean(axis=0))
        narrow = middle + (places - middle).astype(np.float16).astype(np.float64)
        return patches, narrow if np.isfinite(narrow).all() and 200 < np.ptp(places, axis=0).max() < 2_000 else places
