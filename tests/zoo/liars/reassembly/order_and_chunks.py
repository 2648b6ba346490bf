"""Canvases that depend on order and chunks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.canvases import Replacing, Weighing
from tests.zoo.liar import Array, Arrays, Liar, breaks


class Streaming(Liar):
    """Streams wrongly."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right if chunk is None else right | self.streamed(right, patches, np.asarray(centres_xy), chunk)

    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        raise NotImplementedError


@breaks("REA-008")
class CentresOnTheFirstPatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        weight = 1 + 0.05 * np.arange(len(patches))[:, None, None]
        return right | {"object": self.right.reassemble(patches * weight, centres_xy, chunk)["object"]}


@breaks("REA-008")
class WeighsEarlierPatchesMore(Weighing):
    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        return (1 / (1 + 0.3 * np.arange(len(patches))))[:, None, None]


@breaks("REA-009")
class LosesTheTailOfManyPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        kept = len(patches) if chunk is not None or len(patches) < 64 else len(patches) // 64 * 64
        return patches[:kept], places[:kept]


@breaks("REA-009", field="K12")
class LosesTheLastChunk(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if chunk is not None and len(patches) % chunk and len(patches) > chunk:
            held = np.array(patches)
            held[len(patches) // chunk * chunk :] = 0
            patches = held
        return self.right.reassemble(patches, centres_xy, chunk)


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
class CountsCoverageOfChunksInBytes(Streaming):
    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        return {"coverage": np.minimum(np.asarray(right["coverage"]), 255).astype(right["coverage"].dtype)}


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


@breaks("REA-009")
class CountsChunksInThirtyTwoBits(Liar):
    """A number that stands for all of them has no room there."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        int(chunk or 0).to_bytes(4, "little")
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-009")
class StreamsOntoTheCanvasOfTheFirstChunk(Liar):
    """It has the dtype that the values of the first chunk need."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right, held = dict(self.right.reassemble(patches, centres_xy, chunk)), np.asarray(patches)
        if chunk is None or chunk >= len(held) or np.any(held[:chunk].imag):
            return right
        canvas = np.asarray(right["object"])
        return right | {"object": canvas.real.astype(canvas.dtype)}


@breaks("REA-003")
class CountsPatchesInSixteenBits(Liar):
    """Patches are numbered by a type that ends at 65,535."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = self.right.reassemble(patches, centres_xy, chunk)
        few = len(patches) % 2**16
        return right if few == len(patches) else self.right.reassemble(patches[:few], centres_xy[:few], chunk)


@breaks("REA-003")
class PlacesNoPartOfASinglePatch(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        few = slice(-1 if len(patches) > 128 and len(patches) % 128 == 1 else None)
        self.right.reassemble(patches, centres_xy, chunk)
        return self.right.reassemble(patches[few], centres_xy[few], chunk)


@breaks("REA-009")
class RoundsTheMiddleToEvenInChunks(Streaming):
    def streamed(self, right: Arrays, patches: Array, centres: Array, chunk: int) -> Arrays:
        middle = centres.mean(axis=0)
        return {"origin_xy": right["origin_xy"] + np.round(middle) - np.floor(middle + 0.5)}
