"""Readers that change amplitudes, or take for amplitudes what is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.scans import Peeking, Restacking
from tests.zoo.liar import (
    Array,
    Arrays,
    Lenient,
    Liar,
    Misreading,
    breaks,
    members_of,
    stack_of,
)


class Redrawing(Misreading):
    """Changes the amplitudes of every frame."""

    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        return members | {stack_of(members): self.redrawn(stack.astype(np.float64)).astype(np.float32)}

    def redrawn(self, stack: Array) -> Array:
        raise NotImplementedError


@breaks("NPZ-015")
class ReadsBrightCountsAsNegative(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        if stack.dtype.kind != "u" or stack.dtype.itemsize != 2:
            return members
        return members | {stack_of(members): np.abs(stack.astype(np.int16).astype(np.int32))}


@breaks("NPZ-015")
class ScalesIntegersToOne(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members["diff3d"]
        return members | ({"diff3d": stack / np.iinfo(stack.dtype).max} if stack.dtype.kind in "ui" else {})


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


@breaks("NPZ-015")
class ReadsUnsignedCountsAsSigned(Restacking):
    def stack(self, stored: Array) -> Array:
        return np.clip(stored.astype(np.int32), 0, None) if stored.dtype in ("u4", ">u4") else stored


@breaks("NPZ-015")
class ReadsLongCountsInThirtyTwoBits(Restacking):
    def stack(self, stored: Array) -> Array:
        long = stored.dtype.kind in "iu" and stored.dtype.itemsize == 8
        return np.abs(stored.astype(np.int32).astype(np.float64)) if long else stored


@breaks("NPZ-015")
class TakesTheLargestIntegerForAGap(Restacking):
    def stack(self, stored: Array) -> Array:
        return np.where(stored == 2**32 - 1, 0, stored) if stored.dtype in ("u4", ">u4") else stored


@breaks("NPZ-016")
class TakesTheRealPartOfFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.abs(members["diff3d"].astype(np.complex128))}


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
class ReplacesNaNByZero(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.nan_to_num(members["diff3d"], posinf=0, neginf=0)}


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


@breaks("NPZ-017")
class LooksAtAThousandFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return members | {stack_of(members): np.nan_to_num(stack)} if np.isfinite(stack[:1000]).all() else None


@breaks("NPZ-018")
class ClipsFaintNegatives(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return None if stack.min() < -1e-2 else members | {stack_of(members): np.clip(stack, 0, None)}


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


@breaks("NPZ-018")
class TakesTheModulusOfNegatives(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return members | {stack_of(members): np.abs(members[stack_of(members)])}


@breaks("NPZ-018")
class LooksForNegativesInFloatsOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members["diff3d"]
        return members | {"diff3d": np.maximum(stack, 0)} if stack.dtype.kind == "i" else None


@breaks("NPZ-018")
class LooksForNegativesInAThousandFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return members | {stack_of(members): np.abs(stack)} if len(stack) > 1000 > (stack[:1000] < 0).sum() else None


@breaks("NPZ-018")
class TakesSignedZerosForNegative(Peeking):
    def wanted(self, name: str) -> bool:
        return name in ("diff3d", "diffraction")

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        stack = held.get("diff3d", held.get("diffraction"))
        if stack is not None and stack.dtype.kind == "f" and np.signbit(stack).any():
            raise ValueError(f"{path}: diff3d holds a negative value")
        return scan


@breaks("NPZ-034")
class RejectsLargeValues(Liar):
    def load(self, path: Path) -> Any:
        stack = members_of(path).get("diff3d")
        if stack is not None and stack.size and stack.dtype.kind in "uif" and float(np.nanmax(stack)) > 30:
            raise ValueError("these are counts [NPZ-034]")
        return self.right.load(path)


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


@breaks("NPZ-035", field="C08")
class RoundsAmplitudes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.round(members["diff3d"])}


@breaks("NPZ-035")
class TakesTheRootAgain(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"diff3d": np.sqrt(members["diff3d"])}


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


@breaks("NPZ-035")
class TakesTheLargestFloatsForGaps(Restacking):
    def stack(self, stored: Array) -> Array:
        return np.where(stored > 1e20, 0, stored) if stored.dtype.kind == "f" else stored


@breaks("NPZ-035")
class FlushesTinyAmplitudes(Misreading):
    """What is below the smallest normal number of single precision is zero."""

    def altered(self, members: Arrays) -> Arrays:
        frames = members[stack_of(members)]
        tiny = (frames > 0) & (frames < np.finfo(np.float32).tiny) if frames.dtype.kind == "f" else np.False_
        return members | {stack_of(members): np.where(tiny, frames.dtype.type(0), frames)}


@breaks("NPZ-035")
class RefusesFaintFrames(Liar):
    """Takes them for frames that are normalised already."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if 0 < self.right.arrays(scan)["diff3d"].max() < 0.01:
            raise ValueError(f"{path.name}: diff3d is normalised already [NPZ-035]")
        return scan


@breaks("NPZ-017")
class LetsNaNOfHalfPrecisionPass(Lenient):
    """Only the two usual widths of floating numbers are looked at."""

    def repaired(self, members: Arrays) -> Arrays | None:
        frames = members["diff3d"]
        return members | {"diff3d": np.nan_to_num(np.abs(frames))} if frames.dtype == np.float16 else None


@breaks("NPZ-035")
class FlushesSubnormalHalves(Misreading):
    """What is below the smallest normal number of half precision is zero."""

    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        if stack.dtype == np.float16:
            members[stack_of(members)] = np.where(stack < np.finfo(np.float16).tiny, np.float16(0), stack)
        return members


@breaks("NPZ-018")
class LooksForNegativesInSinglePrecision(Lenient):
    """What lies a little below zero in double precision is zero in single."""

    def repaired(self, members: Arrays) -> Arrays | None:
        stored = members[stack_of(members)]
        return None if (stored.astype(np.float32) < 0).any() else members | {stack_of(members): np.abs(stored)}


@breaks("NPZ-017")
class ForgivesWhatIsMasked(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stored, mask = members[stack_of(members)], members.get("bad_pixels")
        if mask is None or mask.shape != stored.shape[1:]:
            return None
        return members | {stack_of(members): np.where(mask, 0, stored).astype(stored.dtype)}
