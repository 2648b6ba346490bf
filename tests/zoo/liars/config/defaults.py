"""Configurations of wrong defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.adapter import ConfigureRequest
from tests.zoo.liar import Arrays, Liar, breaks


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


@breaks("CFG-001")
class DefaultsToGridsizeTwo(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"gridsize": 2}


@breaks("CFG-001")
class DefaultsToSwish(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"amp_activation": "swish"}


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


@breaks("CFG-001")
class DefaultsToAWiderMask(Presetting):
    kinds = ("training", "inference")
    model_defaults = {"probe_mask_sigma": 2.0}


@breaks("CFG-002", field="J04")
class DefaultsToFewPhotons(Presetting):
    defaults = {"nphotons": 1e5}


@breaks("CFG-002")
class DefaultsToSixNeighbours(Presetting):
    defaults = {"neighbor_count": 6}


@breaks("CFG-002")
class DefaultsToAbsoluteErrors(Presetting):
    defaults = {"mae_weight": 1.0, "nll_weight": 0.0}


@breaks("CFG-002")
class FixesTheIntensityScale(Presetting):
    defaults = {"intensity_scale_trainable": False}


@breaks("CFG-002")
class OversamplesByDefault(Presetting):
    defaults = {"enable_oversampling": True}


@breaks("CFG-002")
class TrainsOnTheOtherBackend(Presetting):
    defaults = {"backend": "pytorch"}


@breaks("CFG-003")
class CutsTestSetsTo512(Presetting):
    kinds = ("inference",)
    defaults = {"n_groups": 512}


@breaks("CFG-003")
class InfersIntoTheTrainingFolder(Presetting):
    kinds = ("inference",)
    defaults = {"output_dir": Path("training_outputs")}


@breaks("CFG-003")
class DebugsByDefault(Presetting):
    kinds = ("inference",)
    defaults = {"debug": True}


@breaks("CFG-003")
class OversamplesTestSets(Presetting):
    kinds = ("inference",)
    defaults = {"enable_oversampling": True}
