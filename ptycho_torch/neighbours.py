"""Neighbour rules for training sets: every point in the bounds seeds groups, or is dropped and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor

from ptycho_torch.errors import OWN, refuse
from ptycho_torch.grouping import generator_for, neighbour_pools

Rule = Literal["Nearest", "Min_dist", "4_quadrant"]
Points = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
# Candidates are looked at in chunks of about this many, so that memory does not grow with the scan.
_CHUNK = 1 << 20
# A column of a raster that lies on a bound is inside, however its position was rounded.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class NeighbourRule:
    """How every scan point finds its group.

    Attributes
    ----------
    rule : {"Nearest", "Min_dist", "4_quadrant"}
        C members from the point and its K nearest others; from the point and its K nearest of those at allowed
        distances; or one member from each quadrant around the point.
    gridsize, K : int
        C = gridsize² members a group; K neighbours, the point itself not counted.
    min_distance, max_distance : float
        Pixels, both inclusive; for ``Min_dist`` and ``4_quadrant``.
    K_quadrant : int
        Nearest others among which quadrants are filled.
    x_bounds, y_bounds : tuple of float
        Part of the scan's extent within which points seed groups, as fractions, inclusive. Members may lie outside.
    repeats : int
        Groups drawn for each point, one after the other.
    """

    rule: Rule = "Nearest"
    gridsize: int = 2
    K: int = 6
    min_distance: float = 0.0
    max_distance: float = 3.0
    K_quadrant: int = 30
    x_bounds: tuple[float, float] = (0.0, 1.0)
    y_bounds: tuple[float, float] = (0.0, 1.0)
    repeats: int = 1

    @property
    def C(self) -> int:
        """Members of a group."""
        return self.gridsize * self.gridsize


@dataclass(frozen=True)
class Neighbourhood:
    """Groups by a rule.

    Attributes
    ----------
    members : (B, C) int32 tensor
        Different indices into the whole scan, whatever the bounds. Four quadrants stand in rows: smaller y first,
        smaller x first.
    centres : (B,) int64 tensor
        The point that seeded each group, in the order of the scan.
    dropped : int
        Points in the bounds that found too few neighbours, and seed no group.
    """

    members: Tensor
    centres: Tensor
    dropped: int


def within_bounds(positions: Points, rule: NeighbourRule) -> Indices:
    """Return the scan indices of the points in the bounds; an axis without extent excludes nothing.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    rule : NeighbourRule

    Raises
    ------
    Refusal
        Bounds are not 0 <= low < high <= 1.
    """
    inside = np.ones(len(positions), dtype=bool)
    for axis, (name, (low, high)) in enumerate((("x_bounds", rule.x_bounds), ("y_bounds", rule.y_bounds))):
        if not 0 <= low < high <= 1:
            refuse(OWN, name, f"({low}, {high}) is no part of the scan", "Use 0 <= low < high <= 1.")
        values = positions[:, axis]
        if len(values) and (extent := np.ptp(values)) > 0:
            share = (values - values.min()) / extent
            inside &= (share >= low - _ROUNDING) & (share <= high + _ROUNDING)
    return np.flatnonzero(inside)


def groups_by_rule(
    positions: Points,
    rule: NeighbourRule,
    seed: int | torch.Generator | None = None,
    device: str | torch.device = "cpu",
) -> Neighbourhood:
    """Form the groups of every point in the bounds.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    rule : NeighbourRule
    seed : int, torch.Generator or None
        Source of the draws. Which points seed groups does not depend on it.
    device : str or torch.device
        Where the result lies.

    Raises
    ------
    Refusal
        The rule cannot be met by any scan.
    """
    _require_sense(rule)
    generator = generator_for(seed)
    within = within_bounds(positions, rule)
    members, seeded = _formed(positions, within, rule, generator)
    dropped = len(within) - len(seeded) // rule.repeats
    return Neighbourhood(torch.from_numpy(members).int().to(device), torch.from_numpy(seeded).to(device), dropped)


def _formed(
    positions: Points, within: Indices, rule: NeighbourRule, generator: torch.Generator
) -> tuple[Indices, Indices]:
    """Members (B, C) and centres (B,) of all groups that can be formed."""
    if rule.C == 1:
        seeded = within.repeat(rule.repeats)
        return seeded[:, np.newaxis], seeded
    members, kept = [np.empty((0, rule.C), dtype=np.int64)], [within[:0]]
    if len(positions) >= rule.C and len(within):
        tree = KDTree(positions)
        form = _from_quadrants if rule.rule == "4_quadrant" else _from_pool
        for centres in _chunks(within, _candidates(positions, within, rule, tree)):
            complete, drawn = form(positions, centres, rule, tree, generator)
            members.append(drawn)
            kept.append(centres[complete].repeat(rule.repeats))
    return np.concatenate(members), np.concatenate(kept)


def _require_sense(rule: NeighbourRule) -> None:
    if rule.rule not in get_args(Rule):
        refuse(OWN, "rule", f"{rule.rule!r} is unknown", f"Use one of {', '.join(get_args(Rule))}.")
    if rule.gridsize < 1:
        refuse("GRP-026", "gridsize", f"it is {rule.gridsize}", "Ask for a gridsize of 1 or more.")
    if rule.repeats < 1:
        refuse(OWN, "repeats", f"it is {rule.repeats}", "Draw one group or more for each point.")
    if rule.rule == "4_quadrant":
        if rule.gridsize != 2:
            refuse(OWN, "gridsize", f"four quadrants at gridsize {rule.gridsize}", "Use gridsize 2.")
        if rule.K_quadrant < rule.C:
            refuse("GRP-014", "K_quadrant", f"{rule.K_quadrant} neighbours for 4 quadrants", "Set it to 4 or more.")
    elif rule.C > 1 and rule.K < rule.C:
        refuse("GRP-014", "K", f"K={rule.K} must be >= C = {rule.C}", f"Set K to {rule.C} or more.")
    if rule.rule != "Nearest" and not 0 <= rule.min_distance <= rule.max_distance:
        problem = f"no distance is from {rule.min_distance} to {rule.max_distance}"
        refuse(OWN, "min_distance", problem, "Use 0 <= min_distance <= max_distance, in pixels.")


def _candidates(positions: Points, centres: Indices, rule: NeighbourRule, tree: KDTree) -> NDArray[np.int64]:
    """About how many candidates each centre brings."""
    width = 1 + (rule.K_quadrant if rule.rule == "4_quadrant" else rule.K)
    least = np.full(len(centres), width * rule.repeats)
    if rule.rule != "Min_dist":
        return least
    found: Any = tree.query_ball_point(positions[centres], _wide(positions, rule), return_length=True)
    return np.where(found > least, found, least)


def _wide(positions: Points, rule: NeighbourRule) -> float:
    """A radius that misses none of the distances allowed: the tree rounds otherwise than the rule does."""
    return float(min(rule.max_distance, 2.0 * np.hypot(*np.ptp(positions, axis=0)))) * (1 + 1e-9) + 1e-9


def _chunks(centres: Indices, candidates: NDArray[np.int64]) -> Iterator[Indices]:
    turns = np.cumsum(candidates) // _CHUNK
    yield from np.split(centres, np.flatnonzero(np.diff(turns)) + 1)


def _from_pool(
    positions: Points, centres: Indices, rule: NeighbourRule, tree: KDTree, generator: torch.Generator
) -> tuple[Mask, Indices]:
    """Which centres have C points in their pool, and subsets drawn for those."""
    nearest = rule.rule == "Nearest"
    pools, allowed = (
        _nearest(positions, centres, rule.K, tree) if nearest else _at_distance(positions, centres, rule, tree)
    )
    complete = allowed.sum(axis=1) >= rule.C
    rows = np.flatnonzero(complete).repeat(rule.repeats)
    keys = _keys((len(rows), pools.shape[1]), generator)
    keys[~allowed[rows]] = 2.0
    drawn: Indices = np.take_along_axis(pools[rows], keys.argsort(axis=1)[:, : rule.C], axis=1)
    return complete, drawn


def _keys(shape: tuple[int, int], generator: torch.Generator) -> NDArray[np.float64]:
    """Draw numbers from 0 to 1."""
    keys: NDArray[np.float64] = torch.rand(shape, generator=generator, dtype=torch.float64).numpy()
    return keys


def _nearest(positions: Points, centres: Indices, reach: int, tree: KDTree) -> tuple[Indices, Mask]:
    pools: Indices = neighbour_pools(positions, torch.from_numpy(centres), reach, tree).numpy()
    return pools, np.ones(pools.shape, dtype=bool)


def _at_distance(positions: Points, centres: Indices, rule: NeighbourRule, tree: KDTree) -> tuple[Indices, Mask]:
    """Pools of the centre and its K nearest at allowed distances, (n, 1 + K), and which entries are filled."""
    hits: Any = tree.query_ball_point(positions[centres], _wide(positions, rule))
    owner = np.arange(len(centres)).repeat([len(found) for found in hits])
    found = np.fromiter(chain.from_iterable(hits), dtype=np.int64, count=len(owner))
    distance = np.hypot(*(positions[found] - positions[centres[owner]]).T)
    allowed = (found != centres[owner]) & (distance >= rule.min_distance) & (distance <= rule.max_distance)
    owner, found, distance = owner[allowed], found[allowed], distance[allowed]
    order = np.lexsort((found, distance, owner))
    owner, found = owner[order], found[order]
    place = 1 + np.arange(len(owner)) - np.searchsorted(owner, owner)
    within = place <= rule.K
    pools = np.zeros((len(centres), 1 + rule.K), dtype=np.int64)
    filled = np.zeros(pools.shape, dtype=bool)
    pools[:, 0], filled[:, 0] = centres, True
    pools[owner[within], place[within]] = found[within]
    filled[owner[within], place[within]] = True
    return pools, filled


def _from_quadrants(
    positions: Points, centres: Indices, rule: NeighbourRule, tree: KDTree, generator: torch.Generator
) -> tuple[Mask, Indices]:
    """Which centres can fill the quadrants, and members drawn for those; the centre may stand in for one quadrant."""
    pools, _ = _nearest(positions, centres, rule.K_quadrant, tree)
    candidates = _quadrants(positions, pools, rule)
    filled = np.stack([inside.any(axis=1) for inside in candidates], axis=1)
    complete = (~filled).sum(axis=1) <= 1
    rows = np.flatnonzero(complete).repeat(rule.repeats)
    columns = []
    for quadrant, inside in enumerate(candidates):
        drawn = np.where(inside[rows], _keys((len(rows), pools.shape[1]), generator), -1.0).argmax(axis=1)
        # Column 0 of a pool is the centre itself.
        columns.append(pools[rows, np.where(filled[rows, quadrant], drawn, 0)])
    return complete, np.stack(columns, axis=1)


def _quadrants(positions: Points, pools: Indices, rule: NeighbourRule) -> list[Mask]:
    """Which members of each pool lie in each quadrant; points on an axis lie in none."""
    dx, dy = np.moveaxis(positions[pools] - positions[pools[:, :1]], -1, 0)
    distance = np.hypot(dx, dy)
    near = (distance >= rule.min_distance) & (distance <= rule.max_distance)
    return [near & vertical & horizontal for vertical in (dy < 0, dy > 0) for horizontal in (dx < 0, dx > 0)]
