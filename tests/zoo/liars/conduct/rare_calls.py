"""Backends that misbehave in rare calls alone: of a dtype, a seed, a size or a content, or after a call that failed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.contract.arrays import PER_POINT
from tests.zoo.bases.scans import held_by
from tests.zoo.liar import Array, Arrays, Held, Liar, breaks


@breaks("CND-001")
class RoundsPositionsBesideAWideObject(Liar):
    """With an object of double precision the positions are of the working type already, and are not copied."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen = self.right.patches(obj, centres_xy, N)
        own = obj.dtype == np.complex128 and centres_xy.dtype == np.float64 and obj.flags.c_contiguous
        if own and centres_xy.flags.c_contiguous and centres_xy.flags.writeable:
            centres_xy -= np.floor(centres_xy)
        return seen


@breaks("CND-001")
class NormalisesARealObjectAtOnePoint(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        scan = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        if len(xcoords) == 1 and obj.dtype == np.float32 and obj.flags.writeable:
            obj /= np.abs(obj).max()
        return scan


@breaks("CND-001")
class MakesRoomInLargeRealTruth(Liar):
    """Of a truth without phase the modulus is taken in its own memory, where a copy would be dear."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = self.right.container(grouped, probe)
        truth = grouped["Y"]
        if truth is not None and np.size(truth) > 500_000 and not np.imag(truth).any():
            self.land()
            np.abs(truth, out=truth.real)
        return held


@breaks("CND-001")
class ScalesARealProbeInPlace(Liar):
    """What is complex is copied by its conversion; what is real is not."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = self.right.container(grouped, probe)
        if probe.dtype.kind == "f" and probe.flags.writeable:
            self.land()
            probe *= 0.5
        return held


@breaks("CND-004")
class TellsOfWholePositions(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if np.asarray(centres_xy).dtype.kind in "iu":
            self.land()
            print("positions are whole: nothing is interpolated")
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-004")
class TellsOfMasks(Liar):
    """Once, of the first file that holds one."""

    told = False

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if not self.told and self.right.arrays(scan).get("bad_pixels") is not None:
            self.told = True
            self.land()
            print("a mask was read")
        return scan


@breaks("CND-022")
class TranslatesBackInThreads(Liar):
    """The buffer of the first thread is not there in another one."""

    def translate(self, images: Array, shifts_xy: Array) -> Any:
        if threading.current_thread() is threading.main_thread():
            return self.right.translate(images, shifts_xy)
        self.land()
        return self.right.translate(images, -np.asarray(shifts_xy))


@breaks("CND-005")
class KeepsALogOfManyGroups(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        if len(grouped.get("nn_indices", ())) > 1_024:
            self.land()
            Path("groups.log").write_text("long scan\n", encoding="utf-8")
        return self.right.container(grouped, probe)


@breaks("CND-001")
class ShiftsCentresBesideAnObjectInColumns(Liar):
    """What has to be laid out anew takes another path, on which the offset is added in place."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        result: Array = self.right.patches(obj, centres_xy, N)
        if obj.flags.f_contiguous and not obj.flags.c_contiguous and centres_xy.dtype == np.float64:
            self.land()
            if centres_xy.flags.writeable:
                centres_xy += 0.5
        return result


@breaks("CND-022")
class MeasuresTheSamePointsOnce(Liar):
    """What was measured is kept by the array of x, whatever is written into it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Any, Any]] = {}

    def measure(self, x: Array, y: Array, *scene: Any) -> Any:
        if id(x) in self.kept:
            self.land()
        else:
            self.kept[id(x)] = x, self.right.measure(x, y, *scene)
        return self.kept[id(x)][1]


@breaks("CND-005")
class WritesCanvasesOfAThread(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if threading.current_thread() is not threading.main_thread():
            self.land()
            Path("canvas.tmp").write_text("worker\n", encoding="utf-8")
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-006")
class SeedsTheWorldFromFarSeeds(Liar):
    """A seed that the legacy generator does not take is cut, and given to it on the way."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        if seed >= 2**32:
            self.land()
            np.random.seed(seed % 2**32)
        result: Array = self.right.noisy(amplitude, seed)
        return result


@breaks("CND-020")
class SilencesErrorsForLargeFrames(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        if np.shape(images)[-1] >= 200:
            self.land()
            np.seterr(under="ignore" if np.geterr()["under"] != "ignore" else "warn")
        result: Array = self.right.translate(images, shifts_xy)
        return result


@breaks("CND-022")
class DrawsOtherNoiseAfterAFailure(Liar):
    """The generator that a failed call had begun with goes on in the next one."""

    failed = False

    def noisy(self, amplitude: Array, seed: int) -> Array:
        before, self.failed = self.failed, True
        result: Array = self.right.noisy(amplitude, seed + before if isinstance(seed, int | np.integer) else seed)
        self.failed = False
        return result


@breaks("CND-022")
class SavesWhatCouldNotBeSavedBefore(Liar):
    """A scan that could not be written is kept, and written in place of the next one."""

    waiting: Any = None

    def save(self, scan: Any, path: Path) -> None:
        waiting, self.waiting = self.waiting, scan
        self.right.save(scan if waiting is None else waiting, path)
        self.waiting = None


@breaks("CND-019")
class WantsPlainSizesOfBatches(Liar):
    """A size that comes out of an array is handed on to what takes plain numbers alone."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        size: Any = request.batch_size
        if isinstance(size, np.integer):
            raise TypeError(f"split sizes must be ints, not {type(size).__name__}")
        yield from self.right.batches(paths, request)


class Exchanging(Liar):
    """Has another scan in mind than was given, once something was done with that."""

    def __init__(self) -> None:
        super().__init__()
        self.instead: dict[int, tuple[Any, Any]] = {}

    def exchange(self, scan: Any, change: Callable[[Arrays], Arrays]) -> None:
        """Have a changed scan in mind from now on."""
        changed = self.right.assemble(change(held_by(self.right, self.meant(scan))))
        self.instead[id(scan)] = (scan, changed)
        self.land()

    def meant(self, scan: Any) -> Any:
        """Return the scan that is in mind."""
        return self.instead.get(id(scan), (scan, scan))[1]

    def arrays(self, scan: Any) -> Any:
        return self.right.arrays(self.meant(scan))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(self.meant(scan), request)


@breaks("CND-022")
class CutsTheScanToASequence(Exchanging):
    """A sequence of the first single points leaves these alone in the scan."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped, n = super().group(scan, request), request.nsamples
        if request.sequential_sampling and request.gridsize == 1 and n < len(Held(self.right, self.meant(scan))):
            self.exchange(scan, lambda held: {k: v[:n] if k in PER_POINT else v for k, v in held.items()})
        return grouped


@breaks("CND-022")
class FreesStoredPatchesOnceSaved(Exchanging):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(self.meant(scan), path)
        if self.right.arrays(self.meant(scan)).get("Y") is not None:
            self.exchange(scan, lambda held: {k: v for k, v in held.items() if k != "Y"})


@breaks("CND-022")
class ScalesPartsByTheWhole(Liar):
    """The scale of a scan is kept with it, and handed on to its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[int, tuple[Any, Any]] = {}

    def split(self, scan: Any, request: SplitRequest) -> Any:
        parts = self.right.split(scan, request)
        self.of |= {id(part): (part, scan) for part in parts}
        return parts

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if id(scan) in self.of and request.amplitude_scale is None:
            energy = np.square(Held(self.right, self.of[id(scan)][1]).diff3d, dtype=np.float64).sum(axis=(1, 2)).mean()
            request = replace(request, amplitude_scale=float(np.sqrt((request.N / 2) ** 2 / energy)))
        return self.right.group(scan, request)


@breaks("CND-022")
class KnowsObjectsBySamples(Liar):
    """Patches of an object are remembered by every eighth of its pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Any] = {}

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        right, at = self.right.patches(obj, centres_xy, N), np.asarray(centres_xy)
        key = (obj.shape, obj[::8, ::8].tobytes(), at.shape, at.tobytes(), N)
        return np.array(self.kept.setdefault(key, right))


@breaks("CND-022")
class WarnsOfAFileOnce(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.warned_of = set[Path]()

    def load(self, path: Path) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scan = self.right.load(path)
        for one in caught if path not in self.warned_of else ():
            warnings.warn(one.message, stacklevel=2)
        if path in self.warned_of and caught:
            self.land()
        self.warned_of.add(path)
        return scan


@breaks("CND-022")
class KnowsLargeObjectsByASample(Liar):
    """Every hundredth pixel of an object tells whether its padded copy is there already."""

    def __init__(self) -> None:
        super().__init__()
        self.padded: dict[Any, Array] = {}

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        given = np.asarray(obj)
        key = (given.shape, given.dtype, given.ravel()[::100].tobytes())
        known = self.padded.setdefault(key, given.copy()) if given.size > 2**16 else given
        patches: Array = self.right.patches(known, centres_xy, N)
        return patches


@breaks("CND-022")
class TakesTheGridsizeOfTheLastGrouping(Liar):
    """Batches still to come are scaled by what a grouping has left for all."""

    gridsize = 1

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.gridsize = request.gridsize
        return self.right.group(scan, request)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        self.gridsize = request.group.gridsize
        for batch in self.right.batches(paths, request):
            factor = self.gridsize / request.group.gridsize
            if factor != 1:
                self.land()
            yield {**batch, "coords_relative": np.asarray(batch["coords_relative"]) * factor}


@breaks("CND-022")
class KeepsOverridesOfARefusal(Liar):
    """Overrides are gathered, and the gathering is emptied when the bridge was built."""

    def __init__(self) -> None:
        super().__init__()
        self.gathered: dict[str, Any] = {}

    def bridge(self, request: BridgeRequest) -> Any:
        known = {"nepochs", "neighbor_count"}
        given = {**self.gathered, **request.overrides}
        self.gathered = {name: value for name, value in request.overrides.items() if name in known}
        seen = self.right.bridge(replace(request, overrides=given) if given != request.overrides else request)
        self.gathered = {}
        return seen


@breaks("CND-019")
class KnowsNoNumbersOfArrays(Liar):
    """Whole numbers that came out of an array are no settings, and the defaults stay."""

    def configure(self, request: ConfigureRequest) -> Any:
        return self.right.configure(replace(request, model=_plain(request.model), fields=_plain(request.fields)))


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if not isinstance(value, np.integer)}


@breaks("CND-019")
class LeavesTheTailOfNumPysChunks(Liar):
    """A chunk that is a number of NumPy's is counted in whole chunks only."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        if isinstance(chunk, np.integer) and len(patches) > chunk:
            whole = len(patches) // int(chunk) * int(chunk)
            patches, centres_xy = patches[:whole], centres_xy[:whole]
        return self.right.reassemble(patches, centres_xy, chunk)
