"""Frames that are not scaled by the scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import Scaling, target
from tests.zoo.liar import Altering, Array, Arrays, Held, breaks


@breaks("NRM-002")
class TakesTheMedianFrame(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / np.median((frames**2).sum(axis=(1, 2))))


@breaks("NRM-002")
class AimsAtEnergyOne(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(1.0 / (frames**2).sum(axis=(1, 2)).mean())


@breaks("NRM-002")
class AimsAtTheBrightestFrame(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).max())


@breaks("NRM-004", field="G02")
class SumsOverChannels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2, 3)).mean())


@breaks("NRM-004")
class DividesByTheNumberOfChannels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).mean()) / frames.shape[3]


@breaks("NRM-008", field="C08")
class RoundsNormalisedAmplitudes(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": np.round(grouped["X_full"])}


@breaks("NRM-008")
class NormalisesInDoublePrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": grouped["X_full"].astype(np.float64)}


@breaks("NRM-008")
class ClipsNormalisedAmplitudes(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": np.minimum(grouped["X_full"], np.float32(grouped["X_full"].max() / 2))}


@breaks("NRM-008")
class NormalisesInHalfPrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": grouped["X_full"].astype(np.float16).astype(np.float32)}


@breaks("NRM-008", field="C08")
class RoundsAmplitudesBeforeScaling(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.amplitude_scale is not None or grouped["diffraction"].max() < 1:
            return {}
        frames = np.round(grouped["diffraction"]).astype(np.float64)
        energy = (frames**2).sum(axis=(1, 2)).mean()
        return {"X_full": (frames * np.sqrt((request.N / 2) ** 2 / energy)).astype(np.float32)}
