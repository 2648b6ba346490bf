"""Faults in transforms, patches, waves and canvases that show under one condition only: one shape, side or dtype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import (
    Array,
    Held,
    Liar,
    breaks,
    grouped_by,
)


@breaks("TRF-001")
class InterleavesWhereAxesAreEqual(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        seen: Array = self.right.transform(name, array, gridsize)
        C = gridsize**2
        if name != "channel_to_flat" or len(array) != C or C == 1:
            return seen
        return np.swapaxes(seen.reshape(C, C, *seen.shape[1:]), 0, 1).reshape(seen.shape).copy()


@breaks("TRF-007")
class HalvesDoublePrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        narrow = np.asarray(array).dtype == np.complex128
        seen: Array = self.right.transform(name, np.asarray(array).astype(np.complex64) if narrow else array, gridsize)
        return seen


@breaks("TRF-009")
class ExchangesShiftsOfTallImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        tall = np.shape(images)[1] > np.shape(images)[2]
        seen: Array = self.right.translate(images, np.asarray(shifts_xy)[:, ::-1] if tall else shifts_xy)
        return seen


@breaks("TRF-010")
class RoundsShiftsOfRealImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        real = np.asarray(images).dtype.kind == "f"
        seen: Array = self.right.translate(images, np.round(shifts_xy) if real else shifts_xy)
        return seen


@breaks("TRF-009")
class LosesTheTailOfManyImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        seen = np.array(self.right.translate(images, shifts_xy))
        if len(seen) > 64:
            seen[len(seen) // 64 * 64 :] = 0
        return seen


class Replacing(Liar):
    """Changes patches and positions before they are placed."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        held, places = np.asarray(patches), np.asarray(centres_xy, dtype=np.float64)
        if places.shape == (len(held), 2) and len(held):
            held, places = self.changed(held, places, chunk)
        seen: Mapping[str, Any] = self.right.reassemble(held, places, chunk)
        return seen

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        """Return what is placed instead, and where."""
        raise NotImplementedError


@breaks("REA-007")
class NarrowsPositionsBeforeCentring(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places.astype(np.float32).astype(np.float64)


@breaks("REA-009")
class LosesTheTailOfManyPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        kept = len(patches) if chunk is not None or len(patches) < 64 else len(patches) // 64 * 64
        return patches[:kept], places[:kept]


@breaks("REA-003")
class DropsFarPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        near = np.abs(places - np.median(places, axis=0)).max(axis=1) < 200
        return (patches[near], places[near]) if near.any() and np.isfinite(places).all() else (patches, places)


@breaks("REA-013")
class DropsPositionsWithoutX(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        known = ~np.isnan(places[:, 0])
        return patches[known], places[known]


@breaks("REA-011")
class RoundsHalvesDown(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, np.where(places % 1 == 0.5, np.floor(places), places)


@breaks("REA-002")
class SkipsDarkPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        bright = np.abs(patches).max(axis=(1, 2)) > 0
        return (patches[bright], places[bright]) if bright.any() and np.isfinite(places).all() else (patches, places)


@breaks("PHY-003")
class ShiftsPatternsOfLargeFrames(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        return np.roll(seen, 1, axis=(1, 2)) if seen.shape[-1] > 16 else seen


@breaks("PHY-005")
class WantsAModeAxisForSeveralOnly(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 3 and len(probe) == 1:
            raise ValueError("probeGuess has a mode axis but one mode")
        seen: Array = self.right.simulate(patches, probe)
        return seen


@breaks("PAT-001")
class CentresLargePatchesOneFurther(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen: Array = self.right.patches(obj, np.asarray(centres_xy) + (N > 16), N)
        return seen


@breaks("REA-001")
class PlacesLargePatchesOneFurther(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places + (np.arange(len(places)) % 2 * (patches.shape[-1] > 16))[:, np.newaxis]


@breaks("CCH-006")
class RemembersGroupsByLength(Liar):
    """The groups of all scans of one length are those of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if request.strategy != "group_then_sample" or request.gridsize == 1:
            return grouped
        held = Held(self.right, scan)
        key = (len(held), replace(request, dataset_path=None))
        members = self.known.setdefault(key, np.array(grouped["nn_indices"]))
        return grouped_by(self.right, held, members, request)
