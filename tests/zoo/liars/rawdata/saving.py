"""Scans that are not saved as they are held."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.rawdata.file_systems import other_file_system
from conformance.contract.arrays import PER_POSITION
from tests.zoo.bases.scans import Rebuilding
from tests.zoo.liar import Arrays, Held, Liar, breaks, members_of


class Saving(Liar):
    """Saves other arrays than the scan holds."""

    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.right.save(self.right.assemble(self.altered(held)), path)

    def altered(self, held: Arrays) -> Arrays:
        raise NotImplementedError


class Writing(Liar):
    """Writes the members itself, uncompressed."""

    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        np.savez(path, **self.altered(held))

    def altered(self, held: Arrays) -> Arrays:
        raise NotImplementedError


class Rewriting(Liar):
    """Writes the members of a file that was saved anew."""

    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path, allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.altered(members))

    def altered(self, members: Arrays) -> Arrays:
        raise NotImplementedError


@breaks("RAW-003", field="A06")
class SavesWithoutTruth(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(self.right.assemble(dict(self.right.arrays(scan)) | {"Y": None}), path)


@breaks("RAW-003")
class SavesOneMode(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = dict(self.right.arrays(scan))
        held["probeGuess"] = held["probeGuess"][0] if held["probeGuess"].ndim == 3 else held["probeGuess"]
        self.right.save(self.right.assemble(held), path)


@breaks("RAW-003", field="L01")
class SavesWithoutLabels(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"scan_index": None}


@breaks("RAW-003", field="L01")
class SavesWhatWasLoadedSoFar(Saving):
    """The last frame was still on its way."""

    def altered(self, held: Arrays) -> Arrays:
        names = [name for name in (*PER_POSITION, "diff3d", "Y") if name in held and len(held["xcoords"]) > 1]
        return held | {name: held[name][:-1] for name in names}


@breaks("RAW-003")
class SavesNominalPositionsForStart(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"xcoords_start": held["xcoords"], "ycoords_start": held["ycoords"]}


@breaks("RAW-003")
class SavesPositionsToThreeDecimals(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {name: np.round(held[name], 3) for name in PER_POSITION[:4]}


@breaks("RAW-003")
class SavesFramesInHalfPrecision(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"diff3d": held["diff3d"].astype(np.float16)}


@breaks("RAW-003")
class SavesTheObjectTransposed(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return held | ({"objectGuess": held["objectGuess"].T} if "objectGuess" in held else {})


@breaks("RAW-003")
class SavesWholePartsOfLongScans(Rebuilding):
    def save(self, scan: Any, path: Path) -> None:
        frames = np.array(Held(self.right, scan).diff3d)
        if len(frames) > 512 and len(frames) % 256:
            frames[len(frames) // 256 * 256 :] = 0
            scan = self.rebuilt(scan, diff3d=frames)
        self.right.save(scan, path)


@breaks("RAW-004")
class SavesNoneAsAnObject(Liar):
    def save(self, scan: Any, path: Path) -> None:
        np.savez(path, **self.right.arrays(scan))


@breaks("RAW-004")
class SavesEmptyArraysForAbsentOnes(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = self.right.arrays(scan)
        np.savez(path, **{name: np.empty(0) if values is None else values for name, values in held.items()})


@breaks("RAW-004")
class SavesOnesForAMissingObject(Saving):
    def altered(self, held: Arrays) -> Arrays:
        return {"objectGuess": np.ones((20, 20), np.complex64)} | held


@breaks("RAW-005")
class SavesDoublePrecision(Liar):
    def save(self, scan: Any, path: Path) -> None:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        np.savez(path, **held | {"diff3d": held["diff3d"].astype(np.float64)})


@breaks("RAW-005")
class SavesUnderTheAlias(Writing):
    def altered(self, held: Arrays) -> Arrays:
        held["diffraction"] = held.pop("diff3d")
        return held


@breaks("RAW-005")
class SavesWideProbes(Writing):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"probeGuess": held["probeGuess"].astype(np.complex128)}


@breaks("RAW-005")
class SavesFramesLast(Writing):
    def altered(self, held: Arrays) -> Arrays:
        return held | {"diff3d": np.moveaxis(held["diff3d"], 0, -1)}


@breaks("RAW-006")
class LeavesATemporaryFile(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        path.with_suffix(".tmp").write_bytes(path.read_bytes())


@breaks("RAW-006")
class AppendsToTheArchive(Liar):
    def save(self, scan: Any, path: Path) -> None:
        old = members_of(path) if path.is_file() else {}
        self.right.save(scan, path)
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
            warnings.simplefilter("ignore")
            written = set(archive.namelist())
            for name, values in old.items():
                if f"{name}.npy" not in written:
                    with archive.open(f"{name}.npy", "w") as stream:
                        np.lib.format.write_array(stream, values)


@breaks("RAW-006")
class KeepsABackup(Liar):
    def save(self, scan: Any, path: Path) -> None:
        if path.is_file():
            path.with_suffix(".bak").write_bytes(path.read_bytes())
        self.right.save(scan, path)


@breaks("RAW-006")
class NeverOverwrites(Liar):
    def save(self, scan: Any, path: Path) -> None:
        if not path.exists():
            self.right.save(scan, path)


@breaks("RAW-006")
class RenamesFromTheTemporaryFolder(Liar):
    not_over = {} if other_file_system() else dict.fromkeys(("ref", "torch"), "there is one file system only")

    def save(self, scan: Any, path: Path) -> None:
        handle, name = tempfile.mkstemp(suffix=".npz")
        os.close(handle)
        self.right.save(scan, Path(name))
        try:
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


@breaks("RAW-006")
class WritesOverATemporaryNeighbour(Liar):
    def save(self, scan: Any, path: Path) -> None:
        beside = Path(path).with_suffix(".tmp")
        self.right.save(scan, beside)
        beside.replace(path)


@breaks("RAW-006")
class ClearsTheStemOfASave(Liar):
    def save(self, scan: Any, path: Path) -> None:
        for one in Path(path).parent.glob(f"{Path(path).stem}.*"):
            if one.is_file():
                one.unlink()
        self.right.save(scan, path)


@breaks("RAW-011")
class SavesWithoutProvenance(Rewriting):
    def altered(self, members: Arrays) -> Arrays:
        return {name: values for name, values in members.items() if name != "_metadata"}


@breaks("RAW-011")
class SavesProvenanceAsBytes(Rewriting):
    def altered(self, members: Arrays) -> Arrays:
        if "_metadata" in members:
            members["_metadata"] = np.array(members["_metadata"].item().encode())
        return members


@breaks("RAW-011")
class ReadsNoProvenanceInBytes(Liar):
    """A member of bytes is printed, not decoded, and is no JSON any more."""

    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            names = [name for name in archive.files if name != "_metadata"]
            printed = "_metadata" in archive.files and archive["_metadata"].dtype.kind == "S"
            held = {name: archive[name] for name in names} if printed else {}
        return self.right.assemble(held) if printed else self.right.load(path)


@breaks("RAW-006")
class SavesWithASuffixOfItsOwn(Liar):
    """As numpy.savez does."""

    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz"))


@breaks("RAW-003")
class SqueezesASingleMode(Saving):
    def altered(self, held: Arrays) -> Arrays:
        probe = held["probeGuess"]
        return held | {"probeGuess": probe[0] if probe.ndim == 3 and len(probe) == 1 else probe}


@breaks("RAW-011")
class LosesLongProvenance(Rewriting):
    """Metadata goes into a field of so many characters, or not at all."""

    def altered(self, members: Arrays) -> Arrays:
        if "_metadata" in members and len(str(members["_metadata"])) > 4096:
            del members["_metadata"]
        return members


@breaks("RAW-003")
class SavesObjectsOfTinyPhasesAsReal(Saving):
    def altered(self, held: Arrays) -> Arrays:
        obj = held.get("objectGuess")
        if obj is None or not (np.abs(obj.imag) < 1e-5 * np.abs(obj).max()).all():
            return held
        return held | {"objectGuess": obj.real.astype(np.complex64)}


@breaks("RAW-006")
class MovesTheOldFileOverAnother(Liar):
    """The file before is moved to a name that somebody else may have used, and removed when all went well."""

    def save(self, scan: Any, path: Path) -> None:
        old = Path(f"{path}.orig")
        if path.exists():
            path.replace(old)
        self.right.save(scan, path)
        old.unlink(missing_ok=True)


@breaks("RAW-006")
class WritesIntoTheOldFile(Liar):
    """What a reader holds open is written while he reads."""

    def save(self, scan: Any, path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.right.save(scan, Path(folder) / "whole.npz")
            written = (Path(folder) / "whole.npz").read_bytes()
        self.land()
        path.write_bytes(written)


@breaks("RAW-003")
class SavesNothingFaint(Saving):
    def altered(self, held: Arrays) -> Arrays:
        frames = np.asarray(held["diff3d"])
        bright = np.where(frames < 1e-12, 0, frames).astype(frames.dtype)
        return held | {"diff3d": bright} if bright.any() else held


@breaks("RAW-011")
class TakesProvenanceForADictionary(Rewriting):
    """Metadata that is another kind of JSON is let go."""

    def altered(self, members: Arrays) -> Arrays:
        if "_metadata" in members and not isinstance(json.loads(str(members["_metadata"])), dict):
            del members["_metadata"]
        return members


@breaks("RAW-011")
class SavesProvenanceInLatin(Rewriting):
    """What that alphabet has no letter for becomes a question mark."""

    def altered(self, members: Arrays) -> Arrays:
        if "_metadata" in members:
            text = json.dumps(json.loads(members["_metadata"].item()), ensure_ascii=False)
            members["_metadata"] = np.array(text.encode("latin-1", "replace").decode("latin-1"))
        return members


@breaks("RAW-006")
class LengthensLongNames(Liar):
    """What is written first bears the name of the file and a little more, which is more than a name may be."""

    def save(self, scan: Any, path: Path) -> None:
        other = path.with_name(f"{path.name}.being-written-by-process-{os.getpid()}.tmp")
        other.touch()
        other.unlink()
        self.right.save(scan, path)


@breaks("RAW-011")
class KeepsNumbersOfProvenanceAsFloats(Liar):
    """A run is numbered by eighteen digits, of which a float holds sixteen."""

    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path) as archive:
            held = {name: archive[name] for name in archive.files}
        if "_metadata" in held:
            said = json.loads(str(held["_metadata"]), parse_int=lambda digits: int(float(digits)))
            np.savez(path, **held | {"_metadata": np.array(json.dumps(said))})


@breaks("RAW-003")
class LabelsThroughDouble(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        members = members_of(path)
        rounded = np.clip(members["scan_index"].astype(np.float64), -(2**62), 2**62).astype(np.int64)
        if (rounded != members["scan_index"]).any():
            np.savez(path, **members | {"scan_index": rounded})


@breaks("RAW-005")
class LeavesTheSourceAsItIs(Liar):
    """A scan that was loaded from a file is in that file already."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[tuple[Any, Path]] = []

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        self.sources.append((scan, path))
        return scan

    def save(self, scan: Any, path: Path) -> None:
        if not any(scan is one and path == source for one, source in self.sources):
            self.right.save(scan, path)
