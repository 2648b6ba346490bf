"""Scans in memory that are assembled otherwise than files are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import PER_POSITION
from tests.zoo.liar import Array, Arrays, Liar, breaks, stack_of


class LenientInMemory(Liar):
    """Accepts in memory what it refuses in files."""

    refused = ""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        try:
            return self.right.assemble(arrays)
        except ValueError as error:
            if getattr(error, "clause", None) != self.refused:
                raise
            return self.right.assemble(self.repaired(dict(arrays)))

    def repaired(self, arrays: Arrays) -> Arrays:
        """Return arrays that pass."""
        raise NotImplementedError


class Assembling(Liar):
    """Changes the arrays before it assembles them."""

    def assemble(self, arrays: Arrays) -> Any:
        return self.right.assemble(self.altered(dict(arrays)))

    def altered(self, arrays: Arrays) -> Arrays:
        raise NotImplementedError


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


def by_rows(arrays: Arrays, names: tuple[str, ...]) -> Arrays:
    """The named arrays, sorted by the rows of the scan from the top."""
    order = np.argsort(np.asarray(arrays["ycoords"]), kind="stable")
    given = {name: np.asarray(arrays[name]) for name in names if arrays.get(name) is not None}
    return {name: values[order] for name, values in given.items() if len(values) == len(order)}


@breaks("RAW-001")
class KnowsNoAliasInMemory(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        if "diff3d" not in arrays:
            raise ValueError("diff3d is missing [NPZ-001]")
        return self.right.assemble(arrays)


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


@breaks("RAW-002")
class FillsHolesOfTheProbe(LenientInMemory):
    refused = "NPZ-025"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"probeGuess": np.nan_to_num(arrays["probeGuess"])}


@breaks("RAW-002")
class FillsInHalfAStartPair(LenientInMemory):
    refused = "NPZ-029"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {"xcoords_start": arrays["xcoords"], "ycoords_start": arrays["ycoords"]} | arrays


@breaks("RAW-002")
class TakesTheFirstLayerInMemory(LenientInMemory):
    refused = "NPZ-026"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"objectGuess": np.asarray(arrays["objectGuess"])[0]}


@breaks("RAW-002")
class PrefersTheAliasInMemory(LenientInMemory):
    refused = "NPZ-006"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {name: values for name, values in arrays.items() if name != "diff3d"}


@breaks("RAW-002")
class AsksNoUnitsOfArrays(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        units = ("scale_contract_version", "measurement_domain")
        return self.right.assemble({name: values for name, values in arrays.items() if name not in units})


@breaks("RAW-002")
class ValidatesFilesOnly(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        given = dict(arrays)
        given["diff3d"] = np.nan_to_num(np.abs(given["diff3d"]))
        return self.right.assemble(given)


@breaks("RAW-002", field="B02")
class CutsEverythingToTheShortest(Mending):
    def mended(self, arrays: Arrays, clause: str) -> Arrays | None:
        if clause not in ("NPZ-019", "NPZ-021", "NPZ-012"):
            return None
        names = [name for name in (*PER_POSITION, "diff3d", "Y") if arrays.get(name) is not None]
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


@breaks("RAW-008")
class KeepsViews(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        return arrays

    def arrays(self, scan: Any) -> Any:
        return scan if isinstance(scan, dict) else self.right.arrays(scan)


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


@breaks("RAW-009")
class SortsPositionsWithoutFrames(Liar):
    def assemble(self, arrays: Arrays) -> Any:
        order = np.argsort(arrays["ycoords"], kind="stable")
        moved = {name: np.asarray(arrays[name])[order] for name in ("xcoords", "ycoords")}
        return self.right.assemble(dict(arrays) | moved)


@breaks("RAW-009", field="C03")
class SortsAllButThePatches(Assembling):
    """The companion of the frames is not put through the same reordering."""

    def altered(self, arrays: Arrays) -> Arrays:
        return arrays | by_rows(arrays, (*PER_POSITION, "diff3d"))


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


@breaks("RAW-009")
class PutsRowsBackByLabels(Assembling):
    """Labels that are row numbers in another order are undone, for all arrays alike."""

    def altered(self, arrays: Arrays) -> Arrays:
        labels = np.asarray(arrays.get("scan_index", ()))
        if labels.shape != (len(arrays["xcoords"]),) or (np.sort(labels) != np.arange(len(labels))).any():
            return arrays
        per_point = ("diff3d", "Y", "scan_index", "xcoords", "ycoords", "xcoords_start", "ycoords_start")
        order = np.argsort(labels)
        sorted_by_label = {
            name: np.asarray(arrays[name])[order]
            for name in per_point
            if arrays.get(name) is not None and len(arrays[name]) == len(labels)
        }
        return arrays | sorted_by_label


@breaks("RAW-002")
class LooksAtTheFirstFrames(Liar):
    """A hundred frames tell what the others are like."""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        frames = np.asarray(arrays.get("diff3d", ()))
        if frames.ndim != 3 or len(frames) <= 100 or frames.dtype.kind != "f" or not (frames[:100] >= 0).all():
            return self.right.assemble(arrays)
        return self.right.assemble({**arrays, "diff3d": np.abs(np.nan_to_num(frames))})


class Kept:
    """A scan whose frames are still those of its caller."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays


@breaks("RAW-008")
class KeepsWhatCannotBeWritten(Liar):
    """Frames that are read-only are kept as they are: nobody can change them, it thinks."""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        scan, frames = self.right.assemble(arrays), arrays.get("diff3d")
        if not isinstance(frames, np.ndarray) or frames.flags.writeable or frames.dtype != np.float32:
            return scan
        return Kept({**self.right.arrays(scan), "diff3d": frames})

    def arrays(self, scan: Any) -> Any:
        return scan.arrays if isinstance(scan, Kept) else self.right.arrays(scan)


@breaks("RAW-001")
class TakesADiagonalForALine(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        x = arrays.get("xcoords")
        line = x is not None and x is arrays.get("ycoords")
        return self.right.assemble({**arrays, "ycoords": np.zeros(len(x))} if line else arrays)


@breaks("RAW-001")
class CentresColumnsOfOneTable(Liar):
    """Columns of one array are centred in it one after the other, and so the first one twice."""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        held = [arrays[name] for name in ("xcoords", "xcoords_start") if isinstance(arrays.get(name), np.ndarray)]
        if len(held) == 2 and held[0] is not held[1] and np.may_share_memory(*held):
            arrays = {**arrays, "xcoords_start": held[0]}
        return self.right.assemble(arrays)
