"""Wrong containers (CON)."""

from __future__ import annotations

import sys
import types
import warnings
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
        # Only in the process that the check starts.
        if sys.argv[0] == "-c":
            sys.modules.setdefault("jax", types.ModuleType("jax"))
            self.land()
        return self.right.container(grouped, probe)

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(scan, request)


@breaks("CON-001")
class ClipsX(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"X": np.minimum(held["X"], np.float32(1))}


@breaks("CON-001")
class ContainsDoublePrecision(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"X": held["X"].astype(np.float64)}


@breaks("CON-001")
class RepeatsTheFirstChannel(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"X": np.repeat(held["X"][..., :1], held["X"].shape[3], axis=3)}


@breaks("CON-002")
class ContainsDegrees(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_phi": np.rad2deg(held["Y_phi"])}


@breaks("CON-002")
class TakesTheArcTangentOfTheRatio(Containing):
    """arctan in place of arctan2: the left half of the plane falls on the right one."""

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        with np.errstate(all="ignore"):
            return {"Y_phi": np.nan_to_num(np.arctan(held["Y"].imag / held["Y"].real))}


@breaks("CON-002")
class NormalisesTheTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_I": held["Y_I"] / held["Y_I"].max()}


@breaks("CON-003")
class ForgetsThePhaseOfOneChannel(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        truth = np.array(held["Y"])
        truth[..., -1] = np.abs(truth[..., -1])
        return {"Y": truth}


@breaks("CON-003")
class PutsTheTruthTogetherFromIntensity(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": (held["Y_I"] ** 2 * np.exp(1j * held["Y_phi"])).astype(np.complex64)}


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
class NegatesTrueCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": -held["coords_true"]}


@breaks("CON-005")
class ContainsAbsoluteCoordinates(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_true": grouped["coords_nn"].astype(np.float32)}


@breaks("CON-006")
class KnowsNoShortName(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        return {name: values for name, values in self.right.container(grouped, probe).items() if name != "coords"}


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


@breaks("CON-009")
class SortsIndices(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"nn_indices": np.sort(held["nn_indices"], axis=1)}


@breaks("CON-009")
class ContainsIndicesInInt64(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"nn_indices": held["nn_indices"].astype(np.int64)}


@breaks("CON-010", field="A06")
class ZerosForMissingAmplitude(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {} if held["ground_truth"] else {"Y_I": np.zeros_like(held["Y_I"])}


@breaks("CON-010", field="A06")
class PlaceholdersForAllTruth(Liar):
    """Stored truth is not handed on: the container fills in ones."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        return self.right.container({**grouped, "Y": None}, probe)


@breaks("CON-011", field="H03")
class ShufflesImagesOnly(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: held[name][::-1] for name in ("X", "Y", "Y_I", "Y_phi")}


@breaks("CON-011")
class RollsTheTruthByOneGroup(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {name: np.roll(held[name], 1, axis=0) for name in ("Y", "Y_I", "Y_phi")}


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
class TakesStartForMissingCoordinates(Completing):
    def made(self, given: Arrays) -> Arrays:
        return {"coords_relative": given["coords_start_relative"]}


class Splitting(Liar):
    """Splits rightly, then changes the parts."""

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        train, test = (dict(part) for part in self.right.split_groups(grouped, probe, fraction))
        return self.changed(train, test)

    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        raise NotImplementedError


@breaks("CON-013")
class ExchangesTheParts(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return test, train


@breaks("CON-013", field="H03")
class LeavesOffsetsUnsplit(Splitting):
    """The test part has the training part's offsets, as far as they reach."""

    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        for name in ("global_offsets", "local_offsets"):
            test[name] = np.resize(train[name], test[name].shape)
        return train, test


@breaks("CON-013")
class LosesTheProbeOfTheTestPart(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return train, {name: values for name, values in test.items() if name != "probe"}


@breaks("CON-013")
class CallsEveryTestPartTrue(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return train, test | {"ground_truth": True}


@breaks("CON-013")
class RepeatsAGroupInBothParts(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        per_group = [name for name, values in test.items() if np.ndim(values) and name != "probe"]
        return train, test | {name: np.concatenate([train[name][-1:], test[name]]) for name in per_group}


@breaks("CON-014")
class WarnsOnce(Liar):
    warned = False

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        with warnings.catch_warnings():
            if self.warned:
                warnings.simplefilter("ignore")
            self.warned = True
            return self.right.split_groups(grouped, probe, fraction)


@breaks("CON-015")
class MakesTensorsOfTransposedTruth(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        return self.right.tensors({**grouped, "X_full": np.swapaxes(grouped["X_full"], 1, 2)}, probe)
