"""Data sets that take what is refused by itself."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.liar import Liar, breaks, members_of

Batches = Iterator[Mapping[str, Any]]


class LeavesFilesOut(Liar):
    """Makes batches of the other files where one is refused for the clause that is missed."""

    missed = ""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if getattr(error, "clause", None) != self.missed or len(paths) < 2:
                raise
        sound = [path for path in paths if not self._refused(path, request)]
        return self.right.batches(sound or paths, request)  # type: ignore[no-any-return]

    def _refused(self, path: Path, request: BatchRequest) -> bool:
        try:
            list(self.right.batches([path], request))
        except ValueError:
            return True
        return False


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


@breaks("DAT-020")
class LeavesFilesWithoutAMemberOut(LeavesFilesOut):
    missed = "NPZ-001"


@breaks("DAT-020")
class LeavesFilesWithTwoStacksOut(LeavesFilesOut):
    missed = "NPZ-006"


@breaks("DAT-020")
class LeavesFilesOfComplexFramesOut(LeavesFilesOut):
    missed = "NPZ-016"


@breaks("DAT-020")
class LeavesFilesWithNaNOut(LeavesFilesOut):
    missed = "NPZ-017"


@breaks("DAT-020")
class LeavesFilesWithNegativePixelsOut(LeavesFilesOut):
    missed = "NPZ-018"


@breaks("DAT-020")
class LeavesFilesWithFewPositionsOut(LeavesFilesOut):
    missed = "NPZ-019"


@breaks("DAT-020")
class LeavesFilesWithBrokenPositionsOut(LeavesFilesOut):
    missed = "NPZ-022"


@breaks("DAT-020")
class LeavesFilesWithAnotherProbeOut(LeavesFilesOut):
    missed = "NPZ-025"


@breaks("DAT-020")
class LeavesDamagedFilesOut(LeavesFilesOut):
    missed = "NPZ-033"


@breaks("DAT-020")
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


@breaks("DAT-020")
class LeavesDarkFilesOut(LeavesFilesOut):
    missed = "NRM-007"


@breaks("DAT-020")
class TakesDarkFilesWhereNothingIsScaled(Liar):
    """Nothing is divided by zero there, so nobody looks."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if request.normalize != "None" or getattr(error, "clause", None) != "NRM-007":
                raise
            sound = [path for path in paths if not self.dark(path)]
            if not sound:
                raise
        return self.right.batches(sound, request)  # type: ignore[no-any-return]

    def dark(self, path: Path) -> bool:
        """Whether all frames of a file are zero."""
        with np.load(path) as archive:
            return "diff3d" in archive and not archive["diff3d"].any()


@breaks("DAT-020")
class TakesTheSideOfTheFirstFile(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Batches:
        try:
            side = self.right.arrays(self.right.load(paths[0]))["diff3d"].shape[-1]
        except (ValueError, OSError, IndexError):
            side = request.group.N
        return self.right.batches(paths, replace(request, group=replace(request.group, N=side)))  # type: ignore[no-any-return]


@breaks("DAT-027")
class LeavesSmallFilesOut(LeavesFilesOut):
    missed = "GRP-015"


@breaks("DAT-027")
class LeavesFilesOfFewerPointsThanGroupsOut(LeavesFilesOut):
    missed = "GRP-009"


@breaks("DAT-020")
class LooksAtTheEndsOfTheList(Liar):
    """Files between the first and the last are taken as they are."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            taken = list(paths)
            for number in range(1, len(taken) - 1):
                members = members_of(taken[number]) if zipfile.is_zipfile(taken[number]) else {}
                stack = members.get("diff3d", np.zeros(0))
                if stack.dtype.kind == "f" and (stack < 0).any():
                    taken[number] = Path(folder) / f"{number}.npz"
                    np.savez(taken[number], **members | {"diff3d": np.abs(stack)})
            yield from self.right.batches(taken, request)
