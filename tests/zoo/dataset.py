"""Wrong data sets and batches (DAT)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, SplitRequest
from tests.zoo.liar import PER_POINT, Array, Arrays, Liar, breaks

PER_FRAME = (*PER_POINT, "diff3d", "Y")


class Batching(Liar):
    """Makes right batches, then changes each."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield dict(batch) | self.altered(dict(batch), request)

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        raise NotImplementedError


@breaks("DAT-001")
class ForgetsTheCentre(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield {name: values for name, values in batch.items() if name != "coords_center"}


@breaks("DAT-001")
class BatchesInDoublePrecision(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"].astype(np.float64)}


@breaks("DAT-002")
class NormalisesImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"] * batch["rms_scaling_constant"]}


@breaks("DAT-002", field="E03")
class IndexesAFilteredBlock(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"nn_indices": np.argsort(np.argsort(batch["nn_indices"], axis=None)).reshape(batch["nn_indices"].shape)}


@breaks("DAT-003")
class NeverWritesCoordinates(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"] * 0}


@breaks("DAT-003")
class FlipsRelativeCoordinatesOfBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_relative": -batch["coords_relative"]}


@breaks("DAT-004", field="A09")
class SortsTheFileList(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(sorted(paths), request)


@breaks("DAT-005")
class ReadsEveryArchiveBelow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted(p for p in paths[0].rglob("*.npz") if "groups_cache" not in p.name)
        return self.right.batches(paths, request)


@breaks("DAT-006")
class DropsTheLastBatch(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        batches = list(self.right.batches(paths, request))
        full = [batch for batch in batches if len(batch["images"]) == request.batch_size]
        return iter(full or batches)


@breaks("DAT-006")
class CutsFilesToTheShortest(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        shortest = np.bincount(rows["experiment_id"]).min()
        keep = np.concatenate(
            [np.flatnonzero(rows["experiment_id"] == e)[:shortest] for e in np.unique(rows["experiment_id"])]
        )
        for start in range(0, len(keep), request.batch_size):
            part = keep[start : start + request.batch_size]
            yield {name: values[part] for name, values in rows.items()}


@breaks("DAT-007", field="G09")
class ScalesProbesByTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * np.float32(len(batch["images"]))}


@breaks("DAT-008", field="G06")
class FlattensScales(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"rms_scaling_constant": batch["rms_scaling_constant"].ravel()}


@breaks("DAT-009")
class BatchesOneMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, :, :1]}


@breaks("DAT-009")
class RepeatsModesInPlaceOfPadding(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        probe = batch["probe"]
        dark = np.abs(probe).sum(axis=(3, 4), keepdims=True) == 0
        return {"probe": np.where(dark, probe[:, :, :1], probe)}


@breaks("DAT-010", field="G04")
class NormalisesProbesTwice(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * batch["probe_scaling"][..., np.newaxis]} if request.probe_normalize else {}


@breaks("DAT-010")
class AveragesTheFirstMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.probe_normalize:
            return {}
        bare = batch["probe"] / batch["probe_scaling"][..., np.newaxis]
        scaling = 1.0 / (request.probe_scale * np.abs(bare[:, :1, :1]).mean(axis=(3, 4)))[..., np.newaxis]
        return {
            "probe": (bare * scaling[..., np.newaxis]).astype(np.complex64),
            "probe_scaling": scaling.astype(np.float32),
        }


@breaks("DAT-011", field="G03")
class HandsOnTheDataScaleForTheProbe(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": batch["rms_scaling_constant"]}


@breaks("DAT-012", field="G05")
class LeavesScalesAtOne(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": np.ones_like(batch["physics_scaling_constant"])}


@breaks("DAT-012")
class ScalesByTheBatchInHand(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        energy = (batch["images"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {
            "rms_scaling_constant": np.full_like(
                batch["rms_scaling_constant"], np.sqrt((request.group.N / 2) ** 2 / energy)
            )
        }


@breaks("DAT-013", field="H02")
class KeepsTheLastProbe(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        last = rows["probe"][rows["experiment_id"].argmax()]
        for batch in self.right.batches(paths, request):
            yield dict(batch) | {"probe": np.broadcast_to(last, batch["probe"].shape)}


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


@breaks("DAT-015")
class OverlapsItsParts(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held, first = dict(self.right.arrays(test)), self.right.arrays(train)
        for name in PER_FRAME:
            if held[name] is not None:
                held[name] = np.concatenate([first[name][:1], held[name]])
        return train, self.right.assemble(held)


@breaks("DAT-015")
class SplitsFramesWithoutPositions(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held = dict(self.right.arrays(test))
        first = self.right.arrays(scan)
        held["xcoords"] = first["xcoords"][: len(held["diff3d"])]
        return train, self.right.assemble(held)


@breaks("DAT-016")
class SplitsInOrderWhateverTheMethod(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="ordered"))


@breaks("DAT-016")
class DrawsBlocksAtRandom(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="random") if request.method == "blocks" else request)


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


def all_rows(right: Any, paths: Sequence[Path], request: BatchRequest) -> Arrays:
    """Every row of a data set in one batch."""
    return dict(next(iter(right.batches(paths, replace(request, batch_size=10**6)))))


def in_batches(rows: Arrays, size: int) -> Iterator[Arrays]:
    """Rows in batches of a size."""
    for start in range(0, len(rows["images"]), size):
        yield {name: values[start : start + size] for name, values in rows.items()}


class Rowing(Liar):
    """Changes the rows of the whole data set before they are batched."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = {name: np.array(values) for name, values in all_rows(self.right, paths, request).items()}
        return in_batches(rows | self.altered(rows, request), request.batch_size)

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        raise NotImplementedError


def of_last_file(rows: Arrays, name: str) -> Array:
    """A field whose every row is that of the last file."""
    return np.broadcast_to(rows[name][rows["experiment_id"].argmax()], rows[name].shape).copy()


@breaks("DAT-001")
class BatchesWholeNumbers(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.round(batch["images"]).astype(np.int32)}


@breaks("DAT-001")
class LeavesProbesReal(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": np.abs(batch["probe"])}


@breaks("DAT-001")
class KeepsOneScaleForTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": batch["physics_scaling_constant"][:1]}


@breaks("DAT-002")
class NumbersFramesThroughAllFiles(Rowing):
    """The indices of later files go on where those of earlier ones ended."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        before = np.cumsum([0, *(rows["nn_indices"][rows["experiment_id"] == e].max() + 1 for e in ids(rows))])
        return {"nn_indices": rows["nn_indices"] + before[rows["experiment_id"], None].astype(np.int32)}


def ids(rows: Arrays) -> Array:
    """Files that have rows."""
    return np.unique(rows["experiment_id"])


@breaks("DAT-002", field="C08")
class RoundsImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.round(batch["images"])}


@breaks("DAT-002")
class LeavesTheTailDark(Rowing):
    """The rows of the last, smaller batch are allocated and never written."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        images, full = rows["images"], len(rows["images"]) // request.batch_size * request.batch_size
        images[full:] = 0
        return {"images": images}


@breaks("DAT-002")
class ReversesChannelsOfImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"][..., ::-1]}


@breaks("DAT-002", field="A09")
class PairsImagesWithTheRowBefore(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        return {"images": np.roll(rows["images"], 1, axis=0)}


@breaks("DAT-003", field="H02")
class KeepsTheCentreOfTheLastFile(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        if request.group.gridsize == 1:
            return {}
        centres = rows["coords_center"]
        last = rows["experiment_id"] == rows["experiment_id"].max()
        return {"coords_center": centres * 0 + centres[last].mean(axis=0)}


@breaks("DAT-003")
class CentresOnTheScan(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        centres = rows["coords_center"]
        for e in ids(rows):
            own = rows["experiment_id"] == e
            centres[own] = rows["coords_global"][own].mean(axis=(0, 3), keepdims=True)
        return {"coords_center": centres}


@breaks("DAT-003")
class ExchangesAxesOfBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {name: batch[name][:, :, ::-1] for name in ("coords_global", "coords_center", "coords_relative")}


@breaks("DAT-003")
class KeepsPositionsInHalfPrecision(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"].astype(np.float16).astype(np.float32)}


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


@breaks("DAT-006", field="E04")
class CountsRowsApartFromGrouping(Rowing):
    """The length is files times samples; what was not formed stays zero."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        more = len(ids(rows)) * request.group.nsamples - len(rows["images"])
        if more <= 0:
            return {}
        return {name: np.concatenate([v, np.zeros((more, *v.shape[1:]), v.dtype)]) for name, v in rows.items()}


@breaks("DAT-006")
class FillsUpTheLastBatch(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        missing = -len(rows["images"]) % request.batch_size
        if request.batch_size > len(rows["images"]):
            return {}
        return {name: np.concatenate([values, values[:missing]]) for name, values in rows.items()}


@breaks("DAT-007")
class NormalisesImagesOverTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"images": batch["images"] / batch["images"].max()}


@breaks("DAT-007")
class CentresTheBatch(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"coords_global": batch["coords_global"] - batch["coords_global"].mean(axis=0)}


@breaks("DAT-007", field="G06")
class GivesEveryColumnAScale(Batching):
    """At as many rows as columns a scale (b,) fits the columns."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if len(batch["images"]) != batch["images"].shape[2]:
            return {}
        gain = np.linspace(0.5, 1.5, len(batch["images"]), dtype=np.float32)
        return {"images": batch["images"] * gain[None, None, :, None]}


@breaks("DAT-008", field="G06")
class KeepsAnAxisOfFileNumbers(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"experiment_id": batch["experiment_id"][:, None]}


@breaks("DAT-008")
class SqueezesProbeScales(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": np.squeeze(batch["probe_scaling"])}


@breaks("DAT-009", field="G09")
class BatchesFlatProbes(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, 0, 0]}


@breaks("DAT-009")
class ExchangesChannelsAndModes(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": np.swapaxes(batch["probe"], 1, 2)}


@breaks("DAT-009")
class GivesEveryChannelAMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        probe = np.array(batch["probe"])
        C, P = probe.shape[1:3]
        for c in range(C):
            probe[:, c] = np.roll(probe[:, c], c % P, axis=1)
        return {"probe": probe}


@breaks("DAT-009")
class CutsModesToTheFewest(Rowing):
    """All files get as many modes as the one that has fewest."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        held = (np.abs(rows["probe"]).sum(axis=(1, 3, 4)) > 0).sum(axis=1)
        return {"probe": rows["probe"][:, :, : held.min()]}


@breaks("DAT-010", field="G04")
class DividesByTheProbeScaleAgain(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] / np.complex64(request.probe_scale)} if request.probe_normalize else {}


class Gauging(Batching):
    """Brings probes to another gauge."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.probe_normalize:
            return {}
        bare = batch["probe"] / batch["probe_scaling"][..., np.newaxis]
        scaling = np.array([self.scaling(probe, request.probe_scale) for probe in bare]).reshape(-1, 1, 1, 1)
        return {
            "probe": (bare * scaling[..., np.newaxis]).astype(np.complex64),
            "probe_scaling": scaling.astype(np.float32),
        }

    def scaling(self, probe: Array, scale: float) -> float:
        """Factor of one probe (C, P, N, N)."""
        raise NotImplementedError


@breaks("DAT-010")
class GaugesByTheBrightestPixel(Gauging):
    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.abs(probe).max()))


@breaks("DAT-010")
class GaugesByTheIntensity(Gauging):
    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.sqrt((np.abs(probe[0]) ** 2).mean())))


@breaks("DAT-010")
class GaugesOverPaddedModes(Gauging):
    """The mean runs over the modes that were padded as well."""

    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.abs(probe[0]).mean()))


@breaks("DAT-010")
class ReportsTheInverseGauge(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": 1 / batch["probe_scaling"]}


@breaks("DAT-011", field="G03")
class GaugesProbesByTheImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": batch["probe_scaling"] / batch["images"].max()}


@breaks("DAT-012")
class ScalesByAllFiles(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        energy = (rows["images"].astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        return {"physics_scaling_constant": np.full_like(rows["physics_scaling_constant"], 1 / energy)}


@breaks("DAT-012", field="H02")
class ScalesByTheLastFile(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        return {name: of_last_file(rows, name) for name in ("rms_scaling_constant", "physics_scaling_constant")}


@breaks("DAT-012", field="G02")
class AimsAtNSquaredInBatches(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"rms_scaling_constant": batch["rms_scaling_constant"] * 2}


@breaks("DAT-012")
class ScalesByTheSumOfAmplitudes(Rowing):
    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        scale = rows["physics_scaling_constant"]
        for e in ids(rows):
            own = rows["experiment_id"] == e
            scale[own] = 1 / rows["images"][own].astype(np.float64).sum(axis=(1, 2)).mean()
        return {"physics_scaling_constant": scale}


@breaks("DAT-012")
class ScalesByTheProbeToo(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"physics_scaling_constant": batch["physics_scaling_constant"] * batch["probe_scaling"]}


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


def trivial(path: Path) -> bool:
    """Whether a scan file holds no object, or one that is all ones."""
    with np.load(path, allow_pickle=False) as archive:
        return "objectGuess" not in archive.files or bool((archive["objectGuess"] == 1).all())


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


class Dividing(Liar):
    """Divides the points of a scan by a rule of its own."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        held = dict(self.right.arrays(scan))
        train = self.training(held, request)
        if train is None:
            return self.right.split(scan, request)
        return tuple(self._part(held, rows) for rows in (train, np.setdiff1d(np.arange(len(held["diff3d"])), train)))

    def _part(self, held: Arrays, rows: Array) -> Any:
        taken = {
            name: values[rows] if name in PER_FRAME and values is not None else values for name, values in held.items()
        }
        return self.right.assemble(taken)

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        """Return the rows of the training part; None divides rightly."""
        raise NotImplementedError


@breaks("DAT-015")
class CutsFractionsDown(Dividing):
    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        M = len(held["diff3d"])
        return np.arange(max(1, int(M * request.fraction))) if request.method == "ordered" else None


@breaks("DAT-015")
class RoundsHalvesUp(Dividing):
    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        M = len(held["diff3d"])
        count = min(max(1, int(np.floor(M * request.fraction + 0.5))), M - 1)
        return np.arange(count) if request.method == "ordered" else None


@breaks("DAT-015")
class LeavesAGapBetweenParts(Liar):
    """The points next to the border go to neither part."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held = dict(self.right.arrays(test))
        if len(held["diff3d"]) < 2:
            return train, test
        return train, self.right.assemble(
            {k: v[1:] if k in PER_FRAME and v is not None else v for k, v in held.items()}
        )


@breaks("DAT-015", field="C03")
class SplitsAllButThePatches(Liar):
    """The test part has the patches of the training part, as far as they reach."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held, first = dict(self.right.arrays(test)), self.right.arrays(scan)
        if held["Y"] is not None:
            held["Y"] = first["Y"][: len(held["diff3d"])]
        return train, self.right.assemble(held)


@breaks("DAT-015")
class LosesLabelsInASplit(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        parts = (dict(self.right.arrays(part)) for part in self.right.split(scan, request))
        return tuple(self.right.assemble(part | {"scan_index": None}) for part in parts)


@breaks("DAT-016")
class SplitsWithoutTheSeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, seed=None) if request.method == "random" else request)


@breaks("DAT-016")
class SplitsBlocksByNumber(Dividing):
    """Every second run of points goes to training."""

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        rows = np.arange(len(held["diff3d"]))
        count = max(1, round(len(rows) * request.fraction))
        return np.sort(np.argsort(rows // 3 % 2, kind="stable")[:count]) if request.method == "blocks" else None


@breaks("DAT-016")
class CutsACornerOut(Dividing):
    """Training points lie around the middle, test points around them."""

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        x, y = held["xcoords"], held["ycoords"]
        count = max(1, round(len(x) * request.fraction))
        away = np.hypot(x - x.mean(), y - y.mean())
        return np.sort(np.argsort(away, kind="stable")[:count]) if request.method == "blocks" else None


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


@breaks("DAT-018")
class SkipsFilesOfAnotherSide(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        def fits(path: Path) -> bool:
            if path.is_dir():
                return True
            with np.load(path) as archive:
                return bool(archive["probeGuess"].shape[-1] == request.group.N)

        return self.right.batches([path for path in paths if fits(path)] or paths, request)


@breaks("DAT-021")
class KnowsOneScope(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        known = request.normalize in ("Batch", "Group", "None")
        return self.right.batches(paths, replace(request, normalize="Batch") if known else request)


@breaks("DAT-021")
class ScalesWithoutScope(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        return self.right.batches(
            paths, replace(request, normalize="Group") if request.normalize == "None" else request
        )


@breaks("DAT-021")
class TakesAnyScopeForTheFile(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        known = request.normalize in ("Batch", "Group", "None")
        return self.right.batches(paths, request if known else replace(request, normalize="Batch"))


@breaks("DAT-021")
class DividesImagesByTheirScale(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            scaled = {k: np.array(v) for k, v in batch.items()}
            if request.normalize == "Group":
                scaled["images"] = scaled["images"] * scaled["rms_scaling_constant"]
            yield scaled


@breaks("DAT-010")
class GaugesByNothing(Liar):
    """A probe_scale that is no scale turns the gauge off."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        gauge = request if request.probe_scale > 0 else replace(request, probe_scale=1.0, probe_normalize=False)
        return self.right.batches(paths, gauge)


@breaks("DAT-010")
class LeavesDarkProbesDark(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if getattr(error, "clause", None) != "DAT-010" or not request.probe_scale > 0:
                raise
            return self.right.batches(paths, replace(request, probe_normalize=False))
