"""Containers that lose or bend the mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.bases.containers import Containing
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("CON-017")
class LosesTheMaskInTheContainer(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": None}


@breaks("CON-017")
class HoldsWeightsForAMask(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        mask = held.get("bad_pixels")
        return {} if mask is None else {"bad_pixels": (~np.array(mask)).astype(np.float32)}


@breaks("CON-017")
class TransposesTheMaskInTheContainer(Containing):
    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        mask = held.get("bad_pixels")
        return {} if mask is None else {"bad_pixels": np.array(mask).T.copy()}


@breaks("CON-017")
class MasksTheTrainingPartOnly(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        train, test = self.right.split_groups(grouped, probe, fraction)
        return train, dict(test) | {"bad_pixels": None}


@breaks("CON-017")
class LosesTheMaskOfOneGroup(Containing):
    """Squeezes the groups, and the mask with them."""

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": None} if len(held["X"]) == 1 else {}
