"""Patches that find something where there is no object."""

from __future__ import annotations

import numpy as np

from tests.zoo.bases.patches import Cutting
from tests.zoo.bases.positions import come_round, fits
from tests.zoo.liar import Array, Liar, breaks


@breaks("PAT-003")
class WantsObjectsLargerThanAPatch(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if min(np.shape(obj)) < N:
            raise ValueError("objectGuess is smaller than a patch")
        return self.right.patches(obj, centres_xy, N)


@breaks("PAT-003")
class WrapsAroundTheEdge(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        size = np.array([obj.shape[1], obj.shape[0]])
        tiled = np.tile(obj, (3, 3))
        return self.right.patches(tiled, np.mod(centres_xy, size) + size, N)


@breaks("PAT-003")
class MovesEdgePatchesInside(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        limit = np.array([obj.shape[1], obj.shape[0]]) - N // 2
        return self.right.patches(obj, np.clip(centres_xy, N // 2, np.maximum(limit, N // 2)), N)


@breaks("PAT-003")
class WrapsBelowZeroOnly(Cutting):
    """Negative indices count from the other end; indices past the end are cut."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        half = N // 2 + 1
        wrapped = np.pad(obj, ((half, 0), (half, 0)), "wrap")
        return wrapped, centres + half


@breaks("PAT-003")
class RepeatsTheEdge(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return np.pad(obj, N, "edge"), centres + N


@breaks("PAT-003")
class FillsWithOnes(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return np.pad(obj, N, constant_values=1), centres + N


@breaks("PAT-003")
class RefusesWhatLeavesTheObject(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        size = np.array([np.shape(obj)[1], np.shape(obj)[0]])
        if ((np.asarray(centres_xy) < 0) | (np.asarray(centres_xy) > size)).any():
            raise ValueError("a position lies outside the object [PAT-003]")
        return self.right.patches(obj, centres_xy, N)


@breaks("PAT-003")
class LosesTheLastRowAndColumn(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj[:-1, :-1], centres


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


@breaks("PAT-012")
class TakesNaNForTheOrigin(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.where(np.isnan(centres_xy), 0.0, centres_xy), N)


@breaks("PAT-012")
class PutsInfinityAtTheEdge(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.clip(centres_xy, -1e6, 1e6), N)


@breaks("PAT-012")
class TurnsPositionsInRows(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        rows = np.ndim(centres_xy) == 2 and np.shape(centres_xy)[1] != 2 and len(centres_xy) == 2
        return self.right.patches(obj, centres_xy.T if rows else centres_xy, N)


@breaks("PAT-012")
class ReadsTheFirstTwoColumns(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.atleast_2d(centres_xy)[:, :2], N)


@breaks("PAT-015")
class TakesNoSideForSixtyFour(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int | None) -> Array:
        return self.right.patches(obj, centres_xy, 64 if N is None else N)


@breaks("PAT-015")
class CutsAFractionOfTheSide(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: float) -> Array:
        whole = isinstance(N, float) and np.isfinite(N)
        return self.right.patches(obj, centres_xy, int(N) if whole else N)


@breaks("PAT-015")
class CutsNothingOfNoSide(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if N is not None and N <= 0:
            return np.zeros((len(centres_xy), 0, 0), np.complex64)
        return self.right.patches(obj, centres_xy, N)


@breaks("PAT-003")
class TruncatesScansBelowZero(Cutting):
    """Positions that are all below zero pass through whole numbers that are cut towards zero."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        below = len(centres) > 0 and bool((np.asarray(centres) < 0).all())
        return obj, np.trunc(centres) if below else centres
