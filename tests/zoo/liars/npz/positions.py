"""Readers that change, drop or invent positions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import PER_POSITION
from tests.zoo.bases.scans import Peeking
from tests.zoo.liar import (
    Array,
    Arrays,
    Lenient,
    Liar,
    Misreading,
    breaks,
    members_of,
    stack_of,
)


def surplus_of(members: Arrays) -> int:
    """Positions beyond the frames of a canonical stack."""
    return max(0, len(members["xcoords"]) - len(members[stack_of(members)]))


class Straightening(Lenient):
    """Accepts coordinates of one kind that are no list of finite real numbers."""

    def repaired(self, members: Arrays) -> Arrays | None:
        changed = {name: self.straight(members[name]) for name in PER_POSITION[:4] if name in members}
        same = all(changed[name] is members[name] for name in changed)
        return None if same else members | changed

    def straight(self, values: Array) -> Array:
        raise NotImplementedError


@breaks("NPZ-002")
class WantsPositionsInDoublePrecision(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "xcoords"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["xcoords"].dtype.itemsize < 8:
            raise ValueError(f"{path}: xcoords must be float64")
        return scan


@breaks("NPZ-002")
class ReadsXAsY(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"xcoords": members["ycoords"], "ycoords": members["xcoords"]}


@breaks("NPZ-002", field="D01")
class TakesPixelsForMicrometres(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name] / 0.055 for name in ("xcoords", "ycoords")}


@breaks("NPZ-002", field="D02")
class MirrorsPositions(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: -members[name] for name in ("xcoords", "ycoords")}


@breaks("NPZ-002", field="D02")
class TurnsPositions(Misreading):
    """Stage and detector stand at ten degrees; the matrix is applied to rows in place of columns."""

    def altered(self, members: Arrays) -> Arrays:
        x, y, turn = members["xcoords"], members["ycoords"], np.deg2rad(10.0)
        return members | {
            "xcoords": x * np.cos(turn) + y * np.sin(turn),
            "ycoords": y * np.cos(turn) - x * np.sin(turn),
        }


@breaks("NPZ-002")
class PutsTheOriginInTheCorner(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name] - members[name].min() for name in ("xcoords", "ycoords")}


@breaks("NPZ-002")
class ReadsWholePositionsInSinglePrecision(Misreading):
    """Encoder counts of a stage have more digits than single precision."""

    def altered(self, members: Arrays) -> Arrays:
        whole = [name for name in ("xcoords", "ycoords") if members[name].dtype.kind in "iu"]
        return members | {name: members[name].astype(np.float32).astype(np.float64) for name in whole}


@breaks("NPZ-002")
class ReadsPositionsInSinglePrecision(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {name: members[name].astype(np.float32) for name in ("xcoords", "ycoords")}


@breaks("NPZ-002")
class TakesTheFirstPositionsForX(Misreading):
    """Whichever of both lies first in the archive."""

    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            self.backward = list(archive.files).index("ycoords") < list(archive.files).index("xcoords")
        return super().load(path)

    def altered(self, members: Arrays) -> Arrays:
        if not self.backward:
            return members
        return members | {"xcoords": members["ycoords"], "ycoords": members["xcoords"]}


@breaks("NPZ-002")
class ZerosAnAxisWithoutExtent(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        flat = [name for name in PER_POSITION[:2] if len(members[name]) > 1 and np.ptp(members[name]) == 0]
        return members | {name: 0.0 * members[name] for name in flat}


@breaks("NPZ-019", field="B02")
class DropsFramesWithoutPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {"diff3d": members["diff3d"][: len(members["xcoords"])]}


@breaks("NPZ-019", field="B02")
class RepeatsTheLastPosition(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        missing = len(members["diff3d"]) - len(members["xcoords"])
        names = [name for name in PER_POSITION if name in members]
        return members | {name: np.pad(members[name], (0, missing), "edge") for name in names}


@breaks("NPZ-019")
class ToleratesOneMissingPosition(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        points = len(members["xcoords"])
        return members | {"diff3d": members["diff3d"][:points]} if len(members["diff3d"]) == points + 1 else None


@breaks("NPZ-020")
class DropsTheFirstOfALegacySurplus(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack, positions = members[stack_of(members)], len(members["xcoords"])
        legacy = stack.shape[0] == stack.shape[1] and stack.shape[2] < positions != stack.shape[0]
        return {
            name: values[-stack.shape[2] :] if legacy and name in PER_POSITION else values
            for name, values in members.items()
        }


@breaks("NPZ-020")
class DropsSurplusFromTheFront(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        frames, points = len(members["diff3d"]), len(members["xcoords"])
        if frames >= points:
            return members
        return members | {name: members[name][-frames:] for name in PER_POSITION if name in members}


@breaks("NPZ-020")
class RefusesSurplusPositions(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        lengths = {len(members[stack_of(members)]), members[stack_of(members)].shape[-1]} if len(members) > 2 else set()
        if lengths and len(members["xcoords"]) not in lengths:
            raise ValueError(f"{path}: xcoords and diff3d differ in length [NPZ-019]")
        return self.right.load(path)


@breaks("NPZ-020")
class TakesAnyLastAxisOfThatLengthForFrames(Liar):
    """Refuses 5 frames of 8 x 8 with 8 positions: eight frames of 5 x 8 to whoever looks at lengths alone."""

    def load(self, path: Path) -> Any:
        members = members_of(path)
        stack = members[stack_of(members)] if len(members) > 2 else np.zeros(0)
        if stack.ndim == 3 and stack.shape[0] != stack.shape[1] and stack.shape[2] == len(members["xcoords"]):
            raise ValueError(f"{path}: diff3d has frames of {stack.shape[:2]} [NPZ-013]")
        return self.right.load(path)


@breaks("NPZ-020")
class DropsSurplusInSilence(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*NPZ-020")
            return self.right.load(path)


@breaks("NPZ-020")
class ThinsSurplusPositions(Misreading):
    """Spreads the frames over all positions."""

    def altered(self, members: Arrays) -> Arrays:
        if not surplus_of(members) or len(members[stack_of(members)]) == members[stack_of(members)].shape[1]:
            return members
        rows = np.linspace(0, len(members["xcoords"]) - 1, len(members[stack_of(members)])).astype(int)
        return members | {name: members[name][rows] for name in PER_POSITION if name in members}


@breaks("NPZ-020")
class TakesTheLastStartPositionsOfASurplus(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        extra = surplus_of(members)
        names = [name for name in ("xcoords_start", "ycoords_start") if name in members]
        return members | {name: np.roll(members[name], -extra) for name in names}


@breaks("NPZ-021", field="B02")
class CutsCoordinatesToTheShortest(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        names = [name for name in PER_POSITION if name in members]
        shortest = min(len(members[name]) for name in names)
        return members | {name: members[name][:shortest] for name in names}


@breaks("NPZ-021")
class PadsTheShorterCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        names = [name for name in PER_POSITION[:4] if name in members]
        longest = max(len(members[name]) for name in names)
        return members | {name: np.pad(members[name], (0, longest - len(members[name]))) for name in names}


@breaks("NPZ-021")
class IgnoresTheLengthOfStartPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if len(members["xcoords"]) != len(members["ycoords"]):
            return None
        return {name: values for name, values in members.items() if not name.endswith("_start")}


@breaks("NPZ-021")
class CutsLongerPairsOfStartPositions(Lenient):
    """The way back to where the scan began is taken for the surplus of a pair."""

    def repaired(self, members: Arrays) -> Arrays | None:
        M, starts = len(members["xcoords"]), [members.get(f"{axis}coords_start", np.empty(0)) for axis in "xy"]
        if len(members["ycoords"]) != M or min(len(values) for values in starts) <= M:
            return None
        return members | {f"{axis}coords_start": values[:M] for axis, values in zip("xy", starts, strict=True)}


@breaks("NPZ-022")
class TakesStartPositionsOfNaNForNone(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        starts = {name: members.get(name, np.zeros(1)) for name in ("xcoords_start", "ycoords_start")}
        blank = all(values.dtype.kind == "f" and np.isnan(values).all() for values in starts.values())
        return {name: values for name, values in members.items() if name not in starts} if blank else None


@breaks("NPZ-022")
class ReplacesBrokenStartCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        repaired = dict(members)
        for axis in ("xcoords", "ycoords"):
            start = members.get(f"{axis}_start")
            if start is None or start.dtype.kind not in "iuf" or start.shape != members[axis].shape:
                return None
            repaired[f"{axis}_start"] = np.where(np.isfinite(start), start, members[axis])
        return repaired


@breaks("NPZ-022")
class TakesTruthForPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if all(members[name].dtype.kind != "b" for name in ("xcoords", "ycoords")):
            return None
        return members | {name: members[name].astype(float) for name in ("xcoords", "ycoords")}


@breaks("NPZ-022", field="B02")
class RavelsCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return members | {name: np.ravel(members[name]) for name in ("xcoords", "ycoords")}


@breaks("NPZ-022")
class ZerosForNaNPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        if members["xcoords"].dtype.kind != "f" or members["ycoords"].dtype.kind != "f":
            raise ValueError("NPZ-022")
        return members | {name: np.nan_to_num(members[name]) for name in ("xcoords", "ycoords")}


@breaks("NPZ-022")
class TakesTheRealPartOfPositions(Straightening):
    def straight(self, values: Array) -> Array:
        return values.real if values.dtype.kind == "c" else values


@breaks("NPZ-022")
class ParsesTextPositions(Straightening):
    def straight(self, values: Array) -> Array:
        return values.astype(np.float64) if values.dtype.kind == "U" else values


@breaks("NPZ-022")
class ClipsInfinitePositions(Straightening):
    def straight(self, values: Array) -> Array:
        infinite = values.dtype.kind == "f" and bool(np.isinf(values).any())
        return np.clip(values, -1e6, 1e6) if infinite else values


@breaks("NPZ-023")
class MakesUpAPoint(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["probeGuess"].shape[-1]
        grown = {name: np.zeros(1) for name in PER_POSITION if name in members}
        return members | grown | {"diff3d": np.ones((1, side, side))}


@breaks("NPZ-029")
class LooksForDistinctStartsAlongX(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        start = members.get("xcoords_start")
        if start is None or not np.allclose(start, members["xcoords"], atol=1e-2):
            return members
        return members | {"xcoords_start": members["xcoords"], "ycoords_start": members["ycoords"]}


@breaks("NPZ-029")
class StartsAtZero(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        zeros = np.zeros(len(members["xcoords"]))
        return {"xcoords_start": zeros, "ycoords_start": zeros} | members


@breaks("NPZ-029")
class IgnoresStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"xcoords_start": None, "ycoords_start": None}


@breaks("NPZ-029")
class ExchangesStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        start = {"xcoords_start": members.get("ycoords_start"), "ycoords_start": members.get("xcoords_start")}
        return members | start


@breaks("NPZ-029")
class NarrowsStartCoordinates(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        names = [name for name in ("xcoords_start", "ycoords_start") if name in members]
        return members | {name: members[name].astype(np.float32) for name in names}


@breaks("NPZ-029")
class CompletesHalfAPair(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        return {"xcoords_start": members["xcoords"], "ycoords_start": members["ycoords"]} | members


@breaks("NPZ-002")
class RefusesPositionsBelowZero(Liar):
    """An object has no pixels there."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        held = self.right.arrays(scan)
        if min(held["xcoords"].max(), held["ycoords"].max()) < 0:
            raise ValueError(f"{path.name}: xcoords and ycoords are negative [NPZ-002]")
        return scan


@breaks("NPZ-002")
class KnowsNoPositionsInHalfPrecision(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path, allow_pickle=False) as archive:
            if archive["xcoords"].dtype == np.float16:
                raise ValueError(f"{path.name}: xcoords of float16 [NPZ-022]")
        return scan


@breaks("NPZ-002")
class SortsScansThatRunBackwards(Misreading):
    """Positions alone are turned round; frames stay where they are."""

    def altered(self, members: Arrays) -> Arrays:
        x = members["xcoords"]
        backwards = len(x) > 4 and bool((np.diff(x.astype(np.float64)) < 0).all())
        return members | ({name: members[name][::-1] for name in ("xcoords", "ycoords")} if backwards else {})


@breaks("NPZ-002")
class CountsLinesWhereYIsZero(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        y = members["ycoords"]
        return members | ({} if np.any(y) else {"ycoords": np.arange(len(y), dtype=np.float64)})
