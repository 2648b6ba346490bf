"""Images and coordinates that do not belong together, or are changed."""

from __future__ import annotations

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Batching, Reshaping, Rowing, ids
from tests.zoo.liar import Arrays, breaks


@breaks("DAT-002")
class NormalisesImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"] * batch["rms_scaling_constant"]}


@breaks("DAT-002", field="E03")
class IndexesAFilteredBlock(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"nn_indices": np.argsort(np.argsort(batch["nn_indices"], axis=None)).reshape(batch["nn_indices"].shape)}


@breaks("DAT-002")
class NumbersFramesThroughAllFiles(Rowing):
    """The indices of later files go on where those of earlier ones ended."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        before = np.cumsum([0, *(rows["nn_indices"][rows["experiment_id"] == e].max() + 1 for e in ids(rows))])
        return {"nn_indices": rows["nn_indices"] + before[rows["experiment_id"], None].astype(np.int32)}


@breaks("DAT-002", field="C08")
class RoundsImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.round(batch["images"])}


@breaks("DAT-002")
class LeavesTheTailDark(Rowing):
    """The rows of the last, smaller batch are allocated and never written."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        images, full = rows["images"], len(rows["images"]) // request.batch_size * request.batch_size
        images[full:] = 0
        return {"images": images}


@breaks("DAT-002")
class ReversesChannelsOfImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"][..., ::-1]}


@breaks("DAT-002", field="A09")
class PairsImagesWithTheRowBefore(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.roll(rows["images"], 1, axis=0)}


@breaks("DAT-002")
class TransposesTheGridOfNines(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        columns = np.arange(9).reshape(3, 3).T.ravel()
        return {"images": batch["images"][..., columns]} if request.group.gridsize == 3 else {}


@breaks("DAT-002")
class BatchesLargeFramesInHalfPrecision(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"].astype(np.float16).astype(np.float32)} if request.group.N >= 48 else {}


@breaks("DAT-002")
class CutsAmplitudesAtTheTopOfHalfPrecision(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.minimum(batch["images"], np.float32(65504))}


@breaks("DAT-002")
class NumbersFramesInSixteenBits(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"nn_indices": batch["nn_indices"].astype(np.int16).astype(np.int32)}


@breaks("DAT-003")
class NeverWritesCoordinates(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"] * 0}


@breaks("DAT-003")
class FlipsRelativeCoordinatesOfBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_relative": -batch["coords_relative"]}


@breaks("DAT-003", field="H02")
class KeepsTheCentreOfTheLastFile(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        if request.group.gridsize == 1:
            return {}
        centres = rows["coords_center"]
        last = rows["experiment_id"] == rows["experiment_id"].max()
        return {"coords_center": centres * 0 + centres[last].mean(axis=0)}


@breaks("DAT-003")
class CentresOnTheScan(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        centres = rows["coords_center"]
        for e in ids(rows):
            own = rows["experiment_id"] == e
            centres[own] = rows["coords_global"][own].mean(axis=(0, 3), keepdims=True)
        return {"coords_center": centres}


@breaks("DAT-003")
class ExchangesAxesOfBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {name: batch[name][:, :, ::-1] for name in ("coords_global", "coords_center", "coords_relative")}


@breaks("DAT-003")
class KeepsPositionsInHalfPrecision(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"].astype(np.float16).astype(np.float32)}


@breaks("DAT-003")
class ForgetsTheMinusOfNines(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_relative": -batch["coords_relative"]} if request.group.gridsize == 3 else {}


@breaks("DAT-003")
class CentresSequencesOnTheFirstMember(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_center": batch["coords_global"][..., :1]} if request.group.sequential_sampling else {}


@breaks("DAT-003")
class CentresOversampledRowsOnTheFirstMember(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_center": batch["coords_global"][..., :1]} if request.group.enable_oversampling else {}


@breaks("DAT-003")
class RoundsCentresOfLargeBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        large = len(batch["images"]) > 64
        return {"coords_center": np.round(np.asarray(batch["coords_center"]))} if large else {}
