"""Bridges that translate settings wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import BridgeRequest
from tests.zoo.bases.configurations import Bridging, Overwriting, Translating
from tests.zoo.liar import Arrays, Liar, breaks


@breaks("CFG-018")
class TakesZeroForNoSubsampleSeed(Overwriting):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        seed = request.data.get("subsample_seed")
        return {} if "subsample_seed" in request.overrides or seed != 0 else {"subsample_seed": None}


@breaks("CFG-018")
class ForgetsTheProbeScaleOfInference(Overwriting):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        return {"probe_scale": 4.0} if request.kind == "inference" and "probe_scale" not in request.overrides else {}


@breaks("CFG-018")
class LosesTheNeighbourCount(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, data={k: v for k, v in request.data.items() if k != "K"})


@breaks("CFG-018")
class AlwaysUsesTheLikelihood(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, training={**request.training, "nll": True})


@breaks("CFG-018", field="J04")
class KeepsItsOwnNeighbourCount(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        return canonical | ({"neighbor_count": 6} if "neighbor_count" not in request.overrides else {})


@breaks("CFG-018")
class TurnsTheLikelihoodRound(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        if "nll" not in request.training or "nll_weight" in request.overrides:
            return canonical
        return canonical | {"nll_weight": 0.0 if request.training["nll"] else 1.0}


@breaks("CFG-018")
class KeepsTheBackendOfTheOtherSide(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        return canonical | {"backend": "tensorflow"}


@breaks("CFG-018")
class ForgetsTheSubsampleSeed(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, data={k: v for k, v in request.data.items() if k != "subsample_seed"})


@breaks("CFG-018")
class LosesTheOutputFolder(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, training={k: v for k, v in request.training.items() if k != "output_dir"})


@breaks("CFG-018")
class CapsTheNeighbours(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        fields = dict(self.right.bridge(request))
        return fields | {"neighbor_count": min(fields["neighbor_count"], 20)}


@breaks("CFG-018")
class KnowsGridsUpToFour(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        fields = dict(self.right.bridge(request))
        return fields | {"gridsize": min(fields["gridsize"], 4)}


@breaks("CFG-019")
class KnowsOneSpellingAtInference(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.model.get("amp_activation") == "SiLU":
            raise ValueError("amp_activation is unknown [CFG-019]")
        seen: Mapping[str, Any] = self.right.bridge(request)
        return seen


@breaks("CFG-019")
class TakesAnyActivation(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        if request.model.get("amp_activation") in ("tanh", "Sigmoid"):
            return replace(request, model={**request.model, "amp_activation": "sigmoid"})
        return request


@breaks("CFG-019")
class ForgetsTheMode(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, model={k: v for k, v in request.model.items() if k != "mode"})


@breaks("CFG-019")
class LeavesSiluAsItIs(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        given = request.model.get("amp_activation")
        return canonical | ({"amp_activation": given} if given in ("silu", "SiLU") else {})


@breaks("CFG-019")
class TakesAnyModeForUnsupervised(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        mode = request.model.get("mode")
        return (
            replace(request, model={**request.model, "mode": "Unsupervised"})
            if mode in ("PINN", "unsupervised")
            else request
        )


@breaks("CFG-020")
class SquaresTheGrid(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        grid = request.data.get("grid_size", (2, 2))
        return replace(request, data={**request.data, "grid_size": (grid[0], grid[0])})


@breaks("CFG-020")
class TakesTheLargerSideOfAGrid(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        if "grid_size" not in request.data:
            return request
        side = max(request.data["grid_size"])
        return replace(request, data={**request.data, "grid_size": (side, side)})


@breaks("CFG-021")
class LooksIntoTheMask(Overwriting):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        mask = request.model.get("probe_mask")
        return {"probe_mask": bool(mask.any())} if isinstance(mask, np.ndarray) else {}


@breaks("CFG-021")
class IgnoresMaskArrays(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        mask = request.model.get("probe_mask")
        return replace(request, model={**request.model, "probe_mask": mask if isinstance(mask, bool) else None})


@breaks("CFG-021")
class AsksMasksForTheirFirstElement(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        mask = request.model.get("probe_mask")
        if not hasattr(mask, "flat"):
            return request
        return replace(request, model={**request.model, "probe_mask": bool(mask.flat[0])})


@breaks("CFG-021")
class MasksWithoutAMask(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        unset = "probe_mask" in request.model and request.model["probe_mask"] is None
        return canonical | ({"probe_mask": True} if unset else {})


@breaks("CFG-018")
class CarriesNumbersInSinglePrecision(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        return {k: float(np.float32(v)) if isinstance(v, float) else v for k, v in canonical.items()}
