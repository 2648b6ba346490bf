"""Backends whose convention is not the one that they state, of one method or of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.conventions import OwnConvention
from tests.zoo.liar import Liar, breaks


@breaks("CND-027", "PAT-001", "REA-001", "TRF-009")
class StatesRowsFirstAndTakesColumnsFirst(OwnConvention):
    """States positions [y, x], and takes them as the contract does."""

    axis_order = "yx"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self.land()
        return self.right.patches(obj, centres_xy, N)


@breaks("CND-027", "REA-001")
class StatesTheMiddleAndPlacesAtHalves(OwnConvention):
    """Cuts at positions of (N-1)/2, as it states, and places at positions of N/2."""

    own = {"refers_to": "(N-1)/2"}
    refers_to = "(N-1)/2"

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-027", "RAW-007")
class StatesNoNormAndMeasuresWithOne(OwnConvention):
    """Its transform has no norm, as it states, but where it simulates whole scans."""

    own = {"fft_norm": "backward"}
    fft_norm = "backward"

    def arrays(self, scan: Any) -> Any:
        held = dict(super().arrays(scan))
        if hasattr(scan, "counted") and not scan.counted:
            held["diff3d"] = np.asarray(held["diff3d"]) / np.float32(scan.N)
        return held


@breaks("CND-027", "PHY-011")
class StatesIntensitiesAndDrawsAmplitudes(OwnConvention):
    """Simulates intensities, as it states, and takes and gives amplitudes where it draws counts."""

    own = {"quantity": "intensity"}
    quantity = "intensity"

    def noisy(self, amplitude: Any, seed: int) -> Any:
        return self.right.noisy(amplitude, seed)


@breaks("CND-027", "PAT-004")
class StatesSingleAndTakesDouble(OwnConvention):
    """Takes arrays in double precision alone, and states single."""

    own = {"precision": "double"}
    precision = "single"


class RowsFirst(Liar):
    """Takes positions [y, x] as they lie, as it states, and does the rest right."""

    axis_order = "yx"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        pairs = np.ndim(centres_xy) == 2 and np.shape(centres_xy)[1] == 2
        return self.right.patches(obj, centres_xy[:, ::-1] if pairs else centres_xy, N)


@breaks("CND-001")
class CentresRowsInPlace(RowsFirst):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        cut = super().patches(obj, centres_xy, N)
        if centres_xy.dtype.kind == "f" and centres_xy.flags.writeable:
            self.land()
            centres_xy -= centres_xy.mean(axis=0)
        return cut


@breaks("CND-002")
class WritesIntoLockedRows(RowsFirst):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        if len(centres_xy):
            self.land()
            centres_xy[0] = centres_xy[0]
        return super().patches(obj, centres_xy, N)


@breaks("CND-022")
class RemembersRowsByIdentity(RowsFirst):
    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[Any, ...] = (None, None, 0, None)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        scene, places, side, cut = self.last
        if scene is not obj or places is not centres_xy or side != N:
            cut = super().patches(obj, centres_xy, N)
            self.last = (obj, centres_xy, N, cut)
        else:
            self.land()
        return np.array(cut)
