"""Containers of wrong coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.containers import Containing
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("CON-004")
class TrueCoordinatesForNominalOnes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_nominal": held["coords_true"], "coords": held["coords_true"]}


@breaks("CON-004")
class ZerosForNominalCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_nominal": held["coords_nominal"] * 0, "coords": held["coords"] * 0}


@breaks("CON-004")
class ExchangesNominalAndTrueCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        nominal, true = held["coords_true"], held["coords_nominal"]
        return {"coords_nominal": nominal, "coords": nominal, "coords_true": true}


@breaks("CON-005")
class NominalCoordinatesForTrueOnes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": held["coords_nominal"]}


@breaks("CON-005")
class NegatesTrueCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": -held["coords_true"]}


@breaks("CON-005")
class ContainsAbsoluteCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": grouped["coords_nn"].astype(np.float32)}


@breaks("CON-006")
class AliasesTheOtherPair(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords": held["coords_true"]}


@breaks("CON-006")
class KnowsNoShortName(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        return {name: values for name, values in self.right.container(grouped, probe).items() if name != "coords"}


@breaks("CON-007")
class NarrowsOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: held[name].astype(np.float32).astype(np.float64) for name in ("local_offsets", "global_offsets")}


@breaks("CON-007", field="K10")
class ExchangesLocalAndGlobalOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        absolute = held["local_offsets"] + held["global_offsets"]
        return {"local_offsets": absolute, "global_offsets": held["global_offsets"] * 0}


@breaks("CON-007")
class TakesOffsetsOfStart(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"global_offsets": np.array(grouped["coords_start_offsets"])}


@breaks("CON-007")
class CentresGlobalOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"global_offsets": held["global_offsets"] - held["global_offsets"].mean(axis=0)}


@breaks("CON-004")
class TakesStartPositionsAtOnePlaceForNone(Liar):
    """Coordinates that hold nothing but zeros were never written, and the true ones stand in."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        start = grouped.get("coords_start_relative")
        if start is not None and not np.any(np.asarray(start)):
            grouped = {**grouped, "coords_start_relative": grouped["coords_relative"]}
        return self.right.container(grouped, probe)
