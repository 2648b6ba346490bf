"""Wrong configurations, legacy dictionaries and bridges (CFG)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.adapter import BridgeRequest, ConfigureRequest
from tests.zoo.liar import Arrays, Liar, breaks

_NEW_NAMES = {
    "object_big": "object.big",
    "probe_trainable": "probe.trainable",
    "output_dir": "output_prefix",
}


class Filing(Liar):
    """Makes the right legacy dictionary, then changes it."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        return self.altered(dict(self.right.configure(request)), request)

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        raise NotImplementedError


class Presetting(Liar):
    """Answers with other defaults."""

    defaults: Arrays = {}
    model_defaults: Arrays = {}
    kinds = ("training",)

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.kind in self.kinds:
            request = replace(
                request, fields=self.defaults | dict(request.fields), model=self.model_defaults | dict(request.model)
            )
        return self.right.configure(request)


class Forgiving(Liar):
    """Drops a field that the right backend refuses for this liar's clause, and goes on."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        try:
            return self.right.configure(request)
        except ValueError as error:
            if getattr(error, "clause", None) != self.clauses[0]:
                raise
            name = error.array
            kept = {
                part: {k: v for k, v in getattr(request, part).items() if k != name} for part in ("model", "fields")
            }
            return self.right.configure(replace(request, **kept))


class Bridging(Liar):
    """Translates other settings than it was given."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return self.right.bridge(self.reworded(request))

    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        raise NotImplementedError


@breaks("CFG-001")
class DefaultsToGridsizeTwo(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"gridsize": 2}


@breaks("CFG-001")
class DefaultsToSwish(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"amp_activation": "swish"}


@breaks("CFG-002", field="J04")
class DefaultsToFewPhotons(Presetting):
    defaults = {"nphotons": 1e5}


@breaks("CFG-002")
class DefaultsToSixNeighbours(Presetting):
    defaults = {"neighbor_count": 6}


@breaks("CFG-003")
class CutsTestSetsTo512(Presetting):
    kinds = ("inference",)
    defaults = {"n_groups": 512}


@breaks("CFG-004")
class KeepsTheNewNames(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {new: legacy[old] for new, old in _NEW_NAMES.items() if old in legacy}


@breaks("CFG-004")
class FilesMasksUnderTheirOwnName(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        legacy["probe_mask"] = legacy.pop("probe.mask")
        return legacy


@breaks("CFG-005")
class NestsTheModel(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        names = ("n_filters_scale", "architecture", "pad_object", "probe_scale")
        return {k: v for k, v in legacy.items() if k not in names} | {"model": {k: legacy[k] for k in names}}


@breaks("CFG-005")
class DropsTheSequentialFlag(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return {k: v for k, v in legacy.items() if k != "sequential_sampling"}


@breaks("CFG-006")
class KeepsPathObjects(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        paths = {k for k in legacy if k.endswith("_path") or k == "output_prefix"}
        return {k: Path(v) if k in paths else v for k, v in legacy.items()}


@breaks("CFG-007", field="J02")
class CopiesNone(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        for name, key in (("train_data_file", "train_data_file_path"), ("n_subsample", "n_subsample")):
            if request.fields.get(name) is None:
                legacy[key] = None
        return legacy


@breaks("CFG-008")
class ReplacesTheDictionary(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        return self.right.configure(replace(request, existing={}))


@breaks("CFG-009")
class TestsForTruth(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: v for k, v in request.existing.items() if k in legacy and not legacy[k]}


@breaks("CFG-009", field="J03")
class ExistingEntriesWin(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: v for k, v in request.existing.items() if v is not None}


@breaks("CFG-010")
class AppendsToTheOutputFolder(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        if "output_prefix" in request.existing:
            legacy["output_prefix"] = f"{request.existing['output_prefix']}/{legacy['output_prefix']}"
        return legacy


@breaks("CFG-011", field="J01")
class FreezesTheFirstSize(Filing):
    def __init__(self) -> None:
        super().__init__()
        self.first: Any = None

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        self.first = self.first or legacy["N"]
        return legacy | {"N": self.first}


@breaks("CFG-011")
class SharesOneDictionary(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.store: Arrays = {}

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        self.store.update(request.existing)
        self.store.update(self.right.configure(replace(request, existing={})))
        return self.store


@breaks("CFG-012")
class IgnoresMisspeltFields(Forgiving):
    pass


@breaks("CFG-013")
class IgnoresImpossibleSizes(Forgiving):
    pass


@breaks("CFG-014")
class IgnoresImpossibleTraining(Forgiving):
    pass


@breaks("CFG-015")
class FallsBackToADefaultName(Forgiving):
    pass


@breaks("CFG-016")
class SaysNothingOfTheAlias(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.configure(request)


@breaks("CFG-016")
class PrefersTheAlias(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        legacy = dict(self.right.configure(request))
        return legacy | ({"n_groups": request.fields["n_images"]} if "n_images" in request.fields else {})


@breaks("CFG-017")
class FilesTheNumberOfWorkers(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"num_workers": 4}


@breaks("CFG-018")
class LosesTheNeighbourCount(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, data={k: v for k, v in request.data.items() if k != "K"})


@breaks("CFG-018")
class AlwaysUsesTheLikelihood(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, training={**request.training, "nll": True})


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


@breaks("CFG-020")
class SquaresTheGrid(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        grid = request.data.get("grid_size", (2, 2))
        return replace(request, data={**request.data, "grid_size": (grid[0], grid[0])})


@breaks("CFG-021")
class IgnoresMaskArrays(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        mask = request.model.get("probe_mask")
        return replace(request, model={**request.model, "probe_mask": mask if isinstance(mask, bool) else None})


@breaks("CFG-022")
class CopiesTheSubsample(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        copied = {"n_subsample": request.data["n_subsample"]} if "n_subsample" in request.data else {}
        return replace(request, overrides={**copied, **request.overrides})


@breaks("CFG-023", field="J04")
class FillsInThePhotons(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        if request.kind == "training" and "nphotons" not in {**request.data, **request.overrides}:
            return replace(request, overrides={**request.overrides, "nphotons": 1e9})
        return request


@breaks("CFG-024", field="J03")
class SettingsWinOverOverrides(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        given = {"K": "neighbor_count", "N": "N", "probe_scale": "probe_scale"}
        lost = {canonical for torch, canonical in given.items() if torch in request.data}
        return replace(request, overrides={k: v for k, v in request.overrides.items() if k not in lost})
