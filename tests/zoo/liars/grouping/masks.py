"""Groups that lose or bend the mask, or let it decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, breaks


class Remasking(Altering):
    """Changes the mask of the groups of a scan that has one."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        held = grouped.get("bad_pixels")
        return {} if held is None else self.masked(np.array(held), grouped)

    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        """Return the entries to replace."""
        raise NotImplementedError


@breaks("GRP-028")
class LosesTheMaskOfTheGroups(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": None}


@breaks("GRP-028")
class TransposesTheMaskOfTheGroups(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": mask.T.copy()}


@breaks("GRP-028")
class WeighsPixelsOfTheGroups(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": ~mask}


@breaks("GRP-028")
class RepeatsTheMaskForEveryFrame(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": np.broadcast_to(mask[:, :, np.newaxis], grouped["diffraction"].shape).copy()}


@breaks("GRP-028")
class BlanksMaskedPixelsOfTheGroups(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"diffraction": np.where(mask[:, :, np.newaxis], np.float32(0), grouped["diffraction"])}


@breaks("GRP-028")
class MasksGroupsOfSeveralOnly(Remasking):
    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"bad_pixels": None if grouped["nn_indices"].shape[1] == 1 else mask}


@breaks("GRP-028")
class RoundsOffsetsUnderAMask(Remasking):
    """Moves the middle of a group to where a pixel was measured."""

    def masked(self, mask: Array, grouped: Mapping[str, Any]) -> Arrays:
        return {"coords_offsets": np.round(grouped["coords_offsets"])}


@breaks("GRP-028")
class LosesTheMaskOfTheOlderStrategy(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"bad_pixels": None} if request.strategy == "group_then_sample" and request.gridsize > 1 else {}
