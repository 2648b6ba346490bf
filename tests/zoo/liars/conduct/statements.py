"""Backends whose refusals are not as they state."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.adapter import SplitRequest
from tests.zoo.liar import Liar, breaks


@breaks("CND-025")
class StatesNoneAndIsSpoiltByWhatItRefuses(Liar):
    """After places that are no numbers, the last places are cut from what was left half done."""

    refusals = "none"

    def __init__(self) -> None:
        super().__init__()
        self._last: Any = None
        self._half_done = False

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        places = np.array(centres_xy)
        try:
            right = self.right.patches(obj, centres_xy, N)
        except ValueError:
            self._half_done = self._last is not None
            raise
        if self._half_done and np.array_equal(self._last, places):
            self.land()
            right = np.asarray(right) * np.float32(0.5)
        self._last, self._half_done = places, False
        return right


@breaks("CND-025", "DAT-019")
class StatesAnyAndTakesAnyFraction(Liar):
    """Cuts a fraction of more than the whole down to the whole, and states that it refuses whatever is refused."""

    refusals = "any"

    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.fraction > 1:
            self.land()
            return scan, scan
        return self.right.split(scan, request)
