"""Faults that show in groups of a changed scan only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from tests.zoo.bases.scans import ChangingScans, held_by
from tests.zoo.liar import Array, Arrays, Liar, Regrouping, breaks


@breaks("REL-009")
class NarrowsPositionsBeforeTheyAreCentred(Liar):
    """Groups are centred in double precision, batches after a detour through single precision."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            narrow = batch["coords_global"].astype(np.float32)
            relative = -(narrow - narrow.mean(axis=3, keepdims=True, dtype=np.float32))
            yield dict(batch) | {"coords_relative": relative}


@breaks("REL-010")
class LooksNoFartherThanAThousandPixels(Regrouping):
    """An index of cells, which is built of more than 64 points, is not searched beyond."""

    def members(self, scan: Any, request: GroupRequest, right: Array) -> Array:
        places = np.stack([scan.xcoords[right], scan.ycoords[right]], axis=2)
        spread = np.ptp(places, axis=1).max(axis=1)
        near_by_number = (right[:, :1] + np.arange(right.shape[1])) % len(scan)
        return np.where((spread > 1000)[:, np.newaxis] & (len(scan) > 64), near_by_number, right)


@breaks("REL-011")
class TakesTheLongSideForX(ChangingScans):
    """The fast axis is taken for x, and a scan much taller than wide for one with its axes exchanged."""

    def altered(self, held: Arrays) -> Arrays:
        x, y = held["xcoords"], held["ycoords"]
        return {"xcoords": y, "ycoords": x} if len(x) > 50 and np.ptp(y) > 1.2 * np.ptp(x) else {}


@breaks("REL-012")
class TurnsScansThatRunBackward(ChangingScans):
    """Lines that run towards smaller x are taken for a stage with its sign reversed."""

    def altered(self, held: Arrays) -> Arrays:
        x = held["xcoords"]
        if len(x) < 50 or (np.diff(x) < 0).mean() < 0.8:
            return {}
        return {"xcoords": x.max() + x.min() - x}


@breaks("REL-013")
class AddsASmallNumberBeforeDividing(Liar):
    """Groups divide by the energy, batches by the energy and a little more."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            energy = 1.0 / batch["physics_scaling_constant"].astype(np.float64)
            yield dict(batch) | {"physics_scaling_constant": (1.0 / (energy + 1e-16)).astype(np.float32)}


@breaks("REL-019")
class TakesTheMiddleOfLongScans(Regrouping):
    def members(self, scan: Any, request: GroupRequest, right: Array) -> Array:
        if not request.sequential_sampling or request.gridsize > 1 or len(scan) < 450:
            return right
        return right + (len(scan) - len(right)) // 2


@breaks("REL-020")
class SplitsLongScansWithoutStartPositions(Liar):
    """Beyond a thousand points they are split in parts, which goes another way."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        whole, held = self.right.arrays(scan), held_by(self.right, test)
        if not 100 <= len(whole["xcoords"]) < 1000:
            return train, test
        count = len(held["xcoords"])
        starts = {name: whole[name][:count] for name in ("xcoords_start", "ycoords_start")}
        return train, self.right.assemble(held | starts)


@breaks("REL-030")
class KeepsStoredPatchesInHalfPrecision(ChangingScans):
    def altered(self, held: Arrays) -> Arrays:
        if "Y" not in held or held["Y"].shape[1] < 32 or len(held["Y"]) < 100:
            return {}
        parts = (held["Y"].real.astype(np.float16), held["Y"].imag.astype(np.float16))
        return {"Y": (parts[0] + 1j * parts[1].astype(np.float32)).astype(np.complex64)}


@breaks("REL-009")
class WrapsFarPositions(Liar):
    """Global coordinates of batches come in sixteen bits and a fraction."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            places = np.asarray(batch["coords_global"])
            yield {**batch, "coords_global": (places + 2**15) % 2**16 - 2**15}


@breaks("REL-009")
class GaugesByPositions(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            far = np.abs(np.asarray(batch["coords_global"])).max(initial=0) > 2**15
            yield {**batch, "probe_scaling": np.asarray(batch["probe_scaling"]) * np.float32(0.9 if far else 1.0)}
