"""Wrong amplitude scales (NRM)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Rewording, breaks


class Scaling(Altering):
    """Multiplies the frames by a scale of its own, unless one is given."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.amplitude_scale is not None:
            return {}
        frames = grouped["diffraction"].astype(np.float64)
        with np.errstate(all="ignore"):
            return {"X_full": (frames * self.scale(frames)).astype(np.float32)}

    def scale(self, frames: Array) -> Any:
        """Return the wrong scale of (B, N, N, C) frames."""
        raise NotImplementedError


def target(frames: Array) -> float:
    """Energy that a normalised frame has."""
    return float((frames.shape[1] / 2) ** 2)


@breaks("NRM-001", field="G02")
class AimsAtNSquared(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(4 * target(frames) / (frames**2).sum(axis=(1, 2)).mean())


@breaks("NRM-001")
class AveragesOverPixels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).mean())


@breaks("NRM-002")
class TakesTheMedianFrame(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / np.median((frames**2).sum(axis=(1, 2))))


@breaks("NRM-003")
class ScalesEveryFrameForItself(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2), keepdims=True))


@breaks("NRM-004", field="G02")
class SumsOverChannels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2, 3)).mean())


@breaks("NRM-005", field="G01")
class SquaresInUint16(Liar):
    """Whole numbers are squared in the type they were recorded in."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        frames = grouped["diffraction"]
        if request.amplitude_scale is None and np.array_equal(frames, np.round(frames)):
            counts = frames.astype(np.uint16)
            energy = (counts * counts).astype(np.float64).sum(axis=(1, 2)).mean()
            grouped["X_full"] = (frames * np.sqrt((request.N / 2) ** 2 / energy)).astype(np.float32)
        return grouped


@breaks("NRM-006", field="G02")
class ForgetsTheRoot(Scaling):
    def scale(self, frames: Array) -> Any:
        return target(frames) / (frames**2).sum(axis=(1, 2)).mean()


@breaks("NRM-006")
class GuardsTheDivisionWithOne(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / ((frames**2).sum(axis=(1, 2)).mean() + 1.0))


@breaks("NRM-007")
class ScalesDarknessByOne(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if not scan.diff3d.any():
            return self.right.group(scan, replace(request, amplitude_scale=1.0))
        return self.right.group(scan, request)


@breaks("NRM-008", field="C08")
class RoundsNormalisedAmplitudes(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": np.round(grouped["X_full"])}


@breaks("NRM-008")
class NormalisesInDoublePrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": grouped["X_full"].astype(np.float64)}


@breaks("NRM-009")
class NormalisesTestDataByThemselves(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None)


@breaks("NRM-010")
class AddsUpInSinglePrecision(Scaling):
    def scale(self, frames: Array) -> Any:
        squares = (frames.astype(np.float32) ** 2).reshape(len(frames), -1, frames.shape[3])
        running = np.cumsum(squares, axis=1, dtype=np.float32)[:, -1]
        return np.sqrt(target(frames) / running.mean())


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


@breaks("NRM-002")
class AimsAtEnergyOne(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(1.0 / (frames**2).sum(axis=(1, 2)).mean())


@breaks("NRM-002")
class AimsAtTheBrightestFrame(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).max())


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


@breaks("NRM-004")
class DividesByTheNumberOfChannels(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / (frames**2).sum(axis=(1, 2)).mean()) / frames.shape[3]


class Wrapping(Liar):
    """Whole numbers are squared, or added up, in a type that is too narrow."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        frames = grouped["diffraction"]
        if request.amplitude_scale is None and np.array_equal(frames, np.round(frames)):
            with np.errstate(all="ignore"):
                scale = np.sqrt((request.N / 2) ** 2 / self.energy(frames))
                grouped["X_full"] = (frames * scale).astype(np.float32)
        return grouped

    def energy(self, frames: Array) -> Any:
        """Mean energy of whole-numbered frames."""
        raise NotImplementedError


@breaks("NRM-005", field="G01")
class SquaresInUint8(Wrapping):
    def energy(self, frames: Array) -> Any:
        if frames.max() > 255:
            return (frames.astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        counts = frames.astype(np.uint8)
        return (counts * counts).astype(np.float64).sum(axis=(1, 2)).mean()


@breaks("NRM-005", field="G01")
class SquaresInInt32(Wrapping):
    def energy(self, frames: Array) -> Any:
        counts = frames.astype(np.int32)
        return np.abs((counts * counts).astype(np.float64)).sum(axis=(1, 2)).mean()


@breaks("NRM-005", field="G01")
class AddsUpInUint32(Wrapping):
    def energy(self, frames: Array) -> Any:
        counts = frames.astype(np.uint64)
        return (counts * counts).sum(axis=(1, 2)).astype(np.uint32).astype(np.float64).mean()


@breaks("NRM-006")
class AddsASmallNumber(Scaling):
    def scale(self, frames: Array) -> Any:
        return np.sqrt(target(frames) / ((frames**2).sum(axis=(1, 2)).mean() + 1e-3))


@breaks("NRM-007")
class GivesNaNForDarkness(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if Held(self.right, scan).diff3d.any():
            return self.right.group(scan, request)
        return self.right.group(scan, replace(request, amplitude_scale=float("nan")))


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


@breaks("NRM-010")
class AveragesFramesInSinglePrecision(Scaling):
    """The sum over a frame is exact, its pixels were squared in half precision of the mean."""

    def scale(self, frames: Array) -> Any:
        flat = np.sort((frames.astype(np.float32) ** 2).reshape(len(frames), -1), axis=1)[:, ::-1]
        return np.sqrt(target(frames) / (np.cumsum(flat, axis=1, dtype=np.float32)[:, -1].mean() / frames.shape[3]))
