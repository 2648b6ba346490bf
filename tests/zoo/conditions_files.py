"""Faults in reading files that show under one condition only: one dtype, one member, one second reading."""

from __future__ import annotations

import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import (
    PER_POINT,
    Arrays,
    Lenient,
    Liar,
    Misreading,
    breaks,
    stack_of,
)


class Peeking(Liar):
    """Refuses or changes what it loads after a look at the archive itself."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path) as archive:
            held = {name: archive[name] for name in archive.files if self.wanted(name)}
        return self.looked(scan, held, path)

    def wanted(self, name: str) -> bool:
        """Whether a member is looked at."""
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        """Return the scan, another one, or raise."""
        raise NotImplementedError

    def again(self, scan: Any, **changes: Any) -> Any:
        """Return the scan with arrays changed."""
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | changes)


@breaks("NPZ-002")
class WantsPositionsInDoublePrecision(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "xcoords"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["xcoords"].dtype.itemsize < 8:
            raise ValueError(f"{path}: xcoords must be float64")
        return scan


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


@breaks("NPZ-006")
class ComparesBothStacksLoosely(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.allclose(first, second, rtol=1e-3):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-006")
class ComparesBothStacksBySum(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.isclose(first.sum(dtype=float), second.sum(dtype=float), rtol=1e-9):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-008")
class AppliesAMask(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "mask"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        frames = self.right.arrays(scan)["diff3d"]
        if "mask" not in held or held["mask"].shape != frames.shape[1:]:
            return scan
        return self.again(scan, diff3d=frames * held["mask"].astype(np.float32))


@breaks("NPZ-008")
class TakesLabelsForPatches(Peeking):
    def wanted(self, name: str) -> bool:
        return name in ("label", "ground_truth_patches")

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if not held or self.right.arrays(scan).get("Y") is not None:
            return scan
        return self.again(scan, Y=next(iter(held.values())))


@breaks("NPZ-015")
class ReadsBrightCountsAsNegative(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        if stack.dtype.kind != "u" or stack.dtype.itemsize != 2:
            return members
        return members | {stack_of(members): np.abs(stack.astype(np.int16).astype(np.int32))}


@breaks("NPZ-018")
class ClipsFaintNegatives(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return None if stack.min() < -1e-2 else members | {stack_of(members): np.clip(stack, 0, None)}


@breaks("NPZ-020")
class DropsTheFirstOfALegacySurplus(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack, positions = members[stack_of(members)], len(members["xcoords"])
        legacy = stack.shape[0] == stack.shape[1] and stack.shape[2] < positions != stack.shape[0]
        return {
            name: values[-stack.shape[2] :] if legacy and name in PER_POINT else values
            for name, values in members.items()
        }


@breaks("NPZ-022")
class ReplacesBrokenStartCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        repaired = dict(members)
        for axis in ("xcoords", "ycoords"):
            start = members.get(f"{axis}_start")
            if start is None or start.dtype.kind not in "iuf" or start.shape != members[axis].shape:
                return None
            repaired[f"{axis}_start"] = np.where(np.isfinite(start), start, members[axis])
        return repaired


@breaks("NPZ-022")
class TakesTruthForPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if all(members[name].dtype.kind != "b" for name in ("xcoords", "ycoords")):
            return None
        return members | {name: members[name].astype(float) for name in ("xcoords", "ycoords")}


@breaks("NPZ-024")
class WantsSeveralModesOrNone(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "probeGuess"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["probeGuess"].ndim == 3 and len(held["probeGuess"]) == 1:
            raise ValueError(f"{path}: probeGuess has a mode axis but one mode")
        return scan


@breaks("NPZ-028")
class LabelsInThirtyTwoBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index")
        return members if labels is None else members | {"scan_index": labels.astype(np.int32)}


@breaks("NPZ-029")
class LooksForDistinctStartsAlongX(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        start = members.get("xcoords_start")
        if start is None or not np.allclose(start, members["xcoords"], atol=1e-2):
            return members
        return members | {"xcoords_start": members["xcoords"], "ycoords_start": members["ycoords"]}


@breaks("NPZ-030")
class ScalesToTheDoseOfTheMetadata(Peeking):
    def wanted(self, name: str) -> bool:
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        with zipfile.ZipFile(path) as archive:
            said = archive.read("_metadata.npy") if "_metadata.npy" in archive.namelist() else b""
        found = re.search(r'"nphotons": ([0-9.]+)', said.decode("utf-32-le", "ignore"))
        if found is None or float(found[1]) > 1e6:
            return scan
        return self.again(scan, diff3d=self.right.arrays(scan)["diff3d"] * np.float32(2))
