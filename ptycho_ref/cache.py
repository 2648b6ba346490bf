"""The groups cache of the group-then-sample strategy (CCH)."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.archive import read_members, write_archive
from ptycho_ref.errors import ContractWarning
from ptycho_ref.grouping import all_groups, most_groups

_KEYS = ("all_groups", "dataset_checksum", "gridsize", "overlap_factor")
_OWN = "content_checksum"
_BESIDE = 1 << 16
"""Bytes of a cache beside its groups, at the most."""


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


def content_checksum(groups: NDArray[np.int64], checksum: str, gridsize: int, K: int) -> str:
    """SHA-256 by which damage of any key, members exchanged or overwritten, is a miss (CCH-008).

    Parameters
    ----------
    groups : (G, C) int64
    checksum : str
        Of the data set (CCH-004).
    gridsize, K : int
        Of the request.
    """
    digest = hashlib.sha256(f"{gridsize} {K} {checksum} {groups.shape}".encode())
    digest.update(np.ascontiguousarray(groups, dtype="<i8").tobytes())
    return digest.hexdigest()


def _read(path: Path, checksum: str, gridsize: int, K: int, M: int) -> NDArray[np.int64] | None:
    """Return the groups of a cache; None when there is none, or any doubt about it."""
    most = 8 * gridsize**2 * most_groups(M, gridsize, K) + _BESIDE
    try:
        # Opening a pipe would wait for a writer, and a device has no end.
        if not path.is_file() or path.stat().st_size > most:
            return None
        return _believed(read_members(path, (*_KEYS, _OWN)), checksum, gridsize, K, M)
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes do to their reader, a cache is never worse than none
        return None


def _believed(
    held: Mapping[str, NDArray[Any] | None], checksum: str, gridsize: int, K: int, M: int
) -> NDArray[np.int64] | None:
    groups, *belonging = (held[name] for name in _KEYS)
    if groups is None or not _possible(groups, gridsize**2, M):
        return None
    if [None if value is None else value.item() for value in belonging] != [checksum, gridsize, K]:
        return None
    expected = content_checksum(groups, checksum, gridsize, K)
    # Other writers leave it out.
    own = held[_OWN] if _OWN in held else np.array(expected)
    return groups if own is not None and own.item() == expected else None


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
        _OWN: np.array(content_checksum(groups, checksum, gridsize, K)),
    }
    try:
        write_archive(path, members, compress=True)
    except OSError as error:
        problem = f"the groups cache was not written ({error})"
        warnings.warn(ContractWarning(problem, clause="CCH-010", file=path), stacklevel=4)
