"""From scan points to groups of neighbours (GRP)."""

from __future__ import annotations

import hashlib
import itertools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import ContractWarning, RequestRefusal

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_ROUNDS = 8
_SUBSETS_A_POINT = 50


@dataclass(frozen=True)
class Grouping:
    """What to group; see the clauses GRP-006 to GRP-020 for the meaning of each parameter."""

    gridsize: int
    K: int = 4
    nsamples: int = 1
    seed: int | None = None
    sequential_sampling: bool = False
    enable_oversampling: bool = False
    neighbor_pool_size: int | None = None
    strategy: Literal["sample_then_group", "group_then_sample"] = "sample_then_group"

    def __post_init__(self) -> None:
        # Arithmetic in the type of a narrow number would wrap (CND-019).
        for name in ("gridsize", "K", "nsamples", "neighbor_pool_size"):
            if isinstance(getattr(self, name), np.integer):
                object.__setattr__(self, name, int(getattr(self, name)))

    @property
    def C(self) -> int:
        """Members a group."""
        return self.gridsize**2

    @property
    def pool(self) -> int:
        """Neighbours from which members are drawn, the seed point not counted."""
        if self.enable_oversampling and self.neighbor_pool_size is not None:
            return self.neighbor_pool_size
        return self.K


def check_request(request: Grouping, M: int) -> None:
    """Refuse what cannot be grouped (GRP-009, GRP-013, GRP-014, GRP-015, GRP-026).

    Raises
    ------
    RequestRefusal
        The parameter at fault, with the remedy.
    """
    C = request.C
    if request.gridsize < 1 or request.nsamples < 1:
        array = "gridsize" if request.gridsize < 1 else "nsamples"
        raise RequestRefusal("must be at least 1", clause="GRP-026", array=array, remedy="Pass a positive number.")
    if request.strategy not in ("sample_then_group", "group_then_sample"):
        raise RequestRefusal(
            f"{request.strategy!r} is unknown",
            clause="CCH-012",
            array="strategy",
            remedy="Choose sample_then_group or group_then_sample.",
        )
    if C == 1:
        return
    if request.enable_oversampling and request.pool < C:
        raise RequestRefusal(
            f"a pool of {request.pool} cannot give {C} distinct members",
            clause="GRP-013",
            array="neighbor_pool_size",
            remedy=f"Set neighbor_pool_size >= C = {C}.",
        )
    if request.K < C:
        raise RequestRefusal(
            f"K={request.K} must be >= C={C}", clause="GRP-014", array="K", remedy=f"Set K to {C} or more."
        )
    if M < C:
        raise RequestRefusal(
            f"{M} scan points cannot give groups of {C}",
            clause="GRP-015",
            array="gridsize",
            remedy="Lower gridsize, or add frames.",
        )
    if request.nsamples > M and not request.enable_oversampling and request.strategy == "sample_then_group":
        raise RequestRefusal(
            f"{request.nsamples} groups from {M} scan points need K choose C oversampling",
            clause="GRP-009",
            array="nsamples",
            remedy=f"Pass enable_oversampling=True with a neighbor_pool_size, or nsamples <= {M}.",
        )


def group_indices(x: NDArray[np.float64], y: NDArray[np.float64], request: Grouping) -> NDArray[np.int32]:
    """Sample seed points, then draw the members of each group from its pool.

    Parameters
    ----------
    x, y : (M,) float64
        Positions in object pixels.
    request : Grouping

    Returns
    -------
    (B, C) int32
        Scan indices, distinct in every row (GRP-001, GRP-002, GRP-004).

    Raises
    ------
    RequestRefusal
        See :func:`check_request`.
    """
    check_request(request, len(x))
    rng = np.random.default_rng(request.seed)
    if request.C > 1 and request.enable_oversampling:
        return _oversampled(x, y, request, rng)
    seeds = _seed_points(len(x), request, rng)
    if request.C == 1:
        return seeds[:, np.newaxis].astype(np.int32)
    return _draw(_pools(_tree_of(x, y), seeds, request.pool), request.C, rng)


def _seed_points(M: int, request: Grouping, rng: np.random.Generator) -> NDArray[np.intp]:
    count = min(request.nsamples, M)
    if request.sequential_sampling:
        return np.arange(count)
    return rng.permutation(M)[:count] if count > M // 2 else rng.choice(M, count, replace=False, shuffle=True)


def _tree_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> cKDTree:
    # It takes as long to import as all else together, and reading a file needs none.
    from scipy.spatial import cKDTree

    return cKDTree(np.stack([x, y], axis=1))


def _pools(tree: cKDTree, seeds: NDArray[np.intp], neighbours: int) -> NDArray[np.int32]:
    """Return the seed and its nearest others, (B, min(K, M - 1) + 1); coincident points are other points (GRP-005)."""
    _, hits = tree.query(tree.data[seeds], k=min(neighbours + 1, tree.n))
    pools = np.asarray(hits, dtype=np.int32)
    crowded = ~(pools == seeds[:, np.newaxis]).any(axis=1)
    # More than K points share the seed's position: any of them may go, the seed may not.
    pools[crowded, -1] = seeds[crowded]
    return pools


def _draw(pools: NDArray[np.int32], C: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw C distinct columns of each row: the first C steps of a Fisher-Yates shuffle of every row at once."""
    rows = np.arange(len(pools))
    for step in range(C):
        chosen = rng.integers(step, pools.shape[1], len(pools))
        held = pools[:, step].copy()
        pools[:, step] = pools[rows, chosen]
        pools[rows, chosen] = held
    return np.ascontiguousarray(pools[:, :C])


def _oversampled(
    x: NDArray[np.float64], y: NDArray[np.float64], request: Grouping, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Draw nsamples groups that are distinct sets while the pools allow (GRP-011, GRP-012)."""
    M = len(x)
    tree = _tree_of(x, y)
    groups = np.empty((0, request.C), dtype=np.int32)
    for _ in range(_ROUNDS):
        missing = request.nsamples - len(groups)
        if missing <= 0:
            return groups[: request.nsamples]
        turns = -(-2 * missing // M)
        order = [np.arange(M) if request.sequential_sampling else rng.permutation(M) for _ in range(turns)]
        drawn = _draw(_pools(tree, np.concatenate(order), request.pool), request.C, rng)
        groups = _first_of_each_set(np.concatenate([groups, drawn]))
    if len(groups) < request.nsamples:
        groups = _all_sets(_pools(tree, np.arange(M), request.pool), groups, request.nsamples, rng)
    return groups[: request.nsamples]


def _first_of_each_set(groups: NDArray[np.int32]) -> NDArray[np.int32]:
    _, first = np.unique(np.sort(groups, axis=1), axis=0, return_index=True)
    return groups[np.sort(first)]


def _all_sets(
    pools: NDArray[np.int32], groups: NDArray[np.int32], nsamples: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    columns = np.array(list(itertools.combinations(range(pools.shape[1]), groups.shape[1])))
    every = rng.permutation(np.unique(np.sort(pools[:, columns].reshape(-1, groups.shape[1]), axis=1), axis=0))
    distinct = _first_of_each_set(np.concatenate([groups, every]))
    if len(distinct) >= nsamples:
        return distinct
    problem = f"the pools hold {len(distinct)} different groups, {nsamples} were asked for: some repeat"
    warnings.warn(ContractWarning(problem, clause="GRP-012"), stacklevel=5)
    return np.concatenate([distinct, distinct[rng.integers(0, len(distinct), nsamples - len(distinct))]])


def all_groups(x: NDArray[np.float64], y: NDArray[np.float64], gridsize: int, K: int) -> NDArray[np.int64]:
    """Every group of the group-then-sample strategy, fixed by data and parameters alone (CCH-001, CCH-005).

    Parameters
    ----------
    x, y : (M,) float64
    gridsize, K : int

    Returns
    -------
    (G, C) int64
        Rows sorted, unique, in lexicographic order; up to min(50, (K + 1) // C + 1) from the pool of each point.
    """
    C = gridsize**2
    subsets = most_groups(1, gridsize, K)
    digest = hashlib.md5(np.concatenate([x, y]).tobytes(), usedforsecurity=False).digest()
    rng = np.random.default_rng([gridsize, K, *np.frombuffer(digest, dtype=np.uint32)])
    pools = _pools(_tree_of(x, y), np.arange(len(x)), K)
    drawn = _draw(np.repeat(pools, subsets, axis=0), C, rng)
    return np.unique(np.sort(drawn, axis=1), axis=0).astype(np.int64)


def most_groups(M: int, gridsize: int, K: int) -> int:
    """How many rows all groups of M points have at the most (CCH-015).

    Parameters
    ----------
    M : int
        Scan points.
    gridsize, K : int
        Of the request.
    """
    return M * min(_SUBSETS_A_POINT, (K + 1) // gridsize**2 + 1)


def sample_groups(groups: NDArray[np.int64], request: Grouping) -> NDArray[np.int32]:
    """Draw nsamples rows with the request's seed, or the first ones in order (CCH-014)."""
    if request.sequential_sampling:
        return groups[: request.nsamples].astype(np.int32)
    rng = np.random.default_rng(request.seed)
    return rng.permutation(groups)[: request.nsamples].astype(np.int32)
