"""Files of a format of one's own that are not read as they were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.own_files import OwnFiles
from tests.zoo.liar import Arrays, breaks


class Storing(OwnFiles):
    """Writes something else than the scan holds."""

    def stored(self, held: Arrays) -> Arrays:
        changed = self.altered(dict(held))
        if any(not np.array_equal(changed[name], values) for name, values in held.items() if name in changed):
            self.land()
        return super().stored(changed)

    def altered(self, held: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("RAW-015")
class WritesPositionsExchanged(Storing):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"xcoords": held["ycoords"], "ycoords": held["xcoords"]}


@breaks("RAW-015")
class WritesOneModeOfSeveral(Storing):
    def altered(self, held: Arrays) -> Arrays:
        probe = held["probeGuess"]
        return held | {"probeGuess": probe[0] if probe.ndim == 3 else probe}


@breaks("RAW-015")
class WritesRoundedCounts(OwnFiles):
    def stored(self, held: Arrays) -> Arrays:
        found = super().stored(held)
        self.land()
        return found | {"intensities": np.round(found["intensities"])}


@breaks("RAW-015")
class WritesPositionsToTheMicrometre(Storing):
    """Keeps positions in whole parts of a thousand of a pixel."""

    def altered(self, held: Arrays) -> Arrays:
        return held | {name: np.round(held[name], 3) for name in ("xcoords", "ycoords")}


@breaks("RAW-015")
class ReadsNominalPositionsForStart(OwnFiles):
    def restored(self, stored: Arrays) -> Arrays:
        found = super().restored(stored)
        self.land()
        return found | {"xcoords_start": found["xcoords"], "ycoords_start": found["ycoords"]}


@breaks("RAW-015", "RAW-016")
class WritesOneFileForEveryName(OwnFiles):
    """Writes and reads one file of a folder, whatever name is asked for."""

    def place(self, path: Path) -> Path:
        self.land()
        return path.with_name("project.own")


@breaks("RAW-015", "RAW-016")
class KeepsWhatItWroteInMemory(OwnFiles):
    """Reads from memory what it has written, and writes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Path, Any] = {}

    def write(self, scan: Any, path: Path) -> None:
        self.land()
        self._kept[path] = scan

    def read(self, path: Path) -> Any:
        return self._kept[path]


@breaks("RAW-015")
class AddsToWhatWasWrittenBefore(OwnFiles):
    """Keeps the members that the scan it writes does not replace, and the last frames of a longer one."""

    def write(self, scan: Any, path: Path) -> None:
        before = self.right.arrays(self.read(path)) if self.place(path).is_file() else {}
        now = self.right.arrays(scan)
        if before and len(before["diff3d"]) > len(now["diff3d"]):
            self.land()
            rows = [name for name, one in now.items() if one is not None and len(one) == len(now["diff3d"])]
            more = {name: np.concatenate([now[name], before[name][len(now[name]) :]]) for name in rows}
            scan = self.right.assemble({**now, **more})
        super().write(scan, path)


@breaks("RAW-016")
class ReadsTheLastScanForANameThatIsNotThere(OwnFiles):
    def __init__(self) -> None:
        super().__init__()
        self._last: Path | None = None

    def read(self, path: Path) -> Any:
        if not self.place(path).is_file() and self._last is not None:
            self.land()
            path = self._last
        self._last = path
        return super().read(path)
