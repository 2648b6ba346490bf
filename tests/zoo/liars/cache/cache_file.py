"""Cache files of wrong names and content, and what is left beside them."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.caches import Caching, Rewriting, cache_of, content_of
from tests.zoo.liar import Arrays, Held, Liar, breaks


class Renaming(Caching):
    """Keeps its caches under other names."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        other = path.with_name(self.named(path, request))
        if other.is_file():
            other.rename(path)

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.rename(path.with_name(self.named(path, request)))

    def named(self, path: Path, request: GroupRequest) -> str:
        raise NotImplementedError


class Hashing(Caching):
    """Writes a checksum of something else."""

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        import hashlib

        held = Held(self.right, scan)
        digest = hashlib.md5(self.hashed(held.xcoords, held.ycoords), usedforsecurity=False).hexdigest()
        np.savez_compressed(path, **content_of(path) | {"dataset_checksum": np.array(digest)})

    def hashed(self, x: Any, y: Any) -> bytes:
        raise NotImplementedError


@breaks("CCH-002")
class NamesEveryCacheAlike(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.rename(path.with_name("groups_cache.npz"))


@breaks("CCH-002")
class CutsNamesAtTheFirstDot(Renaming):
    def named(self, path: Path, request: GroupRequest) -> str:
        return f"{path.name.split('.')[0]}.g{request.gridsize}k{request.K}.groups_cache.npz"


@breaks("CCH-002")
class CutsEverySuffix(Renaming):
    """The suffix is replaced as text, wherever the name holds it."""

    def named(self, path: Path, request: GroupRequest) -> str:
        return path.name.replace(".npz", "", path.name.count(".npz") - 1)


@breaks("CCH-002")
class LeavesKOutOfTheName(Renaming):
    def named(self, path: Path, request: GroupRequest) -> str:
        return path.name.replace(f"k{request.K}.", ".")


@breaks("CCH-002")
class KeepsCachesInAFolder(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        folder = path.parent / ".cache"
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)


@breaks("CCH-003")
class CachesInInt32(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"].astype(np.int32)}


@breaks("CCH-003")
class CachesWithoutParameters(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        np.savez_compressed(path, **{k: v for k, v in content.items() if k != "overlap_factor"})


@breaks("CCH-003")
class CachesTheChecksumAsBytesOfAnObject(Rewriting):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        content["dataset_checksum"] = np.array(content["dataset_checksum"].item(), dtype=object)
        np.savez_compressed(path, allow_pickle=True, **content)


@breaks("CCH-003")
class CachesTheNumberOfMembersForTheGridsize(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"gridsize": content["gridsize"] ** 2}


@breaks("CCH-003")
class CachesFloatParameters(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"overlap_factor": content["overlap_factor"].astype(np.float64)}


@breaks("CCH-003")
class DoesNotCompress(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        with zipfile.ZipFile(path) as archive:
            compressed = any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist())
        if compressed:
            np.savez(path, **content_of(path))


@breaks("CCH-004")
class ChecksumsWithoutLengths(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        import hashlib

        held = Held(self.right, scan)
        bytes_of = held.xcoords.tobytes() + held.ycoords.tobytes()
        digest = hashlib.md5(bytes_of, usedforsecurity=False).hexdigest()
        np.savez_compressed(path, **content_of(path) | {"dataset_checksum": np.array(digest)})


@breaks("CCH-004")
class ChecksumsYFirst(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return np.concatenate([y, x, [len(x), len(y)]]).tobytes()


@breaks("CCH-004")
class ChecksumsInSinglePrecision(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return np.concatenate([x, y, [len(x), len(y)]]).astype(np.float32).tobytes()


@breaks("CCH-004")
class ChecksumsWholeLengths(Hashing):
    def hashed(self, x: Any, y: Any) -> bytes:
        return x.tobytes() + y.tobytes() + np.array([len(x), len(y)]).tobytes()


@breaks("CCH-005")
class CachesRowsInAnyOrder(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][::-1]}


@breaks("CCH-005")
class CachesMembersInAnyOrder(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][:, ::-1]}


@breaks("CCH-005")
class CachesGroupsTwice(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": np.sort(np.repeat(content["all_groups"], 2, axis=0), axis=0)}


@breaks("CCH-005", "CCH-001")
class SortsRowsByTheirBytes(Rewriting):
    """As numbers lie in memory, least byte first: 256 stands before 255."""

    def changed(self, content: Arrays) -> Arrays:
        groups = content["all_groups"]
        return {
            "all_groups": np.array(sorted(groups, key=lambda row: row.astype("<i8").tobytes())).reshape(groups.shape)
        }


@breaks("CCH-005")
class CachesFarGroups(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        groups = np.array(content["all_groups"])
        groups[-1] = np.arange(groups.shape[1]) * 3
        return {"all_groups": np.unique(groups, axis=0)}


@breaks("CCH-010")
class FailsWhereItCannotWrite(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_dir():
            raise IsADirectoryError(str(path))


@breaks("CCH-010")
class FailsWhereThereIsNoFolder(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if not path.parent.is_dir():
            raise FileNotFoundError(str(path))


@breaks("CCH-010")
class WritesNoCacheInSilence(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        unwritable = path is not None and path.is_dir()
        return self.right.group(scan, replace(request, dataset_path=None) if unwritable else request)


@breaks("CCH-011")
class LeavesALockBehind(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_suffix(".lock").touch()


@breaks("CCH-011")
class LeavesATemporaryCache(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_name(f"{path.name}.tmp").write_bytes(path.read_bytes()[:10])


@breaks("CCH-013")
class LeavesAFileOfEveryProcess(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        path.with_name(f".building-{os.getpid()}").touch()
        self.land()


@breaks("CCH-018")
class WritesOverTheOldCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            self.held = path.with_name("held-aside")
            os.link(path, self.held)

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        held = getattr(self, "held", None)
        if held is not None and held.is_file():
            # The old file gets the new content, and its name back.
            held.write_bytes(path.read_bytes())
            held.replace(path)
            self.land()


@breaks("CCH-002")
class WritesNumbersAsTheyShow(Caching):
    """A number that comes out of an array shows its type."""

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if isinstance(request.K, np.integer):
            path.rename(path.with_name(path.name.replace(f"k{request.K}.", f"knp.int64({request.K}).")))


@breaks("CCH-002")
class NeedsANameWithAFolder(Liar):
    """os.path.dirname of a bare name is empty."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        bare = request.dataset_path is not None and "/" not in request.dataset_path.as_posix()
        return self.right.group(scan, replace(request, dataset_path=None) if bare else request)


@breaks("CCH-002")
class FollowsTheLinkOfADataSet(Liar):
    """The cache lies beside the file that the data set is a link to, and is called by its name."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = request.dataset_path
        return self.right.group(scan, replace(request, dataset_path=path.resolve()) if path is not None else request)
