"""Groups of neighbouring scan points (GRP)."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from operator import index
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor

from ptycho_torch.errors import ContractWarning, refuse

Strategy = Literal["sample_then_group", "group_then_sample"]
_TRIES = 6


@dataclass(frozen=True)
class Grouping:
    """What is asked of a grouping.

    Attributes
    ----------
    gridsize : int
        C = gridsize² members a group.
    K : int
        Neighbours of a seed, itself not counted.
    nsamples : int
        Groups wanted.
    seed : int, torch.Generator or None
        See :func:`generator_for`.
    sequential_sampling, enable_oversampling : bool
    neighbor_pool_size : int or None
        Neighbours in the pool when oversampling; None: K.
    strategy : {"sample_then_group", "group_then_sample"}
    """

    gridsize: int = 1
    K: int = 4
    nsamples: int = 1
    seed: int | torch.Generator | None = None
    sequential_sampling: bool = False
    enable_oversampling: bool = False
    neighbor_pool_size: int | None = None
    strategy: Strategy = "sample_then_group"

    def __post_init__(self) -> None:
        # Arithmetic in the type of a narrow number would wrap (CND-019).
        for name in ("gridsize", "K", "nsamples", "neighbor_pool_size"):
            if isinstance(getattr(self, name), np.integer):
                object.__setattr__(self, name, int(getattr(self, name)))

    @property
    def C(self) -> int:
        """Members of a group."""
        return self.gridsize * self.gridsize

    @property
    def reach(self) -> int:
        """Neighbours from which members are drawn."""
        if self.enable_oversampling and self.neighbor_pool_size is not None:
            return self.neighbor_pool_size
        return self.K


def generator_for(seed: int | torch.Generator | None) -> torch.Generator:
    """Make a generator on the CPU; without a seed it is seeded from the operating system.

    A generator that is given is used, and so advanced; one of another device is asked for a seed.
    """
    if isinstance(seed, torch.Generator):
        if seed.device.type == "cpu":
            return seed
        seed = int(torch.randint(1 << 62, (), generator=seed, device=seed.device))
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        seed = index(seed)
        # PyTorch keeps 32 bits of a seed, so a longer one is folded into them (GRP-018).
        generator.manual_seed(seed if seed < 1 << 32 else int(np.random.SeedSequence(seed).generate_state(1)[0]))
    return generator


def require_possible(asked: Grouping, M: int) -> None:
    """Refuse a grouping that a scan of M points cannot give.

    Raises
    ------
    Refusal
        More groups than points, a pool or K below C, fewer points than members, a request for nothing, or an unknown
        strategy (GRP-009, GRP-013, GRP-014, GRP-015, GRP-026, CCH-012).
    """
    C = asked.C
    if asked.gridsize < 1:
        refuse("GRP-026", "gridsize", f"it is {asked.gridsize}", "Ask for a gridsize of 1 or more.")
    if asked.nsamples < 1:
        refuse("GRP-026", "nsamples", f"it is {asked.nsamples}", "Ask for one group or more.")
    if asked.strategy not in ("sample_then_group", "group_then_sample"):
        refuse("CCH-012", "strategy", f"it is {asked.strategy!r}", "Use sample_then_group or group_then_sample.")
    if C == 1:
        return
    if asked.enable_oversampling and asked.reach < C:
        refuse("GRP-013", "neighbor_pool_size", f"it is {asked.reach}, below C = {C}", f"Set it to {C} or more.")
    if asked.K < C:
        refuse("GRP-014", "K", f"K={asked.K} must be >= C = {C}", f"Set K to {C} or more.")
    if M < C:
        refuse("GRP-015", "gridsize", f"groups of {C} from {M} scan points", "Use a smaller gridsize.")
    beyond = asked.nsamples > M and asked.strategy == "sample_then_group"
    if beyond and not asked.enable_oversampling:
        remedy = f"Set enable_oversampling (K choose C oversampling) and neighbor_pool_size, or ask for {M} groups."
        refuse("GRP-009", "nsamples", f"{asked.nsamples} groups from {M} scan points", remedy)


def group_members(positions: NDArray[np.float64], asked: Grouping) -> Tensor:
    """Draw groups: seeds first, then the members of each from its pool.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    asked : Grouping

    Returns
    -------
    (B, C) int32 tensor
        Scan indices.

    Raises
    ------
    Refusal
        See :func:`require_possible`.
    """
    M = len(positions)
    require_possible(asked, M)
    generator = generator_for(asked.seed)
    if asked.C > 1 and asked.enable_oversampling:
        return _oversampled(positions, asked, generator).int()
    count = min(asked.nsamples, M)
    seeds = torch.arange(count) if asked.sequential_sampling else torch.randperm(M, generator=generator)[:count]
    if asked.C == 1:
        return seeds.unsqueeze(1).int()
    return draw_subsets(neighbour_pools(positions, seeds, asked.reach), asked.C, generator).int()


def neighbour_pools(positions: NDArray[np.float64], seeds: Tensor, reach: int, tree: KDTree | None = None) -> Tensor:
    """Return the pools of seeds: the seed, then its nearest others, (B, 1 + min(reach, M - 1)) int64.

    The seed is told apart by its index: a point at the same place is a neighbour like any other (GRP-005). A tree of
    the positions is made unless one is given.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    seeds : (B,) int64
        Scan indices.
    reach : int
        Neighbours of a seed, itself not counted.
    tree : KDTree, optional
        Of the positions.
    """
    M = len(positions)
    others = min(reach, M - 1)
    tree = KDTree(positions) if tree is None else tree
    _, hits = tree.query(positions[seeds.numpy()], k=others + 1)
    found = torch.from_numpy(np.asarray(hits, dtype=np.int64)).reshape(len(seeds), others + 1)
    own = seeds.long().unsqueeze(1)
    # Stable sorting moves the seed behind its neighbours; where coincident points crowded it out, the farthest goes.
    behind = torch.argsort((found == own).to(torch.int8), dim=1, stable=True)
    return torch.cat([own, found.gather(1, behind)[:, :others]], dim=1)


def draw_subsets(pools: Tensor, C: int, generator: torch.Generator) -> Tensor:
    """Draw C different entries of each row, (B, C).

    Parameters
    ----------
    pools : (B, P) int64
        Candidates of each group.
    C : int
        Members of a group; at most P.
    generator : torch.Generator
        Source of the draws, on the CPU.
    """
    keys = torch.rand(pools.shape, generator=generator, dtype=torch.float64)
    return pools.gather(1, keys.argsort(dim=1)[:, :C])


def _oversampled(positions: NDArray[np.float64], asked: Grouping, generator: torch.Generator) -> Tensor:
    """Return exactly nsamples groups, different sets as long as the pools hold any more (GRP-011, GRP-012)."""
    M = len(positions)
    pools = neighbour_pools(positions, torch.arange(M), asked.reach)
    groups = torch.empty((0, asked.C), dtype=torch.int64)
    for _ in range(_TRIES):
        missing = asked.nsamples - len(groups)
        if missing <= 0:
            break
        rounds = 1 + (2 * missing) // M
        turns = [torch.arange(M) if asked.sequential_sampling else torch.randperm(M, generator=generator)] * rounds
        groups = _without_repeats(torch.cat([groups, draw_subsets(pools[torch.cat(turns)], asked.C, generator)]))
    if len(groups) < asked.nsamples:
        groups = _completed(groups, pools, asked.nsamples, generator)
    return groups[: asked.nsamples]


def _without_repeats(groups: Tensor) -> Tensor:
    """Keep the first of each set of members, in order."""
    _, first = np.unique(groups.sort(dim=1).values.numpy(), axis=0, return_index=True)
    return groups[torch.from_numpy(np.sort(first))]


def _completed(groups: Tensor, pools: Tensor, wanted: int, generator: torch.Generator) -> Tensor:
    """Go through all sets of the pools for those not drawn yet; repeat groups only when there are no more."""
    known = {frozenset(row) for row in groups.tolist()}
    order = torch.randperm(len(pools), generator=generator)
    more = [
        sorted(chosen)
        for chosen in itertools.islice(_new_sets(pools[order], groups.shape[1], known), wanted - len(groups))
    ]
    if more:
        groups = torch.cat([groups, torch.tensor(more, dtype=torch.int64)])
    short = wanted - len(groups)
    if short:
        problem = f"only {len(groups)} different groups exist, {wanted} were asked for: {short} repeat"
        warnings.warn(ContractWarning("GRP-012", "", problem), stacklevel=5)
        groups = torch.cat([groups, groups[torch.randint(len(groups), (short,), generator=generator)]])
    return groups


def _new_sets(pools: Tensor, C: int, known: set[frozenset[int]]) -> Iterator[frozenset[int]]:
    for pool in pools.tolist():
        for chosen in map(frozenset, itertools.combinations(pool, C)):
            if chosen not in known:
                known.add(chosen)
                yield chosen
