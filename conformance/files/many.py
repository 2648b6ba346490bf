"""Many scan files: which a folder or a pattern stands for, and their examination by several processes."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from conformance.files.archive import DamagedArchive
from conformance.files.examine import ScanReport, examine
from conformance.files.formats.sniffing import Kind, kind_of
from conformance.files.formats.table import format_of, sniff
from conformance.files.unfit import UnfitFile


def scans_in(path: Path) -> list[Path]:
    """Return the files that a path stands for, in order of name: of a folder its scan files, of a pattern what fits it.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    if path.is_dir():
        return [one for one in sorted(path.iterdir()) if one.suffix == ".npz" or _is_foreign_scan(one)]
    if not path.exists() and glob.has_magic(str(path)):
        return [Path(one) for one in sorted(glob.glob(str(path), recursive=True))] or [path]  # noqa: PTH207
    return [path]


def _is_foreign_scan(path: Path) -> bool:
    """Whether a file of a folder is of a known format; what cannot be read is none that was asked for."""
    try:
        if path.name.startswith(".") or not path.is_file() or kind_of(path)[0] not in (Kind.ZIP, Kind.HDF5):
            return False
        return format_of(sniff(path)) is not None
    except (OSError, UnfitFile, DamagedArchive):
        return False


def examined(paths: Sequence[Path], jobs: int) -> Iterator[tuple[Path, ScanReport | OSError]]:
    """Examine files, by several processes where there are several; in their order, as each is ready.

    Parameters
    ----------
    paths : sequence of Path
    jobs : int
        Number of processes. A file whose process dies is examined anew, alone; if that dies too it costs itself.
    """
    if min(jobs, len(paths)) <= 1:
        yield from ((path, _one(path)) for path in paths)
        return
    with ProcessPoolExecutor(min(jobs, len(paths)), get_context("spawn")) as pool:
        waiting = [pool.submit(_one, path) for path in paths]
        for path, future in zip(paths, waiting, strict=True):
            try:
                yield path, future.result()
            except BrokenProcessPool:
                yield path, _alone(path)


def _alone(path: Path) -> ScanReport | OSError:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(_one, path).result()
        except BrokenProcessPool:
            return OSError(None, "the process that read it died")


def _one(path: Path) -> ScanReport | OSError:
    try:
        return replace(examine(path), view=None)
    except OSError as error:
        return error
