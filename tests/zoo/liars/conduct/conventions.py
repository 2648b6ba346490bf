"""Backends whose convention is not the one that they state, of one method or of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.bases.conventions import OwnConvention
from tests.zoo.liar import breaks


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
