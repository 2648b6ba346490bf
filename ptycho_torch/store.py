"""A folder that holds the rows of several scans; frames lie in it once, or stay where they are (DAT)."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ptycho_torch.atomic import cleaned_up_when_ended
from ptycho_torch.building import build, plan, sync
from ptycho_torch.errors import OWN, StaleStore, refuse
from ptycho_torch.manifest import MANIFEST, read_manifest, require_fresh, stale
from ptycho_torch.mapped import MappedStore
from ptycho_torch.store_request import StoreRequest
from ptycho_torch.verification import damages

__all__ = ["StoreRequest", "open_store", "source_files"]

_OWN = re.compile(rf"{re.escape(MANIFEST)}|rows|points|probes|masks|frames-\d+\.npy")


def source_files(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files that a list stands for; a single folder means the scans directly in it, by name (DAT-005).

    Raises
    ------
    FileNotFoundError
        A file of the list is not there.
    Refusal
        The list is empty, or the folder holds no scan (DAT-018).
    """
    listed = [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if len(listed) == 1 and listed[0].is_dir():
        found = (path for path in sorted(listed[0].glob("*.npz")) if not path.is_dir())
        listed = [
            path for path in found if not path.name.startswith(".") and not path.name.endswith(".groups_cache.npz")
        ]
    if not listed:
        refuse("DAT-018", "paths", "there is no scan file", "Name scan files, or a folder with some.")
    for path in listed:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such scan file")
    return [path.resolve() for path in listed]


def open_store(
    paths: str | Path | Sequence[str | Path],
    request: StoreRequest,
    folder: str | Path,
    *,
    rebuild: bool = False,
    progress: bool | None = None,
) -> Path:
    """Find the store of these scans and this request in a folder, or build it there.

    A store is built beside its place, synced and renamed: it is there whole or not at all. Several processes may open
    the same folder at once; one builds, the others wait for it and find its store. A process that is ended clears away
    what it has written; what a killed one left is cleared away by the next.

    Parameters
    ----------
    paths : path or sequence of path
        Scan files, or one folder.
    request : StoreRequest
    folder : path
        Folder of the store; made if it is not there.
    rebuild : bool
        Replace a store that is damaged or belongs to other sources or another request, where it is refused otherwise. A
        store that fits is kept, so that all processes of a training may ask for it; all of it is read to know that,
        where opening reads no frames.
    progress : bool or None
        Show a progress bar; None: on a terminal.

    Returns
    -------
    Path
        The folder, holding a good store.

    Raises
    ------
    FileNotFoundError
        A scan is not there.
    StaleStore
        The folder holds another store, or a damaged one.
    Refusal
        A scan is refused, scans do not fit together, or the folder holds what is no store.
    OSError
        The disk is full, or does not give or take a file; nothing is left behind.
    """
    folder, files = Path(folder).resolve(), source_files(paths)
    if _ready(folder, files, request, rebuild):
        _clear_if_idle(folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with cleaned_up_when_ended(), _alone(folder):
        _recover(folder)
        if not _fits(folder, files, request, rebuild):
            _make(folder, files, request, progress)
    return folder


def _ready(folder: Path, files: Sequence[Path], request: StoreRequest, rebuild: bool) -> bool:
    """Whether the store is there, told without the lock: a store may be opened where nothing can be written."""
    try:
        return _fits(folder, files, request, rebuild)
    except StaleStore:
        if _remains(folder, "lock"):
            return False
        raise


def _fits(folder: Path, files: Sequence[Path], request: StoreRequest, rebuild: bool) -> bool:
    """Whether the folder holds the store that is wanted; False where it may be built, another store is refused."""
    if not folder.exists():
        return False
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    if names and MANIFEST not in names:
        refuse(OWN, "folder", "it is there, and no store", "Choose a folder of its own for the store.", folder)
    try:
        if not names:
            return False
        manifest = require_fresh(folder, files, request)
        if rebuild:
            MappedStore(folder, manifest)
            for damage in damages(folder, manifest):
                stale(folder, "manifest", damage)
        return True
    except StaleStore:
        if not rebuild:
            raise
    foreign = sorted(name for name in names if not _OWN.fullmatch(name))
    if foreign:
        problem = f"{', '.join(foreign)} in it is no part of the store, and would be lost"
        refuse(OWN, "folder", problem, "Move it elsewhere, or choose another folder.", folder)
    return False


def _make(folder: Path, files: Sequence[Path], request: StoreRequest, progress: bool | None) -> None:
    planned = plan(files, request)
    building = _beside(folder, "building")
    try:
        build(building, planned, request, progress)
        _put_in_place(building, folder)
    except BaseException:
        _recover(folder)
        raise


def _put_in_place(building: Path, folder: Path) -> None:
    """Exchange stores by renaming; the old one is removed when the new one is safe in its place."""
    old = _beside(folder, "old")
    if folder.exists():
        folder.rename(old)
    building.rename(folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}-{secrets.token_hex(4)}")


def _remains(folder: Path, *kinds: str) -> list[Path]:
    """What a killed process may have left beside the folder."""
    if not folder.parent.is_dir():
        return []
    starts = tuple(f".{folder.name}.{kind}" for kind in kinds)
    return sorted(path for path in folder.parent.iterdir() if path.name.startswith(starts))


@contextmanager
def _alone(folder: Path, timeout: float = -1) -> Iterator[None]:
    """Hold the right to build in this folder; the lock file is removed by whoever holds it."""
    file = folder.with_name(f".{folder.name}.lock")
    with FileLock(file, timeout=timeout):
        try:
            yield
        finally:
            # A signal that ends the process may come once, and in between.
            try:
                _unlocked(file)
            except BaseException:
                _unlocked(file)
                raise


def _unlocked(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)


def _clear_if_idle(folder: Path) -> None:
    """Clear away what was left beside a good store, unless somebody is at work there, or nothing may be written."""
    if _remains(folder, "building-", "old-", "lock"):
        with suppress(Timeout, OSError), _alone(folder, timeout=0):
            _recover(folder)


def _recover(folder: Path) -> None:
    """Put back a store whose exchange was interrupted, then remove what is left; nobody else is at work."""
    for old in _remains(folder, "old-"):
        if folder.exists():
            break
        with suppress(StaleStore):
            read_manifest(old)
            old.rename(folder)
    for remains in _remains(folder, "building-", "old-"):
        shutil.rmtree(remains, ignore_errors=True)
