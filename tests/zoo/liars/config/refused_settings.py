"""Configurations that take what is refused."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest
from tests.zoo.bases.configurations import Configuring
from tests.zoo.liar import Liar, breaks


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is None or value == value}


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


@breaks("CFG-012")
class IgnoresMisspeltFields(Forgiving):
    pass


@breaks("CFG-012")
class IgnoresMisspeltFieldsThatHoldNothing(Liar):
    """What is None is left out before anybody looks at its name."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        try:
            return self.right.configure(request)
        except ValueError as error:
            if getattr(error, "clause", None) != "CFG-012":
                raise
            held = {name: value for name, value in request.fields.items() if value is not None}
            return self.right.configure(replace(request, fields=held))


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


@breaks("CFG-013")
class LetsNoProbeScalePass(Configuring):
    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, model=_numbers(request.model))


@breaks("CFG-013")
class IgnoresImpossibleSizes(Forgiving):
    pass


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
class LetsNoNumbersPass(Configuring):
    """A comparison that asks for the bad values instead of the good ones lets NaN through."""

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, fields=_numbers(request.fields))


@breaks("CFG-014")
class IgnoresImpossibleTraining(Forgiving):
    pass


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
class FallsBackToSigmoid(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        known = ("sigmoid", "swish", "softplus", "relu")
        if request.model.get("amp_activation", "sigmoid") not in known:
            request = replace(request, model={**request.model, "amp_activation": "sigmoid"})
        return self.right.configure(request)


@breaks("CFG-015")
class FallsBackToADefaultName(Forgiving):
    pass


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


@breaks("CFG-016")
class PrefersTheAliasToTheDefault(Liar):
    """A number that equals the default passes for one that was not given."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        aliased = "n_images" in request.fields and request.fields.get("n_groups") == 512
        return self.right.configure(
            replace(request, fields={**request.fields, "n_groups": None}) if aliased else request
        )


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


@breaks("CFG-025")
class InfersWithAnyModel(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.fields.get("model_path") is None:
            request = replace(request, fields={**request.fields, "model_path": Path("models/latest")})
        return self.right.configure(request)


@breaks("CFG-025")
class InfersWithoutData(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.fields.get("test_data_file") is None:
            request = replace(request, fields={**request.fields, "test_data_file": Path()})
        return self.right.configure(request)


@breaks("CFG-012")
class TakesTheModelsFieldsAnywhere(Configuring):
    """One flat list of settings, sorted into sections by their names."""

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        flat = {
            name: value for name, value in request.fields.items() if name in ("gridsize", "pad_object", "probe_big")
        }
        kept = {name: value for name, value in request.fields.items() if name not in flat}
        return replace(request, model={**flat, **request.model}, fields=kept)


@breaks("CFG-014")
class TakesLogarithmsOfBatchSizes(Configuring):
    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        size = request.fields.get("batch_size")
        if not isinstance(size, int) or size < 4 or np.log2(size) % 1 > 1e-9:
            return request
        return replace(request, fields={**request.fields, "batch_size": 1 << round(np.log2(size))})
