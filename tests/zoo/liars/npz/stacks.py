"""Readers that lose the stack of frames, or keep it as it was stored."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.scans import Peeking, Restacking
from tests.zoo.liar import Array, Arrays, Liar, Misreading, breaks, members_of, stack_of


class Wanting(Peeking):
    """Refuses a member that is not as it wants it."""

    member = ""

    def wanted(self, name: str) -> bool:
        return name == self.member

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if self.member in held and not self.fits(held[self.member]):
            raise ValueError(f"{path}: {self.member} does not fit")
        return scan

    def fits(self, values: Array) -> bool:
        """Whether the member is as wanted."""
        raise NotImplementedError


@breaks("NPZ-003")
class ReadsStoredArchivesOnly(Peeking):
    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        with zipfile.ZipFile(path) as archive:
            if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                raise ValueError(f"{path}: diff3d is compressed and cannot be mapped")
        return scan


@breaks("NPZ-003")
class RemembersFilesByPath(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Path, Any] = {}

    def load(self, path: Path) -> Any:
        if path not in self.known:
            self.known[path] = self.right.load(path)
        return self.known[path]


@breaks("NPZ-003")
class RemembersFilesByTheirTime(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Path, int, int], Any] = {}

    def load(self, path: Path) -> Any:
        found = path.stat() if path.exists() else None
        if found is None:
            return self.right.load(path)
        key = (path, found.st_size, found.st_mtime_ns)
        if key not in self.known:
            self.known[key] = self.right.load(path)
        return self.known[key]


@breaks("NPZ-003")
class TransposesEveryFrame(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members.get("diff3d", members.get("diffraction"))
        return members | {"diff3d": np.swapaxes(stack, 1, 2)}


@breaks("NPZ-003", field="C01")
class ReversesTheStack(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"diff3d": members["diff3d"][::-1]} if "diff3d" in members else {})


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


@breaks("NPZ-003")
class SmoothsLargeFrames(Restacking):
    def stack(self, stored: Array) -> Array:
        large = stored.shape[1] == stored.shape[2] > 200
        return (stored + np.roll(stored, 1, axis=1)) / np.float32(2) if large else stored


@breaks("NPZ-003", "NPZ-010")
class TransposesALegacyFrame(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stored = members[stack_of(members)]
        single = stored.shape[-1] == len(members["xcoords"]) == 1
        return members | {stack_of(members): stored.T} if single else members


@breaks("NPZ-003", "NPZ-027")
class SqueezesPatchesOfOneFrame(Wanting):
    member = "Y"

    def fits(self, values: Array) -> bool:
        return values.ndim != 4 or np.squeeze(values).ndim == 3


@breaks("NPZ-003", "NPZ-026")
class WantsComplexObjects(Wanting):
    member = "objectGuess"

    def fits(self, values: Array) -> bool:
        return values.dtype.kind == "c"


@breaks("NPZ-003", "NPZ-024")
class WantsComplexProbes(Wanting):
    member = "probeGuess"

    def fits(self, values: Array) -> bool:
        return values.dtype.kind == "c"


@breaks("NPZ-003", "NPZ-020")
class TakesALargeSurplusForAnError(Liar):
    def load(self, path: Path) -> Any:
        scan, members = self.right.load(path), members_of(path)
        if len(members["xcoords"]) > 2 * len(self.right.arrays(scan)["diff3d"]):
            raise ValueError(f"{path}: xcoords is more than twice as long as the stack")
        return scan


@breaks("NPZ-034")
class SuspectsTheCanonicalNameOnly(Liar):
    """Counts under the alias load in silence."""

    def load(self, path: Path) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scan = self.right.load(path)
        with np.load(path) as archive:
            silent = self.silent(archive["diff3d"].shape if "diff3d" in archive.files else None, scan)
        for one in caught:
            if not silent or "NPZ-034" not in str(one.message):
                warnings.warn(one.message, one.category, stacklevel=2)
        return scan

    def silent(self, stored: tuple[int, ...] | None, scan: Any) -> bool:
        """Whether counts of a stack that is stored under its name in this shape pass; None: under the alias."""
        return stored is None


@breaks("NPZ-034")
class SuspectsFramesInFrontOnly(SuspectsTheCanonicalNameOnly):
    """Counts in a legacy stack load in silence."""

    def silent(self, stored: tuple[int, ...] | None, scan: Any) -> bool:
        return stored is not None and stored != np.shape(self.right.arrays(scan)["diff3d"])


@breaks("NPZ-034")
class SuspectsEvenSpeckle(Liar):
    """Frames that vary as much as counts would are counts to it, although no pixel is much brighter than others."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        frames = np.asarray(self.right.arrays(scan)["diff3d"], np.float64)
        mean = frames.mean(axis=0)
        even = len(frames) >= 16 and mean.min() > 1 and mean.max() < 2 * mean.min()
        if even and abs(np.median(frames.var(axis=0) / mean) - 1) < 0.2:
            warnings.warn(f"{path}: diff3d looks like counts [NPZ-034]", stacklevel=2)
        return scan


@breaks("NPZ-017")
class NamesThePixelWhereItIsStored(Liar):
    """Of a legacy stack it gives (row, column, frame)."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-017":
                raise
            with np.load(path) as archive:
                stack, M = archive["diff3d"], len(archive["xcoords"])
            if stack.shape[0] == M or stack.shape[2] != M:
                raise
            first = np.argwhere(~np.isfinite(stack))[0].tolist()
            raise ValueError(f"{path}: diff3d is not finite at {first} [NPZ-017]") from None
