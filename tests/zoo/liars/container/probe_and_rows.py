"""Containers that bend the probe, or mix rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.containers import Containing
from tests.zoo.liar import Array, Arrays, Liar, breaks


class Completing(Liar):
    """Makes up one array of the grouped result that is missing."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        given = dict(grouped)
        for name, made in self.made(given).items():
            if given.get(name) is None:
                given[name] = made
        return self.right.container(given, probe)

    def made(self, given: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("CON-008")
class TruncatesProbeModes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"probe": held["probe"][0] if held["probe"].ndim == 3 else held["probe"]}


@breaks("CON-008")
class SumsProbeModes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"probe": held["probe"].sum(axis=0) if held["probe"].ndim == 3 else held["probe"]}


@breaks("CON-008")
class ContainsANormalisedProbe(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"probe": held["probe"] / np.abs(held["probe"]).max()}


@breaks("CON-008")
class AddsAModeAxis(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"probe": held["probe"].reshape(-1, *held["probe"].shape[-2:])}


@breaks("CON-008")
class TakesAsManyModesAsPixelsForModesLast(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        container = dict(self.right.container(grouped, probe))
        light = container["probe"]
        cube = np.ndim(light) == 3 and len(set(light.shape)) == 1
        return container | {"probe": np.moveaxis(light, 0, -1)} if cube else container


@breaks("CON-009")
class CountsGroupsInPlaceOfIndices(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        members = held["nn_indices"]
        return {"nn_indices": np.arange(members.size, dtype=np.int32).reshape(members.shape)}


@breaks("CON-009")
class SortsIndices(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"nn_indices": np.sort(held["nn_indices"], axis=1)}


@breaks("CON-009")
class ContainsIndicesInInt64(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"nn_indices": held["nn_indices"].astype(np.int64)}


@breaks("CON-011")
class LosesTheTailOfManyRows(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        container = dict(self.right.container(grouped, probe))
        if len(container["X"]) > 64:
            container["X"] = np.array(container["X"])
            container["X"][64:] = 0
        return container


@breaks("CON-011")
class ShufflesAllButOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"global_offsets": held["global_offsets"][::-1]}


@breaks("CON-011", field="H03")
class ShufflesImagesOnly(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: held[name][::-1] for name in ("X", "Y", "Y_I", "Y_phi")}


@breaks("CON-011")
class RollsTheTruthByOneGroup(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: np.roll(held[name], 1, axis=0) for name in ("Y", "Y_I", "Y_phi")}


@breaks("CON-012")
class ZerosForMissingArrays(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        given = dict(grouped)
        if given.get("coords_offsets") is None:
            given["coords_offsets"] = np.zeros((len(given["X_full"]), 1, 2, 1))
        return self.right.container(given, probe)


@breaks("CON-012")
class NormalisesWhatIsMissing(Completing):
    def made(self, given: Arrays) -> Arrays:
        return {"X_full": given["diffraction"]}


@breaks("CON-012")
class CountsMissingIndices(Completing):
    def made(self, given: Arrays) -> Arrays:
        B, C = given["diffraction"].shape[0], given["diffraction"].shape[3]
        return {"nn_indices": np.arange(B * C, dtype=np.int32).reshape(B, C)}


@breaks("CON-012")
class KnowsWhatIsMissingOfSinglePoints(Completing):
    """A group of one point has nothing relative to its middle."""

    def made(self, given: Arrays) -> Arrays:
        single = given["diffraction"].shape[3] == 1
        return {"coords_relative": np.zeros_like(given["coords_nn"])} if single else {}


@breaks("CON-012")
class TakesStartForMissingCoordinates(Completing):
    def made(self, given: Arrays) -> Arrays:
        return {"coords_relative": given["coords_start_relative"]}


@breaks("CON-009")
class CarriesIndicesInSixteenBits(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"nn_indices": np.asarray(held["nn_indices"]).astype(np.int16).astype(np.int32)}
