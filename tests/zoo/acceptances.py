"""Backends that accept what the contract refuses, and go on with something that nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest, SplitRequest
from tests.zoo.liar import Array, Arrays, Lenient, Liar, breaks, members_of


@breaks("CFG-015")
class FallsBackToSigmoid(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        known = ("sigmoid", "swish", "softplus", "relu")
        if request.model.get("amp_activation", "sigmoid") not in known:
            request = replace(request, model={**request.model, "amp_activation": "sigmoid"})
        return self.right.configure(request)


@breaks("CFG-025")
class InfersWithAnyModel(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.fields.get("model_path") is None:
            request = replace(request, fields={**request.fields, "model_path": Path("models/latest")})
        return self.right.configure(request)


@breaks("CFG-025")
class InfersWithoutData(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.fields.get("test_data_file") is None:
            request = replace(request, fields={**request.fields, "test_data_file": Path()})
        return self.right.configure(request)


@breaks("NPZ-026")
class ParsesAnObjectOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        obj = members["objectGuess"]
        return members | {"objectGuess": obj.astype(np.complex64)} if obj.dtype.kind == "U" else None


@breaks("NPZ-027")
class ParsesPatchesOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stored = members["Y"]
        return members | {"Y": stored.astype(np.complex64)} if stored.dtype.kind == "U" else None


@breaks("NPZ-028")
class FlattensLabels(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        return members | {"scan_index": np.resize(labels.ravel(), 20)} if labels.dtype.kind in "iu" else None


@breaks("NPZ-028")
class ParsesLabelsOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        return members | {"scan_index": labels.astype(np.int64)} if labels.dtype.kind == "U" else None


@breaks("NPZ-033")
class TakesTheLastOfTwoMembers(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if "twice" not in str(error):
                raise
            return self.right.assemble(members_of(path))


@breaks("RAW-010")
class TakesNoDoseForNoNoise(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = nphotons if nphotons is None or nphotons > 0 else None
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("RAW-010")
class MeasuresInTheDark(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = nphotons if np.any(probe) and np.any(obj) else None
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("PAT-012")
class TakesNaNForTheOrigin(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.where(np.isnan(centres_xy), 0.0, centres_xy), N)


@breaks("PAT-012")
class PutsInfinityAtTheEdge(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.clip(centres_xy, -1e6, 1e6), N)


@breaks("PAT-012")
class TurnsPositionsInRows(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        rows = np.ndim(centres_xy) == 2 and np.shape(centres_xy)[1] != 2 and len(centres_xy) == 2
        return self.right.patches(obj, centres_xy.T if rows else centres_xy, N)


@breaks("PAT-012")
class ReadsTheFirstTwoColumns(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.atleast_2d(centres_xy)[:, :2], N)


@breaks("PHY-014")
class SpreadsTheProbe(Liar):
    """Multiplies by broadcasting: a pixel, row or column of a probe lights every patch."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        fits = probe.ndim >= 2 and all(side in (1, N) for side in probe.shape[-2:])
        return self.right.simulate(patches, np.broadcast_to(probe, (*probe.shape[:-2], N, N)) if fits else probe)


@breaks("PHY-014")
class PadsTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        lacking = patches.shape[-1] - probe.shape[-1] if probe.ndim >= 2 else 0
        room = [(0, 0)] * (probe.ndim - 2) + [(lacking // 2, lacking - lacking // 2)] * 2
        return self.right.simulate(patches, np.pad(probe, room) if lacking > 0 else probe)


@breaks("REA-013")
class SquaresWidePatches(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        side = min(np.shape(patches)[1:3]) if np.ndim(patches) == 3 else 0
        return self.right.reassemble(patches[:, :side, :side] if side else patches, centres_xy, chunk)


@breaks("REA-013")
class IgnoresFurtherColumns(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        places = centres_xy[:, :2] if np.ndim(centres_xy) == 2 else centres_xy
        return self.right.reassemble(patches, places, chunk)


@breaks("DAT-019")
class SplitsAtAnyFraction(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, fraction=float(np.clip(request.fraction, 0.01, 0.99))))


@breaks("DAT-019")
class SplitsInOrderByAnyOtherName(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        known = request.method in ("ordered", "random", "blocks")
        return self.right.split(scan, request if known else replace(request, method="ordered"))


@breaks("DAT-019")
class SplitsASinglePoint(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        single = len(self.right.arrays(scan)["xcoords"]) == 1 and 0 < request.fraction < 1
        return (scan, scan) if single else self.right.split(scan, request)


@breaks("CON-013")
class SplitsGroupsAtAnyFraction(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        return self.right.split_groups(grouped, probe, float(np.clip(fraction, 0, 1)))


@breaks("CON-013")
class KeepsAGroupInEveryPart(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        B = len(grouped["X_full"])
        least = 1.001 / B
        return self.right.split_groups(
            grouped, probe, min(max(fraction, least), 1 - least) if 0 <= fraction <= 1 else fraction
        )
