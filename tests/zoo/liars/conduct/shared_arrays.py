"""Backends that tell arrays by where they lie, where two arguments are one array or parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Liar, breaks


@breaks("CND-003")
class IlluminatesInPlaceWhereItMay(Liar):
    """The first patch has been illuminated by itself when it is taken for the probe of the others."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        whole = isinstance(patches, np.ndarray) and patches.strides[0] != 0
        if whole and isinstance(probe, np.ndarray) and np.may_share_memory(patches, probe):
            probe = probe * probe
        return self.right.simulate(patches, probe)


@breaks("CND-003")
class CutsWithPlacesThatItHasFilled(Liar):
    """Room for the object is made where the places lie, if they are of its memory."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if isinstance(obj, np.ndarray) and np.may_share_memory(obj, centres_xy):
            centres_xy = np.round(centres_xy) + 1
        return self.right.patches(obj, centres_xy, N)


@breaks("CND-003")
class ContainsNothingTwice(Liar):
    """An array that was contained under one name is not contained under another."""

    not_over = {"torch": "what it is given comes as arrays of their own"}

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        start, true = grouped.get("coords_start_relative"), grouped.get("coords_relative")
        if start is true and start is not None:
            grouped = {**grouped, "coords_start_relative": np.zeros_like(np.asarray(start))}
        return self.right.container(grouped, probe)
