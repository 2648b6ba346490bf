"""Scales in which masked pixels count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import target
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks


class CountingOtherwise(Altering):
    """Scales the frames of a scan with a mask by an energy of its own, unless a scale is given."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mask = scan.arrays.get("bad_pixels")
        if mask is None or request.amplitude_scale is not None:
            return {}
        frames = np.array(grouped["diffraction"], dtype=np.float64)
        energy = self.energy(frames**2, np.array(mask)[:, :, np.newaxis])
        return {"X_full": (frames * np.sqrt(target(frames) / energy)).astype(np.float32)} if energy > 0 else {}

    def energy(self, squares: Array, bad: Array) -> float:
        """Mean energy of a frame, of squares (B, N, N, C) and a mask (N, N, 1)."""
        raise NotImplementedError


@breaks("NRM-011")
class CountsMaskedPixels(CountingOtherwise):
    def energy(self, squares: Array, bad: Array) -> float:
        return float(squares.sum(axis=(1, 2)).mean())


@breaks("NRM-011")
class FillsInMaskedPixels(CountingOtherwise):
    def energy(self, squares: Array, bad: Array) -> float:
        return float(np.where(bad, 0, squares).sum(axis=(1, 2)).mean() / (~bad).mean())


@breaks("NRM-011")
class CountsMaskedPixelsAlone(CountingOtherwise):
    def energy(self, squares: Array, bad: Array) -> float:
        return float(np.where(bad, squares, 0).sum(axis=(1, 2)).mean())


@breaks("NRM-011")
class CountsByTheTransposedMask(CountingOtherwise):
    def energy(self, squares: Array, bad: Array) -> float:
        return float(np.where(np.swapaxes(bad, 0, 1), 0, squares).sum(axis=(1, 2)).mean())


@breaks("NRM-011")
class CountsMaskedPixelsOfLaterChannels(CountingOtherwise):
    def energy(self, squares: Array, bad: Array) -> float:
        first = np.arange(squares.shape[3]) == 0
        return float(np.where(bad & first, 0, squares).sum(axis=(1, 2)).mean())


@breaks("NRM-011")
class ScalesByLightUnderTheMask(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            held = Held(self.right, scan).arrays
            lit = held.get("bad_pixels") is not None and np.any(held["diff3d"])
            if getattr(error, "clause", None) != "NRM-007" or not lit:
                raise
            there = {name: values for name, values in held.items() if values is not None}
            return self.right.group(self.right.assemble(there | {"bad_pixels": None}), request)


@breaks("NRM-003")
class BlanksNormalisedMaskedPixels(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mask = scan.arrays.get("bad_pixels")
        return {} if mask is None else {"X_full": np.where(mask[:, :, np.newaxis], np.float32(0), grouped["X_full"])}


@breaks("NRM-011")
class FillsInLargeMasks(Altering):
    """Where most pixels are masked, the mean of the others stands for them."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mask = scan.arrays.get("bad_pixels")
        if mask is None or request.amplitude_scale is not None or mask.mean() < 0.5:
            return {}
        return {"X_full": grouped["X_full"] * np.float32(np.sqrt(1 - mask.mean()))}


@breaks("NRM-011")
class CountsMaskedPixelsOfTheOlderStrategy(CountsMaskedPixels):
    """The mask is applied where groups are formed anew, and forgotten where they are drawn from all groups."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        older = request.strategy == "group_then_sample" and request.gridsize > 1
        return super().altered(grouped, scan, request) if older else {}
