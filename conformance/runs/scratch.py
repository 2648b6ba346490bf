"""Where a run works: a folder of its own, and nobody's terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.runs.environment import environment

_ENOUGH = 1 << 30
_MEMORY = Path("/dev/shm")
_PREFIX = "ptycho-conformance-files-"
"""Of working folders alone: nothing else below it is ever swept."""
_SETTLED = 60.0
"""Seconds after which a folder without an owner has lost it, and is not just being made."""


@contextmanager
def working_folder() -> Iterator[Path]:
    """Folder for the files that are handed to adapters, removed at its end.

    It lies in memory where there is room, because backends sync to the disk what they write. What a killed process
    has left in memory is removed by the next one.
    """
    memory = _memory()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory)).resolve()
    with contextlib.ExitStack() as held:
        if memory is not None:
            held.enter_context(_owned(folder))
            _sweep(memory)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let all temporary files of this process lie in a folder."""
    before = tempfile.tempdir
    try:
        # Hypothesis would keep notes of its own in the working directory.
        with environment({"TMPDIR": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis")}):
            tempfile.tempdir = None
            yield
    finally:
        tempfile.tempdir = before


@contextmanager
def scratch() -> Iterator[Path]:
    """Folder for all temporary files of a run, removed at its end."""
    with working_folder() as folder, temporary_files_in(folder):
        yield folder


def _memory() -> Path | None:
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return _MEMORY if roomy else None


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; raises BlockingIOError where another process holds one."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _sweep(memory: Path) -> None:
    """Remove the folders in memory that no process owns any more."""
    for left in memory.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _SETTLED:
                with _owned(left):
                    shutil.rmtree(left, ignore_errors=True)


@contextmanager
def quiet(folder: Path) -> Iterator[None]:
    """Keep what adapters print, by Python or below it, off the terminal."""
    with (folder / "printed.txt").open("w+b", buffering=0) as aside:
        kept = {}
        for number in (1, 2):
            try:
                kept[number] = os.dup(number)
            except OSError:
                continue
            os.dup2(aside.fileno(), number)
        try:
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)
