"""Files and folders that are written whole or not at all: beside their place, synced, and renamed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_DRAFT = re.compile(r"\.(\d+)\.[a-z0-9_]+\.part$")


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Write beside a file, sync, and rename: nobody ever sees half of it, and a failure leaves what was there.

    A link is followed, and a file that stands there keeps its mode; a device or a pipe is written to as it is.

    Raises
    ------
    OSError
        The folder cannot be written, or is full; nothing is left behind.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(place.stat().st_mode & 0o777 if place.exists() else 0o644)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(place.parent)


@contextmanager
def folder_written_whole(place: Path) -> Iterator[Path]:
    """Fill an empty folder beside its place, sync all of it, and rename it as one.

    A folder that stands there is replaced; between the two renames there is none, and never half of one.

    Raises
    ------
    OSError
        The folder around it cannot be written, or is full; nothing is left behind, and what was there stays.
    """
    beside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.{os.getpid()}.", suffix=".part"))
    draft, old = beside / "new", beside / "old"
    try:
        draft.mkdir()
        yield draft
        for path in (*draft.rglob("*"), draft):
            _sync(path)
        if place.exists():
            place.replace(old)
        try:
            draft.replace(place)
        except OSError:
            if old.exists():
                old.replace(place)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    _sync(place.parent)


def clear_drafts(folder: Path) -> None:
    """Remove what killed processes were filling in a folder for :func:`folder_written_whole`."""
    for draft in folder.glob(".*.part"):
        writer = _DRAFT.search(draft.name)
        if writer and not _runs(int(writer[1])):
            shutil.rmtree(draft, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk; not every file system syncs folders."""
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
