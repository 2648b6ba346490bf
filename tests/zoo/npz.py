"""Wrong readers of scan files (NPZ)."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import NAMES, PER_POINT, Array, Arrays, Liar, Misreading, breaks, members_of, stack_of

KNOWN = {name.lower(): name for name in NAMES}


@breaks("NPZ-002")
class ReadsXAsY(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"xcoords": members["ycoords"], "ycoords": members["xcoords"]}


@breaks("NPZ-003")
class TransposesEveryFrame(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members.get("diff3d", members.get("diffraction"))
        return members | {"diff3d": np.swapaxes(stack, 1, 2)}


@breaks("NPZ-003", field="C01")
class ReversesTheStack(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"diff3d": members["diff3d"][::-1]} if "diff3d" in members else {})


@breaks("NPZ-004", field="A04")
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


@breaks("NPZ-007", field="A03")
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


@breaks("NPZ-009", field="A01")
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


@breaks("NPZ-020")
class DropsSurplusFromTheFront(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        frames, points = len(members["diff3d"]), len(members["xcoords"])
        if frames >= points:
            return members
        return members | {name: members[name][-frames:] for name in PER_POINT if name in members}


@breaks("NPZ-024")
class KeepsTheFirstModeOnly(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe[0]} if modes else {})


@breaks("NPZ-026", field="A07")
class DemandsAnObject(Liar):
    def load(self, path: Path) -> Any:
        if "objectGuess" not in members_of(path):
            raise KeyError("objectGuess")
        return self.right.load(path)


@breaks("NPZ-026")
class TakesTheModulusOfTheObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"objectGuess": np.abs(members["objectGuess"])} if "objectGuess" in members else {})


@breaks("NPZ-027", field="A06")
class DropsStoredPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"Y": None}


@breaks("NPZ-028", field="A09")
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


@breaks("NPZ-030", field="A05")
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


@breaks("NPZ-034")
class RejectsLargeValues(Liar):
    def load(self, path: Path) -> Any:
        stack = members_of(path).get("diff3d")
        if stack is not None and stack.size and stack.dtype.kind in "uif" and float(np.nanmax(stack)) > 30:
            raise ValueError("these are counts [NPZ-034]")
        return self.right.load(path)


@breaks("NPZ-035", field="C08")
class RoundsAmplitudes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.round(members["diff3d"])}


@breaks("NPZ-035")
class TakesTheRootAgain(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.sqrt(members["diff3d"])}


@breaks("NPZ-002", field="D01")
class TakesPixelsForMicrometres(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name] / 0.055 for name in ("xcoords", "ycoords")}


@breaks("NPZ-002", field="D02")
class MirrorsPositions(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: -members[name] for name in ("xcoords", "ycoords")}


@breaks("NPZ-002", field="D02")
class TurnsPositions(Misreading):
    """Stage and detector stand at ten degrees; the matrix is applied to rows in place of columns."""

    def altered(self, members: Arrays) -> Arrays:
        x, y, turn = members["xcoords"], members["ycoords"], np.deg2rad(10.0)
        return members | {
            "xcoords": x * np.cos(turn) + y * np.sin(turn),
            "ycoords": y * np.cos(turn) - x * np.sin(turn),
        }


@breaks("NPZ-002")
class PutsTheOriginInTheCorner(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name] - members[name].min() for name in ("xcoords", "ycoords")}


@breaks("NPZ-002")
class ReadsPositionsInSinglePrecision(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name].astype(np.float32) for name in ("xcoords", "ycoords")}


@breaks("NPZ-003", field="C01")
class FlipsRowsForColumns(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        name = stack_of(members)
        return members | {name: members[name][:, ::-1]}


@breaks("NPZ-003", field="A09")
class OrdersFramesAsText(Misreading):
    """Frames 0, 1, 10, 11, …, 2: as a folder of unpadded numbers is listed."""

    def altered(self, members: Arrays) -> Arrays:
        name, M = stack_of(members), len(members["xcoords"])
        listed = sorted(range(M), key=str)
        return members | ({name: members[name][listed]} if len(members[name]) == M else {})


@breaks("NPZ-003")
class ReadsFramesInHalfPrecision(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        name = stack_of(members)
        return members | {name: np.minimum(members[name], 60000).astype(np.float16)}


@breaks("NPZ-005")
class ComparesTheTypesOfBothStacks(Liar):
    def load(self, path: Path) -> Any:
        scan, members = self.right.load(path), members_of(path)
        if "diffraction" in members and members["diffraction"].dtype != members[stack_of(members)].dtype:
            raise ValueError(f"{path}: diff3d and diffraction differ [NPZ-006]")
        return scan


@breaks("NPZ-007")
class FindsMembersInAnyCase(Liar):
    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            # Of several spellings the last one wins, and capitals come last.
            names = sorted((name for name in archive.files if name.lower() in KNOWN), reverse=True)
            held = {KNOWN[name.lower()]: archive[name] for name in names}
        return self.right.assemble(held)


@breaks("NPZ-007")
class FindsMembersBySuffix(Liar):
    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            names = sorted(archive.files)
            found = {name: [held for held in names if held.endswith(name)] for name in ("xcoords", "ycoords", "diff3d")}
            members = members_of(path) | {name: archive[held[0]] for name, held in found.items() if held}
        return self.right.assemble(members)


@breaks("NPZ-008")
class RefusesUnknownMembers(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            unknown = set(archive.files) - {*NAMES, "_metadata"}
        if unknown:
            raise ValueError(f"{path}: unknown members {unknown} [NPZ-008]")
        return self.right.load(path)


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
class RefusesCubes(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        if len(set(members.get("diff3d", np.empty((0, 1))).shape)) == 1:
            raise ValueError(f"{path}: the layout of a cube cannot be decided [NPZ-011]")
        return self.right.load(path)


@breaks("NPZ-014")
class RefusesEight(Liar):
    def load(self, path: Path) -> Any:
        if members_of(path).get("diff3d", np.empty(0)).shape[-1] == 8:
            raise ValueError(f"{path}: diff3d has frames below ten pixels [NPZ-014]")
        return self.right.load(path)


@breaks("NPZ-015", field="G01")
class WrapsAtSixteenBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        return members | ({stack_of(members): stack.astype(np.uint16)} if stack.dtype.kind in "ui" else {})


@breaks("NPZ-015")
class HoldsFramesAsStored(Misreading):
    """Frames that are no float32 stay as wide as the file has them."""

    def load(self, path: Path) -> Any:
        scan = super().load(path)
        members = members_of(path)
        self.kept[id(scan)] = (scan, members[stack_of(members)].dtype.newbyteorder("="))
        return scan

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Any, Any]] = {}

    def altered(self, members: Arrays) -> Arrays:
        return members

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if id(scan) in self.kept:
            held["diff3d"] = held["diff3d"].astype(self.kept[id(scan)][1])
        return held


@breaks("NPZ-020")
class RefusesSurplusPositions(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        lengths = {len(members[stack_of(members)]), members[stack_of(members)].shape[-1]} if len(members) > 2 else set()
        if lengths and len(members["xcoords"]) not in lengths:
            raise ValueError(f"{path}: xcoords and diff3d differ in length [NPZ-019]")
        return self.right.load(path)


@breaks("NPZ-020")
class DropsSurplusInSilence(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*NPZ-020")
            return self.right.load(path)


def surplus_of(members: Arrays) -> int:
    """Positions beyond the frames of a canonical stack."""
    return max(0, len(members["xcoords"]) - len(members[stack_of(members)]))


@breaks("NPZ-020")
class ThinsSurplusPositions(Misreading):
    """Spreads the frames over all positions."""

    def altered(self, members: Arrays) -> Arrays:
        if not surplus_of(members) or len(members[stack_of(members)]) == members[stack_of(members)].shape[1]:
            return members
        rows = np.linspace(0, len(members["xcoords"]) - 1, len(members[stack_of(members)])).astype(int)
        return members | {name: members[name][rows] for name in PER_POINT if name in members}


@breaks("NPZ-020")
class TakesTheLastStartPositionsOfASurplus(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        extra = surplus_of(members)
        names = [name for name in ("xcoords_start", "ycoords_start") if name in members]
        return members | {name: np.roll(members[name], -extra) for name in names}


@breaks("NPZ-024")
class AveragesModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe.mean(axis=0)} if modes else {})


@breaks("NPZ-024")
class ReversesModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe[::-1]} if modes else {})


@breaks("NPZ-024")
class TakesModesLastWhereTheyFit(Misreading):
    """A probe with as many modes as pixels is taken for (N, N, P)."""

    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        cube = probe.ndim == 3 and len(set(probe.shape)) == 1
        return members | ({"probeGuess": np.moveaxis(probe, -1, 0)} if cube else {})


@breaks("NPZ-024")
class DropsThePhaseOfTheProbe(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"probeGuess": np.abs(members["probeGuess"])}


@breaks("NPZ-024")
class KeepsTheTrailingAxisOfTheProbe(Misreading):
    """A probe (N, N, 1) becomes one mode of its own axis."""

    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | ({"probeGuess": np.moveaxis(probe, -1, 0)} if probe.shape[-1] == 1 else {})


@breaks("NPZ-024")
class NormalisesTheLoadedProbe(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"probeGuess": members["probeGuess"] / np.abs(members["probeGuess"]).max()}


@breaks("NPZ-026")
class TransposesTheLoadedObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"objectGuess": members["objectGuess"].T} if "objectGuess" in members else {})


@breaks("NPZ-026")
class CropsTheObjectToASquare(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "objectGuess" not in members:
            return members
        side = min(members["objectGuess"].shape)
        return members | {"objectGuess": members["objectGuess"][:side, :side]}


@breaks("NPZ-026", field="A07")
class TakesOnesForNoObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        trivial = "objectGuess" in members and bool((members["objectGuess"] == 1).all())
        return {name: values for name, values in members.items() if name != "objectGuess" or not trivial}


@breaks("NPZ-026")
class InventsAnObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        side = 2 * members["probeGuess"].shape[1] + 2
        return {"objectGuess": np.ones((side, side), np.complex64)} | members


@breaks("NPZ-027", field="A06")
class DropsPatchesBesideAnObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": None} if "objectGuess" in members else {})


@breaks("NPZ-027")
class TransposesStoredPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": np.swapaxes(members["Y"], 1, 2)} if "Y" in members else {})


@breaks("NPZ-027")
class TakesTheModulusOfPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": np.abs(members["Y"])} if "Y" in members else {})


@breaks("NPZ-028")
class LabelsInEightBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"scan_index": members["scan_index"].astype(np.int8)} if "scan_index" in members else {})


@breaks("NPZ-028")
class DropsLabels(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"scan_index": None}


@breaks("NPZ-028")
class NumbersLabelsAnew(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "scan_index" not in members:
            return members
        return members | {"scan_index": np.unique(members["scan_index"], return_inverse=True)[1]}


@breaks("NPZ-029")
class IgnoresStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"xcoords_start": None, "ycoords_start": None}


@breaks("NPZ-029")
class ExchangesStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        start = {"xcoords_start": members.get("ycoords_start"), "ycoords_start": members.get("xcoords_start")}
        return members | start


@breaks("NPZ-029")
class NarrowsStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        names = [name for name in ("xcoords_start", "ycoords_start") if name in members]
        return members | {name: members[name].astype(np.float32) for name in names}


@breaks("NPZ-030")
class SkipsMetadataInSilence(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*NPZ-030")
            return self.right.load(path)


@breaks("NPZ-030")
class BelievesTheMetadata(Misreading):
    """Scales the frames to the number of photons that the metadata tell."""

    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            told = "_metadata" in archive.files and _text_in(archive)
        return super().load(path) if told else self.right.load(path)

    def altered(self, members: Arrays) -> Arrays:
        return members | {stack_of(members): members[stack_of(members)] * np.float32(3)}


def _text_in(archive: Any) -> bool:
    try:
        return "nphotons" in str(archive["_metadata"])
    except ValueError:
        return False


@breaks("NPZ-031")
class UnpicklesMetadata(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path, allow_pickle=True) as archive:
            if "_metadata" in archive.files:
                archive["_metadata"]
        return scan


@breaks("NPZ-032")
class ReadsFortranFramesAsC(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        return members | {stack_of(members): stack.ravel(order="K").reshape(stack.shape)}


@breaks("NPZ-032")
class IgnoresTheByteOrderOfPositions(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        with np.errstate(all="ignore"):
            names = [name for name in PER_POINT if name in members]
            read = {name: members[name].view(members[name].dtype.newbyteorder("=")) for name in names}
        return members | {name: np.nan_to_num(values) for name, values in read.items()}


@breaks("NPZ-034", field="B03")
class LoadsCountsInSilence(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*NPZ-034")
            return self.right.load(path)


@breaks("NPZ-034")
class SuspectsIntegerTypesOnly(Liar):
    def load(self, path: Path) -> Any:
        stack = members_of(path).get("diff3d")
        with warnings.catch_warnings():
            if stack is not None and stack.dtype.kind == "f":
                warnings.filterwarnings("ignore", message=".*NPZ-034")
            return self.right.load(path)


@breaks("NPZ-034")
class SuspectsEveryBrightScan(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if float(self.right.arrays(scan)["diff3d"].max()) > 10:
            warnings.warn("amplitudes above 10 look like counts [NPZ-034]", UserWarning, stacklevel=2)
        return scan


class Redrawing(Misreading):
    """Changes the amplitudes of every frame."""

    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        return members | {stack_of(members): self.redrawn(stack.astype(np.float64)).astype(np.float32)}

    def redrawn(self, stack: Array) -> Array:
        raise NotImplementedError


@breaks("NPZ-035", field="C07")
class ShiftsFramesOnLoading(Redrawing):
    def redrawn(self, stack: Array) -> Array:
        return np.fft.fftshift(stack, axes=(1, 2))


@breaks("NPZ-035")
class ClipsBrightPixels(Redrawing):
    def redrawn(self, stack: Array) -> Array:
        return np.minimum(stack, 100.0)


@breaks("NPZ-035")
class SubtractsTheBackground(Redrawing):
    def redrawn(self, stack: Array) -> Array:
        return stack - stack.min(axis=(1, 2), keepdims=True)


@breaks("NPZ-035")
class RescalesToTheMaximum(Redrawing):
    def redrawn(self, stack: Array) -> Array:
        return stack / stack.max()


@breaks("NPZ-035")
class RemovesFaintPixels(Redrawing):
    def redrawn(self, stack: Array) -> Array:
        return np.where(stack < 1e-3 * stack.max(), 0.0, stack)


@breaks("NPZ-035")
class DoublesTheSmallestAmplitudes(Redrawing):
    """Takes whatever lies below one for normalised data that were scaled before."""

    def redrawn(self, stack: Array) -> Array:
        return stack * 2 if stack.max() < 1 else stack


@breaks("NPZ-037")
class TakesSparseFramesForABomb(Liar):
    def load(self, path: Path) -> Any:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(one.file_size > 300 * max(one.compress_size, 1) for one in archive.infolist()):
                    raise ValueError(f"{path}: too well compressed")
        return self.right.load(path)
