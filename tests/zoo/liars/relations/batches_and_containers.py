"""Faults that show in batches and containers of changed arguments only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("REL-016")
class UsesEightOfManyModes(Liar):
    """Modes are taken four at a time, and the last four of a full number are lost."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        many = np.ndim(probe) == 3 and len(probe) > 8 and len(probe) % 4 == 0 and np.shape(probe)[-1] >= 16
        return self.right.simulate(patches, probe[:-4] if many else probe)


@breaks("REL-018")
class NumbersRowsOfABatchInSevenBits(Liar):
    """Batches of one file that fit into one part; larger ones, and several files, go another way."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            images = batch["images"]
            few = len(images) < 1000 and len(paths) == 1 and paths[0].is_file()
            yield dict(batch) | {"images": images[np.arange(len(images)) % 128] if few else images}


@breaks("REL-021")
class KeepsLargeContainersInHalfPrecision(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = dict(self.right.container(grouped, probe))
        if held["X"].nbytes < 800_000 or not 16 <= held["X"].shape[1] < 64:
            return held
        return held | {"X": held["X"].astype(np.float16).astype(np.float32)}


@breaks("REL-022")
class FillsLargeGridsByColumns(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return np.swapaxes(right, 1, 2).copy() if name == "flat_to_grid" and gridsize > 7 else right
