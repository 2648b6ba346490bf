"""Wrong containers (CON)."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Array, Arrays, Liar, breaks


class Containing(Liar):
    """Makes the right container, then changes it."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        held = dict(self.right.container(grouped, probe))
        return held | self.altered(held, grouped)

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        """Return the entries to replace."""
        raise NotImplementedError


@breaks("CON-001")
class ContainsUnnormalisedFrames(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"X": grouped["diffraction"]}


@breaks("CON-001")
class NormalisesAgain(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        energy = (held["X"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {"X": (held["X"] * np.sqrt((held["X"].shape[1] / 2) ** 2 / energy)).astype(np.float32)}


@breaks("CON-002")
class ContainsIntensityOfTheTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_I": held["Y_I"] ** 2}


@breaks("CON-002")
class UnwrapsThePhase(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_phi": np.mod(held["Y_phi"], np.float32(2 * np.pi))}


@breaks("CON-003")
class ConjugatesTheTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": np.conj(held["Y"])}


@breaks("CON-003")
class ContainsRealTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": np.abs(held["Y"]).astype(np.complex64)}


@breaks("CON-004")
class TrueCoordinatesForNominalOnes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_nominal": held["coords_true"], "coords": held["coords_true"]}


@breaks("CON-005")
class NominalCoordinatesForTrueOnes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": held["coords_nominal"]}


@breaks("CON-006")
class AliasesTheOtherPair(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords": held["coords_true"]}


@breaks("CON-007")
class NarrowsOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: held[name].astype(np.float32).astype(np.float64) for name in ("local_offsets", "global_offsets")}


@breaks("CON-008")
class TruncatesProbeModes(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"probe": held["probe"][0] if held["probe"].ndim == 3 else held["probe"]}


@breaks("CON-009")
class CountsGroupsInPlaceOfIndices(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        members = held["nn_indices"]
        return {"nn_indices": np.arange(members.size, dtype=np.int32).reshape(members.shape)}


@breaks("CON-010")
class CallsOnesGroundTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"ground_truth": True}


@breaks("CON-010")
class CallsTruthAPlaceholder(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"ground_truth": False}


@breaks("CON-011")
class ShufflesAllButOffsets(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"global_offsets": held["global_offsets"][::-1]}


@breaks("CON-012")
class ZerosForMissingArrays(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        given = dict(grouped)
        if given.get("coords_offsets") is None:
            given["coords_offsets"] = np.zeros((len(given["X_full"]), 1, 2, 1))
        return self.right.container(given, probe)


@breaks("CON-013", field="H03")
class SplitsImagesOnly(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        train, test = self.right.split_groups(grouped, probe, fraction)
        whole = self.right.container(grouped, probe)
        return train, dict(test) | {"nn_indices": whole["nn_indices"][: len(test["X"])]}


@breaks("CON-013")
class SplitsAtTheRoundedPlace(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        B = len(grouped["X_full"])
        return self.right.split_groups(grouped, probe, (int(np.ceil(B * fraction)) + 0.01) / B)


@breaks("CON-014")
class SplitsGroupsInSilence(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.split_groups(grouped, probe, fraction)


@breaks("CON-015")
class MakesDoublePrecisionTensors(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        return {name: doubled(tensor) for name, tensor in self.right.tensors(grouped, probe).items()}


def doubled(tensor: Any) -> Any:
    """Return a float32 tensor of either framework as float64."""
    if isinstance(tensor, np.ndarray):
        return tensor.astype(np.float64) if tensor.dtype == np.float32 else tensor
    import tensorflow as tf

    return tf.cast(tensor, tf.float64) if tensor.dtype == tf.float32 else tensor


@breaks("CON-016")
class ImportsAFrameworkWhileContaining(Liar):
    """Stands in for the import of a real framework, so that none need be installed."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        if "pytest" not in sys.modules:
            sys.modules.setdefault("jax", types.ModuleType("jax"))
            self.land()
        return self.right.container(grouped, probe)

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(scan, request)
