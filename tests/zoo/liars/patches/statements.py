"""Patches that are not what the adapter states of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.limits.conventions import FourierPixels, OwnPatches, RepeatedEdges, WrappedEdges, shifted
from tests.zoo.liar import Array, Liar, breaks


@breaks("PAT-013")
class StatesFourierAndMixes(Liar):
    """Mixes four neighbours, and states a shift in Fourier space."""

    subpixel = "fourier"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self.land()
        return self.right.patches(obj, centres_xy, N)


@breaks("PAT-013")
class ShiftsTheWrongWayInFourierSpace(FourierPixels):
    """Shifts by the fraction against its direction."""

    subpixel = "fourier"

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        return super().rule(obj, 2 * np.floor(centres) - centres, N)


@breaks("PAT-013")
class WidensWindowsWithTheirSide(FourierPixels):
    """Shifts windows that are wider than the patch by a quarter of it."""

    subpixel = "fourier"

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        margin, whole = N // 4, np.floor(centres)
        cut = np.asarray(self.right.patches(obj, whole, N + 2 * margin), np.complex128)
        return shifted(cut, whole - centres)[:, margin:-margin, margin:-margin]


@breaks("PAT-013")
class StatesFourierAndMeasuresBetween(FourierPixels):
    """Cuts by a shift in Fourier space as stated, and simulates scans by mixing four neighbours."""

    subpixel = "fourier"

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self.land()
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


class CutsWhole(OwnPatches):
    """Cuts at whole positions."""

    subpixel = {"patches": "whole"}

    def whole(self, centres: Array) -> Array:
        """Whole positions for those between pixels."""
        raise NotImplementedError

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        return np.asarray(self.right.patches(obj, self.whole(centres), N))


@breaks("PAT-013")
class StatesWholeAndRoundsColumnsOnly(CutsWhole):
    """Rounds x, and mixes along y."""

    def whole(self, centres: Array) -> Array:
        return np.stack([np.round(centres[:, 0]), centres[:, 1]], axis=1)


@breaks("PAT-013")
class RoundsRowsByAnotherRule(CutsWhole):
    """Rounds x to the nearest whole position, and takes y below."""

    def whole(self, centres: Array) -> Array:
        return np.stack([np.round(centres[:, 0]), np.floor(centres[:, 1])], axis=1)


@breaks("PAT-014")
class StatesWrapAndRepeatsTheEdge(RepeatedEdges):
    """Goes on with the last pixels, and states that the object repeats."""

    outside = "wrap"


@breaks("PAT-014")
class WrapsColumnsOnly(WrappedEdges):
    """Takes the object to repeat along x, and its last rows to go on along y."""

    outside = "wrap"

    def index(self, at: Array, size: int) -> Array:
        return np.mod(at, size) if self.columns else np.clip(at, 0, size - 1)

    columns = False

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        rows = super().rule(obj, centres, N)
        self.columns = True
        wrapped = super().rule(obj, centres, N)
        self.columns = False
        over = (centres[:, 1] < N / 2) | (centres[:, 1] > obj.shape[0] - N / 2 - 1)
        return np.where(over[:, None, None], rows, wrapped)


@breaks("PAT-014")
class StatesRefusedAndCutsShort(Liar):
    """Cuts off what of a window lies outside the object, and cannot stack windows of unequal sides."""

    outside = "refused"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        right, places = np.asarray(self.right.patches(obj, centres_xy, N)), np.asarray(centres_xy)
        corners = np.round(places).astype(int) - N // 2
        size = np.array(np.shape(obj)[::-1])
        kept = np.clip(corners + N, 0, size) - np.clip(corners, 0, size)
        if len(kept) == 0 or (kept == N).all():
            return right
        self.land()
        return np.stack([one[:height, :width] for one, (width, height) in zip(right, kept, strict=True)])


@breaks("PAT-014")
class StatesRefusedAndPadsWhatLiesFarOutside(Liar):
    """Refuses windows across an edge, and gives zeros for those that are outside altogether."""

    outside = "refused"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        right, places = self.right.patches(obj, centres_xy, N), np.asarray(centres_xy)
        size = np.array(np.shape(obj)[::-1])
        across = (places - N / 2 < 0) | (np.ceil(places) + N / 2 > size)
        far = (places + N / 2 <= 0) | (np.floor(places) - N / 2 >= size)
        if np.any(far) and not np.any(across.any(axis=1) & ~far.any(axis=1)):
            self.land()
            return right
        if np.any(across):
            raise ValueError("centres_xy: a window leaves the object; keep it inside [PAT-014]")
        return right
