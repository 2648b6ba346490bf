"""The groups cache of the group-then-sample strategy (CCH)."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.archive import write_archive
from ptycho_ref.errors import ContractWarning
from ptycho_ref.grouping import all_groups

_READ_ERRORS = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError)


def cache_path(dataset_path: Path, gridsize: int, K: int) -> Path:
    """Where the cache of a data set lies (CCH-002).

    Parameters
    ----------
    dataset_path : Path
        Scan file beside which the cache lies.
    gridsize, K : int
        Of the request.
    """
    return dataset_path.with_name(f"{dataset_path.stem}.g{gridsize}k{K}.groups_cache.npz")


def dataset_checksum(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """MD5 hex digest of x, y and their lengths as one array (CCH-004)."""
    content = np.concatenate([x.ravel(), y.ravel(), [len(x), len(y)]])
    return hashlib.md5(content.tobytes(), usedforsecurity=False).hexdigest()


def cached_groups(
    x: NDArray[np.float64], y: NDArray[np.float64], gridsize: int, K: int, dataset_path: Path | None
) -> NDArray[np.int64]:
    """Return all groups of a data set, from its cache when that is valid.

    Parameters
    ----------
    x, y : (M,) float64
        Positions in object pixels.
    gridsize, K : int
        Parameters of the request.
    dataset_path : Path or None
        Data set beside which the cache lies; None: no cache.

    Returns
    -------
    (G, C) int64
        The same with and without a cache (CCH-001).
    """
    if dataset_path is None:
        return all_groups(x, y, gridsize, K)
    path = cache_path(dataset_path, gridsize, K)
    checksum = dataset_checksum(x, y)
    groups = _read(path, checksum, gridsize, K, len(x))
    if groups is None:
        groups = all_groups(x, y, gridsize, K)
        _write(path, groups, checksum, gridsize, K)
    return groups


def _read(path: Path, checksum: str, gridsize: int, K: int, M: int) -> NDArray[np.int64] | None:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["dataset_checksum"]) != checksum:
                return None
            if int(archive["gridsize"]) != gridsize or int(archive["overlap_factor"]) != K:
                return None
            groups = archive["all_groups"]
    except _READ_ERRORS:
        return None
    return groups if _possible(groups, gridsize**2, M) else None


def _possible(groups: NDArray[np.int64], C: int, M: int) -> bool:
    """Whether the rows can be groups of this scan (CCH-009): strictly ascending rows have no repeated index."""
    if groups.dtype != np.int64 or groups.ndim != 2 or groups.shape[1] != C or len(groups) == 0:
        return False
    in_range = groups.min() >= 0 and groups.max() < M
    return bool(in_range and (np.diff(groups, axis=1) > 0).all())


def _write(path: Path, groups: NDArray[np.int64], checksum: str, gridsize: int, K: int) -> None:
    members = {
        "all_groups": groups,
        "dataset_checksum": np.array(checksum),
        "gridsize": np.array(gridsize),
        "overlap_factor": np.array(K),
    }
    try:
        write_archive(path, members, compress=True)
    except OSError as error:
        problem = f"the groups cache was not written ({error})"
        warnings.warn(ContractWarning(problem, clause="CCH-010", file=path), stacklevel=4)
