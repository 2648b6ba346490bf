"""Scans that are measured wrongly when they are simulated."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tests.zoo.bases.scans import Rebuilding
from tests.zoo.liar import Array, Arrays, Held, Liar, breaks


class Simulating(Liar):
    """Simulates, then changes what the scan holds."""

    def measure(self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, *others: Any) -> Any:
        held = dict(self.right.arrays(self.right.measure(xcoords, ycoords, probe, obj, *others)))
        changes = self.altered(held, np.stack([xcoords, ycoords], axis=1), probe, obj)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | changes)

    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        raise NotImplementedError


@breaks("RAW-007")
class SimulatesHalfAPixelOff(Liar):
    def measure(self, xcoords: Array, ycoords: Array, *others: Any) -> Any:
        scan = self.right.measure(xcoords + 0.5, ycoords + 0.5, *others)
        held = dict(self.right.arrays(scan)) | {"xcoords_start": None, "ycoords_start": None}
        return self.right.assemble(held | {"xcoords": xcoords, "ycoords": ycoords})


@breaks("RAW-007")
class SimulatesWithHeightForWidth(Liar):
    def measure(self, xcoords: Array, ycoords: Array, *others: Any) -> Any:
        scan = self.right.measure(ycoords, xcoords, *others)
        held = dict(self.right.arrays(scan)) | {"xcoords_start": None, "ycoords_start": None}
        return self.right.assemble(held | {"xcoords": xcoords, "ycoords": ycoords})


@breaks("RAW-007")
class SimulatesAtWholePixels(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, np.round(centres), probe.shape[-1])
        return {"diff3d": self.right.simulate(patches, probe)}


@breaks("RAW-007", field="G10")
class SimulatesOneMode(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, centres, probe.shape[-1])
        return {"diff3d": self.right.simulate(patches, probe[0] if probe.ndim == 3 else probe)}


@breaks("RAW-007", field="B03")
class SimulatesIntensity(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": held["diff3d"] ** 2}


@breaks("RAW-007", field="C07")
class SimulatesWithoutTheShift(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": np.fft.ifftshift(held["diff3d"], axes=(1, 2))}


@breaks("RAW-007")
class SimulatesNoiseUnasked(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        return {"diff3d": self.right.noisy(held["diff3d"], 5)}


@breaks("RAW-007")
class HoldsThePatchesOfTheNextPoint(Simulating):
    def altered(self, held: Arrays, centres: Array, probe: Array, obj: Array) -> Arrays:
        patches = self.right.patches(obj, centres, probe.shape[-1])
        return {"Y": np.roll(patches, 1, axis=0)}


@breaks("RAW-007")
class RepeatsTheLastPartOfLongSimulations(Rebuilding):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan, rest = self.right.measure(x, y, probe, obj, nphotons, seed), len(x) % 64
        if len(x) < 64 or not rest:
            return scan
        frames = np.array(Held(self.right, scan).diff3d)
        frames[-rest:] = frames[-2 * rest : -rest]
        return self.rebuilt(scan, diff3d=frames)


@breaks("RAW-010")
class TakesNoDoseForNoNoise(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = nphotons if nphotons is None or nphotons > 0 else None
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("RAW-010")
class MeasuresInTheDark(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = nphotons if np.any(probe) and np.any(obj) else None
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("RAW-010")
class CountsPhotonsAPixel(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = None if nphotons is None else nphotons * probe.shape[-1] ** 2
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("RAW-010")
class LeavesFaintScenesFaint(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        faint = 0 < float(np.square(np.abs(probe)).sum()) < 1
        return self.right.measure(xcoords, ycoords, probe, obj, None if faint else nphotons, seed)


@breaks("RAW-010")
class LeavesDarkFramesOutOfTheDose(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        if nphotons is not None and nphotons > 0 and np.any(probe) and np.any(obj):
            bare = self.right.measure(x, y, probe, obj, None, seed)
            nphotons *= float(Held(self.right, bare).diff3d.any(axis=(1, 2)).mean())
        return self.right.measure(x, y, probe, obj, nphotons, seed)


@breaks("RAW-012")
class RoundsWhereTheStageWasToldToGo(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        starts = {name: np.round(held[name]) for name in ("xcoords_start", "ycoords_start")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | starts)


@breaks("RAW-007")
class SimulatesLargeObjectsWithoutTheirPhase(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        large = np.ndim(obj) == 2 and max(np.shape(obj)) > 100
        seen = np.abs(obj).astype(np.complex64) if large else obj
        return self.right.measure(x, y, probe, seen, nphotons, seed)


@breaks("RAW-007")
class SimulatesAtSinglePositions(Liar):
    """The scan keeps the positions that were asked for; its frames are of nearby ones, far along an object."""

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        scan = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        near = [np.asarray(one).astype(np.float32) for one in (xcoords, ycoords)]
        held, seen = (
            dict(self.right.arrays(scan)),
            self.right.arrays(self.right.measure(*near, probe, obj, nphotons, seed)),
        )
        return self.right.assemble(held | {name: seen[name] for name in ("diff3d", "Y") if seen.get(name) is not None})


@breaks("RAW-010")
class DosesNoMoreThanFitsAnInteger(Liar):
    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        dose = nphotons if nphotons is None or not nphotons > 2**31 - 1 else 2.0**31 - 1
        return self.right.measure(xcoords, ycoords, probe, obj, dose, seed)


@breaks("RAW-010")
class CountsPhotonsInWholes(Liar):
    """A dose below one photon a frame is cut to none, and refused."""

    def measure(self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: Any, seed: Any) -> Any:
        if nphotons is not None and 0 < nphotons < 1:
            raise ValueError(f"nphotons must be above 0, not {int(nphotons)} [RAW-010]")
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


@breaks("RAW-010")
class SquaresAFaintSceneInSinglePrecision(Liar):
    """The energy of what is very faint is nothing, and no dose brings it back."""

    def measure(self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: Any, seed: Any) -> Any:
        energy = np.square(np.abs(probe).max() * np.abs(obj).max(), dtype=np.float32)
        if nphotons is not None and energy == 0 and np.any(probe):
            raise ValueError(f"nphotons {nphotons} on frames of energy {energy} [RAW-010]")
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


@breaks("RAW-002")
class SimulatesTheShorterList(Liar):
    """Positions are zipped."""

    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        both = min(len(x), len(y))
        return self.right.measure(x[:both], y[:both], probe, obj, nphotons, seed)


@breaks("RAW-002")
class SimulatesEvenSidesOfOddProbes(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        N = probe.shape[-1] // 2 * 2
        return self.right.measure(x, y, probe[..., :N, :N], obj, nphotons, seed)


@breaks("RAW-002")
class FillsHolesOfTheSimulatedObject(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, np.nan_to_num(obj), nphotons, seed)


@breaks("RAW-002")
class SimulatesAtTheRealPartOfPositions(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(np.real(x), np.real(y), probe, obj, nphotons, seed)


@breaks("RAW-007")
class TrimsObjectsThatBeginInTheDark(Liar):
    """Columns and rows without anything are cut off, and the positions stay as they are."""

    def measure(self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, *others: Any) -> Any:
        lit = np.argwhere(obj) if np.ndim(obj) == 2 else np.zeros((0, 2), int)
        down, right = lit.min(axis=0) if len(lit) else (0, 0)
        return self.right.measure(xcoords, ycoords, probe, np.asarray(obj)[down:, right:] if len(lit) else obj, *others)


@breaks("RAW-007")
class SimulatesNoModesBelowAThousandth(Liar):
    """Modes with less than a thousandth of the power are noise, it thinks."""

    def measure(self, xcoords: Any, ycoords: Any, probe: Array, obj: Array, nphotons: Any, seed: Any) -> Any:
        modes = np.atleast_3d(np.asarray(probe, np.complex128).T).T
        power = (np.abs(modes) ** 2).sum(axis=(1, 2))
        lit = np.where((power < 1e-3 * power.sum())[:, np.newaxis, np.newaxis], 0, modes).reshape(np.shape(probe))
        scan = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        if not lit.any() or np.array_equal(lit, probe):
            return scan
        faint = self.right.arrays(self.right.measure(xcoords, ycoords, lit, obj, nphotons, seed))
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        return self.right.assemble({**held, "diff3d": faint["diff3d"]})
