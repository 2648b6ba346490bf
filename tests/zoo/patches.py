"""Wrong patches (PAT)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks, cut_at


def truth_at(liar: Liar, scan: Held, centres: Array) -> Arrays:
    """Ground truth cut at (B, 1, 2, C) positions; nothing without an object."""
    return {} if scan.objectGuess is None else {"Y": cut_at(liar.right, scan, centres)}


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


@breaks("PAT-002")
class RoundsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.round(centres_xy), N)


@breaks("PAT-002")
class MovesTheWrongWayBetweenPixels(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        whole = np.floor(centres_xy)
        return self.right.patches(obj, whole - (np.asarray(centres_xy) - whole), N)


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


@breaks("PAT-004")
class DropsThePhase(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return np.abs(self.right.patches(obj, centres_xy, N)).astype(np.complex64)


@breaks("PAT-005")
class SortsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        positions = np.asarray(centres_xy)
        return self.right.patches(obj, positions[np.lexsort(positions.T)], N)


@breaks("PAT-006")
class NormalisesTheObject(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj / np.abs(obj).max(), centres_xy, N)


@breaks("PAT-007")
class IlluminatesPatches(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        window = np.hanning(N + 2)[1:-1]
        return (self.right.patches(obj, centres_xy, N) * np.outer(window, window)).astype(np.complex64)


@breaks("PAT-008")
class MirrorsPatchesAboutTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_offsets"] + grouped["coords_relative"])


@breaks("PAT-008")
class CutsAtStartPositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_start_nn"])


@breaks("PAT-008")
class DropsThePhaseOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": np.abs(grouped["Y"]).astype(np.complex64)}


@breaks("PAT-009")
class CutsInPlaceOfStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_nn"])


@breaks("PAT-010", field="A06")
class OnesForMissingTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"Y": np.ones(grouped["diffraction"].shape, np.complex64)} if grouped["Y"] is None else {}


@breaks("PAT-011")
class ChecksTheOtherAxis(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        height, width = obj.shape
        patches = self.right.patches(obj, centres_xy, N)
        outside = (np.asarray(centres_xy)[:, 0] > height) | (np.asarray(centres_xy)[:, 1] > width)
        patches[outside] = 0
        return patches


class Cutting(Liar):
    """Cuts at other positions, or of another object."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        obj, centres = self.given(np.asarray(obj), np.asarray(centres_xy, dtype=np.float64), N)
        return self.right.patches(obj, centres, N)

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        """Return the object and the positions that are used."""
        raise NotImplementedError


class Retouching(Liar):
    """Cuts rightly, then changes the patches."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        patches = np.array(self.right.patches(obj, centres_xy, N))
        return self.retouched(patches, np.asarray(obj), np.asarray(centres_xy, dtype=np.float64))

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        """Return the changed patches."""
        raise NotImplementedError


@breaks("PAT-001")
class StartsOnePixelLate(Cutting):
    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        return obj, centres + 1


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


@breaks("PAT-004")
class CutsInDoublePrecision(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches.astype(np.complex128)


@breaks("PAT-004")
class ConjugatesPatches(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return np.conj(patches)


@breaks("PAT-004")
class DropsTheImaginaryPartOfWideObjects(Retouching):
    """Only complex64 is known to be complex."""

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches if obj.dtype == np.complex64 else patches.real.astype(np.complex64)


@breaks("PAT-005")
class CutsEveryPositionOnce(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        centres = np.asarray(centres_xy)
        _, first, back = np.unique(np.round(centres), axis=0, return_index=True, return_inverse=True)
        return self.right.patches(obj, centres[first], N)[back.ravel()]


@breaks("PAT-005")
class LosesTheLastPosition(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        if len(patches) > 4:
            patches[-1] = 0
        return patches


@breaks("PAT-006")
class ClipsTheModulusAtOne(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches / np.maximum(np.abs(patches), 1).astype(np.float32)


@breaks("PAT-006")
class RemovesTheMeanPhase(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        turn = np.exp(-1j * np.angle(obj.astype(np.complex128).sum()))
        return (patches * turn).astype(np.complex64)


@breaks("PAT-007")
class MasksPatchesToACircle(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        N = patches.shape[-1]
        rows, columns = np.mgrid[:N, :N] - (N - 1) / 2
        return patches * (np.hypot(rows, columns) <= N / 2).astype(np.float32)


@breaks("PAT-007")
class IlluminatesTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        probe = scan.probeGuess if scan.probeGuess.ndim == 2 else scan.probeGuess[0]
        light = np.abs(probe)[:, :, np.newaxis] / np.abs(probe).max()
        return {} if grouped["Y"] is None else {"Y": (grouped["Y"] * light).astype(np.complex64)}


@breaks("PAT-008")
class CutsEveryChannelAtTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        C = grouped["nn_indices"].shape[1]
        return {} if scan.Y is not None else truth_at(self, scan, np.repeat(grouped["coords_offsets"], C, axis=3))


@breaks("PAT-008")
class CutsTheTruthAtWholePixels(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if scan.Y is not None else truth_at(self, scan, np.round(grouped["coords_nn"]))


@breaks("PAT-008")
class CutsTheTruthAtSingleFramesOnly(Altering):
    """At gridsize 1 there is truth; wider groups repeat that of their first member."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if grouped["Y"] is None or scan.Y is not None:
            return {}
        return {"Y": np.repeat(grouped["Y"][..., :1], grouped["Y"].shape[3], axis=3)}


@breaks("PAT-008")
class TransposesTheGridOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        g = request.gridsize
        order = np.arange(g * g).reshape(g, g).T.ravel()
        return {} if grouped["Y"] is None or scan.Y is not None else {"Y": grouped["Y"][..., order]}


@breaks("PAT-009")
class IgnoresStoredPatchesBesideAnObject(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_nn"]) if scan.Y is not None else {}


@breaks("PAT-009")
class TakesStoredPatchesInOrder(Altering):
    """Patch b of the file stands in group b, whoever its members are."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if scan.Y is None:
            return {}
        members = np.arange(grouped["nn_indices"].size).reshape(grouped["nn_indices"].shape) % len(scan)
        return {"Y": np.moveaxis(scan.Y[members], 1, -1)}


@breaks("PAT-009")
class ScalesStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if scan.Y is None else {"Y": grouped["Y"] / np.abs(scan.Y).max()}


@breaks("PAT-010")
class ZerosForMissingTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"Y": np.zeros(grouped["diffraction"].shape, np.complex64)} if grouped["Y"] is None else {}


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
