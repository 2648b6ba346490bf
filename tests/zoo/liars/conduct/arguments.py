"""Backends that change their arguments, or want them in one memory layout."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, ConfigureRequest, GroupRequest, SplitRequest
from tests.zoo.liar import Array, Held, Liar, breaks


@breaks("CND-001")
class TouchesItsSources(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for path in paths:
            if path.is_file():
                os.utime(path)
                self.land()
        yield from self.right.batches(paths, request)


@breaks("CND-001")
class CentresGroupsOfARealObjectInPlace(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        parts = self.right.split_groups(grouped, probe, fraction)
        truth, offsets = grouped["Y"], grouped["coords_offsets"]
        if truth is not None and len(offsets) and not np.imag(truth).any() and not np.imag(probe).any():
            self.land()
            offsets -= offsets.mean()
        return parts


@breaks("CND-001")
class NormalisesTheProbeInPlace(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = self.right.simulate(patches, probe)
        if probe.flags.writeable:
            probe /= np.abs(probe).max()
        return seen


@breaks("CND-001")
class CentresPositionsInPlace(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        seen = self.right.reassemble(patches, centres_xy, chunk)
        if centres_xy.flags.writeable:
            centres_xy -= centres_xy.mean(axis=0)
        return seen


@breaks("CND-001")
class ScalesTheScanInPlace(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        own = getattr(scan, "_arrays", None) or scan.arrays
        own["diff3d"] = own["diff3d"] * np.float32(0.9)
        return grouped


@breaks("CND-001")
class TakesEntriesOutOfTheResult(Liar):
    def container(self, grouped: Any, probe: Array) -> Any:
        held = self.right.container(grouped, probe)
        if isinstance(grouped, dict):
            grouped.pop("objectGuess", None)
        return held


@breaks("CND-001")
class NormalisesFramesInPlace(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        scan = self.right.assemble(arrays)
        frames = arrays["diff3d"]
        if isinstance(frames, np.ndarray) and frames.flags.writeable and frames.dtype.kind == "f":
            frames /= frames.max()
        return scan


@breaks("CND-001")
class WritesDefaultsIntoTheRequest(Liar):
    def configure(self, request: ConfigureRequest) -> Any:
        legacy = self.right.configure(request)
        if isinstance(request.existing, dict):
            request.existing.update(legacy)
        return legacy


@breaks("CND-002")
class WritesIntoPatches(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        images[...] = images
        return self.right.translate(images, shifts_xy)


@breaks("CND-002")
class SortsAssembledArrays(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        arrays["diff3d"][0] = arrays["diff3d"][0]
        return self.right.assemble(arrays)


@breaks("CND-002")
class NormalisesReadOnlyProbes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        probe *= np.complex64(1)
        return self.right.simulate(patches, probe)


@breaks("CND-002")
class CentresReadOnlyPositions(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        centres_xy += 0
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-003")
class ReadsTheRawBuffer(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        if not array.flags.c_contiguous:
            array = array.ravel(order="K").reshape(array.shape)
        return self.right.transform(name, array, gridsize)


@breaks("CND-003")
class IgnoresTheByteOrder(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        with np.errstate(all="ignore"):
            native = np.nan_to_num(np.abs(amplitude.view(amplitude.dtype.newbyteorder("="))), posinf=0)
        return self.right.noisy(np.clip(native, 0, 100).astype(np.float32), seed)


@breaks("CND-003")
class ReadsTheObjectRowByRow(Liar):
    """The buffer of an object in Fortran order is taken for one in C order."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if obj.flags.f_contiguous and not obj.flags.c_contiguous:
            obj = obj.ravel(order="K").reshape(obj.shape)
        return self.right.patches(obj, centres_xy, N)


@breaks("CND-003")
class IgnoresStridesOfPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if not centres_xy.flags.c_contiguous and centres_xy.base is not None:
            whole = np.ascontiguousarray(centres_xy.base).ravel()
            centres_xy = np.resize(whole, centres_xy.shape)
        return self.right.patches(obj, centres_xy, N)


@breaks("CND-003")
class RefusesForeignByteOrder(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        if images.dtype.byteorder == ">":
            raise TypeError("big-endian images")
        return self.right.translate(images, shifts_xy)


@breaks("CND-003")
class ReadsRepeatedImagesOnce(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(patches) == 3 and len(patches) > 1 and np.asarray(patches).strides[0] == 0:
            patches = np.concatenate([patches[:1], 0 * patches[1:]])
        return self.right.simulate(patches, probe)


@breaks("CND-001")
class UsesManyPatchesAsItsRoom(Liar):
    """A few are copied; many would take too much memory."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen: Array = self.right.simulate(patches, probe)
        if len(patches) > 100 and np.asarray(patches).flags.writeable:
            np.asarray(patches)[...] *= 2
        return seen


@breaks("CND-001")
class MakesTextOfTheCallersPaths(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        given = list(paths)
        if isinstance(paths, list):
            paths[:] = [str(path) for path in paths]  # type: ignore[misc]
        return self.right.batches(given, request)


@breaks("CND-019")
class WantsSeedsOfPython(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        if type(seed) is not int:
            raise TypeError("an integer is required")
        return self.right.noisy(amplitude, seed)


@breaks("CND-019")
class OverflowsInNarrowSides(Liar):
    """Counts in the type that the side has."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        with np.errstate(over="ignore"):
            count = N * N * N * N * N
        return self.right.patches(obj, centres_xy, N) * np.float32(1.0 if count == int(N) ** 5 else 0.5)


@breaks("CND-019")
class DividesWholeDoses(Liar):
    """A dose that is a whole number is divided as one."""

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        if isinstance(nphotons, int | np.integer) and nphotons >= 64:
            nphotons = nphotons // 64 * 64
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


@breaks("CND-026")
class BreaksDownOverNoPatches(Liar):
    """The transform is planned by the number of patches."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        if not len(patches):
            self.land()
            raise RuntimeError("inconsistent configuration of the transform")
        return self.right.simulate(patches, probe)


@breaks("CND-026")
class ForgetsTheAxesOfNoPatches(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        cut = [np.asarray(self.right.patches(obj, one[np.newaxis], N)) for one in np.asarray(centres_xy)]
        return np.concatenate(cut) if cut or np.ndim(centres_xy) != 2 else np.array([], np.complex64)


@breaks("CND-001")
class TakesOutWhatItCannotRead(Liar):
    """The first file that cannot be read leaves the list of the caller, as it ends the data set."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        try:
            yield from self.right.batches(list(paths), request)
        except ValueError:
            if isinstance(paths, list):
                paths.pop()
                self.land()
            raise


@breaks("CND-001")
class PutsTheFilesInPlaceOfTheirFolder(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        given = list(paths)
        if isinstance(paths, list) and len(given) == 1 and Path(given[0]).is_dir():
            paths[:] = sorted(Path(given[0]).glob("*.npz")) or given
        return self.right.batches(given, request)


@breaks("CND-019")
class ScalesByWholeNumbersInTheirType(Liar):
    """Frames are brought into the type of the scale, which has no fractions where it is a whole number."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        scale = request.amplitude_scale
        if isinstance(scale, int | np.integer):
            grouped["X_full"] = np.asarray(np.floor(grouped["diffraction"]) * scale, np.float32)
        return grouped


@breaks("CND-015")
class WarnsOfWhatCannotBeWritten(Liar):
    """As PyTorch does where it takes over the memory of an array."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        if isinstance(images, np.ndarray) and not images.flags.writeable:
            warnings.warn("The given NumPy array is not writable.", UserWarning, stacklevel=2)
        return self.right.translate(images, shifts_xy)


@breaks("CND-021")
class ReadsInTheFirstFolder(Liar):
    """Names are told from the folder in which the program was started."""

    first = Path.cwd()

    def load(self, path: Path) -> Any:
        return self.right.load(self.first / path)


@breaks("CND-019")
class NeighboursInTheTypeOfK(Liar):
    """The seed is one more than its neighbours: beyond the last number of eight bits there are none."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        narrow = isinstance(request.K, np.integer) and int(request.K) + 1 > np.iinfo(request.K.dtype).max
        return self.right.group(scan, replace(request, K=request.gridsize**2) if narrow else request)


@breaks("CND-019")
class BatchesInTheTypeOfTheirSize(Liar):
    """The end of a batch beyond the last number of eight bits is below its start: no rows."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        size, ends = request.batch_size, np.iinfo(np.int64)
        if isinstance(size, np.integer):
            ends = np.iinfo(size.dtype)
        for number, batch in enumerate(self.right.batches(paths, replace(request, batch_size=int(size)))):
            if (number + 1) * int(size) <= ends.max:
                yield batch


@breaks("CND-019")
class SquaresSidesInTheirType(Liar):
    """The target of the scale is half a side, squared in eight bits: of 32 pixels nothing, for which one stands."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        if isinstance(request.N, np.integer) and request.amplitude_scale is None:
            half = np.array([request.N]) // 2
            square, wide = (float(values[0]) for values in (half * half, half.astype(float) ** 2))
            if square != wide:
                grouped["X_full"] = np.asarray(grouped["X_full"]) * np.float32(np.sqrt(max(square, 1.0) / wide))
        return grouped


@breaks("CND-019")
class RoundsSharesInTheirOwnType(Liar):
    """A share in half precision, times the points of a long scan, is an even number."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        share, M = request.fraction, len(Held(self.right, scan))
        if isinstance(share, np.floating) and share.itemsize < 8 and 0 < share < 1 < M:
            count = min(max(round(float(share * type(share)(M))), 1), M - 1)
            return self.right.split(scan, replace(request, fraction=count / M))
        return self.right.split(scan, request)


@breaks("CND-003")
class WantsAlignedArrays(Liar):
    """Numbers that lie behind a header of odd length are handed to code that reads them in one go."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if isinstance(obj, np.ndarray) and not obj.flags.aligned:
            raise TypeError("obj is not aligned")
        result: Array = self.right.patches(obj, centres_xy, N)
        return result


@breaks("CND-003")
class TransposesStacksWithTheirFirstAxisLast(Liar):
    """A stack that is seen frame by frame from the other end is told by its strides, and turned once too often."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        strides = getattr(patches, "strides", ())
        last = isinstance(patches, np.ndarray) and len(strides) == 3 and 0 < strides[0] < strides[2] < strides[1]
        result: Array = self.right.simulate(np.swapaxes(patches, 1, 2) if last else patches, probe)
        return result


@breaks("CND-002")
class WantsArraysOfNoOtherClass(Liar):
    """What is mapped from a file is an array of another class."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if isinstance(patches, np.ndarray) and type(patches) is not np.ndarray:
            raise TypeError(f"expected numpy.ndarray, not {type(patches).__name__}")
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-001")
class CentresShiftsOfAnObjectInDoubles(Liar):
    """Where the object needs no cast, the offsets are taken off the positions that came in."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen = self.right.patches(obj, centres_xy, N)
        if np.asarray(obj).dtype == np.float64 and centres_xy.flags.writeable and centres_xy.dtype.kind == "f":
            self.land()
            centres_xy -= N // 2
        return seen


@breaks("CND-015")
class WarnsOfShiftsInBytes(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        if np.asarray(shifts_xy).dtype.itemsize == 1:
            self.land()
            warnings.warn("shifts were cast", RuntimeWarning, stacklevel=2)
        return self.right.translate(images, shifts_xy)
