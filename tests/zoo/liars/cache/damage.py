"""Caches that are damaged, and what software makes of them."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.caches import Caching, cache_of, content_of
from tests.zoo.liar import Array, Held, breaks, grouped_by


@breaks("CCH-008")
class KnowsSomeErrorsOfDamagedArchives(Caching):
    """Reads within a list of exceptions, on which what a flipped bit does to a deflated member does not stand."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if not path.is_file():
            return
        try:
            with np.load(path) as archive:
                for name in archive.files:
                    archive[name]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return


def unchecked(path: Path) -> Array | None:
    """Groups of a cache as far as they unpack, whatever their checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("all_groups.npy")
            raw = path.read_bytes()[info.header_offset :]
        start = 30 + int.from_bytes(raw[26:28], "little") + int.from_bytes(raw[28:30], "little")
        content, unpacking = bytearray(), zlib.decompressobj(-15)
        for byte in raw[start : start + info.compress_size]:
            content += unpacking.decompress(bytes([byte]))
    except zlib.error:
        pass
    except Exception:  # noqa: BLE001 - it is no archive any more
        return None
    values = np.frombuffer(content[128 : 128 + (len(content) - 128) // 32 * 32], dtype="<i8")
    return values.reshape(-1, 4) if values.size else None


class Unchecking(Caching):
    """Serves groups that unpack, where the right backend finds none that are sound."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is None or not path.is_file() or content_of(path) or request.gridsize != 2:
            return self.right.group(scan, request)
        held, rows = Held(self.right, scan), unchecked(path)
        rows = None if rows is None else self.served(rows, len(held))
        grouped = self.right.group(scan, request)
        if rows is None or not len(rows):
            return grouped
        drawn = np.random.default_rng(request.seed).permutation(rows)[: request.nsamples]
        return grouped_by(self.right, held, drawn, request)

    def served(self, rows: Array, M: int) -> Array | None:
        raise NotImplementedError


@breaks("CCH-008")
class SkipsTheChecksum(Unchecking):
    """Unpacks without comparing checksums, and looks at the rows afterwards: those that can be groups pass."""

    def served(self, rows: Array, M: int) -> Array | None:
        possible = (np.diff(rows, axis=1) > 0).all(axis=1) & (rows >= 0).all(axis=1) & (rows < M).all(axis=1)
        return rows[possible]


@breaks("CCH-008")
class WrapsDamagedIndices(Unchecking):
    """Brings whatever unpacks into the scan."""

    def served(self, rows: Array, M: int) -> Array | None:
        return rows % M


@breaks("CCH-008")
class KeepsWhatItCannotRead(Caching):
    """Takes a damaged archive for a miss, and computes anew at every start, because a file is there."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        self.old = path.read_bytes() if path.is_file() and self.unsound(path) else None

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if self.old is not None:
            path.write_bytes(self.old)

    def unsound(self, path: Path) -> bool:
        try:
            with warnings.catch_warnings(), zipfile.ZipFile(path) as archive:
                warnings.simplefilter("ignore")
                return archive.testzip() is not None
        except Exception:  # noqa: BLE001 - so damaged that it is no archive: others keep that
            return False
