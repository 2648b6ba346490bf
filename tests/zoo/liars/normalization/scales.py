"""Wrong amplitude scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import Scaling, target
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Rewording, breaks


@breaks("NRM-001", field="G02")
class AimsAtNSquared(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(4 * target(frames) / (frames**2).sum(axis=(1, 2)).mean())


@breaks("NRM-001")
class AveragesOverPixels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).mean())


@breaks("NRM-001")
class ScalesByTheWholeScan(Liar):
    """The mean runs over every frame of the scan, not over those of the result."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        if request.amplitude_scale is None:
            energy = (Held(self.right, scan).diff3d.astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
            grouped["X_full"] = (grouped["diffraction"] * np.sqrt((request.N / 2) ** 2 / energy)).astype(np.float32)
        return grouped


@breaks("NRM-001")
class CountsEveryFrameOnce(Liar):
    """A frame in two groups counts once in the mean."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        if request.amplitude_scale is None:
            frames = Held(self.right, scan).diff3d[np.unique(grouped["nn_indices"])].astype(np.float64)
            scale = np.sqrt((request.N / 2) ** 2 / (frames**2).sum(axis=(1, 2)).mean())
            grouped["X_full"] = (grouped["diffraction"] * scale).astype(np.float32)
        return grouped


@breaks("NRM-001")
class LeavesGlaringFramesOutOfTheMean(Scaling):
    """Frames with more than a hundred thousand times the median energy are taken for zingers."""

    def scale(self, frames: Array) -> Any:
        energies = (frames**2).sum(axis=(1, 2))
        return np.sqrt(target(frames) / energies[energies <= 1e5 * np.median(energies)].mean())


@breaks("NRM-007")
class RefusesDarkFramesWhereAllGroupsAreMade(Liar):
    """The older strategy looks for light before it looks for a given scale."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.strategy == "group_then_sample" and not Held(self.right, scan).diff3d.any():
            self.land()
            raise ValueError("diff3d holds no light [NRM-007]")
        return self.right.group(scan, request)


@breaks("NRM-007")
class ScalesDarkGroupsByTheWholeScan(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            frames = np.asarray(Held(self.right, scan).diff3d, dtype=np.float64)
            if getattr(error, "clause", None) != "NRM-007" or not frames.any():
                raise
            scale = np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).mean())
        return self.right.group(scan, replace(request, amplitude_scale=float(scale)))


@breaks("NRM-001")
class ScalesByTheFirstChannel(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames[..., :1] ** 2).sum(axis=(1, 2)).mean())


@breaks("NRM-001")
class ScalesByTheFirstBatch(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames[:4] ** 2).sum(axis=(1, 2)).mean())


@breaks("NRM-001", field="G02")
class AveragesTheScales(Scaling):
    """The mean of the scales of the frames, not the scale of the mean."""

    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2))).mean()


@breaks("NRM-001")
class ScalesOversampledNinesALittle(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        wrong = request.enable_oversampling and request.gridsize == 3 and request.amplitude_scale is None
        return {"X_full": grouped["X_full"] * np.float32(1.01)} if wrong else {}


@breaks("NRM-001")
class ScalesASingleGroupByItsBrightestFrame(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = np.asarray(grouped["diffraction"], dtype=np.float64)
        if len(frames) > 1 or frames.shape[-1] == 1 or request.amplitude_scale is not None:
            return {}
        most = np.square(frames).sum(axis=(1, 2)).max()
        return {"X_full": (frames * request.N / 2 / np.sqrt(most)).astype(np.float32)}


@breaks("NRM-001")
class AveragesAThousandGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = np.asarray(grouped["diffraction"], dtype=np.float64)
        if len(frames) <= 1000 or request.amplitude_scale is not None:
            return {}
        mean = np.square(frames[:1000]).sum(axis=(1, 2)).mean()
        return {"X_full": (frames * request.N / 2 / np.sqrt(mean)).astype(np.float32)}


@breaks("NRM-001")
class NormalisesLargeFramesInHalfPrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": grouped["X_full"].astype(np.float16).astype(np.float32)} if request.N >= 48 else {}


@breaks("NRM-003")
class ScalesEveryFrameForItself(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2), keepdims=True))


@breaks("NRM-003")
class ScalesEveryGroupForItself(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).mean(axis=1)[:, None, None, None])


@breaks("NRM-003")
class ScalesEveryChannelForItself(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).mean(axis=0))


@breaks("NRM-003")
class FlattensTheField(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        mean = grouped["X_full"].mean(axis=(0, 3), keepdims=True)
        return {"X_full": (grouped["X_full"] * (1 + 0.01 * (mean > mean.mean()))).astype(np.float32)}


@breaks("NRM-003")
class NormalisesAThousandGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        normalised = np.array(grouped["X_full"])
        normalised[1024:] = grouped["diffraction"][1024:]
        return {"X_full": normalised}


@breaks("NRM-006")
class TakesFaintScansForDark(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if np.asarray(self.right.arrays(scan)["diff3d"]).max() < 1e-4 and request.amplitude_scale is None:
            raise ValueError("diff3d is dark [NRM-007]")
        return self.right.group(scan, request)


@breaks("NRM-006", field="G02")
class ForgetsTheRoot(Scaling):
    def scale(self, frames: Array) -> Any:
        return target(frames) / (frames**2).sum(axis=(1, 2)).mean()


@breaks("NRM-006")
class GuardsTheDivisionWithOne(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / ((frames**2).sum(axis=(1, 2)).mean() + 1.0))


@breaks("NRM-006")
class AddsASmallNumber(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / ((frames**2).sum(axis=(1, 2)).mean() + 1e-3))


@breaks("NRM-009")
class ForgetsTheScaleOfOversampledGroups(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None) if request.enable_oversampling else request


@breaks("NRM-009")
class ScalesTheFramesToo(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if request.amplitude_scale is None else {"diffraction": grouped["X_full"].copy()}


@breaks("NRM-009")
class NormalisesTestDataByThemselves(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None)


@breaks("NRM-009")
class DividesByTheGivenScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        scale = request.amplitude_scale
        return replace(request, amplitude_scale=None if scale is None else 1 / scale)


@breaks("NRM-009")
class TakesOneForNoScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None) if request.amplitude_scale == 1.0 else request


@breaks("NRM-009")
class NormalisesBeforeTheGivenScale(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.amplitude_scale is None:
            return {}
        energy = (grouped["X_full"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        factor = request.amplitude_scale * (request.N / 2) / np.sqrt(energy)
        return {"X_full": (grouped["X_full"] * factor).astype(np.float32)}


@breaks("NRM-009")
class BelievesNoSmallScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        small = request.amplitude_scale is not None and request.amplitude_scale < 1e-3
        return replace(request, amplitude_scale=None) if small else request


@breaks("NRM-009")
class BelievesNoLargeScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        large = request.amplitude_scale is not None and request.amplitude_scale > 1e3
        return replace(request, amplitude_scale=None) if large else request


@breaks("NRM-009")
class IgnoresTheScaleOfTheOlderStrategy(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None) if request.strategy == "group_then_sample" else request


@breaks("NRM-001")
class KnowsTheScaleOfItsOwnScans(Liar):
    """What it simulated itself it holds to be normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.own: list[Any] = []

    def measure(self, *given: Any) -> Any:
        self.own.append(self.right.measure(*given))
        return self.own[-1]

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        if any(scan is one for one in self.own):
            grouped["X_full"] = np.array(grouped["diffraction"])
        return grouped
