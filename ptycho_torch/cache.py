"""All groups of a data set, and the file that keeps them (CCH)."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ptycho_torch.errors import ContractWarning
from ptycho_torch.grouping import Grouping, draw_subsets, generator_for, neighbour_pools
from ptycho_torch.npz import Archive, write_npz

_MOST_SETS = 50
_KEYS = ("dataset_checksum", "gridsize", "overlap_factor")
_OWN = "content_checksum"
_BESIDE = 1 << 16
"""Bytes of a cache beside its groups, at the most."""


def sampled_groups(positions: NDArray[np.float64], asked: Grouping, dataset: Path | None) -> torch.Tensor:
    """Draw nsamples of all groups, (B, C) int32 (CCH-014).

    Parameters
    ----------
    positions : (M, 2) float64
    asked : Grouping
    dataset : Path or None
        Data set beside which the groups are kept; None keeps them nowhere.
    """
    groups = torch.from_numpy(kept_groups(positions, asked.gridsize, asked.K, dataset))
    if asked.sequential_sampling:
        return groups[: asked.nsamples].int()
    order = torch.randperm(len(groups), generator=generator_for(asked.seed))
    return groups[order[: asked.nsamples]].int()


def kept_groups(positions: NDArray[np.float64], gridsize: int, K: int, dataset: Path | None) -> NDArray[np.int64]:
    """All groups of a data set, (G, C) int64, from their file when it is good, else made and kept.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    gridsize, K : int
        Of the request.
    dataset : Path or None
        Scan file beside which the cache lies; None: no cache.
    """
    if dataset is None:
        return every_group(positions, gridsize, K)
    file = dataset.parent / f"{dataset.stem}.g{gridsize}k{K}.groups_cache.npz"
    digest = positions_digest(positions)
    groups = _from_file(file, digest, gridsize, K, len(positions))
    if groups is not None:
        return groups
    groups = every_group(positions, gridsize, K)
    members = {
        "all_groups": groups,
        "dataset_checksum": np.array(digest),
        "gridsize": np.array(gridsize),
        "overlap_factor": np.array(K),
        _OWN: np.array(content_checksum(groups, digest, gridsize, K)),
    }
    try:
        write_npz(file, members, compress=True)
    except OSError as error:
        warnings.warn(ContractWarning("CCH-010", "", f"groups are not kept: {error}", file), stacklevel=4)
    return groups


def positions_digest(positions: NDArray[np.float64]) -> str:
    """MD5 of x, y and their lengths, as one float64 array (CCH-004)."""
    M = float(len(positions))
    content = np.hstack([positions[:, 0], positions[:, 1], [M, M]])
    return hashlib.md5(content.tobytes(), usedforsecurity=False).hexdigest()


def every_group(positions: NDArray[np.float64], gridsize: int, K: int) -> NDArray[np.int64]:
    """Some groups of every point, fixed by positions and parameters alone: sorted, unique rows in order (CCH-005).

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    gridsize, K : int
        Of the request.
    """
    C = gridsize * gridsize
    each = _sets_of_a_point(gridsize, K)
    stream = hashlib.sha256(f"{gridsize} {K} {positions_digest(positions)}".encode()).digest()
    generator = generator_for(int.from_bytes(stream[:7], "big"))
    pools = neighbour_pools(positions, torch.arange(len(positions)), K).repeat(each, 1)
    return np.unique(draw_subsets(pools, C, generator).sort(dim=1).values.numpy(), axis=0)


def content_checksum(groups: NDArray[np.int64], digest: str, gridsize: int, K: int) -> str:
    """SHA-256 by which damage of any key, members exchanged or overwritten, is a miss (CCH-008).

    Parameters
    ----------
    groups : (G, C) int64
    digest : str
        Of the positions (CCH-004).
    gridsize, K : int
        Of the request.
    """
    content = hashlib.sha256(f"{gridsize} {K} {digest} {groups.shape}".encode())
    content.update(np.ascontiguousarray(groups, dtype="<i8").tobytes())
    return content.hexdigest()


def _sets_of_a_point(gridsize: int, K: int) -> int:
    return min(_MOST_SETS, (K + 1) // gridsize**2 + 1)


def _from_file(file: Path, digest: str, gridsize: int, K: int, M: int) -> NDArray[np.int64] | None:
    """Groups of a cache that belongs to the request, whole beyond doubt; else None."""
    most = 8 * gridsize**2 * M * _sets_of_a_point(gridsize, K)
    try:
        # A pipe would be waited for, a device has no end.
        if not file.is_file() or file.stat().st_size > most + _BESIDE:
            return None
        with Archive(file) as held:
            members = held.members(("all_groups", *_KEYS, _OWN))
            if any(member.nbytes > (most if name == "all_groups" else _BESIDE) for name, member in members.items()):
                return None
            if [held.read(members[name]).item() for name in _KEYS] != [digest, gridsize, K]:
                return None
            groups = held.read(members["all_groups"])
            own = held.read(members[_OWN]).item() if _OWN in members else None
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes do to their reader, a cache is never worse than none
        return None
    if not _possible(groups, gridsize**2, M):
        return None
    # Other writers leave their checksum of the content out.
    return groups if own in (None, content_checksum(groups, digest, gridsize, K)) else None


def _possible(groups: NDArray[np.int64], C: int, M: int) -> bool:
    """Whether rows can be groups of a scan: ascending, so that none repeats an index, and within it (CCH-009)."""
    if groups.dtype != np.int64 or groups.ndim != 2 or groups.shape[1] != C or len(groups) == 0:
        return False
    return bool((groups[:, 1:] > groups[:, :-1]).all() and groups[:, 0].min() >= 0 and groups[:, -1].max() < M)
