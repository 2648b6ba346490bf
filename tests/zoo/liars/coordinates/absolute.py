"""Wrong absolute coordinates, nominal and start."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import EndingEarly
from tests.zoo.liar import Altering, Arrays, Held, Liar, breaks, coordinates


def exchanged(arrays: Mapping[str, Any]) -> Arrays:
    """Arrays of a scan with x for y."""
    other = {"xcoords": "ycoords", "ycoords": "xcoords"} | {
        "xcoords_start": "ycoords_start",
        "ycoords_start": "xcoords_start",
    }
    return {name: arrays[other.get(name, name)] for name in arrays}


@breaks("CRD-001")
class PutsYFirst(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_nn": grouped["coords_nn"][:, :, ::-1]}


@breaks("CRD-001")
class GathersPositionsOfTheNextPoint(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = (grouped["nn_indices"] + 1) % len(scan)
        return {"coords_nn": np.stack([scan.xcoords[members], scan.ycoords[members]], axis=1)[:, np.newaxis]}


@breaks("CRD-001", field="E06")
class RedrawsGroupsForCoordinates(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        again = None if request.seed is None else request.seed + 1
        grouped, redrawn = self.right.group(scan, request), self.right.group(scan, replace(request, seed=again))
        return dict(grouped) | {name: values for name, values in redrawn.items() if name.startswith("coords")}


@breaks("CRD-001")
class NarrowsAbsoluteCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_nn": grouped["coords_nn"].astype(np.float32).astype(np.float64)}


@breaks("CRD-001")
class PositionsOfSortedMembers(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        members = np.sort(grouped["nn_indices"], axis=1)
        return coordinates("coords", scan.xcoords, scan.ycoords, members)


@breaks("CRD-001")
class ExchangesStartAndTruePositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        parts = ("nn", "offsets", "relative")
        return {f"coords_{part}": grouped[f"coords_start_{part}"] for part in parts} | {
            f"coords_start_{part}": grouped[f"coords_{part}"] for part in parts
        }


@breaks("CRD-001")
class ExchangesAxesOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        names = ("coords_nn", "coords_offsets", "coords_relative")
        return {name: grouped[name][:, :, ::-1] for name in names} if request.enable_oversampling else {}


@breaks("CRD-001")
class ReadsXAsYBehindTheArrays(Liar):
    """Positions are exchanged on the way in and again where they are shown: two wrongs that look right."""

    def load(self, path: Path) -> Any:
        return self._exchanged(self.right.load(path))

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        return self._exchanged(self.right.assemble(arrays))

    def arrays(self, scan: Any) -> Any:
        return exchanged(self.right.arrays(scan))

    def _exchanged(self, scan: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(exchanged(self.right.arrays(scan)))


@breaks("CRD-001")
class NarrowsYOnly(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        absolute = np.array(grouped["coords_nn"])
        absolute[:, :, 1] = absolute[:, :, 1].astype(np.float32)
        return {"coords_nn": absolute}


@breaks("CRD-001")
class WritesThousandsOfPositions(EndingEarly):
    names = ("coords_nn",)
    written = 4096


@breaks("CRD-005")
class StartsOversampledGroupsAtTheirPositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not request.enable_oversampling:
            return {}
        return {f"coords_start_{part}": grouped[f"coords_{part}"].copy() for part in ("nn", "offsets", "relative")}


@breaks("CRD-005")
class NominalCoordinatesForStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{part}": grouped[f"coords_{part}"] for part in ("nn", "offsets", "relative")}


@breaks("CRD-005")
class NeverWritesStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{p}": np.zeros_like(grouped[f"coords_{p}"]) for p in ("nn", "offsets", "relative")}


@breaks("CRD-005")
class FlipsTheSignOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_start_relative": -grouped["coords_start_relative"]}


@breaks("CRD-005")
class MeasuresStartFromTheTrueMean(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        offsets = grouped["coords_offsets"]
        return {"coords_start_offsets": offsets, "coords_start_relative": offsets - grouped["coords_start_nn"]}


@breaks("CRD-005")
class ExchangesAxesOfStart(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {f"coords_start_{part}": grouped[f"coords_start_{part}"][:, :, ::-1] for part in ("nn", "relative")}


@breaks("CRD-005")
class WritesAThousandStarts(EndingEarly):
    names = ("coords_start_nn", "coords_start_offsets", "coords_start_relative")


@breaks("CRD-006")
class ZerosWithoutStartCoordinates(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not np.array_equal(scan.xcoords, scan.xcoords_start):
            return {}
        return {f"coords_start_{p}": np.zeros_like(grouped[f"coords_{p}"]) for p in ("nn", "offsets", "relative")}


@breaks("CRD-006")
class MarksMissingStartByNaN(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not np.array_equal(scan.xcoords, scan.xcoords_start):
            return {}
        return {
            f"coords_start_{p}": np.full_like(grouped[f"coords_{p}"], np.nan) for p in ("nn", "offsets", "relative")
        }


@breaks("CRD-005")
class LooksForStartsAlongOneAxis(Altering):
    """A stage whose y was never commanded otherwise has no start positions of its own."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not np.array_equal(scan.ycoords, scan.ycoords_start):
            return {}
        return {f"coords_start_{part}": grouped[f"coords_{part}"].copy() for part in ("nn", "offsets", "relative")}


@breaks("CRD-001")
class FloorsPositionsOnHalves(Altering):
    """Halves throughout are the middles of pixels, it thinks, which are named by their corners."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        places = np.stack([scan.xcoords, scan.ycoords])
        halves = bool((places - np.floor(places) == 0.5).all())
        return {"coords_nn": np.floor(grouped["coords_nn"])} if halves else {}


@breaks("CRD-001")
class KeepsWholePositionsInThirtyTwoBits(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        places = np.asarray(grouped["coords_nn"])
        whole = bool((places == np.round(places)).all())
        return {"coords_nn": places.astype(np.int64).astype(np.int32).astype(np.float64)} if whole else {}
