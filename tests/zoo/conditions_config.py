"""Faults of containers and configurations that show under one condition only: a zero, a None, a truth of ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import BridgeRequest, ConfigureRequest
from tests.zoo.liar import (
    Array,
    Liar,
    breaks,
)


@breaks("CON-010")
class TakesATruthOfOnesForNone(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        truth = grouped["Y"]
        return dict(self.right.container(grouped, probe)) | {
            "ground_truth": truth is not None and not np.allclose(truth, 1)
        }


@breaks("CON-011")
class LosesTheTailOfManyRows(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        container = dict(self.right.container(grouped, probe))
        if len(container["X"]) > 64:
            container["X"] = np.array(container["X"])
            container["X"][64:] = 0
        return container


class Configuring(Liar):
    """Changes a configuration request before it is answered, and the dictionary after it."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        seen = dict(self.right.configure(self.before(request)))
        return self.after(seen, request)

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        """Return the request that is answered."""
        return request

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        """Return the dictionary that is given."""
        return seen


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is None or value == value}


@breaks("CFG-014")
class LetsNoNumbersPass(Configuring):
    """A comparison that asks for the bad values instead of the good ones lets NaN through."""

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, fields=_numbers(request.fields))


@breaks("CFG-013")
class LetsNoProbeScalePass(Configuring):
    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, model=_numbers(request.model))


@breaks("CFG-007")
class WritesNoneForTheDiameter(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {"probe_mask_diameter": None, **seen} | {"probe_mask_diameter": request.model.get("probe_mask_diameter")}


@breaks("CFG-008")
class DropsKeysThatHoldNothing(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {name: value for name, value in seen.items() if value is not None}


@breaks("CFG-011")
class RemembersTheLastPrefix(Configuring):
    last = ""

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        if "output_dir" in request.fields:
            self.last = seen["output_prefix"]
        elif self.last and request.existing:
            return seen | {"output_prefix": self.last}
        return seen


class Bridging(Liar):
    """Changes the canonical fields that the bridge gives."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return dict(self.right.bridge(request)) | self.changed(request)

    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Return the fields to replace."""
        raise NotImplementedError


@breaks("CFG-018")
class TakesZeroForNoSubsampleSeed(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        seed = request.data.get("subsample_seed")
        return {} if "subsample_seed" in request.overrides or seed != 0 else {"subsample_seed": None}


@breaks("CFG-018")
class ForgetsTheProbeScaleOfInference(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        return {"probe_scale": 4.0} if request.kind == "inference" and "probe_scale" not in request.overrides else {}


@breaks("CFG-019")
class KnowsOneSpellingAtInference(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.model.get("amp_activation") == "SiLU":
            raise ValueError("amp_activation is unknown [CFG-019]")
        seen: Mapping[str, Any] = self.right.bridge(request)
        return seen


@breaks("CFG-021")
class LooksIntoTheMask(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        mask = request.model.get("probe_mask")
        return {"probe_mask": bool(mask.any())} if isinstance(mask, np.ndarray) else {}


@breaks("CFG-024")
class KeepsTheGridOfInference(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        given = request.kind == "inference" and "grid_size" in request.data
        return {"gridsize": request.data["grid_size"][0]} if given else {}
