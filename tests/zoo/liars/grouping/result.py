"""Grouped results that lack or change what passes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Arrays, Held, Liar, breaks


@breaks("GRP-021")
class ForgetsStartRelative(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        del grouped["coords_start_relative"]
        return grouped


@breaks("GRP-021")
class LeavesOutMissingTruth(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        return {name: values for name, values in grouped.items() if name != "Y" or values is not None}


@breaks("GRP-021")
class NamesIndicesAnew(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        return grouped | {"coords_nn": None, "coords": grouped["coords_nn"]}


@breaks("GRP-022")
class TakesAnObjectOfOnesForNone(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        flat = scan.objectGuess is not None and np.allclose(scan.objectGuess, 1)
        return {"objectGuess": None} if flat else {}


@breaks("GRP-022")
class TransposesTheObject(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        obj = grouped["objectGuess"]
        return {"objectGuess": None if obj is None else obj.T}


@breaks("GRP-022")
class CropsTheObjectOfTheResult(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["objectGuess"] is None else {"objectGuess": grouped["objectGuess"][2:-2, 2:-2]}


@breaks("GRP-022")
class ZeroesWhatWasNotScanned(Altering):
    """Of a large object only what the probe has seen is believed."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        obj = grouped["objectGuess"]
        if obj is None or min(obj.shape) < 256:
            return {}
        known = np.zeros_like(obj)
        across, down = (slice(0, int(np.ceil(places.max())) + request.N) for places in (scan.xcoords, scan.ycoords))
        known[down, across] = obj[down, across]
        return {"objectGuess": known}


@breaks("GRP-022")
class KeepsTheObjectToItself(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"objectGuess": None}
