"""Backends that do not behave (CND)."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, ConfigureRequest, GroupRequest
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
