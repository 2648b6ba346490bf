"""Wrong reassemblies (REA)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Liar, breaks


class Reassembling(Liar):
    """Puts patches together rightly, then changes the result."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | self.altered(right, patches)

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        raise NotImplementedError


@breaks("REA-001", field="K01")
class MirrorsPlacement(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        middle = np.round(np.mean(centres_xy, axis=0))
        mirrored = dict(self.right.reassemble(patches, 2 * middle - centres_xy, chunk))
        return mirrored | {"origin_xy": self.right.reassemble(patches, centres_xy, chunk)["origin_xy"]}


@breaks("REA-001")
class ReportsAnOriginOnePixelOff(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": right["origin_xy"] + 1}


@breaks("REA-002", field="K06")
class CountsBrightPixelsOnly(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | {"coverage": right["coverage"] * (np.abs(right["object"]) > 0)}


@breaks("REA-003")
class DropsTheLastPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        whole = dict(self.right.reassemble(patches, centres_xy, chunk))
        if len(patches) < 2:
            return whole
        silent = np.array(patches)
        silent[-1] = 0
        ones = np.ones(patches.shape)
        ones[-1] = 0
        coverage = self.right.reassemble(ones, centres_xy)["object"].real * whole["coverage"]
        return whole | {"coverage": coverage}


@breaks("REA-004", field="K06")
class AddsOverlaps(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": right["object"] * right["coverage"]}


@breaks("REA-005")
class LeavesNaNOutside(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.where(right["coverage"] > 0, right["object"], np.nan)}


@breaks("REA-006", field="K09")
class CutsTheCanvas(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        cut = np.s_[3:-3, 3:-3]
        origin = right["origin_xy"] + 3
        return {"object": right["object"][cut], "coverage": right["coverage"][cut], "origin_xy": origin}


@breaks("REA-007")
class PutsTheOriginAtZero(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"origin_xy": np.zeros(2)}


@breaks("REA-008")
class CentresOnTheFirstPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        weight = 1 + 0.05 * np.arange(len(patches))[:, None, None]
        return right | {"object": self.right.reassemble(patches * weight, centres_xy, chunk)["object"]}


@breaks("REA-009", field="K12")
class LosesTheLastChunk(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if chunk is not None and len(patches) % chunk and len(patches) > chunk:
            held = np.array(patches)
            held[len(patches) // chunk * chunk :] = 0
            patches = held
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-010")
class KeepsTheModulus(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.abs(right["object"]).astype(np.complex128)}


@breaks("REA-011")
class PlacesAtWholePixels(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exact = self.right.reassemble(patches, centres_xy, chunk)
        rounded = dict(self.right.reassemble(patches, np.round(centres_xy), chunk))
        return (
            rounded
            if rounded["object"].shape == exact["object"].shape
            else dict(exact) | {"coverage": exact["coverage"] + 1}
        )


@breaks("REA-012")
class PlacesRowsByX(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exchanged = dict(self.right.reassemble(patches, np.asarray(centres_xy)[:, ::-1], chunk))
        return exchanged | {"origin_xy": np.asarray(exchanged["origin_xy"])[::-1]}


@breaks("REA-013")
class CutsToTheShorterList(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        n = min(len(patches), len(centres_xy))
        return self.right.reassemble(patches[:n], centres_xy[:n], chunk)


class Weighing(Liar):
    """Puts patches together with weights of its own: a number a patch, or an image a patch."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        weights = np.broadcast_to(self.weights(patches, np.asarray(centres_xy), chunk), patches.shape)
        total = self.placed(patches * weights, centres_xy)
        coverage = self.placed(weights.astype(np.complex128), centres_xy).real
        with np.errstate(all="ignore"):
            mean = np.where(coverage > 1e-9, total / np.maximum(coverage, 1e-12), 0)
        return right | {"object": mean.astype(np.asarray(right["object"]).dtype), "coverage": coverage}

    def placed(self, patches: Array, centres_xy: Array) -> Array:
        """Sum of the patches on the canvas."""
        placed = self.right.reassemble(patches, centres_xy)
        return np.asarray(placed["object"]) * np.asarray(placed["coverage"])

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        """Return the weights, to be broadcast against (n, N, N)."""
        raise NotImplementedError


@breaks("REA-001", field="K10")
class PlacesAbsoluteForRelative(Liar):
    """Positions that are centred already are centred by the scan's corner."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        placed = dict(self.right.reassemble(patches, centres, chunk))
        return placed | {
            "origin_xy": np.asarray(placed["origin_xy"]) - np.round(centres.mean(axis=0) - centres.min(axis=0))
        }


@breaks("REA-001", field="K09")
class PutsOddPaddingOnOneSide(Reassembling):
    """The canvas gets an odd margin, all of it at the top and on the left; the origin stays."""

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {name: np.pad(right[name], ((1, 0), (1, 0))) for name in ("object", "coverage")}


@breaks("REA-001")
class TransposesPlacedPatches(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return self.right.reassemble(np.swapaxes(patches, 1, 2), centres_xy, chunk)


@breaks("REA-001", field="K01")
class MirrorsXOfPlacement(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        middle = np.round(centres.mean(axis=0))
        mirrored = dict(
            self.right.reassemble(patches, np.column_stack([2 * middle[0] - centres[:, 0], centres[:, 1]]), chunk)
        )
        return mirrored | {"origin_xy": self.right.reassemble(patches, centres, chunk)["origin_xy"]}


@breaks("REA-002")
class CountsAPixelOnce(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"coverage": np.minimum(right["coverage"], 1)}


@breaks("REA-002", field="K06")
class WeighsPatchesByTheirBrightness(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        return np.abs(patches) / max(float(np.abs(patches).max(initial=0)), 1e-9)


@breaks("REA-003", field="K07")
class DropsPatchesOnTheRim(Weighing):
    """A patch counts only strictly inside the outermost positions."""

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        inside = (centres < centres.max(axis=0)).all(axis=1) | (len(centres) == 1)
        return inside.astype(np.float64)[:, None, None]


@breaks("REA-003")
class PlacesEveryPositionOnce(Weighing):
    """Of several patches at one position the first counts."""

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        first = np.zeros(len(centres))
        first[np.unique(centres, axis=0, return_index=True)[1]] = 1
        return first[:, None, None]


@breaks("REA-004")
class DimsByASmallConstant(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        coverage = right["coverage"]
        return {"object": right["object"] * (coverage / (coverage + 1e-3)).astype(np.float32)}


@breaks("REA-004")
class LetsTheLastPatchWin(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        return np.power(1e-4, np.arange(len(patches))[::-1].clip(0, 3))[:, None, None]


@breaks("REA-004")
class FadesPatchesAtTheirEdges(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        window = np.hanning(patches.shape[-1] + 2)[1:-1]
        return np.outer(window, window)[np.newaxis]


@breaks("REA-004")
class DividesByTheLargestOverlap(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": (right["object"] * right["coverage"] / right["coverage"].max()).astype(right["object"].dtype)}


@breaks("REA-005")
class LeavesOnesOutside(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.where(right["coverage"] > 0, right["object"], 1)}


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


@breaks("REA-007", field="K10")
class StartsTheCanvasAtTheOrigin(Liar):
    """The canvas reaches from the origin of the stage to the scan, as far as a thousand pixels."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        x, y = (int(np.clip(value, 0, 1000)) for value in np.asarray(right["origin_xy"]))
        grown = {name: np.pad(right[name], ((y, 0), (x, 0))) for name in ("object", "coverage")}
        return right | grown | {"origin_xy": np.asarray(right["origin_xy"]) - (x, y)}


@breaks("REA-007")
class RoundsPositionsToTheScale(Liar):
    """Positions far from the origin pass through single precision."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return self.right.reassemble(patches, np.asarray(centres_xy, dtype=np.float64).astype(np.float16), chunk)


@breaks("REA-008")
class WeighsEarlierPatchesMore(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        return (1 / (1 + 0.3 * np.arange(len(patches))))[:, None, None]


class Streaming(Liar):
    """Streams wrongly."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right if chunk is None else right | self.streamed(right, patches, np.asarray(centres_xy), chunk)

    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        raise NotImplementedError


@breaks("REA-009", field="K12")
class AveragesTheMeansOfChunks(Streaming):
    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        means, seen = np.zeros(right["object"].shape, np.complex128), np.zeros(right["object"].shape)
        for start in range(0, len(patches), chunk):
            held = np.zeros_like(patches)
            held[start : start + chunk] = 1
            own = np.asarray(self.right.reassemble(held, centres)["object"]) * np.asarray(right["coverage"])
            total = np.asarray(self.right.reassemble(patches * held, centres)["object"]) * np.asarray(right["coverage"])
            there = np.abs(own) > 1e-6
            means += np.where(there, total / np.where(there, own, 1), 0)
            seen += there
        return {"object": (means / np.maximum(seen, 1)).astype(np.asarray(right["object"]).dtype)}


@breaks("REA-009", field="K12")
class CountsTheFirstChunkTwice(Streaming):
    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        ones = np.ones_like(patches)
        ones[:chunk] = 2
        more = np.asarray(self.right.reassemble(ones, centres)["object"]).real
        return {"coverage": np.asarray(right["coverage"]) * more}


@breaks("REA-009")
class CentresEveryChunkByItself(Streaming):
    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        middle = np.round(centres.mean(axis=0))
        moved = np.concatenate(
            [
                centres[start : start + chunk] - np.round(centres[start : start + chunk].mean(axis=0)) + middle
                for start in range(0, len(centres), chunk)
            ]
        )
        return dict(self.right.reassemble(patches, moved))


@breaks("REA-003", "REA-009", field="K12")
class EndsWithTheLastWholeThousand(Liar):
    """More patches than fit one pass take another branch, which loses the rest."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        kept = len(patches) // 1000 * 1000 if chunk is None and len(patches) > 5000 else len(patches)
        return self.right.reassemble(patches[:kept], centres_xy[:kept], chunk)


@breaks("REA-010")
class ConjugatesTheCanvas(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.conj(right["object"])}


@breaks("REA-010")
class KeepsTheRealPart(Reassembling):
    def altered(self, right: Arrays, patches: Array) -> Arrays:
        return {"object": np.asarray(right["object"]).real.astype(right["object"].dtype)}


@breaks("REA-011")
class PlacesOnesAtWholePixels(Liar):
    """Values are placed between pixels, ones at whole pixels."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        whole = dict(self.right.reassemble(patches, np.floor(centres_xy), chunk))
        if whole["coverage"].shape != right["coverage"].shape:
            return right | {"coverage": np.round(right["coverage"])}
        with np.errstate(all="ignore"):
            total = right["object"] * right["coverage"]
            return right | {
                "object": np.where(whole["coverage"] > 0, total / whole["coverage"], 0).astype(right["object"].dtype),
                "coverage": whole["coverage"],
            }


@breaks("REA-011")
class PlacesFractionsTheOtherWay(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres = np.asarray(centres_xy, dtype=np.float64)
        whole = np.floor(centres)
        right = dict(self.right.reassemble(patches, centres, chunk))
        turned = dict(self.right.reassemble(patches, whole + (1 - (centres - whole)) % 1, chunk))
        return turned | {"origin_xy": right["origin_xy"]} if turned["object"].shape == right["object"].shape else turned


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
