"""Backends that keep hold of the results they gave."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import ConfigureRequest, GroupRequest
from tests.zoo.liar import Array, Liar, breaks


@breaks("CND-016")
class AnswersInOneBuffer(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.buffers: dict[tuple[int, ...], Array] = {}

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        buffer = self.buffers.setdefault(seen.shape, np.empty_like(seen))
        buffer[...] = seen
        self.land()
        return buffer


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


@breaks("CND-016")
class GivesGroupsOfOneBackAsTheyAre(Liar):
    """A layout of single members is another shape of the same memory."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = np.asarray(self.right.transform(name, array, gridsize))
        self.land()
        return array.reshape(right.shape) if gridsize == 1 else right


@breaks("CND-016")
class KeepsOneCanvasOfEachShape(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.canvases: dict[tuple[Any, ...], Array] = {}

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        result = dict(self.right.reassemble(patches, centres_xy, chunk))
        held = np.asarray(result["object"])
        kept = self.canvases.setdefault((held.shape, held.dtype.str), held.copy())
        kept[...] = held
        self.land()
        return result | {"object": kept}


@breaks("CND-022")
class KeepsProbesOfEachShape(Liar):
    """The probe of a night is one, it thinks: the first of its shape serves all that follow."""

    def __init__(self) -> None:
        super().__init__()
        self.probes: dict[tuple[int, ...], Array] = {}

    def simulate(self, patches: Array, probe: Array) -> Any:
        given = np.asarray(probe)
        if given.ndim == 3 and given.shape[-1] == np.shape(patches)[-1]:
            given = self.probes.setdefault(given.shape, given.copy())
        return self.right.simulate(patches, given)


@breaks("CND-022")
class KeepsLargeProbesByIdentity(Liar):
    """A transform is worth keeping from some side on, and the array is the same one."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Array, Array]] = {}

    def simulate(self, patches: Array, probe: Array) -> Any:
        if np.ndim(probe) == 2 and np.shape(probe)[-1] >= 32:
            # The array is held, so that no other one gets its identity.
            probe = self.kept.setdefault(id(probe), (probe, np.array(probe)))[1]
        return self.right.simulate(patches, probe)


@breaks("CND-016")
class CutsOneWindowInPlace(Liar):
    """A single window on whole pixels needs no copy."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Any:
        cut = self.right.patches(obj, centres_xy, N)
        if len(centres_xy) == 1 and np.asarray(obj).dtype == np.complex64 and not (np.asarray(centres_xy) % 1).any():
            left, top = (int(one) - N // 2 for one in np.asarray(centres_xy)[0])
            window = np.asarray(obj)[max(top, 0) : top + N, max(left, 0) : left + N]
            if window.shape == (N, N):
                self.land()
                return window[np.newaxis]
        return cut


@breaks("CND-016")
class MovesNothingByZero(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Any:
        moved = self.right.translate(images, shifts_xy)
        if np.any(shifts_xy) or np.asarray(images).dtype != np.asarray(moved).dtype:
            return moved
        self.land()
        return images


@breaks("CND-016")
class GroupsOfAllPointsAreTheStack(Liar):
    """One group a point, all of them in order: the frames need no copy."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        members = np.asarray(grouped["nn_indices"])
        if members.shape[1] == 1 and np.array_equal(members[:, 0], np.arange(len(members))):
            key = id(scan), len(members)
            self.__dict__.setdefault("stacks", {}).setdefault(key, (scan, np.asarray(grouped["diffraction"])))
            self.land()
            grouped["diffraction"] = self.__dict__["stacks"][key][1]
        return grouped


@breaks("CND-022")
class WarnsOfSharedFramesOnce(Liar):
    """The first split of a process is told, and no other."""

    told_before = False

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            parts = self.right.split_groups(grouped, probe, fraction)
        for one in () if self.told_before else caught:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        self.told_before = True
        return parts


@breaks("CND-016")
class SimulatesAScanOfTheCallersObject(Liar):
    """A complex64 object needs no conversion, and so no copy."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[tuple[Any, Array]] = []

    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        if obj.dtype == np.complex64:
            self.objects.append((scan, obj))
        return scan

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        found = [{"objectGuess": obj.copy()} for one, obj in self.objects if one is scan]
        return held | found[0] if found else held
