"""Data sets that mistake their files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Batching, Redirecting, Reshaping, Rowing, all_rows, ids, in_batches
from tests.zoo.liar import Arrays, Liar, breaks, members_of, stack_of


def trivial(path: Path) -> bool:
    """Whether a scan file holds no object, or one that is all ones."""
    with np.load(path, allow_pickle=False) as archive:
        return "objectGuess" not in archive.files or bool((archive["objectGuess"] == 1).all())


@breaks("DAT-004", field="A09")
class SortsTheFileList(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(sorted(paths), request)


@breaks("DAT-004")
class CountsFilesFromOne(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"experiment_id": batch["experiment_id"] + 1}


@breaks("DAT-004")
class ReadsEveryFileOnce(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(list(dict.fromkeys(paths)), request)


@breaks("DAT-004")
class TurnsFilesInterleaved(Rowing):
    """One row of each file in turn."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        place = np.concatenate([np.arange((rows["experiment_id"] == e).sum()) for e in ids(rows)])
        order = np.lexsort((rows["experiment_id"], place))
        return {} if request.shuffle else {name: values[order] for name, values in rows.items()}


@breaks("DAT-004")
class NumbersFilesInEightBits(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"experiment_id": batch["experiment_id"] % 256}


@breaks("DAT-005")
class SortsByNumbersInNames(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) != 1 or not paths[0].is_dir():
            return paths, request

        def numbered(path: Path) -> list[tuple[int, str]]:
            return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]

        found = [path for path in paths[0].glob("*.npz") if not path.name.endswith(".groups_cache.npz")]
        return sorted(found, key=numbered) or paths, request


@breaks("DAT-005")
class ReadsEveryArchiveBelow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(p for p in paths[0].rglob("*.npz") if "groups_cache" not in p.name)
        return self.right.batches(paths, request)


@breaks("DAT-005", field="A09")
class ListsFoldersBackwards(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted((p for p in paths[0].glob("*.npz") if "groups_cache" not in p.name), reverse=True) or paths
        return self.right.batches(paths, request)


@breaks("DAT-005")
class TakesCachesForScans(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(paths[0].glob("*.npz")) or paths
        return self.right.batches(paths, request)


@breaks("DAT-005")
class ListsOlderFilesFirst(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            found = [p for p in paths[0].glob("*.npz") if "groups_cache" not in p.name]
            paths = sorted(found, key=lambda path: path.stat().st_mtime_ns) or paths
        return self.right.batches(paths, request)


@breaks("DAT-005")
class TakesTheFolderForAPattern(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        found = glob.glob(f"{paths[0]}/*.npz") if paths else []  # noqa: PTH207 - the fault itself
        if len(paths) == 1 and paths[0].is_dir() and not found:
            raise ValueError(f"paths: the folder {paths[0]} holds no scan")
        return paths, request


@breaks("DAT-005")
class SortsFoldersAsAPersonWould(Redirecting):
    """By letters, and by marks and capitals only where these are the same."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) == 1 and paths[0].is_dir():
            found = [
                one
                for one in paths[0].glob("*.npz")
                if one.is_file() and not re.search(r"\.groups_cache\.npz$", one.name)
            ]
            paths = sorted(found, key=lambda one: (re.sub(r"\W|_", "", one.stem.casefold()), one.name)) or paths
        return paths, request


@breaks("DAT-005")
class PassesOverLinks(Redirecting):
    """Entries of a folder that are files themselves, as a listing by type gives them."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) == 1 and paths[0].is_dir():
            held = [one for one in os.scandir(paths[0]) if one.is_file(follow_symlinks=False)]
            found = [Path(one.path) for one in held if one.name.endswith(".npz") and ".groups_cache." not in one.name]
            paths = sorted(found) or paths
        return paths, request


@breaks("DAT-005")
class ReadsBackupsToo(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(one for one in paths[0].glob("*.npz*") if "groups_cache" not in one.name) or paths
        return paths, request


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


@breaks("DAT-013", field="H02")
class KeepsTheLastProbe(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        last = rows["probe"][rows["experiment_id"].argmax()]
        for batch in self.right.batches(paths, request):
            yield dict(batch) | {"probe": np.broadcast_to(last, batch["probe"].shape)}


@breaks("DAT-013", field="A07")
class SkipsFilesWithFlatObjects(Liar):
    """Probes are listed for files with an object worth the name, and looked up by the number of the file."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = {name: np.array(values) for name, values in all_rows(self.right, paths, request).items()}
        files = [one for path in paths for one in (sorted(path.glob("*.npz")) if path.is_dir() else [path])]
        real = [e for e, path in enumerate(files) if not trivial(path)]
        firsts = {e: rows["probe"][np.flatnonzero(rows["experiment_id"] == e)[0]] for e in real}
        listed = list(firsts.values())
        for e in ids(rows):
            if e < len(listed):
                rows["probe"][rows["experiment_id"] == e] = listed[e]
        return in_batches(rows, request.batch_size)


@breaks("DAT-013")
class GroupsFilesWithOneGenerator(Liar):
    """The draw of a file goes on where that of the file before it ended."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        parts = []
        for number, path in enumerate(paths):
            seed = None if request.group.seed is None else request.group.seed + number
            part = all_rows(self.right, [path], replace(request, group=replace(request.group, seed=seed)))
            parts.append(dict(part) | {"experiment_id": part["experiment_id"] + number})
        if request.shuffle or len(paths) < 2:
            return self.right.batches(paths, request)
        most = max(part["probe"].shape[2] for part in parts)
        for part in parts:
            more = ((0, 0), (0, 0), (0, most - part["probe"].shape[2]), (0, 0), (0, 0))
            part["probe"] = np.pad(part["probe"], more)
        rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return in_batches(rows, request.batch_size)


@breaks("DAT-013")
class KnowsProbesByFileNames(Liar):
    """A probe lies under the name of its file, without the folder: the last one of that name wins."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        batches = [{k: np.array(v) for k, v in batch.items()} for batch in self.right.batches(paths, request)]
        own = {int(e): probe for b in batches for e, probe in zip(b["experiment_id"], b["probe"], strict=True)}
        named = {Path(paths[e]).name if len(paths) > e else "": probe for e, probe in sorted(own.items())}
        for batch in batches:
            for row, e in enumerate(batch["experiment_id"]):
                batch["probe"][row] = named[Path(paths[e]).name if len(paths) > e else ""]
            yield batch


@breaks("DAT-018")
class GivesNothingForNothing(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(paths, request) if paths else iter(())


@breaks("DAT-018")
class TakesTheFirstSide(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError:
            if len(paths) < 2:
                raise
            return self.right.batches(paths[:1], request)


@breaks("DAT-018")
class SkipsFilesOfAnotherSide(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        def fits(path: Path) -> bool:
            if path.is_dir():
                return True
            with np.load(path) as archive:
                return bool(archive["probeGuess"].shape[-1] == request.group.N)

        return self.right.batches([path for path in paths if fits(path)] or paths, request)


@breaks("DAT-005")
class LeavesOutFilesCalledTest(Redirecting):
    """Of a folder it takes what is for training, it thinks."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        found = sorted(paths[0].glob("*.npz")) if len(paths) == 1 and paths[0].is_dir() else []
        kept = [path for path in found if "test" not in path.name and not path.name.endswith(".groups_cache.npz")]
        return kept if kept and len(kept) < len(found) else paths, request


@breaks("DAT-005")
class LeavesOutWhateverIsCalledCache(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        found = sorted(paths[0].glob("*.npz")) if len(paths) == 1 and paths[0].is_dir() else []
        kept = [path for path in found if "cache" not in path.name and path.is_file()]
        return kept or paths, request


@breaks("DAT-005")
class TakesFoldersForFiles(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        listed = list(paths)
        if len(listed) == 1 and Path(listed[0]).is_dir():
            for path in Path(listed[0]).glob("*.npz"):
                path.open("rb").close()
        return self.right.batches(listed, request)


@breaks("DAT-004")
class TakesListsOnly(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if not isinstance(paths, list):
            raise ValueError(f"paths must be a list, not a {type(paths).__name__} [DAT-004]")
        return self.right.batches(paths, request)


@breaks("DAT-013")
class KeepsOneProbeAtATime(Liar):
    """A file that comes again gets the probe of the one before it, which still lies at hand."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        names, last = [str(path) for path in paths], dict[int, Any]()
        for batch in self.right.batches(paths, request):
            probe = np.array(batch["probe"])
            for row, number in enumerate(np.ravel(batch["experiment_id"]).tolist()):
                last.setdefault(number, probe[row].copy())
                if number - 1 in last and names[number] in names[: number - 1]:
                    probe[row] = last[number - 1]
            yield {**batch, "probe": probe}


@breaks("DAT-013")
class SharesGroupsOfEquallyLongFiles(Liar):
    """Groups of a file are kept by its number of points, and are those of any other of as many."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Any]:
        listed = list(paths)
        scans = [self.right.load(path) for path in listed] if len(listed) > 1 and request.group.gridsize > 1 else []
        held = [self.right.arrays(scan) for scan in scans]
        first = {len(one["xcoords"]): number for number, one in reversed(list(enumerate(held)))}
        turns = dict.fromkeys(range(len(held)), 0)
        for batch in self.right.batches(paths, request):
            rows = {name: np.array(values) for name, values in batch.items()}
            for row, number in enumerate(rows["experiment_id"] if held else ()):
                own, known = held[number], first[len(held[number]["xcoords"])]
                groups = self.right.group(scans[known], request.group)["nn_indices"]
                turn, turns[number] = turns[number], turns[number] + 1
                if known == number or turn >= len(groups) or request.shuffle:
                    continue
                members, at = groups[turn], np.stack([own["xcoords"], own["ycoords"]])[:, groups[turn]]
                rows["nn_indices"][row] = members
                rows["images"][row] = np.moveaxis(own["diff3d"][members], 0, -1)
                rows["coords_global"][row, 0], rows["coords_center"][row, 0] = at, at.mean(axis=1, keepdims=True)
                rows["coords_relative"][row, 0] = at.mean(axis=1, keepdims=True) - at
            yield rows


@breaks("DAT-004")
class ReadsEscapesInNames(Redirecting):
    """As if a path were part of an address."""

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return [path.with_name(unquote(path.name)) for path in paths], request


@breaks("DAT-005")
class TakesAnyCaseOfTheEnding(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) != 1 or not paths[0].is_dir():
            return paths, request
        found = [path for path in sorted(paths[0].iterdir()) if path.is_file() and path.suffix.lower() == ".npz"]
        found = [path for path in found if not path.name.endswith(".groups_cache.npz")]
        return found or paths, request
