"""Legacy dictionaries that are updated wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.adapter import ConfigureRequest
from tests.zoo.bases.configurations import Configuring, Filing
from tests.zoo.liar import Arrays, Liar, breaks


@breaks("CFG-007")
class WritesNoneForTheDiameter(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {"probe_mask_diameter": None, **seen} | {"probe_mask_diameter": request.model.get("probe_mask_diameter")}


@breaks("CFG-007", field="J02")
class CopiesNone(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        for name, key in (("train_data_file", "train_data_file_path"), ("n_subsample", "n_subsample")):
            if request.fields.get(name) is None:
                legacy[key] = None
        return legacy


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


@breaks("CFG-007")
class TakesTheDefaultForNone(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | ({"N": 64} if request.model.get("N", 64) is None else {})


@breaks("CFG-008")
class DropsKeysThatHoldNothing(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {name: value for name, value in seen.items() if value is not None}


@breaks("CFG-008")
class ReplacesTheDictionary(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        return self.right.configure(replace(request, existing={}))


@breaks("CFG-008")
class ResetsWhatItDoesNotKnow(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: 4 for k in ("offset", "max_position_jitter") if k in request.existing}


@breaks("CFG-009")
class TestsForTruth(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: v for k, v in request.existing.items() if k in legacy and not legacy[k]}


@breaks("CFG-009", field="J03")
class ExistingEntriesWin(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {k: v for k, v in request.existing.items() if v is not None}


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
class AppendsToTheOutputFolder(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        if "output_prefix" in request.existing:
            legacy["output_prefix"] = f"{request.existing['output_prefix']}/{legacy['output_prefix']}"
        return legacy


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


@breaks("CFG-011")
class RemembersTheLastPrefix(Configuring):
    last = ""

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        if "output_dir" in request.fields:
            self.last = seen["output_prefix"]
        elif self.last and request.existing:
            return seen | {"output_prefix": self.last}
        return seen


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


@breaks("CFG-008")
class MakesListsOfTuples(Liar):
    """The dictionary passes through JSON."""

    def configure(self, request: ConfigureRequest) -> Any:
        held = dict(self.right.configure(request))
        if any(isinstance(value, tuple) for value in held.values()):
            self.land()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in held.items()}


@breaks("CFG-005")
class LowersPrefixes(Liar):
    def configure(self, request: ConfigureRequest) -> Any:
        held = dict(self.right.configure(request))
        return held | {"output_prefix": held["output_prefix"].lower()} if "output_prefix" in held else held


@breaks("CFG-009")
class TakesOneFullWeightOnly(Liar):
    """Weights of two losses may not both be 1, it thinks."""

    def configure(self, request: ConfigureRequest) -> Any:
        if request.fields.get("mae_weight") == request.fields.get("nll_weight") == 1:
            raise ValueError("mae_weight and nll_weight are above 1 together [CFG-014]")
        return self.right.configure(request)


@breaks("CFG-011")
class InfersByTheLastTraining(Filing):
    """What inference does not set is left of the last training in this process."""

    batch_size: Any = None

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        if request.kind == "training":
            type(self).batch_size = legacy.get("batch_size")
        elif self.batch_size is not None:
            legacy.setdefault("batch_size", self.batch_size)
        return legacy


@breaks("CFG-009")
class BoundsGroupsByTheSubsample(Filing):
    """No more groups than points are drawn, it thinks."""

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        groups, points = request.fields.get("n_groups"), request.fields.get("n_subsample")
        return legacy | ({"n_groups": min(groups, points)} if groups and points else {})
