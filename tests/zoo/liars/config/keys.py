"""Legacy dictionaries of wrong keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest
from tests.zoo.bases.configurations import Filing
from tests.zoo.liar import Arrays, Liar, breaks

_NEW_NAMES = {
    "object_big": "object.big",
    "probe_trainable": "probe.trainable",
    "output_dir": "output_prefix",
}


@breaks("CFG-004")
class KeepsTheNewNames(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {new: legacy[old] for new, old in _NEW_NAMES.items() if old in legacy}


@breaks("CFG-004")
class FilesMasksUnderTheirOwnName(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        legacy["probe_mask"] = legacy.pop("probe.mask")
        return legacy


@breaks("CFG-004")
class FilesPathsUnderTheirNewNames(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"train_data_file": legacy.get("train_data_file_path")}


@breaks("CFG-004")
class ExchangesTrainingAndTestFiles(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        train, test = legacy.get("train_data_file_path"), legacy.get("test_data_file_path")
        return legacy | ({"train_data_file_path": test, "test_data_file_path": train} if train and test else {})


@breaks("CFG-005")
class NestsTheModel(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        names = ("n_filters_scale", "architecture", "pad_object", "probe_scale")
        return {k: v for k, v in legacy.items() if k not in names} | {"model": {k: legacy[k] for k in names}}


@breaks("CFG-005")
class DropsTheSequentialFlag(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return {k: v for k, v in legacy.items() if k != "sequential_sampling"}


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


@breaks("CFG-005")
class RoundsPhotonsToSinglePrecision(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        filed = dict(self.right.configure(request))
        return filed | {"nphotons": float(np.float32(filed["nphotons"]))} if "nphotons" in filed else filed


@breaks("CFG-005")
class CapsTheNumberOfGroups(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        filed = dict(self.right.configure(request))
        return filed | {"n_groups": min(filed["n_groups"], 10**5)} if filed.get("n_groups") else filed


@breaks("CFG-006")
class KeepsPathObjects(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        paths = {k for k in legacy if k.endswith("_path") or k == "output_prefix"}
        return {k: Path(v) if k in paths else v for k, v in legacy.items()}


@breaks("CFG-006")
class FilesAbsolutePaths(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        named = [name for name in legacy if name.endswith("_path") and isinstance(legacy[name], str)]
        return legacy | {name: str(Path(legacy[name]).absolute()) for name in named}


@breaks("CFG-017")
class FilesTheNumberOfWorkers(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | {"num_workers": 4}


@breaks("CFG-017")
class FilesTheLearningRate(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return legacy | ({"learning_rate": 1e-3} if request.kind == "training" else {})


@breaks("CFG-008")
class DropsKeysThatLookPrivate(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return {key: value for key, value in legacy.items() if not key.startswith("_")}


@breaks("CFG-008")
class ForgetsTrainingWhenItInfers(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        dropped = ("nepochs", "mae_weight") if request.kind == "inference" else ()
        return {key: value for key, value in legacy.items() if key not in dropped}


@breaks("CFG-005")
class ExpandsHomeFolders(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        return {k: str(Path(v).expanduser()) if isinstance(v, str) and v[:1] == "~" else v for k, v in legacy.items()}


@breaks("CFG-005")
class NormalizesPathsOfData(Filing):
    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        named = [name for name in ("train_data_file_path", "test_data_file_path") if legacy.get(name)]
        return legacy | {name: os.path.normpath(legacy[name]) for name in named}


@breaks("CFG-005")
class MakesDiametersWhole(Filing):
    """A size in pixels that may be between them."""

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        held = legacy.get("probe_mask_diameter")
        return legacy | ({"probe_mask_diameter": float(round(held))} if isinstance(held, float) else {})


@breaks("CFG-006")
class LooksUpWhatPathsBeginWith(Filing):
    """The home folder, and variables of the environment."""

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        named = [name for name in legacy if name.endswith("file_path")]
        return legacy | {name: os.path.expandvars(Path(legacy[name]).expanduser()) for name in named}
