"""Readers that trust an archive, or stumble over how it is stored."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import PER_POSITION
from tests.zoo.liar import Arrays, Lenient, Liar, Misreading, breaks, members_of, stack_of


def without_checksums(path: Path) -> Arrays | None:
    """Members of a stored archive as they lie in the file; None where a header lies."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as stream:
                stream._expected_crc = None  # type: ignore[attr-defined]
                try:
                    found[info.filename.removesuffix(".npy")] = np.lib.format.read_array(stream, max_header_size=10**4)
                except (ValueError, MemoryError):
                    return None
    return found


@breaks("NPZ-031")
class Unpickles(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=True) as archive:
            for name in archive.files:
                archive[name]
        return self.right.load(path)


@breaks("NPZ-031")
class UnpicklesMetadata(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path, allow_pickle=True) as archive:
            if "_metadata" in archive.files:
                archive["_metadata"]
        return scan


@breaks("NPZ-032")
class IgnoresByteOrder(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {
            name: values.view(values.dtype.newbyteorder("=")) if values.dtype.kind in "fc" else values
            for name, values in members.items()
        }


@breaks("NPZ-032")
class ReadsFortranOrderAsC(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return {
            name: values.ravel(order="K").reshape(values.shape) if values.ndim == 2 else values
            for name, values in members.items()
        }


@breaks("NPZ-032")
class ReadsFortranFramesAsC(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        return members | {stack_of(members): stack.ravel(order="K").reshape(stack.shape)}


@breaks("NPZ-032")
class IgnoresTheByteOrderOfPositions(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        with np.errstate(all="ignore"):
            names = [name for name in PER_POSITION if name in members]
            read = {name: members[name].view(members[name].dtype.newbyteorder("=")) for name in names}
        return members | {name: np.nan_to_num(values) for name, values in read.items()}


@breaks("NPZ-033")
class ServesWhatWasReadBefore(Liar):
    """Falls back on memory where a file can no longer be read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[Path, Any] = {}

    def load(self, path: Path) -> Any:
        try:
            self.read[Path(path)] = self.right.load(path)
        except ValueError:
            if Path(path) not in self.read:
                raise
        return self.read[Path(path)]


@breaks("NPZ-033")
class TakesTheLastOfTwoMembers(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if "twice" not in str(error):
                raise
            return self.right.assemble(members_of(path))


@breaks("NPZ-033")
class FillsDamageWithOnes(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033":
                raise
            points, frames = np.arange(4.0), np.ones((4, 8, 8))
            return self.right.assemble(
                {"xcoords": points, "ycoords": points, "diff3d": frames, "probeGuess": frames[0].astype(np.complex64)}
            )


@breaks("NPZ-033")
class IgnoresChecksums(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033" or not zipfile.is_zipfile(path):
                raise
            members = without_checksums(path)
            if members is None:
                raise
            return self.right.assemble(members)


@breaks("NPZ-033")
class PadsWhatIsMissing(Lenient):
    """A member that ends too early is filled up with zeros."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033" or b"(20, 8, 80)" not in path.read_bytes():
                raise
            stack = np.zeros((20, 8, 8), np.float32)
            stack[:, 2:5] = 1
            points = np.arange(20.0)
            return self.right.assemble(
                {"xcoords": points, "ycoords": points, "diff3d": stack, "probeGuess": np.ones((8, 8), np.complex64)}
            )


@breaks("NPZ-037")
class TakesSparseFramesForABomb(Liar):
    def load(self, path: Path) -> Any:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(one.file_size > 300 * max(one.compress_size, 1) for one in archive.infolist()):
                    raise ValueError(f"{path}: too well compressed")
        return self.right.load(path)


@breaks("NPZ-048")
class ReadsFramesWhenTheyAreAskedFor(Liar):
    """The file that counts is the one which lies there when the scan is used."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: dict[int, tuple[Any, Path]] = {}

    least = 0
    """Bytes of a file from which on it is read late."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if Path(path).stat().st_size >= self.least:
            self.paths[id(scan)] = (scan, Path(path).resolve())
        return scan

    def arrays(self, scan: Any) -> Any:
        right, path = self.right.arrays(scan), self.paths.get(id(scan), (None, Path()))[1]
        if not path.is_file():
            return right
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            held = self.right.arrays(self.right.load(path))
        if not np.array_equal(held["diff3d"], right["diff3d"]):
            self.land()
        return held


@breaks("NPZ-048")
class ReadsLargeFilesWhenTheyAreAskedFor(ReadsFramesWhenTheyAreAskedFor):
    least = 1 << 20


@breaks("NPZ-048")
class ReadsTheProbeWhenAsked(Liar):
    """Frames and positions are read at once, and what is seldom used is not."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[int, tuple[Any, Path]] = {}

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        self.files[id(scan)] = scan, path
        return scan

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        _, path = self.files.get(id(scan), (None, None))
        if path is None or not path.is_file():
            return held
        probe = members_of(path).get("probeGuess")
        same = probe is not None and probe.shape == held["probeGuess"].shape
        return held | {"probeGuess": probe.astype(np.complex64)} if same else held


@breaks("NPZ-008")
class WantsEveryMemberDeflated(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with zipfile.ZipFile(path) as archive:
            packed = [one.filename for one in archive.infolist() if one.compress_type > zipfile.ZIP_DEFLATED]
        if packed:
            raise ValueError(f"{path}: {packed[0]} is packed by another method than deflating [NPZ-043]")
        return scan


@breaks("NPZ-008")
class WantsArraysOnly(Liar):
    """A text of remarks among the members is an array of no version that is known."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with zipfile.ZipFile(path) as archive:
            plain = [one for one in archive.infolist() if one.compress_type <= zipfile.ZIP_DEFLATED]
            begun = dict[str, bytes]()
            for one in plain:
                with archive.open(one) as stream:
                    begun[one.filename] = stream.read(8)
        for name, magic in begun.items():
            if magic not in (b"\x93NUMPY\1\0", b"\x93NUMPY\2\0", b"\x93NUMPY\3\0"):
                raise ValueError(f"{path}: {name} is no array [NPZ-042]")
        return scan


@breaks("NPZ-003")
class KnowsFilesByTheirHead(Liar):
    """A file of the same size and the same first bytes is the one that was read before."""

    def __init__(self) -> None:
        super().__init__()
        self.read_before: dict[Any, Any] = {}

    def load(self, path: Path) -> Any:
        if not path.is_file():
            return self.right.load(path)
        with path.open("rb") as stream:
            key = (path, path.stat().st_size, stream.read(2**16))
        if key not in self.read_before:
            self.read_before[key] = self.right.load(path)
        return self.read_before[key]
