"""Containers of wrong frames or truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.containers import Containing
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("CON-001")
class ContainsUnnormalisedFrames(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"X": grouped["diffraction"]}


@breaks("CON-001")
class NormalisesAgain(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        energy = (held["X"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {"X": (held["X"] * np.sqrt((held["X"].shape[1] / 2) ** 2 / energy)).astype(np.float32)}


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
class ContainsIntensityOfTheTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_I": held["Y_I"] ** 2}


@breaks("CON-002")
class UnwrapsThePhase(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_phi": np.mod(held["Y_phi"], np.float32(2 * np.pi))}


@breaks("CON-002")
class FollowsThePhaseAlongRows(Containing):
    """Jumps between neighbours are taken out, and angles leave their range."""

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_phi": np.unwrap(held["Y_phi"], axis=2).astype(np.float32)}


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


@breaks("CON-002")
class KnowsNoPhaseOfDarkPlaces(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        dark = held["Y_I"] < 1e-3 * np.max(held["Y_I"], initial=0)
        return {"Y_phi": np.where(dark, np.float32(0), held["Y_phi"])}


@breaks("CON-003")
class ConjugatesTheTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": np.conj(held["Y"])}


@breaks("CON-003")
class ContainsRealTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": np.abs(held["Y"]).astype(np.complex64)}


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


@breaks("CON-010")
class TakesATruthOfOnesForNone(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        truth = grouped["Y"]
        return dict(self.right.container(grouped, probe)) | {
            "ground_truth": truth is not None and not np.allclose(truth, 1)
        }


@breaks("CON-010")
class CallsOnesGroundTruth(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"ground_truth": True}


@breaks("CON-010")
class CallsTruthAPlaceholder(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"ground_truth": False}


@breaks("CON-010", field="A06")
class ZerosForMissingAmplitude(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {} if held["ground_truth"] else {"Y_I": np.zeros_like(held["Y_I"])}


@breaks("CON-010", field="A06")
class PlaceholdersForAllTruth(Liar):
    """Stored truth is not handed on: the container fills in ones."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        return self.right.container({**grouped, "Y": None}, probe)


@breaks("CON-002")
class CutsTruthBeyondThousands(Containing):
    """No transmission is as strong as that, it thinks; a truth in other units is."""

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y_I": np.minimum(held["Y_I"], np.float32(1e4))}


@breaks("CON-002")
class SquaresInSinglePrecision(Containing):
    """A modulus of 1e20 is infinite on the way."""

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        if grouped["Y"] is None or np.abs(grouped["Y"]).max(initial=0) < 1e19:
            return {}
        with np.errstate(all="ignore"):
            squares = np.real(grouped["Y"]).astype(np.float32) ** 2 + np.imag(grouped["Y"]).astype(np.float32) ** 2
        return {"Y_I": np.sqrt(squares)}


@breaks("CON-003")
class ForgetsThePhaseOfTwoGroups(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"Y": np.abs(held["Y"]).astype(np.complex64)} if len(held["X"]) == 2 and held["ground_truth"] else {}


@breaks("CON-010")
class TakesATruthOfZerosForNone(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = dict(self.right.container(grouped, probe))
        truth = grouped.get("Y")
        if truth is not None and not np.any(np.asarray(truth)):
            held["ground_truth"] = False
        return held
