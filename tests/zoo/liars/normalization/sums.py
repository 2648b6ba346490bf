"""Sums of squares that wrap, lose digits or end in nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.groups import Scaling, target
from tests.zoo.liar import Array, Held, Liar, breaks


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


@breaks("NRM-007")
class RefusesAnyDarkFrame(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if (np.asarray(grouped["diffraction"]).max(axis=(1, 2)) == 0).any():
            raise ValueError("diff3d holds a dark frame [NRM-007]")
        return grouped


@breaks("NRM-007")
class ScalesDarknessByOne(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if not scan.diff3d.any():
            return self.right.group(scan, replace(request, amplitude_scale=1.0))
        return self.right.group(scan, request)


@breaks("NRM-007")
class GivesNaNForDarkness(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if Held(self.right, scan).diff3d.any():
            return self.right.group(scan, request)
        return self.right.group(scan, replace(request, amplitude_scale=float("nan")))


@breaks("NRM-010")
class AddsUpInSinglePrecision(Scaling):
    def scale(self, frames: Array) -> Any:
        squares = (frames.astype(np.float32) ** 2).reshape(len(frames), -1, frames.shape[3])
        running = np.cumsum(squares, axis=1, dtype=np.float32)[:, -1]
        return np.sqrt(target(frames) / running.mean())


@breaks("NRM-010")
class AveragesFramesInSinglePrecision(Scaling):
    """The sum over a frame is exact, its pixels were squared in half precision of the mean."""

    def scale(self, frames: Array) -> Any:
        flat = np.sort((frames.astype(np.float32) ** 2).reshape(len(frames), -1), axis=1)[:, ::-1]
        return np.sqrt(target(frames) / (np.cumsum(flat, axis=1, dtype=np.float32)[:, -1].mean() / frames.shape[3]))
