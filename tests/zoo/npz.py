"""Wrong readers of scan files (NPZ)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import PER_POINT, Arrays, Lenient, Liar, Misreading, breaks, members_of


@breaks("NPZ-001")
class MakesUpAMissingProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        if "probeGuess" in members:
            raise ValueError("NPZ-001")
        stack = members["diff3d"]
        return members | {"probeGuess": np.ones(stack.shape[1:], np.complex64)}


@breaks("NPZ-002")
class ReadsXAsY(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"xcoords": members["ycoords"], "ycoords": members["xcoords"]}


@breaks("NPZ-003")
class TransposesEveryFrame(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members.get("diff3d", members.get("diffraction"))
        return members | {"diff3d": np.swapaxes(stack, 1, 2)}


@breaks("NPZ-003")
class ReversesTheStack(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"diff3d": members["diff3d"][::-1]} if "diff3d" in members else {})


@breaks("NPZ-004")
class KnowsNoAlias(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        if "diff3d" not in members:
            raise KeyError("diff3d is not a file in the archive")
        return self.right.load(path)


@breaks("NPZ-005")
class RefusesBothNames(Liar):
    def load(self, path: Path) -> Any:
        if {"diff3d", "diffraction"} <= set(members_of(path)):
            raise ValueError("two stacks [NPZ-006]")
        return self.right.load(path)


@breaks("NPZ-006")
class PrefersTheFirstOfTwoStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-007")
class FindsMembersByPrefix(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            names = sorted(archive.files, reverse=True)
            found = {}
            for name in (*PER_POINT, "diff3d", "probeGuess"):
                match = next((held for held in names if held.startswith(name)), None)
                if match is not None:
                    found[name] = archive[match]
        return self.right.assemble(found)


@breaks("NPZ-008")
class ReadsEveryMember(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                archive[name]
        return self.right.load(path)


@breaks("NPZ-009")
class TakesTheShorterFirstAxisForLegacy(Liar):
    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if held["diff3d"].shape[0] < held["diff3d"].shape[2]:
            held["diff3d"] = np.moveaxis(held["diff3d"], -1, 0)
        return held


@breaks("NPZ-010")
class TransposesLegacyFramesToo(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        name = "diff3d" if "diff3d" in members else "diffraction"
        stack = members[name]
        legacy = stack.ndim == 3 and len(stack) != len(members["xcoords"])
        return members | ({name: stack.T} if legacy else {})


@breaks("NPZ-011")
class TakesACubeForLegacy(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        return members | ({"diff3d": np.moveaxis(stack, 2, 0)} if len(set(stack.shape)) == 1 else {})


@breaks("NPZ-012")
class SearchesTheFrameAxis(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        if stack.ndim != 3:
            raise ValueError("NPZ-012")
        return members | {"diff3d": np.moveaxis(stack, stack.shape.index(len(members["xcoords"])), 0)}


@breaks("NPZ-013")
class CropsToASquare(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = min(members["diff3d"].shape[1:])
        return members | {"diff3d": members["diff3d"][:, :side, :side]}


@breaks("NPZ-014")
class CropsOddFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["diff3d"].shape[1] // 2 * 2
        cut = slice(0, side)
        return members | {"diff3d": members["diff3d"][:, cut, cut], "probeGuess": members["probeGuess"][cut, cut]}


@breaks("NPZ-014")
class WantsPowersOfTwo(Liar):
    def load(self, path: Path) -> Any:
        side = members_of(path)["diff3d"].shape[-1]
        if side & (side - 1):
            raise ValueError(f"N = {side} is no power of two [NPZ-014]")
        return self.right.load(path)


@breaks("NPZ-015")
class ScalesIntegersToOne(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        return members | ({"diff3d": stack / np.iinfo(stack.dtype).max} if stack.dtype.kind in "ui" else {})


@breaks("NPZ-016")
class TakesTheRealPartOfFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.abs(members["diff3d"].astype(np.complex128))}


@breaks("NPZ-017")
class ReplacesNaNByZero(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.nan_to_num(members["diff3d"], posinf=0, neginf=0)}


@breaks("NPZ-018")
class ClipsNegativeAmplitudes(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.maximum(members["diff3d"], 0)}


@breaks("NPZ-018")
class DoesNotSayWhereTheNegativeIs(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) == "NPZ-018":
                raise ValueError("negative amplitude [NPZ-018]") from error
            raise


@breaks("NPZ-019")
class DropsFramesWithoutPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": members["diff3d"][: len(members["xcoords"])]}


@breaks("NPZ-020")
class DropsSurplusFromTheFront(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        frames, points = len(members["diff3d"]), len(members["xcoords"])
        if frames >= points:
            return members
        return members | {name: members[name][-frames:] for name in PER_POINT if name in members}


@breaks("NPZ-021")
class CutsCoordinatesToTheShortest(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        names = [name for name in PER_POINT if name in members]
        shortest = min(len(members[name]) for name in names)
        return members | {name: members[name][:shortest] for name in names}


@breaks("NPZ-022")
class RavelsCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {name: np.ravel(members[name]) for name in ("xcoords", "ycoords")}


@breaks("NPZ-022")
class ZerosForNaNPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        if members["xcoords"].dtype.kind != "f" or members["ycoords"].dtype.kind != "f":
            raise ValueError("NPZ-022")
        return members | {name: np.nan_to_num(members[name]) for name in ("xcoords", "ycoords")}


@breaks("NPZ-023")
class MakesUpAPoint(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["probeGuess"].shape[-1]
        grown = {name: np.zeros(1) for name in PER_POINT if name in members}
        return members | grown | {"diff3d": np.ones((1, side, side))}


@breaks("NPZ-024")
class KeepsTheFirstModeOnly(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe[0]} if modes else {})


@breaks("NPZ-025")
class CropsTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["diff3d"].shape[-1]
        return members | {"probeGuess": members["probeGuess"][..., :side, :side]}


@breaks("NPZ-026")
class DemandsAnObject(Liar):
    def load(self, path: Path) -> Any:
        if "objectGuess" not in members_of(path):
            raise KeyError("objectGuess")
        return self.right.load(path)


@breaks("NPZ-026")
class TakesTheModulusOfTheObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"objectGuess": np.abs(members["objectGuess"])} if "objectGuess" in members else {})


@breaks("NPZ-027")
class DropsStoredPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"Y": None}


@breaks("NPZ-028")
class SortsByLabel(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "scan_index" not in members:
            return members
        order = np.argsort(members["scan_index"], kind="stable")
        return members | {name: members[name][order] for name in (*PER_POINT, "diff3d") if name in members}


@breaks("NPZ-028")
class FillsLabelsWithRowNumbers(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {"scan_index": np.arange(len(members["xcoords"]))} | members


@breaks("NPZ-029")
class StartsAtZero(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        zeros = np.zeros(len(members["xcoords"]))
        return {"xcoords_start": zeros, "ycoords_start": zeros} | members


@breaks("NPZ-030")
class FailsOnMetadataOfObjects(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            if "_metadata" in archive.files:
                archive["_metadata"]
        return self.right.load(path)


@breaks("NPZ-031")
class Unpickles(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=True) as archive:
            for name in archive.files:
                archive[name]
        return self.right.load(path)


@breaks("NPZ-032")
class IgnoresByteOrder(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {
            name: values.view(values.dtype.newbyteorder("=")) if values.dtype.kind in "fc" else values
            for name, values in members.items()
        }


@breaks("NPZ-032")
class ReadsFortranOrderAsC(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {
            name: values.ravel(order="K").reshape(values.shape) if values.ndim == 2 else values
            for name, values in members.items()
        }


@breaks("NPZ-033")
class FillsDamageWithOnes(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033":
                raise
            points, frames = np.arange(4.0), np.ones((4, 8, 8))
            return self.right.assemble(
                {"xcoords": points, "ycoords": points, "diff3d": frames, "probeGuess": frames[0].astype(np.complex64)}
            )


@breaks("NPZ-034")
class RejectsLargeValues(Liar):
    def load(self, path: Path) -> Any:
        stack = members_of(path).get("diff3d")
        if stack is not None and stack.size and stack.dtype.kind in "uif" and float(np.nanmax(stack)) > 30:
            raise ValueError("these are counts [NPZ-034]")
        return self.right.load(path)


@breaks("NPZ-035")
class RoundsAmplitudes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.round(members["diff3d"])}


@breaks("NPZ-035")
class TakesTheRootAgain(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.sqrt(members["diff3d"])}


@breaks("NPZ-036")
class IgnoresDeclaredUnits(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        units = ("scale_contract_version", "measurement_domain")
        return {name: values for name, values in members.items() if name not in units}
