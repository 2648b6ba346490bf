"""Many scan files: which a folder or a pattern stands for."""

from __future__ import annotations

import glob
from pathlib import Path

from conformance.files.archive import DamagedArchive
from conformance.files.formats.sniffing import Kind, kind_of
from conformance.files.formats.table import format_of, readable_as, sniff
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
        kinds = (Kind.ZIP, Kind.HDF5, Kind.MATLAB)
        if path.name.startswith(".") or not path.is_file() or kind_of(path)[0] not in kinds:
            return False
        file = sniff(path)
        return (format_of(file) if file.kind is Kind.ZIP else readable_as(file)) is not None
    except (OSError, UnfitFile, DamagedArchive):
        return False
