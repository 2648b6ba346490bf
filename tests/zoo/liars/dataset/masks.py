"""Data sets that mix up, lose or count what masks mark."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, SplitRequest
from tests.zoo.bases.batches import Batching, Rowing
from tests.zoo.bases.scans import held_by
from tests.zoo.liar import Array, Arrays, Liar, breaks, members_of


@breaks("DAT-024")
class SplitsTheMaskOff(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        train, test = self.right.split(scan, request)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return train, self.right.assemble(held_by(self.right, test) | {"bad_pixels": None})


@breaks("DAT-024")
class SplitsTheMaskByPoints(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        first, second = (self._cut(part) for part in self.right.split(scan, request))
        return first, second

    def _cut(self, part: Any) -> Any:
        held = held_by(self.right, part)
        if "bad_pixels" not in held:
            return part
        mask = np.array(held["bad_pixels"])
        mask[len(held["xcoords"]) :] = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | {"bad_pixels": np.roll(mask, len(mask) // 2, axis=0)})


@breaks("DAT-025")
class MasksNothingInBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"bad_pixels": np.zeros_like(batch["bad_pixels"])}


@breaks("DAT-025")
class MarksGoodPixelsInBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"bad_pixels": ~np.array(batch["bad_pixels"])}


@breaks("DAT-025")
class TransposesMasksInBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"bad_pixels": np.swapaxes(batch["bad_pixels"], 1, 2).copy()}


@breaks("DAT-025")
class MasksABatchByItsFirstRow(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        mask = np.array(batch["bad_pixels"])
        return {"bad_pixels": np.broadcast_to(mask[:1], mask.shape).copy()}


@breaks("DAT-025")
class TakesTheFirstMaskForAllFiles(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        first = rows["bad_pixels"][rows["experiment_id"].argmin()]
        return {"bad_pixels": np.broadcast_to(first, rows["bad_pixels"].shape).copy()}


@breaks("DAT-025")
class JoinsTheMasksOfAllFiles(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        mask = rows["bad_pixels"]
        return {"bad_pixels": np.broadcast_to(mask.any(axis=0), mask.shape).copy()}


@breaks("DAT-025")
class LeavesMasksOutOfTheShuffle(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        order = np.argsort(rows["experiment_id"], kind="stable")
        return {"bad_pixels": rows["bad_pixels"][order] if request.shuffle else rows["bad_pixels"]}


@breaks("DAT-025")
class RemembersMasks(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Array] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        files = list(paths)
        for given in self.right.batches(paths, request):
            batch = {name: np.array(values) for name, values in given.items()}
            for row, number in enumerate(batch["experiment_id"]):
                own = str(files[int(number)]) if len(files) > int(number) else str(number)
                held = self.known.setdefault(own, batch["bad_pixels"][row].copy())
                batch["bad_pixels"][row] = held if held.shape == batch["bad_pixels"][row].shape else False
            yield batch


@breaks("DAT-025")
class TakesMasksThatDoNotFitInADataSet(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        try:
            yield from self.right.batches(paths, request)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-047":
                raise
            kept = []
            for number, path in enumerate(paths):
                held = members_of(path) if path.is_file() else {}
                N = held["probeGuess"].shape[-1]
                right = held.get("bad_pixels", np.zeros((N, N), bool))
                beside = path.with_name(f"unmasked-{number}.npz")
                fits = right.dtype == bool and right.shape == (N, N)
                np.savez(beside, **(held if fits else {k: v for k, v in held.items() if k != "bad_pixels"}))
                kept.append(beside)
            yield from self.right.batches(kept, request)


class CountingOtherwise(Rowing):
    """Computes the data scales of rows by a mask of its own."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        if request.normalize == "None" or not rows["bad_pixels"].any():
            return {}
        bad = self.mask(rows, request)[..., np.newaxis]
        energies = np.where(bad, 0.0, np.square(rows["images"], dtype=np.float64)).sum(axis=(1, 2)).mean(axis=1)
        if request.normalize == "Batch":
            own = rows["experiment_id"]
            energies = np.array([energies[own == one].mean() for one in own])
        with np.errstate(divide="ignore"):
            scales = np.sqrt((rows["images"].shape[1] / 2) ** 2 / energies), 1 / energies
        names = ("rms_scaling_constant", "physics_scaling_constant")
        return {k: one.reshape(-1, 1, 1, 1).astype(np.float32) for k, one in zip(names, scales, strict=True)}

    def mask(self, rows: Arrays, request: BatchRequest) -> Array:
        """Return what does not count, (R, N, N)."""
        raise NotImplementedError


@breaks("DAT-026")
class CountsMaskedPixelsInBatches(CountingOtherwise):
    def mask(self, rows: Arrays, request: BatchRequest) -> Array:
        return np.zeros_like(rows["bad_pixels"])


@breaks("DAT-026")
class CountsMaskedPixelsOfAGroup(CountingOtherwise):
    def mask(self, rows: Arrays, request: BatchRequest) -> Array:
        return rows["bad_pixels"] & (request.normalize != "Group")


@breaks("DAT-026")
class CountsByTheFirstMask(CountingOtherwise):
    def mask(self, rows: Arrays, request: BatchRequest) -> Array:
        first = rows["bad_pixels"][rows["experiment_id"].argmin()]
        return np.broadcast_to(first, rows["bad_pixels"].shape)


@breaks("DAT-026")
class CountsByMasksOfGoodPixels(CountingOtherwise):
    def mask(self, rows: Arrays, request: BatchRequest) -> Array:
        return ~rows["bad_pixels"]


@breaks("DAT-026")
class CountsMaskedPixelsOfNines(Batching):
    """The scale of a group is that of its frames as they are, where it has more than four."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if request.normalize != "Group" or request.group.gridsize < 3:
            return {}
        energy = (np.asarray(batch["images"], np.float64) ** 2).sum(axis=(1, 2)).mean(axis=-1)
        return {"physics_scaling_constant": (1 / energy).astype(np.float32).reshape(-1, 1, 1, 1)}
