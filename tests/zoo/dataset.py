"""Wrong data sets and batches (DAT)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, SplitRequest
from tests.zoo.liar import PER_POINT, Arrays, Liar, breaks

PER_FRAME = (*PER_POINT, "diff3d", "Y")


class Batching(Liar):
    """Makes right batches, then changes each."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield dict(batch) | self.altered(dict(batch), request)

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        raise NotImplementedError


@breaks("DAT-001")
class ForgetsTheCentre(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield {name: values for name, values in batch.items() if name != "coords_center"}


@breaks("DAT-001")
class BatchesInDoublePrecision(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"].astype(np.float64)}


@breaks("DAT-002")
class NormalisesImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"] * batch["rms_scaling_constant"]}


@breaks("DAT-002", field="E03")
class IndexesAFilteredBlock(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"nn_indices": np.argsort(np.argsort(batch["nn_indices"], axis=None)).reshape(batch["nn_indices"].shape)}


@breaks("DAT-003")
class NeverWritesCoordinates(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"] * 0}


@breaks("DAT-003")
class FlipsRelativeCoordinatesOfBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_relative": -batch["coords_relative"]}


@breaks("DAT-004", field="A09")
class SortsTheFileList(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(sorted(paths), request)


@breaks("DAT-005")
class ReadsEveryArchiveBelow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(p for p in paths[0].rglob("*.npz") if "groups_cache" not in p.name)
        return self.right.batches(paths, request)


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


@breaks("DAT-007", field="G09")
class ScalesProbesByTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * np.float32(len(batch["images"]))}


@breaks("DAT-008", field="G06")
class FlattensScales(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"rms_scaling_constant": batch["rms_scaling_constant"].ravel()}


@breaks("DAT-009")
class BatchesOneMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, :, :1]}


@breaks("DAT-009")
class RepeatsModesInPlaceOfPadding(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        probe = batch["probe"]
        dark = np.abs(probe).sum(axis=(3, 4), keepdims=True) == 0
        return {"probe": np.where(dark, probe[:, :, :1], probe)}


@breaks("DAT-010", field="G04")
class NormalisesProbesTwice(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * batch["probe_scaling"][..., np.newaxis]} if request.probe_normalize else {}


@breaks("DAT-010")
class AveragesTheFirstMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.probe_normalize:
            return {}
        bare = batch["probe"] / batch["probe_scaling"][..., np.newaxis]
        scaling = 1.0 / (request.probe_scale * np.abs(bare[:, :1, :1]).mean(axis=(3, 4)))[..., np.newaxis]
        return {
            "probe": (bare * scaling[..., np.newaxis]).astype(np.complex64),
            "probe_scaling": scaling.astype(np.float32),
        }


@breaks("DAT-011", field="G03")
class HandsOnTheDataScaleForTheProbe(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": batch["rms_scaling_constant"]}


@breaks("DAT-012", field="G05")
class LeavesScalesAtOne(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": np.ones_like(batch["physics_scaling_constant"])}


@breaks("DAT-012")
class ScalesByTheBatchInHand(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        energy = (batch["images"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {
            "rms_scaling_constant": np.full_like(
                batch["rms_scaling_constant"], np.sqrt((request.group.N / 2) ** 2 / energy)
            )
        }


@breaks("DAT-013", field="H02")
class KeepsTheLastProbe(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        last = rows["probe"][rows["experiment_id"].argmax()]
        for batch in self.right.batches(paths, request):
            yield dict(batch) | {"probe": np.broadcast_to(last, batch["probe"].shape)}


@breaks("DAT-014")
class ShufflesAllButTheLabels(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        plain = self.right.batches(paths, replace(request, shuffle=False))
        for batch, other in zip(self.right.batches(paths, request), plain, strict=True):
            yield dict(batch) | {"coords_relative": other["coords_relative"]}


@breaks("DAT-014")
class ShufflesWithoutTheSeed(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, replace(request, seed=None))


@breaks("DAT-015")
class OverlapsItsParts(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held, first = dict(self.right.arrays(test)), self.right.arrays(train)
        for name in PER_FRAME:
            if held[name] is not None:
                held[name] = np.concatenate([first[name][:1], held[name]])
        return train, self.right.assemble(held)


@breaks("DAT-015")
class SplitsFramesWithoutPositions(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held = dict(self.right.arrays(test))
        first = self.right.arrays(scan)
        held["xcoords"] = first["xcoords"][: len(held["diff3d"])]
        return train, self.right.assemble(held)


@breaks("DAT-016")
class SplitsInOrderWhateverTheMethod(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="ordered"))


@breaks("DAT-016")
class DrawsBlocksAtRandom(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="random") if request.method == "blocks" else request)


@breaks("DAT-017")
class KeepsWhatItReadOnce(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.held: Arrays = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        key = (tuple(paths), request)
        if key not in self.held:
            self.held[key] = list(self.right.batches(paths, request))
        return iter(self.held[key])


@breaks("DAT-018")
class GivesNothingForNothing(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, request) if paths else iter(())


@breaks("DAT-018")
class TakesTheFirstSide(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        try:
            return self.right.batches(paths, request)
        except ValueError:
            if len(paths) < 2:
                raise
            return self.right.batches(paths[:1], request)
