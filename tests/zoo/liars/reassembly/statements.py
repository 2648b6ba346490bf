"""Patches that are not placed as the adapter states."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.limits.conventions import FourierPixels
from tests.zoo.liar import Liar, breaks


@breaks("REA-014")
class StatesWholeAndPlacesBetween(Liar):
    """Places by bilinear weights, and states whole pixels."""

    subpixel = {"reassembly": "whole"}

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self.land()
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REA-014")
class PlacesTheWrongWayInFourierSpace(FourierPixels):
    """Shifts patches by the fraction against its direction."""

    subpixel = "fourier"

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self.right.reassemble(patches, centres_xy, chunk)
        centres = np.asarray(centres_xy, np.float64)
        return super().reassemble(patches, 2 * np.floor(centres) - centres, chunk)
