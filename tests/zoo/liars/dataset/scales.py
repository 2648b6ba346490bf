"""Wrong data scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Batching, Reshaping, Rowing, ids
from tests.zoo.liar import Array, Arrays, Liar, breaks, members_of, stack_of


def of_last_file(rows: Arrays, name: str) -> Array:
    """A field whose every row is that of the last file."""
    return np.broadcast_to(rows[name][rows["experiment_id"].argmax()], rows[name].shape).copy()


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


@breaks("DAT-012")
class ScalesByAllFiles(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        energy = (rows["images"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {"physics_scaling_constant": np.full_like(rows["physics_scaling_constant"], 1 / energy)}


@breaks("DAT-012", field="H02")
class ScalesByTheLastFile(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        return {name: of_last_file(rows, name) for name in ("rms_scaling_constant", "physics_scaling_constant")}


@breaks("DAT-012", field="G02")
class AimsAtNSquaredInBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"rms_scaling_constant": batch["rms_scaling_constant"] * 2}


@breaks("DAT-012")
class ScalesByTheSumOfAmplitudes(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        scale = rows["physics_scaling_constant"]
        for e in ids(rows):
            own = rows["experiment_id"] == e
            scale[own] = 1 / rows["images"][own].astype(np.float64).sum(axis=(1, 2)).mean()
        return {"physics_scaling_constant": scale}


@breaks("DAT-012")
class ScalesByTheProbeToo(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": batch["physics_scaling_constant"] * batch["probe_scaling"]}


@breaks("DAT-012")
class ScalesOversampledFilesALittle(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        factor = np.float32(1.001 if request.group.enable_oversampling else 1)
        return {"rms_scaling_constant": batch["rms_scaling_constant"] * factor}


@breaks("DAT-012")
class AddsUpFilesInTheirType(Liar):
    """Sums of squares of files in half precision stop at 2048, where one more is too little to count."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        files = list(paths) if all(path.is_file() for path in paths) and request.normalize == "Batch" else []
        half = [members[stack_of(members)].dtype == np.float16 for members in map(members_of, files)]
        for batch in self.right.batches(paths, request):
            name = "physics_scaling_constant"
            least = np.where(np.array(half or [False] * 99)[batch["experiment_id"]], np.float32(1 / 2048), 0)
            yield dict(batch) | {name: np.maximum(batch[name], least.reshape(-1, 1, 1, 1).astype(np.float32))}


@breaks("DAT-021")
class KnowsOneScope(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        known = request.normalize in ("Batch", "Group", "None")
        return self.right.batches(paths, replace(request, normalize="Batch") if known else request)


@breaks("DAT-021")
class ScalesWithoutScope(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(
            paths, replace(request, normalize="Group") if request.normalize == "None" else request
        )


@breaks("DAT-021")
class TakesAnyScopeForTheFile(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        known = request.normalize in ("Batch", "Group", "None")
        return self.right.batches(paths, request if known else replace(request, normalize="Batch"))


@breaks("DAT-021")
class DividesImagesByTheirScale(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            scaled = {k: np.array(v) for k, v in batch.items()}
            if request.normalize == "Group":
                scaled["images"] = scaled["images"] * scaled["rms_scaling_constant"]
            yield scaled


@breaks("DAT-012")
class ScalesByTheFirstThousandGroups(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        scale = rows["physics_scaling_constant"]
        energies = (rows["images"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean(axis=-1)
        for own in (rows["experiment_id"] == e for e in ids(rows)):
            scale[own] *= np.float32(energies[own].mean() / energies[own][:1_000].mean())
        return {"physics_scaling_constant": scale}
