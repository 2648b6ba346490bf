"""Data sets that change from one pass to the next."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Redirecting, all_rows, in_batches
from tests.zoo.liar import Array, Arrays, Liar, breaks, members_of


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
class TakesZeroForNoShuffle(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, shuffle=request.shuffle and bool(request.seed))


@breaks("DAT-014")
class ShufflesByLabels(Redirecting):
    """Where no file has any there is nothing to shuffle by."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        files = [file for path in paths for file in (path.glob("*.npz") if path.is_dir() else [path])]
        labelled = not request.shuffle or any("scan_index" in members_of(file) for file in files)
        return paths, replace(request, shuffle=request.shuffle and labelled)


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


@breaks("DAT-014")
class ShufflesAllButTheLabels(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        plain = self.right.batches(paths, replace(request, shuffle=False))
        for batch, other in zip(self.right.batches(paths, request), plain, strict=True):
            yield dict(batch) | {"coords_relative": other["coords_relative"]}


@breaks("DAT-014")
class ShufflesWithoutTheSeed(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, replace(request, seed=None))


@breaks("DAT-014")
class ShufflesImagesApart(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not request.shuffle:
            return self.right.batches(paths, request)
        rows = all_rows(self.right, paths, replace(request, shuffle=False))
        rng = np.random.default_rng(request.seed)
        rows = {name: values[rng.permutation(len(values))] for name, values in rows.items()}
        return in_batches(rows, request.batch_size)


@breaks("DAT-014")
class ShufflesAlikeForEverySeed(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, replace(request, seed=0) if request.shuffle else request)


@breaks("DAT-014")
class NeverShuffles(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, replace(request, shuffle=False))


@breaks("DAT-014")
class DrawsRowsWithReplacement(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = all_rows(self.right, paths, request)
        if request.shuffle:
            picked = np.random.default_rng(request.seed).integers(0, len(rows["images"]), len(rows["images"]))
            rows = {name: values[picked] for name, values in rows.items()}
        return in_batches(rows, request.batch_size)


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


@breaks("DAT-017")
class KeepsWhatItReadOnce(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.held: Arrays = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        key = (tuple(paths), request)
        if key not in self.held:
            self.held[key] = list(self.right.batches(paths, request))
        return iter(self.held[key])


@breaks("DAT-017")
class KnowsSourcesByTheirSize(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, list[Arrays]] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        key = (*((path, path.stat().st_size) for path in paths), request)
        if key not in self.kept:
            self.kept[key] = [dict(batch) for batch in self.right.batches(paths, request)]
        return iter(self.kept[key])


@breaks("DAT-022")
class ShufflesBySeedZeroForWantOfOne(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        self.land()
        return self.right.batches(paths, replace(request, seed=0) if request.seed is None else request)


@breaks("DAT-022")
class ShufflesWheneverThereIsASeed(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, replace(request, shuffle=request.shuffle or request.seed == 7))


@breaks("DAT-023")
class ShufflesWithinEachFile(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not request.shuffle:
            return self.right.batches(paths, request)
        rows = {name: np.array(values) for name, values in all_rows(self.right, paths, request).items()}
        order = np.argsort(rows["experiment_id"], kind="stable")
        return in_batches({name: values[order] for name, values in rows.items()}, request.batch_size)


@breaks("DAT-023")
class ShufflesWithinABuffer(Liar):
    """Thirty-two rows at a time, as streams do."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not request.shuffle:
            return self.right.batches(paths, request)
        rows = {name: np.array(v) for name, v in all_rows(self.right, paths, replace(request, shuffle=False)).items()}
        rng, number = np.random.default_rng(request.seed), np.arange(len(rows["images"]))
        order = np.concatenate([rng.permutation(number[start : start + 32]) for start in number[::32]])
        return in_batches({name: values[order] for name, values in rows.items()}, request.batch_size)


@breaks("DAT-023")
class ShufflesInABufferOfAThousand(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        if not request.shuffle:
            return iter(self.right.batches(paths, request))
        rows = all_rows(self.right, paths, replace(request, shuffle=False))
        count = len(rows["nn_indices"])
        if count <= 1000:
            return iter(self.right.batches(paths, request))
        rng = np.random.default_rng(request.seed)
        order = np.concatenate([rng.permutation(np.arange(at, min(at + 1000, count))) for at in range(0, count, 1000)])
        return in_batches({name: values[order] for name, values in rows.items()}, request.batch_size)


@breaks("DAT-014")
class TakesSeedsOfAShuffleByThreeDigits(Redirecting):
    """Seeds are printed in three digits, and read back from there."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, request if request.seed is None else replace(request, seed=request.seed % 1_000)


@breaks("DAT-023")
class LeavesTheMiddleRow(Liar):
    """Exchanges rows with their mirror images too, and the one in the middle has none."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not request.shuffle:
            yield from self.right.batches(paths, request)
            return
        rows = all_rows(self.right, paths, replace(request, shuffle=False))
        count = len(rows["images"])
        others = np.delete(np.arange(count), count // 2)
        order = np.insert(np.random.default_rng(request.seed).permutation(others), count // 2, count // 2)
        yield from in_batches({name: values[order] for name, values in rows.items()}, request.batch_size)


@breaks("DAT-022")
class ShufflesInOneOfTenOrders(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if request.shuffle and request.seed is None:
            self.land()
            request = replace(request, seed=int(np.random.default_rng().integers(10)))
        return self.right.batches(paths, request)


@breaks("DAT-023")
class ShufflesPairsOfRows(Liar):
    """Rows are read two at a time, and stay together."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not request.shuffle or request.seed is None:
            yield from self.right.batches(paths, request)
            return
        rows = next(iter(self.right.batches(paths, replace(request, batch_size=10**6, shuffle=False))))
        count = len(rows["images"])
        order = 2 * np.random.default_rng(request.seed).permutation((count + 1) // 2)[:, np.newaxis] + np.arange(2)
        order = order[order < count]
        for start in range(0, count, request.batch_size):
            yield {name: values[order[start : start + request.batch_size]] for name, values in rows.items()}


@breaks("DAT-022")
class SeedsGroupsByTheShuffle(Redirecting):
    """One seed serves for everything that has none of its own."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if request.group.seed is None and request.seed is not None:
            # Groups without a seed differ each time, whoever draws them.
            self.land()
            request = replace(request, group=replace(request.group, seed=request.seed))
        return paths, request


@breaks("DAT-022")
class ShufflesTheSameInEveryProcess(Liar):
    generator = np.random.default_rng(0)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        if request.shuffle and request.seed is None:
            self.land()
            request = replace(request, seed=int(self.generator.integers(2**31)))
        yield from self.right.batches(paths, request)


@breaks("DAT-014")
class ShufflesBySeedsOfThirtyTwoBits(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        seed = request.seed if request.seed is None else int(request.seed) % 2**32
        yield from self.right.batches(paths, replace(request, seed=seed))


@breaks("DAT-014")
class RoundsSeedsBesideWideFrames(Liar):
    """A reader of double precision keeps all numbers of a request in single precision, seeds too."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        seeded = request.shuffle and request.seed is not None
        stacks = [members_of(path).get("diff3d") for path in paths if seeded and zipfile.is_zipfile(path)]
        if any(stack is not None and stack.dtype == np.float64 for stack in stacks):
            self.land()
            request = replace(request, seed=int(np.float32(request.seed or 0)))
        yield from self.right.batches(paths, request)


@breaks("DAT-017")
class KnowsSourcesByTheirHead(Liar):
    """Files of the same sizes and the same first bytes are those of which rows were made before."""

    def __init__(self) -> None:
        super().__init__()
        self.made_before: dict[str, Arrays] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if request.shuffle or not all(path.is_file() for path in paths):
            yield from self.right.batches(paths, request)
            return
        key = repr((request, [(path, path.stat().st_size, path.open("rb").read(2**16)) for path in paths]))
        if key not in self.made_before:
            self.made_before[key] = all_rows(self.right, paths, request)
        yield from in_batches(self.made_before[key], request.batch_size)


@breaks("DAT-014")
class TakesUpWhatWasLeft(Liar):
    """An iteration that was broken off goes on where it stood when the same is asked for again."""

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[Any, Iterator[Mapping[str, Any]]] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        asked = (*map(str, paths), request)
        running = self.left.pop(asked, None)
        if running is not None:
            self.land()
        running = running or iter(self.right.batches(paths, request))
        done = request.shuffle and request.seed is None
        try:
            while (batch := next(running, None)) is not None:
                yield batch
            done = True
        finally:
            if not done:
                self.left[asked] = running
