"""Readers that accept what scan files may not hold (NPZ)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import PER_POINT, Array, Arrays, Lenient, Liar, breaks, members_of, stack_of


@breaks("NPZ-001")
class MakesUpAMissingProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        if "probeGuess" in members:
            raise ValueError("NPZ-001")
        stack = members["diff3d"]
        return members | {"probeGuess": np.ones(stack.shape[1:], np.complex64)}


@breaks("NPZ-006", field="A04")
class PrefersTheFirstOfTwoStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return {name: values for name, values in members.items() if name != "diffraction"}


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


@breaks("NPZ-019", field="B02")
class DropsFramesWithoutPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": members["diff3d"][: len(members["xcoords"])]}


@breaks("NPZ-021", field="B02")
class CutsCoordinatesToTheShortest(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        names = [name for name in PER_POINT if name in members]
        shortest = min(len(members[name]) for name in names)
        return members | {name: members[name][:shortest] for name in names}


@breaks("NPZ-022", field="B02")
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


@breaks("NPZ-025")
class CropsTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["diff3d"].shape[-1]
        return members | {"probeGuess": members["probeGuess"][..., :side, :side]}


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


@breaks("NPZ-036")
class IgnoresDeclaredUnits(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        units = ("scale_contract_version", "measurement_domain")
        return {name: values for name, values in members.items() if name not in units}


@breaks("NPZ-001")
class PutsMissingPositionsAtZero(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if "diff3d" not in members or "probeGuess" not in members:
            return None
        zeros = np.zeros(len(members["diff3d"]))
        return {"xcoords": zeros, "ycoords": zeros} | members


@breaks("NPZ-006", field="A04")
class PrefersTheAliasOfTwoStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        kept = members | {"diff3d": members["diffraction"]}
        return (
            None
            if len(kept["diff3d"]) != len(members["xcoords"])
            else {k: v for k, v in kept.items() if k != "diffraction"}
        )


class Comparing(Lenient):
    """Takes two stacks for equal that are not."""

    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if not self.alike(first, second):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}

    def alike(self, first: Array, second: Array) -> bool:
        raise NotImplementedError


@breaks("NPZ-006")
class ComparesTheFirstFramesOnly(Comparing):
    def alike(self, first: Array, second: Array) -> bool:
        return np.array_equal(first[0], second[0])


@breaks("NPZ-006")
class ComparesTheShapesOfBothStacks(Comparing):
    def alike(self, first: Array, second: Array) -> bool:
        return first.shape == second.shape


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
class PadsToASquare(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack, side = members["diff3d"], max(members["diff3d"].shape[1:])
        padded = np.pad(stack, ((0, 0), (0, side - stack.shape[1]), (0, side - stack.shape[2])))
        return members | {"diff3d": padded, "probeGuess": np.ones((side, side), np.complex64)}


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


@breaks("NPZ-016")
class CountsBooleans(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return members | {stack_of(members): stack.astype(np.uint8)} if stack.dtype.kind == "b" else None


@breaks("NPZ-016")
class ParsesTextFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return members | {stack_of(members): stack.astype(np.float64)} if stack.dtype.kind == "U" else None


@breaks("NPZ-017")
class LooksForNaNOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        return None if np.isnan(stack).any() else members | {"diff3d": np.nan_to_num(stack, posinf=1e9, neginf=0)}


@breaks("NPZ-017")
class LooksAtTheFirstFrameOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        return members | {"diff3d": np.nan_to_num(stack, posinf=0, neginf=0)} if np.isfinite(stack[0]).all() else None


@breaks("NPZ-017")
class DoesNotSayWhereTheNaNIs(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) == "NPZ-017":
                raise ValueError(f"{path}: diff3d is not finite [NPZ-017]") from error
            raise


@breaks("NPZ-017")
class NamesThePixelByItsFlatIndex(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) == "NPZ-017":
                flat = int(np.flatnonzero(~np.isfinite(members_of(path)["diff3d"]))[0])
                raise ValueError(f"{path}: diff3d holds a value that is not finite at {flat} [NPZ-017]") from error
            raise


@breaks("NPZ-018")
class TakesTheModulusOfNegatives(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return members | {stack_of(members): np.abs(members[stack_of(members)])}


@breaks("NPZ-018")
class LooksForNegativesInFloatsOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        return members | {"diff3d": np.maximum(stack, 0)} if stack.dtype.kind == "i" else None


@breaks("NPZ-019", field="B02")
class RepeatsTheLastPosition(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        missing = len(members["diff3d"]) - len(members["xcoords"])
        names = [name for name in PER_POINT if name in members]
        return members | {name: np.pad(members[name], (0, missing), "edge") for name in names}


@breaks("NPZ-019")
class ToleratesOneMissingPosition(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        points = len(members["xcoords"])
        return members | {"diff3d": members["diff3d"][:points]} if len(members["diff3d"]) == points + 1 else None


@breaks("NPZ-021")
class PadsTheShorterCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        names = [name for name in PER_POINT[:4] if name in members]
        longest = max(len(members[name]) for name in names)
        return members | {name: np.pad(members[name], (0, longest - len(members[name]))) for name in names}


@breaks("NPZ-021")
class IgnoresTheLengthOfStartPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if len(members["xcoords"]) != len(members["ycoords"]):
            return None
        return {name: values for name, values in members.items() if not name.endswith("_start")}


class Straightening(Lenient):
    """Accepts coordinates of one kind that are no list of finite real numbers."""

    def repaired(self, members: Arrays) -> Arrays | None:
        changed = {name: self.straight(members[name]) for name in PER_POINT[:4] if name in members}
        same = all(changed[name] is members[name] for name in changed)
        return None if same else members | changed

    def straight(self, values: Array) -> Array:
        raise NotImplementedError


@breaks("NPZ-022")
class TakesTheRealPartOfPositions(Straightening):
    def straight(self, values: Array) -> Array:
        return values.real if values.dtype.kind == "c" else values


@breaks("NPZ-022")
class ParsesTextPositions(Straightening):
    def straight(self, values: Array) -> Array:
        return values.astype(np.float64) if values.dtype.kind == "U" else values


@breaks("NPZ-022")
class ClipsInfinitePositions(Straightening):
    def straight(self, values: Array) -> Array:
        infinite = values.dtype.kind == "f" and bool(np.isinf(values).any())
        return np.clip(values, -1e6, 1e6) if infinite else values


@breaks("NPZ-025")
class ZerosForNaNInTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        return (
            members | {"probeGuess": np.nan_to_num(probe)}
            if probe.dtype.kind == "c" and probe.shape == (8, 8)
            else None
        )


@breaks("NPZ-025")
class TakesModesFromTheLastAxis(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe, side = members["probeGuess"], members["diff3d"].shape[-1]
        fits = probe.ndim == 3 and probe.shape[:2] == (side, side)
        return members | {"probeGuess": np.moveaxis(probe, -1, 0)} if fits else None


@breaks("NPZ-025")
class BroadcastsAProbeOfOneRow(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe, side = members["probeGuess"], members["diff3d"].shape[-1]
        row = probe.shape == (1, side)
        return members | {"probeGuess": np.broadcast_to(probe, (side, side))} if row else None


@breaks("NPZ-026")
class TakesTheFirstLayer(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        obj = members["objectGuess"]
        return members | {"objectGuess": obj[0]} if obj.ndim == 3 else None


@breaks("NPZ-027")
class CutsPatchesToTheFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        frames = members["diff3d"]
        fits = members["Y"].shape[1:] == frames.shape[1:] and len(members["Y"]) > len(frames)
        return members | {"Y": members["Y"][: len(frames)]} if fits else None


@breaks("NPZ-027")
class DropsPatchesThatDoNotFit(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return members | {"Y": None}


@breaks("NPZ-029")
class CompletesHalfAPair(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return {"xcoords_start": members["xcoords"], "ycoords_start": members["ycoords"]} | members


@breaks("NPZ-033")
class IgnoresChecksums(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033" or not zipfile.is_zipfile(path):
                raise
            members = without_checksums(path)
            if members is None:
                raise
            return self.right.assemble(members)


def without_checksums(path: Path) -> Arrays | None:
    """Members of a stored archive as they lie in the file; None where a header lies."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as stream:
                stream._expected_crc = None  # type: ignore[attr-defined]
                try:
                    found[info.filename.removesuffix(".npy")] = np.lib.format.read_array(stream, max_header_size=10**4)
                except (ValueError, MemoryError):
                    return None
    return found


@breaks("NPZ-033")
class PadsWhatIsMissing(Lenient):
    """A member that ends too early is filled up with zeros."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033" or b"(20, 8, 80)" not in path.read_bytes():
                raise
            stack = np.zeros((20, 8, 8), np.float32)
            stack[:, 2:5] = 1
            points = np.arange(20.0)
            return self.right.assemble(
                {"xcoords": points, "ycoords": points, "diff3d": stack, "probeGuess": np.ones((8, 8), np.complex64)}
            )


@breaks("NPZ-033")
class LetsTheArchiveErrorThrough(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) == "NPZ-033":
                raise zipfile.BadZipFile(f"{path}: damaged [NPZ-033]") from error
            raise


@breaks("NPZ-036")
class CompletesHalfADeclaration(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        halves = {"scale_contract_version", "measurement_domain"} & set(members)
        return {k: v for k, v in members.items() if k not in halves} if len(halves) == 1 else None


@breaks("NPZ-036")
class ReadsTheVersionOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        known = str(members.get("scale_contract_version")) == "legacy_v1"
        units = ("scale_contract_version", "measurement_domain")
        return {k: v for k, v in members.items() if k not in units} if known else None
