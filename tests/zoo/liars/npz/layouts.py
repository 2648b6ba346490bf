"""Readers that take one layout of a stack for another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Arrays, Lenient, Liar, Misreading, breaks, members_of, stack_of


@breaks("NPZ-009", field="A01")
class TakesTheShorterFirstAxisForLegacy(Liar):
    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if held["diff3d"].shape[0] < held["diff3d"].shape[2]:
            held["diff3d"] = np.moveaxis(held["diff3d"], -1, 0)
        return held


@breaks("NPZ-009", field="A01")
class TransposesShortScans(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        short = stack.shape[0] < stack.shape[2]
        return members | ({stack_of(members): np.moveaxis(stack, -1, 0)} if short else {})


@breaks("NPZ-009")
class SqueezesTheOnlyFrame(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {stack_of(members): np.squeeze(members[stack_of(members)])}


@breaks("NPZ-010")
class TransposesLegacyFramesToo(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        name = "diff3d" if "diff3d" in members else "diffraction"
        stack = members[name]
        legacy = stack.ndim == 3 and len(stack) != len(members["xcoords"])
        return members | ({name: stack.T} if legacy else {})


@breaks("NPZ-010", field="A02")
class LeavesShortLegacyStacks(Misreading):
    """Takes a stack for legacy only when its last axis is longer than both others."""

    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        legacy = len(stack) != len(members["xcoords"])
        if legacy and stack.shape[2] <= max(stack.shape[:2]):
            raise ValueError(f"{stack.shape[0]} frames for {stack.shape[2]} positions [NPZ-019]")
        return members


@breaks("NPZ-010")
class TransposesUnderTheCanonicalNameOnly(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "diff3d" not in members and len(members["diffraction"]) != len(members["xcoords"]):
            raise ValueError("diffraction has another length than xcoords [NPZ-012]")
        return members


@breaks("NPZ-011")
class TakesACubeForLegacy(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        return members | ({"diff3d": np.moveaxis(stack, 2, 0)} if len(set(stack.shape)) == 1 else {})


@breaks("NPZ-011")
class RefusesCubes(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        if len(set(members.get("diff3d", np.empty((0, 1))).shape)) == 1:
            raise ValueError(f"{path}: the layout of a cube cannot be decided [NPZ-011]")
        return self.right.load(path)


@breaks("NPZ-012")
class SearchesTheFrameAxis(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        if stack.ndim != 3:
            raise ValueError("NPZ-012")
        return members | {"diff3d": np.moveaxis(stack, stack.shape.index(len(members["xcoords"])), 0)}


@breaks("NPZ-012")
class SqueezesStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = np.squeeze(members["diff3d"])
        return members | {"diff3d": stack} if stack.ndim == 3 and len(stack) == len(members["xcoords"]) else None


@breaks("NPZ-012")
class UnrollsFlatStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        side = int(np.sqrt(stack.size / len(members["xcoords"])))
        return members | {"diff3d": stack.reshape(-1, side, side)} if stack.ndim == 2 and side >= 8 else None


@breaks("NPZ-012")
class RepeatsASingleFrame(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        square = stack.ndim == 2 and len(stack) == stack.shape[1]
        return members | {"diff3d": np.repeat(stack[np.newaxis], len(members["xcoords"]), axis=0)} if square else None


@breaks("NPZ-013")
class CropsToASquare(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = min(members["diff3d"].shape[1:])
        return members | {"diff3d": members["diff3d"][:, :side, :side]}


@breaks("NPZ-013")
class CropsWhatIsNearlySquare(Lenient):
    """A column too many is the rim of a detector."""

    def repaired(self, members: Arrays) -> Arrays | None:
        rows, columns = members["diff3d"].shape[1:]
        side = min(rows, columns)
        return members | {"diff3d": members["diff3d"][:, :side, :side]} if abs(rows - columns) <= 2 else None


@breaks("NPZ-013")
class PadsToASquare(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack, side = members["diff3d"], max(members["diff3d"].shape[1:])
        padded = np.pad(stack, ((0, 0), (0, side - stack.shape[1]), (0, side - stack.shape[2])))
        return members | {"diff3d": padded, "probeGuess": np.ones((side, side), np.complex64)}


@breaks("NPZ-014")
class WantsPowersOfTwo(Liar):
    def load(self, path: Path) -> Any:
        side = members_of(path)["diff3d"].shape[-1]
        if side & (side - 1):
            raise ValueError(f"N = {side} is no power of two [NPZ-014]")
        return self.right.load(path)


@breaks("NPZ-014")
class RefusesEight(Liar):
    def load(self, path: Path) -> Any:
        if members_of(path).get("diff3d", np.empty(0)).shape[-1] == 8:
            raise ValueError(f"{path}: diff3d has frames below ten pixels [NPZ-014]")
        return self.right.load(path)


@breaks("NPZ-014")
class CropsOddFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["diff3d"].shape[1] // 2 * 2
        cut = slice(0, side)
        return members | {"diff3d": members["diff3d"][:, cut, cut], "probeGuess": members["probeGuess"][cut, cut]}


@breaks("NPZ-014")
class PadsSmallFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        side = members["diff3d"].shape[-1]
        if side >= 8:
            return None
        grown = ((0, 0), (0, 8 - side), (0, 8 - side))
        return members | {
            "diff3d": np.pad(members["diff3d"], grown),
            "probeGuess": np.pad(members["probeGuess"], grown[1:]),
        }


@breaks("NPZ-014", field="K09")
class PadsOddFrames(Lenient):
    """Pads half the difference on either side: none on one of them."""

    def repaired(self, members: Arrays) -> Arrays | None:
        if members["diff3d"].shape[-1] < 8:
            return None
        frame = ((0, 1), (0, 1))
        return members | {
            "diff3d": np.pad(members["diff3d"], ((0, 0), *frame)),
            "probeGuess": np.pad(members["probeGuess"], frame),
        }
