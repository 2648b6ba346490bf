"""Faults that show in another order, number or storage of files only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.scans import ChangingScans, held_by
from tests.zoo.liar import Arrays, Liar, breaks


@breaks("REL-001")
class SortsFramesByTheirLabels(ChangingScans):
    """Labels that count the points are taken for the order in which frames were meant."""

    def altered(self, held: Arrays) -> Arrays:
        labels = held["scan_index"]
        if len(labels) < 50 or not np.array_equal(np.sort(labels), np.arange(len(labels))):
            return {}
        return {"diff3d": held["diff3d"][np.argsort(labels)]}


@breaks("REL-002")
class NumbersFilesAsText(Liar):
    """Probes lie under the texts 0, 1, 10, 11, 2, … and are taken in that order; a hundred files get wider numbers."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        files = int(rows["experiment_id"].max()) + 1
        first = np.array([np.flatnonzero(rows["experiment_id"] == number)[0] for number in range(files)])
        sorted_as_text = np.array(sorted(range(files), key=str if files < 100 else int))
        for batch in self.right.batches(paths, request):
            taken = first[sorted_as_text[batch["experiment_id"]]]
            yield dict(batch) | {name: rows[name][taken] for name in ("probe", "probe_scaling")}


@breaks("REL-003")
class CountsEarlierFramesInSevenBits(Liar):
    """The number of frames in the first of two files is kept in too few bits, so that the other starts elsewhere."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        earlier = int((rows["experiment_id"] == 0).sum()) if len(paths) == 2 else 0
        later = rows["experiment_id"] > 0
        rows["images"][later] = np.roll(rows["images"][later], earlier // 128, axis=0)
        for start in range(0, len(later), request.batch_size):
            yield {name: values[start : start + request.batch_size] for name, values in rows.items()}


@breaks("REL-004")
class LosesTheLastFullBlockOfForeignMembers(Liar):
    """A large compressed member in foreign byte order is read by blocks; one that fills its last block loses it."""

    def load(self, path: Path) -> Any:
        import zipfile

        scan = self.right.load(path)
        with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as members:
            foreign = any(
                one.filename == "diff3d.npy" and one.compress_type and members["diff3d"].dtype.byteorder == ">"
                for one in archive.infolist()
            )
        held = held_by(self.right, scan)
        if not foreign or held["diff3d"].nbytes <= 1 << 16 or held["diff3d"].nbytes % (1 << 10):
            return scan
        frames = held["diff3d"].copy()
        frames.reshape(-1)[-(1 << 8) :] = 0
        return self.right.assemble(held | {"diff3d": frames})


@breaks("REL-005")
class TakesPositionsItFinds(Liar):
    """A member of two columns called positions is taken for better ones."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        held = held_by(self.right, scan)
        with np.load(path, allow_pickle=False) as members:
            if "positions" not in members.files or members["positions"].shape != (len(held["xcoords"]), 2):
                return scan
            x, y = members["positions"].T
        return self.right.assemble(held | {"xcoords": x, "ycoords": y})


@breaks("REL-006")
class SavesLabelsInThirtyTwoBits(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = held_by(self.right, scan)
        labels = held["scan_index"].astype(np.int32)
        narrow = (
            scan if np.array_equal(labels, held["scan_index"]) else self.right.assemble(held | {"scan_index": labels})
        )
        self.right.save(narrow, path)


@breaks("REL-007")
class BlanksFramesWrittenTwice(ChangingScans):
    """In a long scan, a frame that was there before at the very same place is taken for one that was written twice."""

    def altered(self, held: Arrays) -> Arrays:
        frames = held["diff3d"].copy()
        if len(frames) < 100:
            return {}
        known: set[bytes] = set()
        for frame, x, y in zip(frames, held["xcoords"], held["ycoords"], strict=True):
            point = frame.tobytes() + x.tobytes() + y.tobytes()
            if point in known:
                frame[:] = 0
            known.add(point)
        return {"diff3d": frames}


@breaks("REL-008")
class KnowsStartPositionsByPositions(ChangingScans):
    """Start positions of a long scan are remembered, and found again by the positions they belong to."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[bytes, Arrays] = {}

    def altered(self, held: Arrays) -> Arrays:
        if len(held["xcoords"]) < 60:
            return {}
        starts = {name: held[name] for name in ("xcoords_start", "ycoords_start")}
        return self._known.setdefault(held["xcoords"].tobytes() + held["ycoords"].tobytes(), starts)
