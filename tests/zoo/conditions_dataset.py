"""Faults of data sets that show under one condition only: one name, one last row, one second pass."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, SplitRequest
from tests.zoo.liar import (
    Array,
    Arrays,
    Liar,
    breaks,
    members_of,
    stack_of,
)


class Batching(Liar):
    """Changes the files or the request of a data set before its batches are made."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        yield from self.right.batches(*self.other(list(paths), request))

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        """Return the files and the request that are answered."""
        raise NotImplementedError


@breaks("DAT-005")
class SortsByNumbersInNames(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) != 1 or not paths[0].is_dir():
            return paths, request

        def numbered(path: Path) -> list[tuple[int, str]]:
            return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]

        found = [path for path in paths[0].glob("*.npz") if not path.name.endswith(".groups_cache.npz")]
        return sorted(found, key=numbered) or paths, request


@breaks("DAT-006")
class LosesALastSingleRow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            if len(batch["images"]) > 1 or request.batch_size == 1:
                yield batch


@breaks("DAT-014")
class KeepsOneCursor(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: Iterator[Mapping[str, Any]] = iter(())

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        self.waiting = iter(self.right.batches(paths, request))
        return self._rest()

    def _rest(self) -> Iterator[Mapping[str, Any]]:
        while (batch := next(self.waiting, None)) is not None:
            yield batch


@breaks("DAT-014")
class TakesZeroForNoShuffle(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, shuffle=request.shuffle and bool(request.seed))


@breaks("DAT-014")
class FillsOneBatchAgainAndAgain(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        room: dict[str, Array] = {}
        for batch in self.right.batches(paths, request):
            if any(name not in room or room[name].shape != values.shape for name, values in batch.items()):
                room = {name: np.array(values) for name, values in batch.items()}
            for name, values in batch.items():
                room[name][...] = values
            self.land()
            yield room


@breaks("DAT-017")
class KnowsSourcesByTheirFrames(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], list[dict[str, Any]]] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        if not paths or any(path.is_dir() for path in paths):
            return iter(self.right.batches(paths, request))
        frames = tuple(self.right.arrays(self.right.load(path))["diff3d"].tobytes() for path in paths)
        key = (tuple(paths), request, frames)
        if key not in self.known:
            self.known[key] = [dict(batch) for batch in self.right.batches(paths, request)]
        return iter([{name: values.copy() for name, values in batch.items()} for batch in self.known[key]])


@breaks("DAT-010")
class NeverBrightensAProbe(Liar):
    """Divides by the mean where it is above one only."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            own = np.array(batch["probe_scaling"])
            scaling = np.where(own * request.probe_scale > 1, 1 / request.probe_scale, own).astype(np.float32)
            if request.probe_normalize and not np.array_equal(scaling, own):
                probe = batch["probe"] * (scaling / own)[..., np.newaxis]
                yield dict(batch) | {"probe": probe.astype(np.complex64), "probe_scaling": scaling}
            else:
                yield batch


@breaks("DAT-010")
class TakesSmallProbeScalesForOne(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, probe_scale=max(request.probe_scale, 1.0))


@breaks("DAT-013")
class ReadsEveryFileInTheDtypeOfTheFirst(Liar):
    """The bytes of frames, where they are as wide."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            dtypes = [members[stack_of(members)].dtype for members in map(members_of, paths)] if len(paths) > 1 else []
            images = np.array(batch["images"])
            for row, experiment in enumerate(batch["experiment_id"] if dtypes else ()):
                if dtypes[experiment].itemsize == dtypes[0].itemsize:
                    images[row] = images[row].astype(dtypes[experiment]).view(dtypes[0])
            yield dict(batch) | {"images": images}


@breaks("DAT-017")
class ReadsFramesWhenABatchIsMade(Liar):
    """Frames are those of a file as it is now; all else is of when the iteration began."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        whole = list(self.right.batches(paths, request))
        files = [] if any(path.is_dir() for path in paths) else list(paths)
        states = [path.stat().st_mtime_ns for path in files]
        for batch in whole:
            images = np.array(batch["images"])
            changed = [path.stat().st_mtime_ns != state for path, state in zip(files, states, strict=True)]
            for row, experiment in enumerate(batch["experiment_id"] if any(changed) else ()):
                if changed[experiment]:
                    self.land()
                    frames = members_of(files[experiment])["diff3d"]
                    images[row] = np.moveaxis(frames[batch["nn_indices"][row]], 0, -1)
            yield dict(batch) | {"images": images}


@breaks("DAT-015")
class LosesModesInASplit(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        first, second = (dict(self.right.arrays(part)) for part in self.right.split(scan, request))
        kept: Callable[[Arrays], Arrays] = lambda part: {k: v for k, v in part.items() if v is not None}  # noqa: E731
        return tuple(  # type: ignore[return-value]
            self.right.assemble(
                kept(part) | {"probeGuess": part["probeGuess"].reshape(-1, *part["diff3d"].shape[1:])[0]}
            )
            for part in (first, second)
        )


@breaks("DAT-016")
class TakesZeroForNoSplitSeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        fresh = int.from_bytes(os.urandom(4), "little")
        parts: tuple[Any, Any] = self.right.split(scan, replace(request, seed=request.seed or fresh))
        return parts
