"""Readers that lose or bend what a file may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import PER_POSITION
from tests.zoo.liar import Arrays, Lenient, Liar, Misreading, breaks, members_of


@breaks("NPZ-026")
class ParsesAnObjectOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        obj = members["objectGuess"]
        return members | {"objectGuess": obj.astype(np.complex64)} if obj.dtype.kind == "U" else None


@breaks("NPZ-026", field="A07")
class DemandsAnObject(Liar):
    def load(self, path: Path) -> Any:
        if "objectGuess" not in members_of(path):
            raise KeyError("objectGuess")
        return self.right.load(path)


@breaks("NPZ-026")
class TakesTheModulusOfTheObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"objectGuess": np.abs(members["objectGuess"])} if "objectGuess" in members else {})


@breaks("NPZ-026")
class TransposesTheLoadedObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"objectGuess": members["objectGuess"].T} if "objectGuess" in members else {})


@breaks("NPZ-026")
class CropsTheObjectToASquare(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "objectGuess" not in members:
            return members
        side = min(members["objectGuess"].shape)
        return members | {"objectGuess": members["objectGuess"][:side, :side]}


@breaks("NPZ-026", field="A07")
class TakesOnesForNoObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        trivial = "objectGuess" in members and bool((members["objectGuess"] == 1).all())
        return {name: values for name, values in members.items() if name != "objectGuess" or not trivial}


@breaks("NPZ-026")
class TakesADarkObjectForNone(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        dark = "objectGuess" in members and not members["objectGuess"].any()
        return {name: values for name, values in members.items() if name != "objectGuess" or not dark}


@breaks("NPZ-026")
class InventsAnObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        side = 2 * members["probeGuess"].shape[1] + 2
        return {"objectGuess": np.ones((side, side), np.complex64)} | members


@breaks("NPZ-026")
class SqueezesObjects(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        obj = np.squeeze(members["objectGuess"])
        return members | {"objectGuess": obj} if obj.ndim == 2 and obj.dtype.kind in "iufc" else None


@breaks("NPZ-026")
class TakesTheFirstLayer(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        obj = members["objectGuess"]
        return members | {"objectGuess": obj[0]} if obj.ndim == 3 else None


@breaks("NPZ-027")
class ParsesPatchesOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stored = members["Y"]
        return members | {"Y": stored.astype(np.complex64)} if stored.dtype.kind == "U" else None


@breaks("NPZ-027", field="A06")
class DropsStoredPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"Y": None}


@breaks("NPZ-027", field="A06")
class DropsPatchesBesideAnObject(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": None} if "objectGuess" in members else {})


@breaks("NPZ-027")
class TransposesStoredPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": np.swapaxes(members["Y"], 1, 2)} if "Y" in members else {})


@breaks("NPZ-027")
class TakesTheModulusOfPatches(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"Y": np.abs(members["Y"])} if "Y" in members else {})


@breaks("NPZ-027")
class CutsPatchesToTheFrames(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        frames = members["diff3d"]
        fits = members["Y"].shape[1:] == frames.shape[1:] and len(members["Y"]) > len(frames)
        return members | {"Y": members["Y"][: len(frames)]} if fits else None


@breaks("NPZ-027")
class DropsPatchesThatDoNotFit(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return members | {"Y": None}


@breaks("NPZ-028")
class FlattensLabels(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        return members | {"scan_index": np.resize(labels.ravel(), 20)} if labels.dtype.kind in "iu" else None


@breaks("NPZ-028")
class RepeatsLabelsThatAreTooFew(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        fits = labels.ndim == 1 and labels.dtype.kind in "iu"
        return members | {"scan_index": np.resize(labels, len(members["xcoords"]))} if fits else None


@breaks("NPZ-028")
class ParsesLabelsOfText(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        return members | {"scan_index": labels.astype(np.int64)} if labels.dtype.kind == "U" else None


@breaks("NPZ-028")
class TakesDatesForLabels(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        return members | {"scan_index": labels.astype(np.int64)} if labels.dtype.kind == "M" else None


@breaks("NPZ-028")
class LabelsInThirtyTwoBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index")
        return members if labels is None else members | {"scan_index": labels.astype(np.int32)}


@breaks("NPZ-028", field="A09")
class SortsByLabel(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "scan_index" not in members:
            return members
        order = np.argsort(members["scan_index"], kind="stable")
        return members | {name: members[name][order] for name in (*PER_POSITION, "diff3d") if name in members}


@breaks("NPZ-028")
class TakesLabelsForRanks(Misreading):
    """Labels that number every point once tell where each belongs."""

    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index", np.empty(0))
        if labels.ndim != 1 or not np.array_equal(np.sort(labels), np.arange(len(members["xcoords"]))):
            return members
        per_point = [one for one in (*PER_POSITION, "diff3d", "Y") if len(members.get(one, ())) == len(labels)]
        return members | {one: members[one][np.argsort(labels)] for one in per_point}


@breaks("NPZ-028")
class FillsLabelsWithRowNumbers(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {"scan_index": np.arange(len(members["xcoords"]))} | members


@breaks("NPZ-028")
class LabelsInEightBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | ({"scan_index": members["scan_index"].astype(np.int8)} if "scan_index" in members else {})


@breaks("NPZ-028")
class DropsLabels(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"scan_index": None}


@breaks("NPZ-028")
class NumbersLabelsAnew(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        if "scan_index" not in members:
            return members
        return members | {"scan_index": np.unique(members["scan_index"], return_inverse=True)[1]}


@breaks("NPZ-028")
class LabelsInDoublePrecision(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index")
        return members if labels is None else members | {"scan_index": labels.astype(np.float64).astype(np.int64)}


@breaks("NPZ-026")
class CutsLargeObjects(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        obj = members.get("objectGuess")
        large = obj is not None and obj.ndim == 2 and max(obj.shape) > 1024
        return members | ({"objectGuess": obj[:1024, :1024]} if large else {})


@breaks("NPZ-027")
class TakesPurePhasesForAPlaceholder(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stored = members.get("Y")
        if stored is None or stored.dtype.kind != "c" or not np.allclose(np.abs(stored), 1, atol=1e-3):
            return members
        return {name: values for name, values in members.items() if name != "Y"}


@breaks("NPZ-029")
class SnapsStartsThatAreNearlyWhole(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        starts = {n: v for n, v in members.items() if n.endswith("_start") and v.dtype.kind == "f"}
        near = all(np.abs(values - np.round(values)).max() < 1e-2 for values in starts.values())
        return members | ({name: np.round(values) for name, values in starts.items()} if near else {})


@breaks("NPZ-026")
class TurnsTallRealObjects(Misreading):
    """Objects of one channel are pictures, and pictures are wide."""

    def altered(self, members: Arrays) -> Arrays:
        obj = members.get("objectGuess")
        tall = obj is not None and obj.ndim == 2 and obj.dtype.kind in "fiu" and obj.shape[0] > obj.shape[1]
        return members | ({"objectGuess": obj.T} if tall and obj is not None else {})


@breaks("NPZ-020")
class WantsALabelForEveryPosition(Liar):
    """Where positions are surplus, labels of the frames are too few, it thinks."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path) as archive:
            if "scan_index" in archive.files and archive["scan_index"].size != archive["xcoords"].size:
                raise ValueError(f"{path}: scan_index has not as many entries as xcoords [NPZ-028]")
        return scan


@breaks("NPZ-026")
class TrimsObjectsThatAreDarkAround(Misreading):
    """A border of nothing is padding to it."""

    def altered(self, members: Arrays) -> Arrays:
        obj = members.get("objectGuess", np.zeros(0))
        if obj.ndim != 2 or not obj.any() or any(one.any() for one in (obj[0], obj[-1], obj[:, 0], obj[:, -1])):
            return members
        return members | {"objectGuess": obj[1:-1, 1:-1].copy()}
