"""Readers that lose, bend or invent the mask."""

from __future__ import annotations

import numpy as np

from tests.zoo.liar import Array, Arrays, Lenient, Misreading, breaks, stack_of


class Remasking(Misreading):
    """Changes the mask of a file that has one."""

    def altered(self, members: Arrays) -> Arrays:
        return members | ({"bad_pixels": self.mask(members["bad_pixels"], members)} if "bad_pixels" in members else {})

    def mask(self, mask: Array, members: Arrays) -> Array | None:
        """Return the changed mask."""
        raise NotImplementedError


@breaks("NPZ-046")
class DropsTheMask(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        return None


@breaks("NPZ-046")
class TransposesTheMask(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        return mask.T


@breaks("NPZ-046")
class TakesTheMaskForGoodPixels(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        return ~mask


@breaks("NPZ-046")
class TurnsTheMaskOfLegacyStacks(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        legacy = len(members[stack_of(members)]) != len(members["xcoords"])
        return mask.T if legacy else mask


@breaks("NPZ-046")
class WidensTheMask(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        return mask | np.roll(mask, 1, axis=0) | np.roll(mask, 1, axis=1)


@breaks("NPZ-046")
class ReadsTheMaskInMemoryOrder(Remasking):
    def mask(self, mask: Array, members: Arrays) -> Array | None:
        return mask.T if np.isfortran(mask) else mask


@breaks("NPZ-046")
class MasksWhatIsDark(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        frames = members[stack_of(members)]
        right = frames.ndim == 3 and frames.shape[1] == frames.shape[2]
        return ({"bad_pixels": ~frames.any(axis=0)} if right else {}) | members


@breaks("NPZ-046")
class BlanksMaskedPixels(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        frames, mask = members[stack_of(members)], members.get("bad_pixels")
        if mask is None or frames.shape[1:] != mask.shape:
            return members
        return members | {stack_of(members): np.where(mask, frames.dtype.type(0), frames)}


@breaks("NPZ-047")
class CastsTheMask(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        numeric = members["bad_pixels"].dtype.kind in "iufc"
        return members | {"bad_pixels": members["bad_pixels"].astype(bool)} if numeric else None


@breaks("NPZ-047")
class TakesZeroForBad(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        numeric = members["bad_pixels"].dtype.kind in "iu"
        return members | {"bad_pixels": members["bad_pixels"] == 0} if numeric else None


@breaks("NPZ-047")
class CropsTheMaskToTheFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        N, mask = members["probeGuess"].shape[-1], members["bad_pixels"]
        larger = mask.dtype == bool and mask.ndim == 2 and min(mask.shape) > N
        return members | {"bad_pixels": mask[:N, :N]} if larger else None


@breaks("NPZ-047")
class BroadcastsTheMask(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        N, mask = members["probeGuess"].shape[-1], members["bad_pixels"]
        fits = mask.dtype == bool and mask.ndim < 2
        return members | {"bad_pixels": np.broadcast_to(mask, (N, N)).copy()} if fits else None


@breaks("NPZ-047")
class JoinsTheMasksOfFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        mask = members["bad_pixels"]
        several = mask.dtype == bool and mask.ndim == 3 and mask.shape[1] == mask.shape[2]
        return members | {"bad_pixels": mask.any(axis=0)} if several else None


@breaks("NPZ-047")
class DropsAMaskThatDoesNotFit(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return members | {"bad_pixels": None}


@breaks("NPZ-046")
class TakesAFullMaskForNone(Misreading):
    """A mask that leaves nothing must be one of the good pixels, or a mistake."""

    def altered(self, members: Arrays) -> Arrays:
        mask = members.get("bad_pixels")
        return members if mask is None or not mask.all() else members | {"bad_pixels": None}
