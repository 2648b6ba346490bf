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
