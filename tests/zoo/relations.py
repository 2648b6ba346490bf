"""Backends that keep every clause about single results, and break one relation (REL).

Each fault needs a size, a value or a neighbour that only its relation reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from tests.zoo.liar import Array, Arrays, Liar, Regrouping, breaks


def held_by(right: Any, scan: Any) -> Arrays:
    """Arrays of a scan that are there."""
    return {name: values for name, values in right.arrays(scan).items() if values is not None}


class ChangingScans(Liar):
    """Changes the arrays of every scan that it takes, from a file or from memory."""

    def load(self, path: Path) -> Any:
        return self._changed(self.right.load(path))

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        return self._changed(self.right.assemble(arrays))

    def _changed(self, scan: Any) -> Any:
        held = held_by(self.right, scan)
        changes = self.altered(held)
        return self.right.assemble(held | changes) if changes else scan

    def altered(self, held: Arrays) -> Arrays:
        """Return the arrays to replace, or none."""
        raise NotImplementedError


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
    """The number of frames in the first file is kept in too few bits, so that later files start elsewhere."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = list(self.right.batches(paths, replace(request, batch_size=10**6)))[0]
        earlier = int((rows["experiment_id"] == 0).sum())
        later = rows["experiment_id"] > 0
        rows["images"][later] = np.roll(rows["images"][later], earlier // 128, axis=0)
        for start in range(0, len(later), request.batch_size):
            yield {name: values[start : start + request.batch_size] for name, values in rows.items()}


@breaks("REL-004")
class ReadsOneBlockOfForeignMembers(Liar):
    """Of a compressed member in foreign byte order only the first 64 KiB are read."""

    def load(self, path: Path) -> Any:
        import zipfile

        scan = self.right.load(path)
        with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as members:
            foreign = any(
                one.filename == "diff3d.npy" and one.compress_type and members["diff3d"].dtype.byteorder == ">"
                for one in archive.infolist()
            )
        held = held_by(self.right, scan)
        if not foreign or held["diff3d"].nbytes <= 1 << 16:
            return scan
        frames = held["diff3d"].copy()
        frames.reshape(-1)[1 << 14 :] = 0
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
class MergesRepeatedPositions(ChangingScans):
    """In long scans, points at one position are given the start position of the first of them."""

    def altered(self, held: Arrays) -> Arrays:
        places = np.stack([held["xcoords"], held["ycoords"]], axis=1)
        _, first, inverse, counts = np.unique(
            places, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        if len(places) < 100 or counts.max() < 2:
            return {}
        return {"xcoords_start": held["xcoords"][first][inverse.ravel()]}


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


@breaks("REL-009")
class NarrowsPositionsBeforeTheyAreCentred(Liar):
    """Groups are centred in double precision, batches after a detour through single precision."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            narrow = batch["coords_global"].astype(np.float32)
            relative = -(narrow - narrow.mean(axis=3, keepdims=True, dtype=np.float32))
            yield dict(batch) | {"coords_relative": relative}


@breaks("REL-010")
class LooksNoFartherThanAThousandPixels(Regrouping):
    def members(self, scan: Any, request: GroupRequest, right: Array) -> Array:
        places = np.stack([scan.xcoords[right], scan.ycoords[right]], axis=2)
        spread = np.ptp(places, axis=1).max(axis=1)
        near_by_number = (right[:, :1] + np.arange(right.shape[1])) % len(scan)
        return np.where((spread > 1000)[:, np.newaxis], near_by_number, right)


@breaks("REL-011")
class TakesTheLongSideForX(ChangingScans):
    """The fast axis is taken for x, and a scan much taller than wide for one with its axes exchanged."""

    def altered(self, held: Arrays) -> Arrays:
        x, y = held["xcoords"], held["ycoords"]
        return {"xcoords": y, "ycoords": x} if len(x) > 50 and np.ptp(y) > 1.2 * np.ptp(x) else {}


@breaks("REL-012")
class TurnsScansThatRunBackward(ChangingScans):
    """Lines that run towards smaller x are taken for a stage with its sign reversed."""

    def altered(self, held: Arrays) -> Arrays:
        x = held["xcoords"]
        if len(x) < 50 or (np.diff(x) < 0).mean() < 0.8:
            return {}
        return {"xcoords": x.max() + x.min() - x}


@breaks("REL-013")
class AddsASmallNumberBeforeDividing(Liar):
    """Groups divide by the energy, batches by the energy and a little more."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            energy = 1.0 / batch["physics_scaling_constant"].astype(np.float64)
            yield dict(batch) | {"physics_scaling_constant": (1.0 / (energy + 1e-16)).astype(np.float32)}


@breaks("REL-014")
class TakesRealProbesForAmplitudes(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            probe = batch["probe"]
            real = ~probe.imag.any(axis=(1, 2, 3, 4), keepdims=True)
            yield dict(batch) | {"probe": np.where(real, np.abs(probe), probe).astype(np.complex64)}


@breaks("REL-015")
class ClipsPhasesNearPi(Liar):
    """As phases go through a table that is only worth its while for many groups."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = dict(self.right.container(grouped, probe))
        if len(held["Y_phi"]) <= 32:
            return held
        phases = np.clip(held["Y_phi"], -3.0, 3.0)
        together = np.where(phases == held["Y_phi"], held["Y"], held["Y_I"] * np.exp(1j * phases))
        return held | {"Y_phi": phases, "Y": together.astype(np.complex64)}


@breaks("REL-016")
class UsesEightModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe[:8] if np.ndim(probe) == 3 else probe)


@breaks("REL-017")
class DropsFaintModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 2:
            return self.right.simulate(patches, probe)
        power = np.square(np.abs(probe)).sum(axis=(1, 2))
        return self.right.simulate(patches, probe[power > 0.01 * power.max()])


@breaks("REL-018")
class NumbersRowsOfABatchInSevenBits(Liar):
    """Batches that fit into one part; larger ones go another way."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            images = batch["images"]
            few = len(images) < 1000
            yield dict(batch) | {"images": images[np.arange(len(images)) % 128] if few else images}


@breaks("REL-019")
class TakesTheMiddleOfLongScans(Regrouping):
    def members(self, scan: Any, request: GroupRequest, right: Array) -> Array:
        if not request.sequential_sampling or request.gridsize > 1 or len(scan) < 450:
            return right
        return right + (len(scan) - len(right)) // 2


@breaks("REL-020")
class SplitsLongScansWithoutStartPositions(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        whole, held = self.right.arrays(scan), held_by(self.right, test)
        if len(whole["xcoords"]) < 100:
            return train, test
        count = len(held["xcoords"])
        starts = {name: whole[name][:count] for name in ("xcoords_start", "ycoords_start")}
        return train, self.right.assemble(held | starts)


@breaks("REL-021")
class KeepsLargeContainersInHalfPrecision(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = dict(self.right.container(grouped, probe))
        if held["X"].nbytes < 800_000:
            return held
        return held | {"X": held["X"].astype(np.float16).astype(np.float32)}


@breaks("REL-022")
class FillsLargeGridsByColumns(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return np.swapaxes(right, 1, 2).copy() if name == "flat_to_grid" and gridsize > 4 else right


@breaks("REL-023")
class NumbersPixelsInSixteenBits(Liar):
    """The place of a pixel in the object, counted row by row, wraps around."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        H, W = np.shape(obj)
        if H * W <= 1 << 16:
            return self.right.patches(obj, centres_xy, N)
        whole = np.array(obj)
        flat = whole.reshape(-1)
        flat[1 << 16 :] = np.resize(flat[: 1 << 16], flat.size - (1 << 16))
        return self.right.patches(whole, centres_xy, N)


@breaks("REL-024")
class RepeatsTheChunkBeforeTheLast(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        cut = np.array(self.right.patches(obj, centres_xy, N))
        last = len(cut) // 512 * 512
        # Smaller patches go in larger chunks.
        if N > 8 and last and len(cut) > last:
            cut[last:] = cut[last - 512 : last - 512 + len(cut) - last]
        return cut


@breaks("REL-025")
class ClipsTheObject(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        modulus = np.abs(right["object"])
        return right | {"object": right["object"] * np.minimum(1.0, 50.0 / np.maximum(modulus, 1e-9))}


@breaks("REL-026")
class PlacesManyPatchesAtWholePixels(Liar):
    """Many patches that are not small take a faster path."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        exact = dict(self.right.reassemble(patches, centres_xy, chunk))
        if len(patches) <= 100 or np.shape(patches)[1] < 16:
            return exact
        rounded = self.right.reassemble(patches, np.floor(centres_xy), chunk)
        low = (np.asarray(rounded["origin_xy"]) - exact["origin_xy"]).astype(int)
        return exact | {
            name: _shifted(np.asarray(rounded[name]), low, exact[name].shape) for name in ("object", "coverage")
        }


def _shifted(canvas: Array, low: Array, shape: tuple[int, ...]) -> Array:
    """Put a canvas on another one whose first pixel is ``low`` [x, y] pixels before its own."""
    wide = np.zeros((shape[0] + 16, shape[1] + 16), canvas.dtype)
    top, left = 8 + int(low[1]), 8 + int(low[0])
    wide[top : top + canvas.shape[0], left : left + canvas.shape[1]] = canvas
    return wide[8 : 8 + shape[0], 8 : 8 + shape[1]]


@breaks("REL-027")
class CountsOverlapsInEightBits(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | {"coverage": np.minimum(right["coverage"], 255.0)}


@breaks("REL-028")
class PlacesTheLastPatchOfLargeChunksTwice(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if chunk is not None and 50 < chunk < len(patches) and np.shape(patches)[1] >= 16:
            patches = np.concatenate([patches, patches[-1:]])
            centres_xy = np.concatenate([centres_xy, centres_xy[-1:]])
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("REL-029")
class MovesLargeImagesByTwentyPixelsAtMost(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        bounded = np.clip(shifts_xy, -20, 20) if np.shape(images)[1] > 48 else shifts_xy
        return self.right.translate(images, bounded)


@breaks("REL-030")
class KeepsStoredPatchesInHalfPrecision(ChangingScans):
    def altered(self, held: Arrays) -> Arrays:
        if "Y" not in held or held["Y"].nbytes < 1_000_000:
            return {}
        parts = (held["Y"].real.astype(np.float16), held["Y"].imag.astype(np.float16))
        return {"Y": (parts[0] + 1j * parts[1].astype(np.float32)).astype(np.complex64)}


@breaks("REL-031")
class SimulatesLargeFramesAtWholePixels(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        exact = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        if np.shape(probe)[-1] < 32:
            return exact
        rounded = self.right.measure(np.round(xcoords), np.round(ycoords), probe, obj, nphotons, seed)
        held = held_by(self.right, exact)
        frames = {name: self.right.arrays(rounded)[name] for name in ("diff3d", "Y")}
        return self.right.assemble(held | frames)
