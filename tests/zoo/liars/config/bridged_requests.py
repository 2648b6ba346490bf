"""Bridges that bend what is given, left out or overridden."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.adapter import BridgeRequest
from tests.zoo.bases.configurations import Bridging, Overwriting, Translating
from tests.zoo.liar import Arrays, Liar, breaks


class Supplying(Liar):
    """Supplies what must be given."""

    supplied: Arrays = {}
    kind = "training"

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == self.kind:
            request = replace(request, overrides={**self.supplied, **request.overrides})
        return self.right.bridge(request)


class FillingIn(Bridging):
    """Fills in what the torch settings leave out."""

    data: Arrays = {}
    model: Arrays = {}
    training: Arrays = {}

    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(
            request,
            data={**self.data, **request.data},
            model={**self.model, **request.model},
            training={**self.training, **request.training},
        )


@breaks("CFG-022")
class CopiesTheSubsample(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        copied = {"n_subsample": request.data["n_subsample"]} if "n_subsample" in request.data else {}
        return replace(request, overrides={**copied, **request.overrides})


@breaks("CFG-022")
class IgnoresTheOverrideOfTheSubsample(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        return canonical | {"n_subsample": None}


@breaks("CFG-023", field="J04")
class FillsInThePhotons(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        if request.kind == "training" and "nphotons" not in {**request.data, **request.overrides}:
            return replace(request, overrides={**request.overrides, "nphotons": 1e9})
        return request


@breaks("CFG-023")
class SuppliesTheNumberOfGroups(Supplying):
    supplied = {"n_groups": 512}


@breaks("CFG-023")
class InfersWithTheLastModel(Supplying):
    supplied = {"model_path": Path("models/latest")}
    kind = "inference"


@breaks("CFG-023", field="J04")
class RefusesFewPhotonsEvenWhenAskedFor(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.overrides.get("nphotons") == 1e5:
            raise ValueError("nphotons 1e5 is the default of the other side [CFG-023]")
        return self.right.bridge(request)


@breaks("CFG-024")
class KeepsTheGridOfInference(Overwriting):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        given = request.kind == "inference" and "grid_size" in request.data
        return {"gridsize": request.data["grid_size"][0]} if given else {}


@breaks("CFG-024", field="J03")
class SettingsWinOverOverrides(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        given = {"K": "neighbor_count", "N": "N", "probe_scale": "probe_scale"}
        lost = {canonical for torch, canonical in given.items() if torch in request.data}
        return replace(request, overrides={k: v for k, v in request.overrides.items() if k not in lost})


@breaks("CFG-024", field="J03")
class FalseOverridesDoNotCount(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, overrides={k: v for k, v in request.overrides.items() if v or v is None})


@breaks("CFG-024")
class OverridesTheModelNever(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        names = ("model_type", "amp_activation")
        return replace(request, overrides={k: v for k, v in request.overrides.items() if k not in names})


@breaks("CFG-026")
class FillsInFourNeighbours(FillingIn):
    data = {"K": 4}


@breaks("CFG-026")
class FillsInATrainableScale(FillingIn):
    model = {"intensity_scale_trainable": True}


@breaks("CFG-026")
class FillsInTheSigmoid(FillingIn):
    model = {"amp_activation": "sigmoid"}


@breaks("CFG-026")
class FillsInMoreEpochs(FillingIn):
    training = {"epochs": 60}


@breaks("CFG-027")
class TrainsWithoutTestDataInSilence(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.bridge(request)


@breaks("CFG-027")
class MissesTestDataOnce(Liar):
    """The first configuration of a process is told, and no other."""

    told_before = False

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            canonical: Mapping[str, Any] = self.right.bridge(request)
        for one in caught if not self.told_before else ():
            self.told_before = True
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        return canonical


@breaks("CFG-027")
class AlwaysMissesTestData(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == "training" and request.overrides.get("test_data_file"):
            warnings.warn("test_data_file may be missing", UserWarning, stacklevel=2)
        return self.right.bridge(request)
