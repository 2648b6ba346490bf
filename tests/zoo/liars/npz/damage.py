"""Readers that believe a damaged archive, or values that do not survive their conversion."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import Place, names_of
from tests.zoo.liar import Arrays, Lenient, Liar, breaks, members_of, stack_of

KNOWN = frozenset(f"{name}.npy" for name in names_of(Place.FILE))
UNITS = ("scale_contract_version", "measurement_domain")


class Believing(Liar):
    """Reads an archive that the right backend refuses as damaged, when it sees nothing wrong itself."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033":
                raise
            try:
                members = self.believed(path)
            except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
                members = None
            if members is None:
                raise
            return self.right.assemble(members)

    def believed(self, path: Path) -> Arrays | None:
        """Return the members; None refuses after all."""
        raise NotImplementedError


def plainly_packed(path: Path) -> bool:
    """Whether named members are stored or deflated, in a known version, and no member is there twice."""
    with zipfile.ZipFile(path) as archive:
        names = [info.filename.removesuffix(".npy") for info in archive.infolist()]
        known = [info for info in archive.infolist() if info.filename in KNOWN]
        versions = {archive.read(info)[6:8] for info in known}
        return (
            len(set(names)) == len(names)
            and all(info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in known)
            and versions <= {b"\x01\x00", b"\x02\x00", b"\x03\x00"}
        )


@breaks("NPZ-033")
class LetsTheErrorOfInflatingThrough(Liar):
    """As every reader does that expects of a damaged archive what the module of archives documents."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-033":
                raise
            try:
                members_of(path)
            except zlib.error:
                raise
            except Exception:  # noqa: BLE001 - the right refusal stands
                raise error from None
            raise


@breaks("NPZ-033")
class ChecksTheSumsOfRequiredMembersOnly(Believing):
    def believed(self, path: Path) -> Arrays | None:
        required = {"xcoords.npy", "ycoords.npy", "diff3d.npy", "diffraction.npy", "probeGuess.npy"}
        if not plainly_packed_directory(path):
            return None
        found = {}
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as stream:
                    if info.filename not in required:
                        stream._expected_crc = None  # type: ignore[attr-defined]
                    found[info.filename.removesuffix(".npy")] = np.lib.format.read_array(stream, max_header_size=10**4)
                    if info.filename in required and stream.read(1):
                        return None
        return found


def plainly_packed_directory(path: Path) -> bool:
    """Whether the directory lists stored or deflated members, each once."""
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        return len({info.filename for info in infos}) == len(infos) and all(
            info.compress_type in (0, 8) for info in infos
        )


@breaks("NPZ-038")
class ClipsValuesBeyondTheirPrecision(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        name, largest = stack_of(members), float(np.finfo(np.float32).max)
        return members | {name: np.minimum(members[name], largest)}


@breaks("NPZ-038")
class ZeroesWhatTheProbeCannotHold(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | {"probeGuess": np.where(np.abs(probe) < np.finfo(np.float32).max, probe, 0)}


@breaks("NPZ-039")
class CastsLabels(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        with np.errstate(invalid="ignore"):
            return members | {"scan_index": members["scan_index"].astype(np.int64)}


@breaks("NPZ-039")
class CutsFractionsOfLabels(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        labels = members["scan_index"]
        if not np.isfinite(labels).all() or np.abs(labels).max() >= 2.0**63:
            return None
        return members | {"scan_index": np.trunc(labels)}


@breaks("NPZ-040")
class BelievesTheDirectory(Believing):
    def believed(self, path: Path) -> Arrays | None:
        return members_of(path) if plainly_packed(path) else None


@breaks("NPZ-041")
class TakesTheMemberWithTheEnding(Believing):
    def believed(self, path: Path) -> Arrays | None:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names) or not {name.removesuffix(".npy") for name in KNOWN} & set(names):
                return None
            return {
                name.removesuffix(".npy"): np.lib.format.read_array(archive.open(name))  # type: ignore[no-untyped-call]
                for name in names
                if name in KNOWN
            }


@breaks("NPZ-041")
class OverlooksTwinsThatItDoesNotKnow(Believing):
    def believed(self, path: Path) -> Arrays | None:
        with zipfile.ZipFile(path) as archive:
            known = [name for name in archive.namelist() if name.removesuffix(".npy") + ".npy" in KNOWN]
            unknown = [name for name in archive.namelist() if name not in known]
        if len(set(known)) != len(known) or set(known) - KNOWN or len(set(unknown)) == len(unknown):
            return None
        return members_of(path)


@breaks("NPZ-042")
class LooksAtTheFirstNumberOfTheVersion(Believing):
    def believed(self, path: Path) -> Arrays | None:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
            copy = Path(folder) / "scan.npz"
            with zipfile.ZipFile(copy, "w") as rewritten:
                for info in archive.infolist():
                    content = bytearray(archive.read(info))
                    if content[6] not in (1, 2, 3) or (not content[7] and info.filename == "diff3d.npy"):
                        return None
                    if content[7]:
                        content[6:8] = b"\x01\x00"
                    rewritten.writestr(info.filename, bytes(content))
            return members_of(copy)


@breaks("NPZ-043")
class UnpacksEveryMethod(Believing):
    def believed(self, path: Path) -> Arrays | None:
        with zipfile.ZipFile(path) as archive:
            methods = {info.compress_type for info in archive.infolist()}
        return members_of(path) if methods & {zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA} else None


@breaks("NPZ-044")
class KnowsUnitsOfTextOnly(Liar):
    def load(self, path: Path) -> Any:
        scan, members = self.right.load(path), members_of(path)
        if any(name in members and members[name].dtype.kind == "S" for name in UNITS):
            raise ValueError(f"{path}: measurement_domain is no text [NPZ-036]")
        return scan


@breaks("NPZ-044")
class FailsOnMetadataNestedWithoutEnd(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path, allow_pickle=False) as archive:
            text = str(archive["_metadata"]) if "_metadata" in archive.files else ""
        if text.startswith("[" * 1000):
            raise RecursionError("maximum recursion depth exceeded while decoding a JSON array")
        return scan


@breaks("NPZ-045")
class WaitsForAWriter(Liar):
    def load(self, path: Path) -> Any:
        if path.is_fifo():
            path.read_bytes()
            self.land()
        return self.right.load(path)


@breaks("NPZ-045")
class CallsAFolderMissing(Liar):
    def load(self, path: Path) -> Any:
        if path.is_dir():
            self.land()
            raise FileNotFoundError(f"{path}: no such scan file [NPZ-045]")
        return self.right.load(path)
