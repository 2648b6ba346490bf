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


@breaks("CFG-001", field="J04")
class DefaultsToASmallProbeScale(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"probe_scale": 1.0}


@breaks("CFG-001", field="J04")
class MasksProbesByDefault(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"probe_mask": True}


@breaks("CFG-001")
class DefaultsToSmallObjects(Presetting):
    kinds = ("training",)
    model_defaults = {"object_big": False}


@breaks("CFG-001")
class DefaultsDifferForInference(Presetting):
    kinds = ("inference",)
    model_defaults = {"N": 128}


@breaks("CFG-002")
class DefaultsToAbsoluteErrors(Presetting):
    defaults = {"mae_weight": 1.0, "nll_weight": 0.0}


@breaks("CFG-002")
class FixesTheIntensityScale(Presetting):
    defaults = {"intensity_scale_trainable": False}


@breaks("CFG-002")
class OversamplesByDefault(Presetting):
    defaults = {"enable_oversampling": True}


@breaks("CFG-003")
class InfersIntoTheTrainingFolder(Presetting):
    kinds = ("inference",)
    defaults = {"output_dir": Path("training_outputs")}


@breaks("CFG-003")
class DebugsByDefault(Presetting):
    kinds = ("inference",)
    defaults = {"debug": True}


@breaks("CFG-004")
class FilesPathsUnderTheirNewNames(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"train_data_file": legacy.get("train_data_file_path")}


@breaks("CFG-004")
class ExchangesTrainingAndTestFiles(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        train, test = legacy.get("train_data_file_path"), legacy.get("test_data_file_path")
        return legacy | ({"train_data_file_path": test, "test_data_file_path": train} if train and test else {})


@breaks("CFG-005", field="J03")
class ParsesAnOptionAndNeverReadsIt(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | ({"gaussian_smoothing_sigma": 0.0} if "gaussian_smoothing_sigma" in legacy else {})


@breaks("CFG-005")
class RoundsWeights(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        names = ("mae_weight", "nll_weight", "realspace_weight", "realspace_mae_weight")
        return legacy | {name: round(legacy[name], 1) for name in names if legacy.get(name) is not None}


@breaks("CFG-005")
class FilesFlagsAsNumbers(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return {name: int(value) if isinstance(value, bool) else value for name, value in legacy.items()}


@breaks("CFG-006")
class FilesAbsolutePaths(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        named = [name for name in legacy if name.endswith("_path") and isinstance(legacy[name], str)]
        return legacy | {name: str(Path(legacy[name]).absolute()) for name in named}


@breaks("CFG-007", field="J02")
class WritesTextForNone(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"subsample_seed": str(request.fields.get("subsample_seed"))}


@breaks("CFG-007")
class ForgetsWhatIsUnset(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        unset = [name for name, value in request.fields.items() if value is None]
        keys = {"train_data_file": "train_data_file_path", "test_data_file": "test_data_file_path"}
        return {k: v for k, v in legacy.items() if k not in {keys.get(name, name) for name in unset}}


@breaks("CFG-008")
class ResetsWhatItDoesNotKnow(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: 4 for k in ("offset", "max_position_jitter") if k in request.existing}


@breaks("CFG-009", field="J03")
class DefaultsWinOverExplicitDefaults(Filing):
    """A value that equals its default passes for unset."""

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        plain = self.right.configure(ConfigureRequest(request.kind, {}, self.needed(request), {}))
        same = {k for k, v in legacy.items() if k in request.existing and plain.get(k) == v}
        return legacy | {k: request.existing[k] for k in same}

    def needed(self, request: ConfigureRequest) -> Arrays:
        return {k: v for k, v in request.fields.items() if k in ("model_path", "test_data_file") and v is not None}


@breaks("CFG-010")
class CountsItsUpdates(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"updates": request.existing.get("updates", 0) + 1}


@breaks("CFG-010")
class DoublesThePhotonsOfAnUpdate(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        if "nphotons" in request.existing and "nphotons" in legacy:
            legacy["nphotons"] = 2 * request.existing["nphotons"]
        return legacy


@breaks("CFG-011", field="J01")
class SharesDefaultsThatChange(Filing):
    """Defaults live in one mapping that every update writes into."""

    def __init__(self) -> None:
        super().__init__()
        self.defaults: Arrays = {}

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        explicit = {**request.model, **request.fields}
        kept = {k: v for k, v in self.defaults.items() if k not in explicit and k in legacy}
        self.defaults |= {k: v for k, v in explicit.items() if k in legacy}
        return legacy | kept


@breaks("CFG-012")
class GuessesMisspeltFields(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        near = {"neighbour_count": "neighbor_count", "grid_size": "gridsize", "n": "N"}
        model = {near.get(k, k): v for k, v in request.model.items()}
        return self.right.configure(
            replace(request, model=model, fields={near.get(k, k): v for k, v in request.fields.items()})
        )


@breaks("CFG-012")
class TakesTrainingFieldsForInference(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        fields = {k: v for k, v in request.fields.items() if request.kind == "training" or k != "nepochs"}
        return self.right.configure(replace(request, fields=fields))


class Correcting(Liar):
    """Brings one field that is out of range to the nearest value that is not."""

    name = ""

    def __init__(self) -> None:
        wrong = type(self).name
        super().__init__()
        self.wrong = wrong

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        parts = {
            part: {k: self.corrected(v) if k == self.wrong else v for k, v in getattr(request, part).items()}
            for part in ("model", "fields")
        }
        return self.right.configure(replace(request, **parts))

    def corrected(self, value: Any) -> Any:
        raise NotImplementedError


@breaks("CFG-013")
class RoundsOddSizes(Correcting):
    name = "N"

    def corrected(self, value: Any) -> Any:
        return value + value % 2 if value > 8 else value


@breaks("CFG-013")
class AcceptsAGridOfNothing(Correcting):
    name = "gridsize"

    def corrected(self, value: Any) -> Any:
        return max(1, value)


@breaks("CFG-013")
class SmoothsByTheModulus(Correcting):
    name = "gaussian_smoothing_sigma"

    def corrected(self, value: Any) -> Any:
        return abs(value)


@breaks("CFG-014")
class AcceptsAnyBatchSize(Correcting):
    name = "batch_size"

    def corrected(self, value: Any) -> Any:
        return 1 << max(0, int(value) - 1).bit_length() if value > 0 else value


@breaks("CFG-014")
class ClipsWeights(Correcting):
    name = "nll_weight"

    def corrected(self, value: Any) -> Any:
        return min(max(value, 0.0), 1.0)


@breaks("CFG-014")
class TrainsForNoEpochs(Correcting):
    name = "nepochs"

    def corrected(self, value: Any) -> Any:
        return max(value, 1)


@breaks("CFG-015")
class LowersNames(Correcting):
    name = "architecture"

    def corrected(self, value: Any) -> Any:
        return value.lower()


@breaks("CFG-015")
class KnowsFourArchitectures(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.model.get("architecture") == "neuralop_uno":
            raise ValueError("architecture 'neuralop_uno' is unknown [CFG-015]")
        return self.right.configure(request)


@breaks("CFG-015")
class TakesTorchForPytorch(Correcting):
    name = "backend"

    def corrected(self, value: Any) -> Any:
        return "pytorch" if value == "torch" else value


@breaks("CFG-016")
class IgnoresTheAlias(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        legacy = dict(self.right.configure(request))
        if "n_images" in request.fields and "n_groups" not in request.fields:
            legacy["n_groups"] = 512
        return legacy


@breaks("CFG-016")
class AlwaysSpeaksOfTheAlias(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        warnings.warn("n_images is deprecated; write n_groups", DeprecationWarning, stacklevel=2)
        return self.right.configure(request)


@breaks("CFG-017")
class FilesTheLearningRate(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | ({"learning_rate": 1e-3} if request.kind == "training" else {})


class Translating(Liar):
    """Translates rightly, then changes the canonical fields."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return self.altered(dict(self.right.bridge(request)), request)

    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        raise NotImplementedError


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
class TakesTheLargerSideOfAGrid(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        if "grid_size" not in request.data:
            return request
        side = max(request.data["grid_size"])
        return replace(request, data={**request.data, "grid_size": (side, side)})


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


@breaks("CFG-022")
class IgnoresTheOverrideOfTheSubsample(Translating):
    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        return canonical | {"n_subsample": None}


class Supplying(Liar):
    """Supplies what must be given."""

    supplied: Arrays = {}
    kind = "training"

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == self.kind:
            request = replace(request, overrides={**self.supplied, **request.overrides})
        return self.right.bridge(request)


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


@breaks("CFG-024", field="J03")
class FalseOverridesDoNotCount(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, overrides={k: v for k, v in request.overrides.items() if v or v is None})


@breaks("CFG-024")
class OverridesTheModelNever(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        names = ("model_type", "amp_activation")
        return replace(request, overrides={k: v for k, v in request.overrides.items() if k not in names})


@breaks("CFG-001")
class DefaultsToAWiderMask(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"probe_mask_sigma": 2.0}


@breaks("CFG-002")
class TrainsOnTheOtherBackend(Presetting):
    defaults = {"backend": "pytorch"}


@breaks("CFG-003")
class OversamplesTestSets(Presetting):
    kinds = ("inference",)
    defaults = {"enable_oversampling": True}


@breaks("CFG-018")
class LosesTheOutputFolder(Bridging):
    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        return replace(request, training={k: v for k, v in request.training.items() if k != "output_dir"})


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
class AlwaysMissesTestData(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == "training" and request.overrides.get("test_data_file"):
            warnings.warn("test_data_file may be missing", UserWarning, stacklevel=2)
        return self.right.bridge(request)
