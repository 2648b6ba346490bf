"""Faults that show between canvases only."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.contract.arrays import COORDINATES
from tests.zoo.bases.scans import held_by
from tests.zoo.liar import Array, Liar, breaks


def _shifted(canvas: Array, low: Array, shape: tuple[int, ...]) -> Array:
    """Put a canvas on another one whose first pixel is ``low`` [x, y] pixels before its own."""
    wide = np.zeros((shape[0] + 16, shape[1] + 16), canvas.dtype)
    top, left = 8 + int(low[1]), 8 + int(low[0])
    wide[top : top + canvas.shape[0], left : left + canvas.shape[1]] = canvas
    return wide[8 : 8 + shape[0], 8 : 8 + shape[1]]


@breaks("REL-026")
class PlacesManyPatchesAtWholePixels(Liar):
    """Many patches that are not small take a faster path."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exact = dict(self.right.reassemble(patches, centres_xy, chunk))
        if len(patches) <= 100 or np.shape(patches)[1] < 16:
            return exact
        rounded = self.right.reassemble(patches, np.floor(centres_xy), chunk)
        low = (np.asarray(rounded["origin_xy"]) - exact["origin_xy"]).astype(int)
        return exact | {
            name: _shifted(np.asarray(rounded[name]), low, exact[name].shape) for name in ("object", "coverage")
        }


@breaks("REL-027")
class CountsOverlapsInEightBits(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        if np.shape(patches)[1] < 16:
            return right
        return right | {"coverage": np.minimum(right["coverage"], 255.0)}


@breaks("REL-028")
class PlacesTheLastPatchOfLargeChunksTwice(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if chunk is not None and 50 < chunk < len(patches) and np.shape(patches)[1] >= 16:
            patches = np.concatenate([patches, patches[-1:]])
            centres_xy = np.concatenate([centres_xy, centres_xy[-1:]])
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REL-031")
class SimulatesLargeFramesAtWholePixels(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        exact = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        if np.shape(probe)[-1] < 32:
            return exact
        rounded = self.right.measure(np.round(xcoords), np.round(ycoords), probe, obj, nphotons, seed)
        held = held_by(self.right, exact)
        frames = {name: self.right.arrays(rounded)[name] for name in ("diff3d", "Y")}
        return self.right.assemble(held | frames)


@breaks("REL-031")
class GroupsASimulatedScanAtWholePixels(Liar):
    """What was simulated is taken to be as it was asked for, on a grid; what was loaded is not."""

    def __init__(self) -> None:
        super().__init__()
        self.simulated: list[Any] = []

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        self.simulated.append(self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed))
        return self.simulated[-1]

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if not any(scan is one for one in self.simulated):
            return self.right.group(scan, request)
        held = held_by(self.right, scan)
        whole = {name: np.round(held[name]) for name in COORDINATES if name in held}
        return self.right.group(self.right.assemble(held | whole), request)
