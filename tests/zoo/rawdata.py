"""Wrong scans in memory (RAW)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Liar, breaks


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


@breaks("RAW-003")
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
