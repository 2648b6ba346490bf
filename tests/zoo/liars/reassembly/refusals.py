"""Reassemblies of what does not match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.canvases import Replacing
from tests.zoo.liar import Array, Liar, breaks


@breaks("REA-013")
class SquaresWidePatches(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        side = min(np.shape(patches)[1:3]) if np.ndim(patches) == 3 else 0
        return self.right.reassemble(patches[:, :side, :side] if side else patches, centres_xy, chunk)


@breaks("REA-013")
class IgnoresFurtherColumns(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        places = centres_xy[:, :2] if np.ndim(centres_xy) == 2 else centres_xy
        return self.right.reassemble(patches, places, chunk)


@breaks("REA-013")
class DropsPositionsWithoutX(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        known = ~np.isnan(places[:, 0])
        return patches[known], places[known]


@breaks("REA-013")
class CutsToTheShorterList(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        n = min(len(patches), len(centres_xy))
        return self.right.reassemble(patches[:n], centres_xy[:n], chunk)


@breaks("REA-013")
class PlacesOnePatchEverywhere(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        alone = np.ndim(patches) == 3 and len(patches) == 1 and np.ndim(centres_xy) == 2
        return self.right.reassemble(
            np.repeat(patches, len(centres_xy), axis=0) if alone else patches, centres_xy, chunk
        )


@breaks("REA-013", field="B02")
class RepeatsTheLastPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        missing = len(centres_xy) - len(patches)
        if missing > 0 and len(patches):
            patches = np.concatenate([patches, np.repeat(patches[-1:], missing, axis=0)])
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-013")
class GivesAnEmptyCanvasForNothing(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if len(patches) == 0 and len(centres_xy) == 0:
            side = patches.shape[-1]
            return {
                "object": np.zeros((side, side), np.complex64),
                "coverage": np.zeros((side, side)),
                "origin_xy": np.zeros(2),
            }
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-013")
class PutsBrokenPositionsInTheMiddle(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.array(centres_xy, dtype=np.float64)
        broken = ~np.isfinite(centres).all(axis=1)
        if broken.any() and not broken.all():
            centres[broken] = centres[~broken].mean(axis=0)
        return self.right.reassemble(patches, centres, chunk)


@breaks("REA-001")
class RefusesScansOnALine(Liar):
    """A scan without extent along an axis is taken for one whose positions were lost."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        seen = self.right.reassemble(patches, centres_xy, chunk)
        if len(patches) > 1 and (np.ptp(np.asarray(centres_xy, dtype=np.float64), axis=0) == 0).any():
            raise ValueError("centres_xy: the scan has no extent [REA-013]")
        return seen
