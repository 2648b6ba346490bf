"""Data sets that take what is refused by itself (DAT, NPZ): scans that are left out, requests that are bent."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.liar import Liar, breaks

Batches = Iterator[Mapping[str, Any]]


class LeavesFilesOut(Liar):
    """Makes batches of the other files where one is refused for its clause."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if getattr(error, "clause", None) != self.clauses[0] or len(paths) < 2:
                raise
        sound = [path for path in paths if not self._refused(path, request)]
        return self.right.batches(sound or paths, request)  # type: ignore[no-any-return]

    def _refused(self, path: Path, request: BatchRequest) -> bool:
        try:
            list(self.right.batches([path], request))
        except ValueError:
            return True
        return False


@breaks("NPZ-001")
class LeavesFilesWithoutAMemberOut(LeavesFilesOut):
    pass


@breaks("NPZ-006")
class LeavesFilesWithTwoStacksOut(LeavesFilesOut):
    pass


@breaks("NPZ-016")
class LeavesFilesOfComplexFramesOut(LeavesFilesOut):
    pass


@breaks("NPZ-017")
class LeavesFilesWithNaNOut(LeavesFilesOut):
    pass


@breaks("NPZ-018")
class LeavesFilesWithNegativePixelsOut(LeavesFilesOut):
    pass


@breaks("NPZ-019")
class LeavesFilesWithFewPositionsOut(LeavesFilesOut):
    pass


@breaks("NPZ-022")
class LeavesFilesWithBrokenPositionsOut(LeavesFilesOut):
    pass


@breaks("NPZ-025")
class LeavesFilesWithAnotherProbeOut(LeavesFilesOut):
    pass


@breaks("NPZ-033")
class LeavesDamagedFilesOut(LeavesFilesOut):
    pass


@breaks("NPZ-033")
class ReadsFramesPastTheirChecksum(Liar):
    """As a store does that maps frames in place, at the offset that the archive names."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033":
                raise
            with tempfile.TemporaryDirectory() as folder:
                try:
                    copies = [_unchecked(path, Path(folder) / f"{number}.npz") for number, path in enumerate(paths)]
                except (zipfile.BadZipFile, OSError, ValueError):
                    raise error from None
                return iter(list(self.right.batches(copies, request)))


def _unchecked(path: Path, copy: Path) -> Path:
    """Copy an archive with the checksums that its members should have had."""
    with zipfile.ZipFile(path) as archive:
        members = {}
        for info in archive.infolist():
            with archive.open(info) as stream:
                stream._expected_crc = None  # type: ignore[attr-defined]
                members[info.filename.removesuffix(".npy")] = np.lib.format.read_array(stream)
    np.savez(copy, allow_pickle=False, **members)
    return copy


@breaks("NRM-007")
class LeavesDarkFilesOut(LeavesFilesOut):
    pass


@breaks("GRP-025")
class TakesTheSideOfTheFirstFile(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            side = self.right.arrays(self.right.load(paths[0]))["diff3d"].shape[-1]
        except (ValueError, OSError, IndexError):
            side = request.group.N
        return self.right.batches(paths, replace(request, group=replace(request.group, N=side)))  # type: ignore[no-any-return]
