"""Where a run works: a folder of its own, and nobody's terminal."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.runs.environment import environment

_ENOUGH = 1 << 30


@contextmanager
def scratch(*, in_memory: bool = False) -> Iterator[Path]:
    """Folder for all temporary files of a run, removed at its end.

    Parameters
    ----------
    in_memory : bool
        Prefer a file system in memory where there is room: stores are synced to the disk.
    """
    memory = Path("/dev/shm")
    roomy = in_memory and memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ENOUGH
    folder = Path(tempfile.mkdtemp(prefix="ptycho-conformance-", dir=memory if roomy else None)).resolve()
    before = tempfile.tempdir
    try:
        # Hypothesis would keep notes of its own in the working directory.
        with environment({"TMPDIR": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis")}):
            tempfile.tempdir = None
            yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


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
