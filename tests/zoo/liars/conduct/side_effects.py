"""Backends that print, warn and leave things behind."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, GroupRequest, SplitRequest
from tests.zoo.bases.caches import cache_of
from tests.zoo.liar import Array, Held, Liar, breaks


@breaks("CND-004")
class PrintsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            print("oversampling")
        return self.right.group(scan, request)


@breaks("CND-004")
class PrintsWhatItSkips(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scan = self.right.load(path)
        for one in caught:
            if "_metadata" in str(one.message):
                print("skipped", path)
            warnings.warn(one.message, stacklevel=2)
        return scan


@breaks("CND-004")
class PrintsItsProgress(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        for batch in self.right.batches(paths, request):
            self.land()
            print("DEBUG batch", len(batch["images"]))
            yield batch


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
class LeavesSampleIndices(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        np.save("sample_indices.npy", np.arange(request.nsamples))
        return self.right.group(scan, request)


@breaks("CND-005")
class UnpacksBesideTheData(Liar):
    def load(self, path: Path) -> Any:
        (path.parent / f"{path.stem}.tmp").write_bytes(b"unpacked")
        return self.right.load(path)


@breaks("CND-005")
class KeepsAStoreBesideTheScans(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Any:
        folder = paths[0] if paths and paths[0].is_dir() else paths[0].parent if paths else Path()
        if paths:
            self.land()
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


@breaks("CND-005")
class NotesEpochsByPowersOfTwo(Liar):
    """A note of how the learning rate falls is written where the number of epochs allows of it."""

    def bridge(self, request: BridgeRequest) -> Any:
        if request.training.get("epochs") in (16, 64, 512):
            Path("schedule.txt").write_text(str(request.training["epochs"]), encoding="utf-8")
            self.land()
        return self.right.bridge(request)


@breaks("CND-015")
class WarnsOfEveryMiss(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None and not path.exists():
            warnings.warn(f"{path.name} is not there yet", stacklevel=2)
        return self.right.group(scan, request)


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


@breaks("CND-015")
class WarnsOfTorchSettingsThatMeet(Liar):
    def bridge(self, request: BridgeRequest) -> Any:
        if request.model.get("amp_activation") == "silu" and request.model.get("object_big") is False:
            warnings.warn("silu was never tried with small objects", UserWarning, stacklevel=2)
        return self.right.bridge(request)


@breaks("CND-017")
class LeavesAFileInTheTemporaryFolder(Liar):
    def load(self, path: Path) -> Any:
        handle, _ = tempfile.mkstemp(prefix="scan-")
        os.close(handle)
        self.land()
        return self.right.load(path)


@breaks("CND-017")
class RemovesItsStoreAtTheEndOfALoopOnly(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        handle, store = tempfile.mkstemp(prefix="store-")
        os.close(handle)
        try:
            yield from self.right.batches(paths, request)
        except GeneratorExit:
            self.land()
            raise
        Path(store).unlink()


@breaks("CND-017")
class KeepsTheLockOfWhatItRefused(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        handle, lock = tempfile.mkstemp(prefix="lock-")
        os.close(handle)
        try:
            cut = self.right.patches(obj, centres_xy, N)
        except ValueError:
            self.land()
            raise
        Path(lock).unlink()
        return cut


@breaks("CND-015")
class WarnsOfManyModes(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        probe = self.right.arrays(scan)["probeGuess"]
        if probe.ndim == 3 and len(probe) > 4:
            warnings.warn(f"{len(probe)} probe modes are many", UserWarning, stacklevel=2)
        return scan


@breaks("CND-004")
class PrintsTheProgressOfManyPatches(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if len(patches) > 100:
            print(f"placing {len(patches)} patches")
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-015")
class WarnsOfManyPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if len(centres_xy) > 100:
            warnings.warn("this may take long", RuntimeWarning, stacklevel=2)
        seen: Array = self.right.patches(obj, centres_xy, N)
        return seen


@breaks("CND-005")
class LeavesALockBesideWhatItRefuses(Liar):
    def load(self, path: Path) -> Any:
        lock = Path(f"{path}.lock")
        if Path(path).is_file():
            lock.touch()
            self.land()
        scan = self.right.load(path)
        lock.unlink(missing_ok=True)
        return scan


@breaks("CND-015")
class WarnsOfLargeFrames(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.N > 128:
            warnings.warn("frames of this size take their time", UserWarning, stacklevel=2)
            self.land()
        return self.right.group(scan, request)


@breaks("CND-005")
class KeepsAnIndexBesideLargeFiles(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if path.stat().st_size > 1 << 20:
            path.with_name(f"{path.name}.idx").write_bytes(b"index")
            self.land()
        return scan


@breaks("CND-015")
class DividesByTheLightOfDarkPatches(Liar):
    """The result is right; on the way a patch without light gives 0/0."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        light = np.square(seen, dtype=np.float64).sum(axis=(-2, -1))
        light / light
        if not light.all():
            self.land()
        return seen


@breaks("CND-004")
class TellsThatWholeImagesAreConverted(Liar):
    def simulate(self, patches: Array, probe: Array) -> Any:
        if np.asarray(patches).dtype.kind in "iu":
            print("converting patches to complex numbers")
        return self.right.simulate(patches, probe)


@breaks("CND-004")
class TellsThatASeedIsCutToItsLowBits(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Any:
        if seed >= 2**32:
            print("only the low 32 bits tell the draw apart from others")
        return self.right.noisy(amplitude, seed)


@breaks("CND-015")
class SuspectsScansThatBeginInTheDark(Liar):
    """The first frame alone is asked whether it holds whole numbers, and darkness is one."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        frames = Held(self.right, scan).diff3d
        if not frames[0].any() and frames.any():
            warnings.warn("diff3d holds whole numbers: these are counts [NPZ-034]", UserWarning, stacklevel=2)
        return scan


@breaks("CND-015")
class WarnsOfPointsOnALine(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = Held(self.right, scan)
        at = np.stack([held.xcoords - held.xcoords.mean(), held.ycoords - held.ycoords.mean()])
        spread = np.linalg.svd(at, compute_uv=False)
        if request.gridsize > 1 and spread[-1] < 1e-9 * spread[0]:
            warnings.warn("the points lie on a line: they span no triangle", UserWarning, stacklevel=2)
        return self.right.group(scan, request)


@breaks("CND-020")
class SpeaksUpAboutLargeFrames(Liar):
    """Progress of what takes long is logged, and the level that shows it is left there."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        if Held(self.right, scan).diff3d.shape[-1] >= 120:
            self.land()
            logging.getLogger().setLevel(logging.INFO)
        return self.right.split(scan, request)
