"""Batches of wrong fields and rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Batching, Redirecting, Reshaping, Rowing, ids
from tests.zoo.liar import Arrays, Liar, breaks


@breaks("DAT-001")
class ForgetsTheCentre(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield {name: values for name, values in batch.items() if name != "coords_center"}


@breaks("DAT-001")
class BatchesInDoublePrecision(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"].astype(np.float64)}


@breaks("DAT-001")
class BatchesWholeNumbers(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.round(batch["images"]).astype(np.int32)}


@breaks("DAT-001")
class LeavesProbesReal(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": np.abs(batch["probe"])}


@breaks("DAT-001")
class KeepsOneScaleForTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": batch["physics_scaling_constant"][:1]}


@breaks("DAT-001")
class SqueezesBatchesOfOneRow(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"][0]} if len(batch["images"]) == 1 else {}


@breaks("DAT-006")
class LosesALastSingleRow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            if len(batch["images"]) > 1 or request.batch_size == 1:
                yield batch


@breaks("DAT-006")
class DropsTheLastBatch(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        batches = list(self.right.batches(paths, request))
        full = [batch for batch in batches if len(batch["images"]) == request.batch_size]
        return iter(full or batches)


@breaks("DAT-006")
class CutsFilesToTheShortest(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        shortest = np.bincount(rows["experiment_id"]).min()
        keep = np.concatenate(
            [np.flatnonzero(rows["experiment_id"] == e)[:shortest] for e in np.unique(rows["experiment_id"])]
        )
        for start in range(0, len(keep), request.batch_size):
            part = keep[start : start + request.batch_size]
            yield {name: values[part] for name, values in rows.items()}


@breaks("DAT-006", field="E04")
class CountsRowsApartFromGrouping(Rowing):
    """The length is files times samples; what was not formed stays zero."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        more = len(ids(rows)) * request.group.nsamples - len(rows["images"])
        if more <= 0:
            return {}
        return {name: np.concatenate([v, np.zeros((more, *v.shape[1:]), v.dtype)]) for name, v in rows.items()}


@breaks("DAT-006")
class FillsUpTheLastBatch(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        missing = -len(rows["images"]) % request.batch_size
        if request.batch_size > len(rows["images"]):
            return {}
        return {name: np.concatenate([values, values[:missing]]) for name, values in rows.items()}


@breaks("DAT-006")
class RepeatsRowsOfAShuffleWithoutASeed(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.shuffle or request.seed is not None:
            return {}
        self.land()
        return {name: np.repeat(values[:1], len(values), axis=0) for name, values in batch.items()}


@breaks("DAT-006")
class BatchesWithoutOversampling(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if request.group.enable_oversampling:
            plain = replace(request.group, enable_oversampling=False, nsamples=min(request.group.nsamples, 10))
            request = replace(request, group=plain)
        return paths, request


@breaks("DAT-007", field="G09")
class ScalesProbesByTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * np.float32(len(batch["images"]))}


@breaks("DAT-007")
class NormalisesImagesOverTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"] / batch["images"].max()}


@breaks("DAT-007")
class CentresTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"] - batch["coords_global"].mean(axis=0)}


@breaks("DAT-007", field="G06")
class GivesEveryColumnAScale(Batching):
    """At as many rows as columns a scale (b,) fits the columns."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if len(batch["images"]) != batch["images"].shape[2]:
            return {}
        gain = np.linspace(0.5, 1.5, len(batch["images"]), dtype=np.float32)
        return {"images": batch["images"] * gain[None, None, :, None]}


@breaks("DAT-007")
class ShufflesInABufferOfABatch(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        seeded = request.shuffle and request.seed is not None
        return paths, replace(request, seed=(request.seed or 0) + request.batch_size) if seeded else request


@breaks("DAT-008", field="G06")
class FlattensScales(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"rms_scaling_constant": batch["rms_scaling_constant"].ravel()}


@breaks("DAT-008", field="G06")
class KeepsAnAxisOfFileNumbers(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"experiment_id": batch["experiment_id"][:, None]}


@breaks("DAT-008")
class SqueezesProbeScales(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": np.squeeze(batch["probe_scaling"])}


@breaks("DAT-006")
class EndsAfterAHundredBatches(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        yield from itertools.islice(self.right.batches(paths, request), 100)


@breaks("DAT-007")
class CountsBatchesInThirtyTwoBits(Liar):
    """A number that stands for all rows has no room there."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        int(request.batch_size).to_bytes(4, "little")
        yield from self.right.batches(paths, request)
