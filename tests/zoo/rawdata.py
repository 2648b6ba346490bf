"""Wrong scans in memory (RAW)."""

from __future__ import annotations

import os
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.rawdata.file_systems import other_file_system
from tests.zoo.liar import PER_POINT, Array, Arrays, Liar, breaks, members_of, stack_of


@breaks("RAW-001")
class AssemblesWithoutStartCoordinates(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        zeros = np.zeros(len(arrays["xcoords"]))
        return self.right.assemble({"xcoords_start": zeros, "ycoords_start": zeros} | dict(arrays))


@breaks("RAW-001")
class NarrowsPositionsWhenAssembling(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        narrow = {name: np.asarray(arrays[name]).astype(np.float32) for name in ("xcoords", "ycoords")}
        return self.right.assemble(dict(arrays) | narrow)


@breaks("RAW-002")
class ValidatesFilesOnly(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        given = dict(arrays)
        given["diff3d"] = np.nan_to_num(np.abs(given["diff3d"]))
        return self.right.assemble(given)


@breaks("RAW-003", field="A06")
class SavesWithoutTruth(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(self.right.assemble(dict(self.right.arrays(scan)) | {"Y": None}), path)


@breaks("RAW-003")
class SavesOneMode(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = dict(self.right.arrays(scan))
        held["probeGuess"] = held["probeGuess"][0] if held["probeGuess"].ndim == 3 else held["probeGuess"]
        self.right.save(self.right.assemble(held), path)


@breaks("RAW-004")
class SavesNoneAsAnObject(Liar):
    def save(self, scan: Any, path: Path) -> None:
        np.savez(path, **self.right.arrays(scan))


@breaks("RAW-005")
class SavesDoublePrecision(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        np.savez(path, **held | {"diff3d": held["diff3d"].astype(np.float64)})


@breaks("RAW-006")
class LeavesATemporaryFile(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        path.with_suffix(".tmp").write_bytes(path.read_bytes())


@breaks("RAW-007")
class SimulatesHalfAPixelOff(Liar):
    def measure(self, xcoords: Array, ycoords: Array, *others: Any) -> Any:
        scan = self.right.measure(xcoords + 0.5, ycoords + 0.5, *others)
        held = dict(self.right.arrays(scan)) | {"xcoords_start": None, "ycoords_start": None}
        return self.right.assemble(held | {"xcoords": xcoords, "ycoords": ycoords})


@breaks("RAW-007")
class SimulatesWithHeightForWidth(Liar):
    def measure(self, xcoords: Array, ycoords: Array, *others: Any) -> Any:
        scan = self.right.measure(ycoords, xcoords, *others)
        held = dict(self.right.arrays(scan)) | {"xcoords_start": None, "ycoords_start": None}
        return self.right.assemble(held | {"xcoords": xcoords, "ycoords": ycoords})


@breaks("RAW-008")
class KeepsViews(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        return arrays

    def arrays(self, scan: Any) -> Any:
        return scan if isinstance(scan, dict) else self.right.arrays(scan)


@breaks("RAW-009")
class SortsPositionsWithoutFrames(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        order = np.argsort(arrays["ycoords"], kind="stable")
        moved = {name: np.asarray(arrays[name])[order] for name in ("xcoords", "ycoords")}
        return self.right.assemble(dict(arrays) | moved)


@breaks("RAW-010")
class CountsPhotonsAPixel(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = None if nphotons is None else nphotons * probe.shape[-1] ** 2
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


class Assembling(Liar):
    """Changes the arrays before it assembles them."""

    def assemble(self, arrays: Arrays) -> Any:
        return self.right.assemble(self.altered(dict(arrays)))

    def altered(self, arrays: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("RAW-001", field="A06")
class AssemblesWithoutPatches(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        return arrays | {"Y": None}


@breaks("RAW-001")
class AssemblesOneMode(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        probe = np.asarray(arrays["probeGuess"])
        return arrays | ({"probeGuess": probe[0]} if probe.ndim == 3 and probe.shape[2] > 1 else {})


@breaks("RAW-001")
class KnowsNoLegacyStacksInMemory(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        if len(arrays["diff3d"]) != len(arrays["xcoords"]):
            raise ValueError("diff3d and xcoords differ in length [NPZ-019]")
        return arrays


@breaks("RAW-001")
class FillsLabelsInMemoryWithRowNumbers(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        return {"scan_index": np.arange(len(arrays["xcoords"]))} | arrays


@breaks("RAW-001")
class ReadsStridedFramesAsContiguous(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        stack = np.asarray(arrays["diff3d"])
        if stack.flags.c_contiguous or stack.base is None:
            return arrays
        whole = np.ascontiguousarray(stack.base).ravel()
        return arrays | {"diff3d": np.resize(whole, stack.shape)}


class Mending(Liar):
    """Mends what must be refused, in memory only."""

    def assemble(self, arrays: Arrays) -> Any:
        try:
            return self.right.assemble(arrays)
        except ValueError as error:
            mended = self.mended(dict(arrays), getattr(error, "clause", ""))
            if mended is None:
                raise
            return self.right.assemble(mended)

    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        """Return arrays that pass; None refuses after all."""
        raise NotImplementedError


@breaks("RAW-002", field="B02")
class CutsEverythingToTheShortest(Mending):
    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        if clause not in ("NPZ-019", "NPZ-021", "NPZ-012"):
            return None
        names = [name for name in (*PER_POINT, "diff3d", "Y") if arrays.get(name) is not None]
        shortest = min(len(arrays[name]) for name in names)
        return arrays | {name: arrays[name][:shortest] for name in names}


@breaks("RAW-002")
class TakesTheModulusInMemory(Mending):
    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        return arrays | {"diff3d": np.abs(arrays["diff3d"])} if clause in ("NPZ-016", "NPZ-018") else None


@breaks("RAW-002")
class ChecksNoProbeInMemory(Mending):
    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        side = np.shape(arrays["diff3d"])[-1]
        return (
            arrays | {"probeGuess": np.ones((side, side), np.complex64)} if clause in ("NPZ-025", "NPZ-001") else None
        )


@breaks("RAW-002")
class ChecksNoPatchesInMemory(Mending):
    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        return arrays | {"Y": None} if clause == "NPZ-027" else None


class Saving(Liar):
    """Saves other arrays than the scan holds."""

    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.right.save(self.right.assemble(self.altered(held)), path)

    def altered(self, held: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("RAW-003", field="L01")
class SavesWithoutLabels(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"scan_index": None}


@breaks("RAW-003", field="L01")
class SavesWhatWasLoadedSoFar(Saving):
    """The last frame was still on its way."""

    def altered(self, held: Arrays) -> Arrays:
        names = [name for name in (*PER_POINT, "diff3d", "Y") if name in held and len(held["xcoords"]) > 1]
        return held | {name: held[name][:-1] for name in names}


@breaks("RAW-003")
class SavesNominalPositionsForStart(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"xcoords_start": held["xcoords"], "ycoords_start": held["ycoords"]}


@breaks("RAW-003")
class SavesPositionsToThreeDecimals(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {name: np.round(held[name], 3) for name in PER_POINT[:4]}


@breaks("RAW-003")
class SavesFramesInHalfPrecision(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"diff3d": held["diff3d"].astype(np.float16)}


@breaks("RAW-003")
class SavesTheObjectTransposed(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | ({"objectGuess": held["objectGuess"].T} if "objectGuess" in held else {})


@breaks("RAW-004")
class SavesEmptyArraysForAbsentOnes(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = self.right.arrays(scan)
        np.savez(path, **{name: np.empty(0) if values is None else values for name, values in held.items()})


@breaks("RAW-004")
class SavesOnesForAMissingObject(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return {"objectGuess": np.ones((20, 20), np.complex64)} | held


class Writing(Liar):
    """Writes the members itself, uncompressed."""

    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        np.savez(path, **self.altered(held))

    def altered(self, held: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("RAW-005")
class SavesUnderTheAlias(Writing):
    def altered(self, held: Arrays) -> Arrays:
        held["diffraction"] = held.pop("diff3d")
        return held


@breaks("RAW-005")
class SavesWideProbes(Writing):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"probeGuess": held["probeGuess"].astype(np.complex128)}


@breaks("RAW-005")
class SavesFramesLast(Writing):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"diff3d": np.moveaxis(held["diff3d"], 0, -1)}


@breaks("RAW-006")
class AppendsToTheArchive(Liar):
    def save(self, scan: Any, path: Path) -> None:
        old = members_of(path) if path.is_file() else {}
        self.right.save(scan, path)
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
            warnings.simplefilter("ignore")
            written = set(archive.namelist())
            for name, values in old.items():
                if f"{name}.npy" not in written:
                    with archive.open(f"{name}.npy", "w") as stream:
                        np.lib.format.write_array(stream, values)


@breaks("RAW-006")
class KeepsABackup(Liar):
    def save(self, scan: Any, path: Path) -> None:
        if path.is_file():
            path.with_suffix(".bak").write_bytes(path.read_bytes())
        self.right.save(scan, path)


@breaks("RAW-006")
class NeverOverwrites(Liar):
    def save(self, scan: Any, path: Path) -> None:
        if not path.exists():
            self.right.save(scan, path)


class Simulating(Liar):
    """Simulates, then changes what the scan holds."""

    def measure(self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, *others: Any) -> Any:
        held = dict(self.right.arrays(self.right.measure(xcoords, ycoords, probe, obj, *others)))
        changes = self.altered(held, np.stack([xcoords, ycoords], axis=1), probe, obj)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | changes)

    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        raise NotImplementedError


@breaks("RAW-007")
class SimulatesAtWholePixels(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, np.round(centres), probe.shape[-1])
        return {"diff3d": self.right.simulate(patches, probe)}


@breaks("RAW-007", field="G10")
class SimulatesOneMode(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, centres, probe.shape[-1])
        return {"diff3d": self.right.simulate(patches, probe[0] if probe.ndim == 3 else probe)}


@breaks("RAW-007", field="B03")
class SimulatesIntensity(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": held["diff3d"] ** 2}


@breaks("RAW-007", field="C07")
class SimulatesWithoutTheShift(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": np.fft.ifftshift(held["diff3d"], axes=(1, 2))}


@breaks("RAW-007")
class SimulatesNoiseUnasked(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": self.right.noisy(held["diff3d"], 5)}


@breaks("RAW-007")
class HoldsThePatchesOfTheNextPoint(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, centres, probe.shape[-1])
        return {"Y": np.roll(patches, 1, axis=0)}


@breaks("RAW-008")
class KeepsFramesThatNeedNoConversion(Liar):
    """Frames that are float32 already are held as they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Any, Array]] = {}

    def assemble(self, arrays: Arrays) -> Any:
        scan = self.right.assemble(arrays)
        frames = arrays[stack_of(arrays)]
        if isinstance(frames, np.ndarray) and frames.dtype == np.float32 and frames.flags.c_contiguous:
            self.kept[id(scan)] = (scan, frames)
        return scan

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        return held | ({"diff3d": self.kept[id(scan)][1]} if id(scan) in self.kept else {})


def by_rows(arrays: Arrays, names: tuple[str, ...]) -> Arrays:
    """The named arrays, sorted by the rows of the scan from the top."""
    order = np.argsort(np.asarray(arrays["ycoords"]), kind="stable")
    given = {name: np.asarray(arrays[name]) for name in names if arrays.get(name) is not None}
    return {name: values[order] for name, values in given.items() if len(values) == len(order)}


@breaks("RAW-009", field="C03")
class SortsAllButThePatches(Assembling):
    """The companion of the frames is not put through the same reordering."""

    def altered(self, arrays: Arrays) -> Arrays:
        return arrays | by_rows(arrays, (*PER_POINT, "diff3d"))


@breaks("RAW-009", field="A09")
class SortsFramesByTheirLabel(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        if arrays.get("scan_index") is None or len(arrays["scan_index"]) != len(arrays["diff3d"]):
            return arrays
        return arrays | {"diff3d": np.asarray(arrays["diff3d"])[np.argsort(arrays["scan_index"], kind="stable")]}


@breaks("RAW-009")
class SortsAllButStartPositions(Assembling):
    def altered(self, arrays: Arrays) -> Arrays:
        return arrays | by_rows(arrays, ("xcoords", "ycoords", "scan_index", "diff3d", "Y"))


@breaks("RAW-011")
class SavesWithoutProvenance(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files if name != "_metadata"}
        np.savez(path, allow_pickle=False, **held)


@breaks("RAW-011")
class SavesProvenanceAsBytes(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
        if "_metadata" in held:
            held["_metadata"] = np.array(held["_metadata"].item().encode())
        np.savez(path, allow_pickle=False, **held)


@breaks("RAW-011")
class ReadsNoProvenanceInBytes(Liar):
    """A member of bytes is printed, not decoded, and is no JSON any more."""

    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            names = [name for name in archive.files if name != "_metadata"]
            printed = "_metadata" in archive.files and archive["_metadata"].dtype.kind == "S"
            held = {name: archive[name] for name in names} if printed else {}
        return self.right.assemble(held) if printed else self.right.load(path)


@breaks("RAW-010")
class LeavesFaintScenesFaint(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        faint = 0 < float(np.square(np.abs(probe)).sum()) < 1
        return self.right.measure(xcoords, ycoords, probe, obj, None if faint else nphotons, seed)


@breaks("RAW-006")
class RenamesFromTheTemporaryFolder(Liar):
    not_over = {} if other_file_system() else dict.fromkeys(("ref", "torch"), "there is one file system only")

    def save(self, scan: Any, path: Path) -> None:
        handle, name = tempfile.mkstemp(suffix=".npz")
        os.close(handle)
        self.right.save(scan, Path(name))
        try:
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
