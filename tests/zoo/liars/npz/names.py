"""Readers that take members by wrong names, or lack none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import PER_POSITION
from tests.zoo.bases.scans import Peeking
from tests.zoo.liar import NAMES, Array, Arrays, Lenient, Liar, breaks, members_of, stack_of

KNOWN = {name.lower(): name for name in NAMES}


class Comparing(Lenient):
    """Takes two stacks for equal that are not."""

    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if not self.alike(first, second):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}

    def alike(self, first: Array, second: Array) -> bool:
        raise NotImplementedError


@breaks("NPZ-001")
class MakesUpAMissingProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        if "probeGuess" in members:
            raise ValueError("NPZ-001")
        stack = members["diff3d"]
        return members | {"probeGuess": np.ones(stack.shape[1:], np.complex64)}


@breaks("NPZ-001")
class PutsMissingPositionsAtZero(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if "diff3d" not in members or "probeGuess" not in members:
            return None
        zeros = np.zeros(len(members["diff3d"]))
        return {"xcoords": zeros, "ycoords": zeros} | members


@breaks("NPZ-004", field="A04")
class KnowsNoAlias(Liar):
    def load(self, path: Path) -> Any:
        members = members_of(path)
        if "diff3d" not in members:
            raise KeyError("diff3d is not a file in the archive")
        return self.right.load(path)


@breaks("NPZ-005")
class RefusesBothNames(Liar):
    def load(self, path: Path) -> Any:
        if {"diff3d", "diffraction"} <= set(members_of(path)):
            raise ValueError("two stacks [NPZ-006]")
        return self.right.load(path)


@breaks("NPZ-005")
class ComparesTheTypesOfBothStacks(Liar):
    def load(self, path: Path) -> Any:
        scan, members = self.right.load(path), members_of(path)
        if "diffraction" in members and members["diffraction"].dtype != members[stack_of(members)].dtype:
            raise ValueError(f"{path}: diff3d and diffraction differ [NPZ-006]")
        return scan


@breaks("NPZ-006")
class ComparesBothStacksLoosely(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.allclose(first, second):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-006")
class ComparesBothStacksBySum(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.isclose(first.sum(dtype=float), second.sum(dtype=float), rtol=1e-9):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-006", field="A04")
class PrefersTheFirstOfTwoStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-006", field="A04")
class PrefersTheAliasOfTwoStacks(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        kept = members | {"diff3d": members["diffraction"]}
        return (
            None
            if len(kept["diff3d"]) != len(members["xcoords"])
            else {k: v for k, v in kept.items() if k != "diffraction"}
        )


@breaks("NPZ-006")
class ComparesTheFirstFramesOnly(Comparing):
    def alike(self, first: Array, second: Array) -> bool:
        return np.array_equal(first[0], second[0])


@breaks("NPZ-006")
class ComparesTheShapesOfBothStacks(Comparing):
    def alike(self, first: Array, second: Array) -> bool:
        return first.shape == second.shape


@breaks("NPZ-007", field="A03")
class FindsMembersByPrefix(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            names = sorted(archive.files, reverse=True)
            found = {}
            for name in (*PER_POSITION, "diff3d", "probeGuess"):
                match = next((held for held in names if held.startswith(name)), None)
                if match is not None:
                    found[name] = archive[match]
        return self.right.assemble(found)


@breaks("NPZ-007")
class FindsMembersInAnyCase(Liar):
    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            # Of several spellings the last one wins, and capitals come last.
            names = sorted((name for name in archive.files if name.lower() in KNOWN), reverse=True)
            held = {KNOWN[name.lower()]: archive[name] for name in names}
        return self.right.assemble(held)


@breaks("NPZ-007")
class StripsNamesOfMembers(Liar):
    """Names that were padded to one length, by a program of old."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-001":
                raise
            with np.load(path) as archive:
                held = {name.strip(): archive[name] for name in archive.files}
                if set(held) == set(archive.files):
                    raise
        return self.right.assemble(held)


@breaks("NPZ-007")
class FindsMembersBySuffix(Liar):
    def load(self, path: Path) -> Any:
        self.right.load(path)
        with np.load(path) as archive:
            names = sorted(archive.files)
            found = {name: [held for held in names if held.endswith(name)] for name in ("xcoords", "ycoords", "diff3d")}
            members = members_of(path) | {name: archive[held[0]] for name, held in found.items() if held}
        return self.right.assemble(members)


@breaks("NPZ-007")
class FindsMembersByTheirLastName(Liar):
    """A member in a folder of the archive counts under the name behind the slash."""

    def load(self, path: Path) -> Any:
        try:
            with np.load(path) as archive:
                inside = {name.rpartition("/")[2]: archive[name] for name in archive.files if "/" in name}
        except (ValueError, OSError):
            return self.right.load(path)
        found = {name: values for name, values in inside.items() if name in NAMES}
        return self.right.assemble(members_of(path) | found) if found else self.right.load(path)


@breaks("NPZ-008")
class AppliesAMask(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "mask"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        frames = self.right.arrays(scan)["diff3d"]
        if "mask" not in held or held["mask"].shape != frames.shape[1:]:
            return scan
        return self.again(scan, diff3d=frames * held["mask"].astype(np.float32))


@breaks("NPZ-008")
class TakesLabelsForPatches(Peeking):
    def wanted(self, name: str) -> bool:
        return name in ("label", "ground_truth_patches")

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if not held or self.right.arrays(scan).get("Y") is not None:
            return scan
        return self.again(scan, Y=next(iter(held.values())))


@breaks("NPZ-008")
class ReadsEveryMember(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                archive[name]
        return self.right.load(path)


@breaks("NPZ-008")
class RefusesUnknownMembers(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            unknown = set(archive.files) - {*NAMES, "_metadata"}
        if unknown:
            raise ValueError(f"{path}: unknown members {unknown} [NPZ-008]")
        return self.right.load(path)


@breaks("NPZ-007")
class PartsNamesAtTheFirstDot(Peeking):
    """An older array under the name of the newer one and a word."""

    def wanted(self, name: str) -> bool:
        return "." in name and name.partition(".")[0] in NAMES

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        found = {name.partition(".")[0]: values for name, values in held.items()}
        found = {("diff3d" if name == "diffraction" else name): values for name, values in found.items()}
        return self.again(scan, **found) if found else scan
