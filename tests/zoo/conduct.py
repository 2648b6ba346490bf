"""Backends that do not behave (CND)."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, ConfigureRequest, GroupRequest, SplitRequest
from tests.zoo.liar import Array, Liar, breaks


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


@breaks("CND-004")
class PrintsItsProgress(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        for batch in self.right.batches(paths, request):
            print("DEBUG batch", len(batch["images"]))
            yield batch


@breaks("CND-005")
class LeavesSampleIndices(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        np.save("sample_indices.npy", np.arange(request.nsamples))
        return self.right.group(scan, request)


@breaks("CND-005")
class UnpacksBesideTheData(Liar):
    def load(self, path: Path) -> Any:
        (path.parent / f"{path.stem}.tmp").write_bytes(b"unpacked")
        return self.right.load(path)


@breaks("CND-006")
class SeedsTheGlobalGenerator(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        np.random.seed(seed)
        return self.right.noisy(amplitude, seed)


@breaks("CND-006")
class DrawsFromPythonsGenerator(Liar):
    def load(self, path: Path) -> Any:
        random.random()
        return self.right.load(path)


@breaks("CND-007")
class AddsNoiseOfTheGlobalGenerator(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        state = np.random.get_state()
        seen = np.sqrt(np.random.poisson(np.asarray(amplitude, np.float64) ** 2)).astype(np.float32)
        np.random.set_state(state)
        return seen


@breaks("CND-007")
class ShufflesWithThePythonGenerator(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        state = random.getstate()
        batches = list(self.right.batches(paths, request))
        random.shuffle(batches)
        random.setstate(state)
        return iter(batches)


class Restating(Liar):
    """Refuses rightly, in other words."""

    def restated(self, error: ValueError) -> Exception:
        raise NotImplementedError

    def _heard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ValueError as error:
            raise self.restated(error) from error

    def load(self, path: Path) -> Any:
        return self._heard(lambda: self.right.load(path))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self._heard(lambda: self.right.group(scan, request))

    def configure(self, request: ConfigureRequest) -> Any:
        return self._heard(lambda: self.right.configure(request))


class Reworded(ValueError):
    """A refusal with a remedy."""

    def __init__(self, text: str, remedy: str | None) -> None:
        super().__init__(text)
        self.remedy = remedy


@breaks("CND-008")
class RaisesAssertionErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return AssertionError(str(error))


@breaks("CND-008")
class RaisesIndexErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return IndexError(str(error))


@breaks("CND-009")
class KeepsTheFileToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        file = getattr(error, "file", None) or "?"
        return Reworded(str(error).replace(file, "the file"), error.remedy)


@breaks("CND-010")
class KeepsTheArrayToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        array = getattr(error, "array", None) or "?"
        return Reworded(str(error).replace(array, "it"), error.remedy.replace(array, "it"))


@breaks("CND-011")
class KeepsTheClauseToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.clause, "contract"), error.remedy)


@breaks("CND-011")
class AlwaysNamesTheFirstClause(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.clause, "NPZ-001"), error.remedy)


@breaks("CND-012")
class OffersNoRemedy(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).partition(" Remedy:")[0], None)


@breaks("CND-015")
class WarnsEveryTime(Liar):
    def load(self, path: Path) -> Any:
        warnings.warn("pixel size unknown", UserWarning, stacklevel=2)
        return self.right.load(path)


@breaks("CND-015")
class DividesByZero(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        np.zeros(1) / np.zeros(1)
        return self.right.simulate(patches, probe)


@breaks("CND-015")
class WarnsWhenGroupsJustSuffice(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling and request.nsamples > (request.neighbor_pool_size or request.K):
            warnings.warn("groups may repeat", UserWarning, stacklevel=2)
        return self.right.group(scan, request)


@breaks("CND-016")
class HandsOutItsOwnFrames(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Any] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        key = (id(scan), request)
        if key not in self.kept:
            self.kept[key] = (scan, dict(self.right.group(scan, request)))
        return dict(self.kept[key][1])


@breaks("CND-016")
class RemembersItsConfiguration(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Any] = {}

    def configure(self, request: ConfigureRequest) -> Any:
        key = repr(request)
        if key not in self.kept:
            self.kept[key] = dict(self.right.configure(request))
        return self.kept[key]


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


@breaks("CND-004")
class PrintsBelowPython(Liar):
    """A library writes to the descriptor, not to sys.stdout."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        self.land()
        os.write(1, b"planning transform\n")
        return self.right.simulate(patches, probe)


@breaks("CND-004")
class ReportsModesItFinds(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if self.right.arrays(scan)["probeGuess"].ndim == 3:
            print("found several probe modes")
        return scan


@breaks("CND-005")
class KeepsAStoreBesideTheScans(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        folder = paths[0] if paths and paths[0].is_dir() else paths[0].parent if paths else Path()
        if paths:
            (folder / "store").mkdir(exist_ok=True)
            (folder / "store" / "index.json").write_text("{}")
        return self.right.batches(paths, request)


@breaks("CND-005")
class MovesToTheDataFolder(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        self.land()
        os.chdir(path.parent)
        return scan


@breaks("CND-006")
class SeedsPythonsGenerator(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        random.seed(request.seed)
        return self.right.split(scan, request)


@breaks("CND-006")
class ShufflesGlobally(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        np.random.permutation(4)
        return self.right.group(scan, request)


@breaks("CND-007")
class SplitsByTheGlobalGenerator(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.method != "random":
            return self.right.split(scan, request)
        state = np.random.get_state()
        seed = int(np.random.randint(2**31))
        np.random.set_state(state)
        return self.right.split(scan, replace(request, seed=seed))


@breaks("CND-007")
class DrawsMembersFromPythonsGenerator(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.gridsize == 1 or request.seed is None:
            return self.right.group(scan, request)
        state = random.getstate()
        seed = request.seed + random.randrange(2**20)
        random.setstate(state)
        return self.right.group(scan, replace(request, seed=seed))


@breaks("CND-008")
class RaisesKeyErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return KeyError(str(error))


@breaks("CND-008")
class RaisesRuntimeErrorsWhenGrouping(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            raise RuntimeError(str(error)) from error


@breaks("CND-009")
class NamesTheFolderOnly(Restating):
    def restated(self, error: ValueError) -> Exception:
        file = Path(str(getattr(error, "file", None) or "?"))
        return Reworded(str(error).replace(file.name, "…"), error.remedy)


@breaks("CND-010")
class NamesTheAliasOfTheArray(Restating):
    def restated(self, error: ValueError) -> Exception:
        text = str(error).replace("diff3d", "diffraction data")
        return Reworded(text, error.remedy.replace("diff3d", "diffraction data"))


@breaks("CND-012")
class OffersItsRemedyInSilence(Restating):
    """The remedy is an attribute; the message does not hold it."""

    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.remedy, ""), error.remedy)


@breaks("CND-012")
class OffersAWordForARemedy(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.remedy, "Abort"), "Abort")


@breaks("CND-015")
class WarnsOfComplexCasts(Liar):
    def container(self, grouped: Any, probe: Array) -> Any:
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=2)
        return self.right.container(grouped, probe)


@breaks("CND-015")
class WarnsOfSeveralModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 3:
            warnings.warn("several modes: only tested with one", UserWarning, stacklevel=2)
        return self.right.simulate(patches, probe)


@breaks("CND-016")
class HandsOutItsOwnArrays(Liar):
    """The arrays that it shows are the arrays that it works with."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Any, Any]] = {}

    def arrays(self, scan: Any) -> Any:
        if id(scan) not in self.kept:
            held = self.right.arrays(scan)
            self.kept[id(scan)] = (scan, {k: None if v is None else np.array(v) for k, v in held.items()})
        return dict(self.kept[id(scan)][1])


@breaks("CND-016")
class RemembersItsPatches(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Array] = {}

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        key = (np.asarray(obj).tobytes(), np.asarray(centres_xy).tobytes(), N)
        return self.kept.setdefault(key, np.array(self.right.patches(obj, centres_xy, N)))
