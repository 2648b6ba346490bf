"""Faults of readers and writers that show in files out of the ordinary only: names, tops of types, many frames."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.conditions_files import Peeking
from tests.zoo.liar import (
    NAMES,
    PER_POINT,
    Array,
    Arrays,
    Held,
    Lenient,
    Liar,
    Misreading,
    breaks,
    members_of,
    stack_of,
)


class Restacking(Misreading):
    """Changes the stack as it is stored."""

    def altered(self, members: Arrays) -> Arrays:
        return members | {stack_of(members): self.stack(members[stack_of(members)])}

    def stack(self, stored: Array) -> Array:
        """Return the changed stack."""
        raise NotImplementedError


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


@breaks("NPZ-035")
class TakesTheLargestFloatsForGaps(Restacking):
    def stack(self, stored: Array) -> Array:
        return np.where(stored > 1e20, 0, stored) if stored.dtype.kind == "f" else stored


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


@breaks("NPZ-002")
class TakesTheFirstPositionsForX(Misreading):
    """Whichever of both lies first in the archive."""

    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            self.backward = list(archive.files).index("ycoords") < list(archive.files).index("xcoords")
        return super().load(path)

    def altered(self, members: Arrays) -> Arrays:
        if not self.backward:
            return members
        return members | {"xcoords": members["ycoords"], "ycoords": members["xcoords"]}


@breaks("NPZ-002")
class ZerosAnAxisWithoutExtent(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        flat = [name for name in PER_POINT[:2] if len(members[name]) > 1 and np.ptp(members[name]) == 0]
        return members | {name: 0.0 * members[name] for name in flat}


@breaks("NPZ-007")
class FindsMembersByTheirLastName(Liar):
    """A member in a folder of the archive counts under the name behind the slash."""

    def load(self, path: Path) -> Any:
        try:
            with np.load(path) as archive:
                inside = {name.rpartition("/")[2]: archive[name] for name in archive.files if "/" in name}
        except (ValueError, OSError):
            return self.right.load(path)
        found = {name: values for name, values in inside.items() if name in NAMES}
        return self.right.assemble(members_of(path) | found) if found else self.right.load(path)


@breaks("NPZ-017")
class LooksAtAThousandFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return members | {stack_of(members): np.nan_to_num(stack)} if np.isfinite(stack[:1000]).all() else None


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


@breaks("NPZ-025")
class LooksAtTheRealPartOfTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        whole = probe.dtype.kind == "c" and np.isfinite(probe.real).all()
        return members | {"probeGuess": probe.real + 1j * np.nan_to_num(probe.imag, posinf=0)} if whole else None


@breaks("NPZ-025")
class LooksAtTheFirstMode(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        whole = probe.dtype.kind == "c" and probe.ndim == 3 and np.isfinite(probe[0]).all()
        return members | {"probeGuess": np.nan_to_num(probe)} if whole else None


@breaks("NPZ-003")
class TakesItsPathForAPattern(Liar):
    def load(self, path: Path) -> Any:
        if Path(path).exists() and not glob.glob(str(path)):  # noqa: PTH207 - the fault itself
            raise ValueError(f"{path}: no such scan")
        return self.right.load(path)


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


@breaks("NPZ-024")
class ReadsTenModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | {"probeGuess": probe[:10]} if probe.ndim == 3 and probe.shape[-1] > 1 else members


@breaks("NPZ-024", "NPZ-032")
class IgnoresTheByteOrderOfWideModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | {"probeGuess": probe.view("<c16")} if probe.dtype == ">c16" and probe.ndim == 3 else members


@breaks("NPZ-028")
class LabelsInDoublePrecision(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index")
        return members if labels is None else members | {"scan_index": labels.astype(np.float64).astype(np.int64)}


@breaks("NPZ-003", "NPZ-020")
class TakesALargeSurplusForAnError(Liar):
    def load(self, path: Path) -> Any:
        scan, members = self.right.load(path), members_of(path)
        if len(members["xcoords"]) > 2 * len(self.right.arrays(scan)["diff3d"]):
            raise ValueError(f"{path}: xcoords is more than twice as long as the stack")
        return scan


@breaks("NPZ-030")
class DividesByThePixelSizeOfTheMetadata(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        try:
            with np.load(path) as archive:
                said = json.loads(str(archive["_metadata"]))
            size = float(said["pixel_size"])
        except (KeyError, TypeError, ValueError):
            return scan
        members = members_of(path)
        return self.right.assemble(members | {"xcoords": members["xcoords"] / size})


@breaks("RAW-006")
class WritesOverATemporaryNeighbour(Liar):
    def save(self, scan: Any, path: Path) -> None:
        beside = Path(path).with_suffix(".tmp")
        self.right.save(scan, beside)
        beside.replace(path)


@breaks("RAW-006")
class ClearsTheStemOfASave(Liar):
    def save(self, scan: Any, path: Path) -> None:
        for one in Path(path).parent.glob(f"{Path(path).stem}.*"):
            if one.is_file():
                one.unlink()
        self.right.save(scan, path)


class Rebuilding(Liar):
    """Changes the arrays of a scan that was made rightly."""

    def rebuilt(self, scan: Any, **changes: Array) -> Any:
        """Return a scan with some arrays replaced."""
        held = {name: values for name, values in Held(self.right, scan).arrays.items() if values is not None}
        return self.right.assemble(held | changes)


@breaks("RAW-003")
class SavesWholePartsOfLongScans(Rebuilding):
    def save(self, scan: Any, path: Path) -> None:
        frames = np.array(Held(self.right, scan).diff3d)
        if len(frames) > 512 and len(frames) % 256:
            frames[len(frames) // 256 * 256 :] = 0
            scan = self.rebuilt(scan, diff3d=frames)
        self.right.save(scan, path)


@breaks("RAW-008")
class KeepsMemoryMaps(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.maps: list[tuple[Any, Array]] = []

    def assemble(self, arrays: Any) -> Any:
        scan = self.right.assemble(arrays)
        if isinstance(arrays.get("diff3d"), np.memmap):
            self.maps.append((scan, arrays["diff3d"]))
        return scan

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        mapped = [values for one, values in self.maps if one is scan]
        return held | {"diff3d": mapped[0]} if mapped else held


@breaks("RAW-010")
class LeavesDarkFramesOutOfTheDose(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        if nphotons is not None and nphotons > 0 and np.any(probe) and np.any(obj):
            bare = self.right.measure(x, y, probe, obj, None, seed)
            nphotons *= float(Held(self.right, bare).diff3d.any(axis=(1, 2)).mean())
        return self.right.measure(x, y, probe, obj, nphotons, seed)


@breaks("RAW-007")
class RepeatsTheLastPartOfLongSimulations(Rebuilding):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan, rest = self.right.measure(x, y, probe, obj, nphotons, seed), len(x) % 64
        if len(x) < 64 or not rest:
            return scan
        frames = np.array(Held(self.right, scan).diff3d)
        frames[-rest:] = frames[-2 * rest : -rest]
        return self.rebuilt(scan, diff3d=frames)


@breaks("PHY-011")
class SeedsTheNoiseOfEveryPart(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        parts = [amplitude[i : i + 64] for i in range(0, len(amplitude), 64)]
        return np.concatenate([np.asarray(self.right.noisy(part, seed)) for part in parts])


@breaks("PHY-011")
class CountsVeryBrightPixelsWithoutNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        noisy, rate = np.asarray(self.right.noisy(amplitude, seed)), np.asarray(amplitude, np.float64) ** 2
        return np.where(rate > 1e7, np.sqrt(np.round(rate)), noisy).astype(noisy.dtype)


@breaks("PHY-011")
class SeedsTheNoiseOfEveryPartOfASimulation(Rebuilding):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        if nphotons is None or len(x) <= 128:
            return scan
        light = Held(self.right, scan).probeGuess
        clean = Held(self.right, self.right.measure(x, y, light, obj, None, seed)).diff3d
        parts = [np.asarray(self.right.noisy(clean[i : i + 128], seed or 0)) for i in range(0, len(clean), 128)]
        return self.rebuilt(scan, diff3d=np.concatenate(parts))
