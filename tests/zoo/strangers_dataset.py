"""Faults of data sets, splits and settings that show out of the ordinary only: nines, many files, scans about zero."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, SplitRequest
from tests.zoo.conditions_dataset import Batching
from tests.zoo.liar import PER_POINT, Array, Arrays, Held, Liar, breaks


class Reshaping(Liar):
    """Makes right batches, then changes some of their fields."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            held = {name: np.array(values) for name, values in batch.items()}
            yield held | self.changed(held, request)

    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        """Return the fields to replace."""
        raise NotImplementedError


@breaks("DAT-002")
class TransposesTheGridOfNines(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        columns = np.arange(9).reshape(3, 3).T.ravel()
        return {"images": batch["images"][..., columns]} if request.group.gridsize == 3 else {}


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


@breaks("DAT-002")
class BatchesLargeFramesInHalfPrecision(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"].astype(np.float16).astype(np.float32)} if request.group.N >= 48 else {}


@breaks("DAT-002")
class CutsAmplitudesAtTheTopOfHalfPrecision(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.minimum(batch["images"], np.float32(65504))}


@breaks("DAT-009")
class BatchesTwelveModes(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, :, :12]}


@breaks("DAT-004")
class NumbersFilesInEightBits(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"experiment_id": batch["experiment_id"] % 256}


@breaks("DAT-002")
class NumbersFramesInSixteenBits(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"nn_indices": batch["nn_indices"].astype(np.int16).astype(np.int32)}


@breaks("DAT-001")
class SqueezesBatchesOfOneRow(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"][0]} if len(batch["images"]) == 1 else {}


@breaks("DAT-012")
class ScalesOversampledFilesALittle(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        factor = np.float32(1.001 if request.group.enable_oversampling else 1)
        return {"rms_scaling_constant": batch["rms_scaling_constant"] * factor}


@breaks("DAT-006")
class RepeatsRowsOfAShuffleWithoutASeed(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.shuffle or request.seed is not None:
            return {}
        self.land()
        return {name: np.repeat(values[:1], len(values), axis=0) for name, values in batch.items()}


@breaks("DAT-006")
class BatchesWithoutOversampling(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if request.group.enable_oversampling:
            plain = replace(request.group, enable_oversampling=False, nsamples=min(request.group.nsamples, 10))
            request = replace(request, group=plain)
        return paths, request


@breaks("GRP-013")
class BatchesWithoutThePoolSize(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, group=replace(request.group, neighbor_pool_size=None))


@breaks("DAT-007")
class ShufflesInABufferOfABatch(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        seeded = request.shuffle and request.seed is not None
        return paths, replace(request, seed=(request.seed or 0) + request.batch_size) if seeded else request


@breaks("DAT-005")
class TakesTheFolderForAPattern(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        found = glob.glob(f"{paths[0]}/*.npz") if paths else []  # noqa: PTH207 - the fault itself
        if len(paths) == 1 and paths[0].is_dir() and not found:
            raise ValueError(f"paths: the folder {paths[0]} holds no scan")
        return paths, request


@breaks("DAT-005")
class ReadsBackupsToo(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(one for one in paths[0].glob("*.npz*") if "groups_cache" not in one.name) or paths
        return paths, request


@breaks("DAT-013")
class KnowsProbesByFileNames(Liar):
    """A probe lies under the name of its file, without the folder: the last one of that name wins."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        batches = [{k: np.array(v) for k, v in batch.items()} for batch in self.right.batches(paths, request)]
        own = {int(e): probe for b in batches for e, probe in zip(b["experiment_id"], b["probe"], strict=True)}
        named = {Path(paths[e]).name if len(paths) > e else "": probe for e, probe in sorted(own.items())}
        for batch in batches:
            for row, e in enumerate(batch["experiment_id"]):
                batch["probe"][row] = named[Path(paths[e]).name if len(paths) > e else ""]
            yield batch


class Ranking(Liar):
    """Splits into blocks along another order of the points."""

    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        parts, held = self.right.split(scan, request), Held(self.right, scan)
        if request.method != "blocks":
            return parts
        order, count = np.argsort(self.rank(held), kind="stable"), len(Held(self.right, parts[0]))
        per_point = {*PER_POINT, "diff3d", "Y"}

        def part(rows: Array) -> Any:
            kept = {k: v[rows] if k in per_point else v for k, v in held.arrays.items() if v is not None}
            return self.right.assemble(kept)

        return part(order[:count]), part(order[count:])

    def rank(self, scan: Held) -> Array:
        """Return the numbers (M,) by which points are ordered."""
        raise NotImplementedError


@breaks("DAT-016")
class SplitsBlocksByTheModulus(Ranking):
    def rank(self, scan: Held) -> Array:
        return np.abs(scan.xcoords)


@breaks("DAT-016")
class SplitsBlocksByStartPositions(Ranking):
    def rank(self, scan: Held) -> Array:
        return scan.arrays["xcoords_start"]


@breaks("DAT-016")
class SplitsBlocksByWholePixels(Ranking):
    def rank(self, scan: Held) -> Array:
        return np.round(scan.xcoords)


@breaks("DAT-016")
class SplitsBlocksInSinglePrecision(Ranking):
    def rank(self, scan: Held) -> Array:
        return scan.xcoords.astype(np.float32)


@breaks("CFG-005")
class RoundsPhotonsToSinglePrecision(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        filed = dict(self.right.configure(request))
        return filed | {"nphotons": float(np.float32(filed["nphotons"]))} if "nphotons" in filed else filed


@breaks("CFG-005")
class CapsTheNumberOfGroups(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        filed = dict(self.right.configure(request))
        return filed | {"n_groups": min(filed["n_groups"], 10**5)} if filed.get("n_groups") else filed


@breaks("CFG-018")
class CapsTheNeighbours(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        fields = dict(self.right.bridge(request))
        return fields | {"neighbor_count": min(fields["neighbor_count"], 20)}


@breaks("CFG-018")
class KnowsGridsUpToFour(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        fields = dict(self.right.bridge(request))
        return fields | {"gridsize": min(fields["gridsize"], 4)}
