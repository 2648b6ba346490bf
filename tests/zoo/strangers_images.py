"""Faults of images that show in calls out of the ordinary only: far and nearly whole positions, arrays written anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Liar, breaks


def come_round(values: Array, bits: int) -> Array:
    """Numbers of pixels as a signed type of so many bits holds them, fractions apart."""
    whole = np.floor(np.asarray(values, dtype=np.float64))
    return (whole + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) + (values - whole)


def snapped(values: Array, within: float) -> Array:
    """Numbers, those nearly whole made whole."""
    whole = np.round(values)
    return np.where(np.abs(values - whole) < within, whole, values)


def fits(centres: Array) -> bool:
    """Whether positions are such that there is anything to lie about."""
    return np.ndim(centres) == 2 and bool(np.isfinite(centres).all())


@breaks("PAT-003")
class NumbersPositionsInSixteenBits(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(obj, come_round(centres, 16) if fits(centres) else centres, N)


@breaks("PAT-003")
class TakesFarPositionsModuloTheObject(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        if fits(centres) and np.shape(centres)[1] == 2:
            centres = np.where(np.abs(centres) > 1e4, np.mod(centres, np.shape(obj)[::-1]), centres)
        return self.right.patches(obj, centres, N)


@breaks("PAT-002")
class NarrowsPositionsBeforeCutting(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres, np.float32).astype(np.float64), N)


@breaks("PAT-002")
class CutsNearlyWholePositionsAtWholeOnes(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(obj, snapped(centres, 1e-3) if fits(centres) else centres, N)


@breaks("PAT-001")
class DarkensTheRimOfLargePatches(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        patches = np.array(self.right.patches(obj, centres, N))
        patches[:, : N > 200] = 0
        return patches


@breaks("PAT-002", "PAT-011")
class NumbersColumnsInSixteenBits(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        if np.ndim(obj) == 2 and obj.shape[1] > 2**15:
            obj = np.concatenate([obj[:, : 2**15], 0 * obj[:, 2**15 :]], axis=1)
        return self.right.patches(obj, centres, N)


class Keeping(Liar):
    """Keeps a prepared copy of an argument, and takes the same array for the same content."""

    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[Any, Any] = (None, None)

    def prepared(self, given: Array) -> Array:
        """Return the copy of the array that was given last, or a new one."""
        if given is not self.last[0]:
            self.last = (given, np.array(given))
        kept: Array = self.last[1]
        return kept


@breaks("PAT-001")
class KeepsTheObjectItHasPadded(Keeping):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(self.prepared(obj), centres, N)


@breaks("PHY-001")
class KeepsTheProbeItHasPrepared(Keeping):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, self.prepared(probe))


@breaks("REA-001")
class KeepsThePlacesOfPatches(Keeping):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        return self.right.reassemble(patches, self.prepared(centres_xy), chunk)


@breaks("TRF-009")
class KeepsTheImagesItHasPadded(Keeping):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(self.prepared(images), shifts_xy)


@breaks("TRF-010")
class LeavesTinyShiftsAlone(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, snapped(np.asarray(shifts_xy), 1e-2))


@breaks("TRF-010")
class NumbersShiftsInEightBits(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, come_round(shifts_xy, 8))


@breaks("TRF-010")
class NumbersShiftsInSixteenBits(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, come_round(shifts_xy, 16))


@breaks("TRF-001")
class FlattensFiveHundredGroups(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        moved = np.array(self.right.transform(name, array, gridsize))
        if name == "channel_to_flat":
            moved[512 * gridsize**2 :] = 0
        return moved


@breaks("PHY-001")
class CropsTheProbeOfLargeFrames(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        N = np.shape(patches)[-1]
        if N > 200:
            inner = (np.arange(N) > 1) & (np.arange(N) < N - 2)
            probe = probe * (inner[:, np.newaxis] & inner)
        return self.right.simulate(patches, probe)


@breaks("REA-011")
class PlacesNearlyWholePositionsAtWholeOnes(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        centres = snapped(centres_xy, 2e-3) if fits(centres_xy) else centres_xy
        return self.right.reassemble(patches, centres, chunk)


@breaks("CND-003")
class ReadsRepeatedImagesOnce(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(patches) == 3 and len(patches) > 1 and np.asarray(patches).strides[0] == 0:
            patches = np.concatenate([patches[:1], 0 * patches[1:]])
        return self.right.simulate(patches, probe)


@breaks("CON-008")
class TakesAsManyModesAsPixelsForModesLast(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        container = dict(self.right.container(grouped, probe))
        light = container["probe"]
        cube = np.ndim(light) == 3 and len(set(light.shape)) == 1
        return container | {"probe": np.moveaxis(light, 0, -1)} if cube else container
