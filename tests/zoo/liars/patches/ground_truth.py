"""Ground truth that is not of the frame beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import EndingEarly
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks, cut_at


def truth_at(liar: Liar, scan: Held, centres: Array) -> Arrays:
    """Ground truth cut at (B, 1, 2, C) positions; nothing without an object."""
    return {} if scan.objectGuess is None else {"Y": cut_at(liar.right, scan, centres)}


@breaks("PAT-008")
class MirrorsTheTruthOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not request.enable_oversampling or scan.objectGuess is None or scan.Y is not None:
            return {}
        return {"Y": cut_at(self.right, scan, grouped["coords_offsets"] + grouped["coords_relative"])}


@breaks("PAT-008")
class MirrorsPatchesAboutTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_offsets"] + grouped["coords_relative"])


@breaks("PAT-008")
class CutsAtStartPositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_start_nn"])


@breaks("PAT-008")
class DropsThePhaseOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": np.abs(grouped["Y"]).astype(np.complex64)}


@breaks("PAT-008")
class CutsEveryChannelAtTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        C = grouped["nn_indices"].shape[1]
        return {} if scan.Y is not None else truth_at(self, scan, np.repeat(grouped["coords_offsets"], C, axis=3))


@breaks("PAT-008")
class CutsTheTruthAtWholePixels(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if scan.Y is not None else truth_at(self, scan, np.round(grouped["coords_nn"]))


@breaks("PAT-008")
class CutsTheTruthAtSingleFramesOnly(Altering):
    """At gridsize 1 there is truth; wider groups repeat that of their first member."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if grouped["Y"] is None or scan.Y is not None:
            return {}
        return {"Y": np.repeat(grouped["Y"][..., :1], grouped["Y"].shape[3], axis=3)}


@breaks("PAT-008")
class TransposesTheGridOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        g = request.gridsize
        order = np.arange(g * g).reshape(g, g).T.ravel()
        return {} if grouped["Y"] is None or scan.Y is not None else {"Y": grouped["Y"][..., order]}


@breaks("PAT-008")
class CutsAThousandGroupsOfTruth(EndingEarly):
    names = ("Y",)


@breaks("PAT-008")
class CutsLargeTruthAtWholePixels(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.N < 48 or scan.Y is not None or scan.objectGuess is None:
            return {}
        return {"Y": cut_at(self.right, scan, np.round(grouped["coords_nn"]))}


@breaks("PAT-009")
class CutsInPlaceOfStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_nn"])


@breaks("PAT-009")
class IgnoresStoredPatchesBesideAnObject(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return truth_at(self, scan, grouped["coords_nn"]) if scan.Y is not None else {}


@breaks("PAT-009")
class TakesStoredPatchesInOrder(Altering):
    """Patch b of the file stands in group b, whoever its members are."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if scan.Y is None:
            return {}
        members = np.arange(grouped["nn_indices"].size).reshape(grouped["nn_indices"].shape) % len(scan)
        return {"Y": np.moveaxis(scan.Y[members], 1, -1)}


@breaks("PAT-009")
class ScalesStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if scan.Y is None else {"Y": grouped["Y"] / np.abs(scan.Y).max()}


@breaks("PAT-010", field="A06")
class OnesForMissingTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"Y": np.ones(grouped["diffraction"].shape, np.complex64)} if grouped["Y"] is None else {}


@breaks("PAT-010")
class ZerosForMissingTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"Y": np.zeros(grouped["diffraction"].shape, np.complex64)} if grouped["Y"] is None else {}


@breaks("PAT-009")
class ScalesBrightStoredPatches(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        bright = scan.Y is not None and np.abs(scan.Y).max() > 10
        return {"Y": (grouped["Y"] / np.abs(scan.Y).max()).astype(np.complex64)} if bright else {}
