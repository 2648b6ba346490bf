"""Requests that are bent where they should be refused or obeyed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest, GroupRequest
from tests.zoo.bases.groups import Forgiving
from tests.zoo.liar import Held, Liar, Rewording, breaks, grouped_by


@breaks("GRP-014")
class RaisesKInSilence(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, K=request.gridsize**2)


@breaks("GRP-014")
class CountsTheSeedIntoK(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        if request.gridsize**2 - 1 > request.K:
            raise ValueError(f"K = {request.K} gives no groups of {request.gridsize**2} [GRP-014]")
        return replace(request, K=request.gridsize**2)


@breaks("GRP-015")
class LowersGridsizeOnShortScans(Forgiving):
    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        return replace(request, gridsize=1)


@breaks("GRP-015")
class RepeatsPointsOnShortScans(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        C = request.gridsize**2
        if len(held) < C <= request.K:
            return grouped_by(self.right, held, np.resize(np.arange(len(held)), (1, C)), request)
        return self.right.group(scan, request)


@breaks("GRP-020", field="J01")
class RemembersTheFirstGridsize(Liar):
    first = None

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.first = self.first or request.gridsize
        return self.right.group(scan, replace(request, gridsize=self.first))


@breaks("GRP-020", field="J01")
class BelievesTheLastConfiguration(Liar):
    gridsize: int | None = None

    def configure(self, request: ConfigureRequest) -> Any:
        legacy = self.right.configure(request)
        self.gridsize = legacy["gridsize"]
        return legacy

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(scan, replace(request, gridsize=self.gridsize or request.gridsize))


@breaks("GRP-025")
class CropsLargerFrames(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        spare = 0 if request.N is None else (held["diff3d"].shape[-1] - request.N) // 2
        if spare <= 0 or request.N < 8:
            return self.right.group(scan, request)
        inner = (..., slice(spare, spare + request.N), slice(spare, spare + request.N))
        cropped = {name: held[name][inner] for name in ("diff3d", "probeGuess")}
        return self.right.group(self.right.assemble({k: v for k, v in held.items() if k != "Y"} | cropped), request)


@breaks("GRP-025")
class BelievesTheFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, N=scan.diff3d.shape[-1])


@breaks("GRP-025")
class TakesNoSideForThatOfTheFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.N is not None:
            return request
        self.land()
        return replace(request, N=scan.diff3d.shape[-1])


@breaks("GRP-025")
class PadsFramesToTheRequest(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        extra = 0 if request.N is None else request.N - held.diff3d.shape[-1]
        if extra <= 0:
            return self.right.group(scan, request)
        grouped = dict(self.right.group(scan, replace(request, N=request.N - extra)))
        frame = ((0, 0), (0, extra), (0, extra), (0, 0))
        return grouped | {name: np.pad(grouped[name], frame) for name in ("diffraction", "X_full")}
