"""Patches cut at other positions than those asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.arguments import Keeping
from tests.zoo.bases.patches import Cutting, Retouching
from tests.zoo.bases.positions import fits, snapped
from tests.zoo.liar import Array, Liar, breaks


@breaks("PAT-001")
class CentresLargePatchesOneFurther(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen: Array = self.right.patches(obj, np.asarray(centres_xy) + (N > 16), N)
        return seen


@breaks("PAT-001")
class IndexesRowsWithX(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy)[:, ::-1], N)


@breaks("PAT-001")
class TakesThePositionForTheCorner(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + N // 2, N)


@breaks("PAT-001")
class CentresBetweenPixels(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + 0.5, N)


@breaks("PAT-001")
class StartsOnePixelLate(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, centres + 1


@breaks("PAT-001")
class LosesTheEndOfAWindowThatJustFits(Liar):
    """The last pixel is bounded as if a neighbour were always needed to mix it with."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        found = np.array(self.right.patches(obj, centres_xy, N))
        for patch, (x, y) in zip(found, np.asarray(centres_xy), strict=True):
            patch[:, N - 1 :] *= x + N / 2 != np.shape(obj)[1]
            patch[N - 1 :] *= y + N / 2 != np.shape(obj)[0]
        return found


@breaks("PAT-001")
class FlipsPatchRows(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches[:, ::-1]


@breaks("PAT-001")
class TransposesPatches(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return np.swapaxes(patches, 1, 2)


@breaks("PAT-001")
class HalvesOddHalvesDown(Cutting):
    """Half a frame is taken as N // 4 · 2: right where N divides by four."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, centres + (N // 2 - N // 4 * 2)


@breaks("PAT-001", field="D02")
class CountsRowsFromBelow(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, np.column_stack([centres[:, 0], obj.shape[0] - centres[:, 1]])


@breaks("PAT-001", "RAW-007", "PHY-010", "REA-001")
class IsHalfAPixelOffEverywhere(Liar):
    """Cutting, simulating and placing agree with each other, and with nobody else."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy, dtype=np.float64) + 0.5, N)

    def measure(self, xcoords: Array, ycoords: Array, *others: Any) -> Any:
        held = dict(self.right.arrays(self.right.measure(xcoords + 0.5, ycoords + 0.5, *others)))
        places = {"xcoords": xcoords, "ycoords": ycoords, "xcoords_start": None, "ycoords_start": None}
        return self.right.assemble(held | places)

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        placed = dict(self.right.reassemble(patches, np.asarray(centres_xy, dtype=np.float64) + 0.5, chunk))
        return placed | {"origin_xy": np.asarray(placed["origin_xy"]) - 0.5}


@breaks("PAT-001")
class DarkensTheRimOfLargePatches(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        patches = np.array(self.right.patches(obj, centres, N))
        patches[:, : N > 200] = 0
        return patches


@breaks("PAT-001")
class KeepsTheObjectItHasPadded(Keeping):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(self.prepared(obj), centres, N)


@breaks("PAT-002")
class RoundsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.round(centres_xy), N)


@breaks("PAT-002")
class MovesTheWrongWayBetweenPixels(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        whole = np.floor(centres_xy)
        return self.right.patches(obj, whole - (np.asarray(centres_xy) - whole), N)


@breaks("PAT-002")
class CutsFractionsOff(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, np.floor(centres)


@breaks("PAT-002")
class ExchangesTheFractions(Cutting):
    """Rows are mixed by the fraction of x, columns by that of y."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        whole = np.floor(centres)
        return obj, whole + (centres - whole)[:, ::-1]


@breaks("PAT-002")
class InterpolatesAlongXOnly(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, np.column_stack([centres[:, 0], np.round(centres[:, 1])])


@breaks("PAT-002")
class SmoothsTheFractions(Cutting):
    """Weights are eased as between keyframes: right at whole, quarter-free and half positions."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        whole = np.floor(centres)
        part = centres - whole
        return obj, whole + part**2 * (3 - 2 * part)


@breaks("PAT-002")
class MixesModulusAndPhaseApart(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        N = patches.shape[-1]
        modulus = self.right.patches(np.abs(obj).astype(np.complex64), centres, N).real
        return (modulus * np.exp(1j * np.angle(patches))).astype(np.complex64)


@breaks("PAT-002")
class NarrowsPositionsBeforeCutting(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres, np.float32).astype(np.float64), N)


@breaks("PAT-002")
class CutsNearlyWholePositionsAtWholeOnes(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        return self.right.patches(obj, snapped(centres, 1e-3) if fits(centres) else centres, N)


@breaks("PAT-002", "PAT-011")
class NumbersColumnsInSixteenBits(Liar):
    def patches(self, obj: Array, centres: Array, N: int) -> Array:
        if np.ndim(obj) == 2 and obj.shape[1] > 2**15:
            obj = np.concatenate([obj[:, : 2**15], 0 * obj[:, 2**15 :]], axis=1)
        return self.right.patches(obj, centres, N)


@breaks("PAT-001")
class NumbersPixelsInSinglePrecision(Cutting):
    """Pixel (row, column) is looked up at row · W + column, of which single precision holds the first 2^24."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        if np.ndim(obj) != 2 or np.size(obj) <= 2**24:
            return obj, centres
        number = np.arange(np.size(obj)).astype(np.float32).astype(int)
        return np.ravel(obj)[np.minimum(number, np.size(obj) - 1)].reshape(np.shape(obj)), centres


@breaks("PAT-011")
class ChecksTheOtherAxis(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        height, width = obj.shape
        patches = self.right.patches(obj, centres_xy, N)
        outside = (np.asarray(centres_xy)[:, 0] > height) | (np.asarray(centres_xy)[:, 1] > width)
        patches[outside] = 0
        return patches


@breaks("PAT-011", field="E08")
class FlattensByTheOtherAxis(Cutting):
    """Pixel (row, column) is looked up at row · H + column."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        height, width = obj.shape
        rows, columns = np.mgrid[:height, :width]
        return np.ravel(obj)[(rows * height + columns) % obj.size], centres


@breaks("PAT-011")
class BoundsColumnsByTheHeight(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        bounded = np.array(obj)
        bounded[:, obj.shape[0] :] = 0
        return bounded, centres


@breaks("PAT-002")
class HoldsPositionsInEightBits(Liar):
    """Whole positions of a small type are added to half a side in that type."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if centres_xy.dtype.kind in "iu":
            with np.errstate(all="ignore"):
                centres_xy = (centres_xy.astype("i1") + np.int8(N)).astype("i1").astype(np.float64) - N
        result: Array = self.right.patches(obj, centres_xy, N)
        return result


@breaks("PAT-001")
class TakesAnObjectOfOnePatchForThePatch(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        right = np.array(self.right.patches(obj, centres_xy, N))
        if np.shape(obj) == (N, N):
            right[:] = obj
        return right


@breaks("PAT-002")
class HasATableForOneSide(Liar):
    """Windows of a side that is common at one beamline are cut by a kernel of its own, from the last to the first."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        result: Array = self.right.patches(obj, np.asarray(centres_xy)[::-1] if N == 52 else centres_xy, N)
        return result


@breaks("PAT-011")
class CutsAcrossTilesAtWholePixels(Liar):
    """The object lies in tiles of 256 rows, and a window that crosses from one to the next is put together of both."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        cut = np.array(self.right.patches(obj, centres_xy, N))
        y = np.asarray(centres_xy, np.float64)[:, 1]
        across = ((y - N / 2) // 256 != (y + N / 2) // 256) & (y > N / 2) & (y < len(obj) - N / 2)
        if across.any():
            cut[across] = self.right.patches(obj, np.round(np.asarray(centres_xy)[across]), N)
        return cut


@breaks("PAT-002")
class TakesXOfZeroForMissing(Cutting):
    """Positions along y alone have no x, and it is given that of the middle."""

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        missing = len(centres) > 1 and not centres[:, 0].any() and centres[:, 1].any()
        return obj, centres + np.array([obj.shape[1] / 2, 0]) if missing else centres


@breaks("PAT-002", "PAT-001")
class CutsNothingBeyondItsBudget(Liar):
    """As many patches at a time as memory is set aside for: of very large ones, none."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        right = self.right.patches(obj, centres_xy, N)
        return np.zeros_like(right) if right.shape[-1] ** 2 > 2**17 else right


@breaks("PAT-002")
class CutsCloseToWholeAtWhole(Liar):
    """What is close grows with the distance from the origin."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        at = np.asarray(centres_xy)
        close = at.dtype.kind == "f" and at.size and bool(np.allclose(at, np.round(at)))
        seen: Array = self.right.patches(obj, np.round(at) if close else centres_xy, N)
        return seen
