"""Neighbour rules for training sets: every point in the bounds seeds groups, or is dropped and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor

from ptycho_torch.errors import refuse
from ptycho_torch.grouping import draw_subsets, neighbour_pools

Rule = Literal["Nearest", "Min_dist", "4_quadrant"]


@dataclass(frozen=True)
class NeighbourRule:
    """How every scan point finds its group.

    Attributes
    ----------
    rule : {"Nearest", "Min_dist", "4_quadrant"}
        K nearest others; the K nearest of those between two distances; or one from each quadrant.
    gridsize, K : int
    min_distance, max_distance : float
        Pixels, both inclusive; for ``Min_dist`` and ``4_quadrant``.
    K_quadrant : int
        Nearest others among which quadrants are filled.
    x_bounds, y_bounds : tuple of float
        Part of the scan's extent within which points seed groups, as fractions, inclusive.
    repeats : int
        Groups drawn for each point.
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


@dataclass(frozen=True)
class Neighbourhood:
    """Groups by a rule.

    Attributes
    ----------
    members : (B, C) int32 tensor
        Indices into the whole scan, whatever the bounds.
    centres : (B,) int64 tensor
        The point that seeded each group.
    dropped : int
        Points in the bounds that found too few neighbours.
    """

    members: Tensor
    centres: Tensor
    dropped: int


def within_bounds(positions: NDArray[np.float64], rule: NeighbourRule) -> NDArray[np.int64]:
    """Return the scan indices of the points in the bounds; an axis without extent excludes nothing.

    Raises
    ------
    Refusal
        Bounds are not 0 <= low < high <= 1.
    """
    inside = np.ones(len(positions), dtype=bool)
    for axis, (name, (low, high)) in enumerate((("x_bounds", rule.x_bounds), ("y_bounds", rule.y_bounds))):
        if not 0 <= low < high <= 1:
            refuse("DAT-018", name, f"({low}, {high}) is no part of the scan", "Use 0 <= low < high <= 1.")
        values = positions[:, axis]
        start, extent = values.min(), np.ptp(values)
        if extent > 0:
            inside &= (values >= start + low * extent) & (values <= start + high * extent)
    return np.flatnonzero(inside)


def groups_by_rule(positions: NDArray[np.float64], rule: NeighbourRule, generator: torch.Generator) -> Neighbourhood:
    """Form the groups of every point in the bounds.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    rule : NeighbourRule
    generator : torch.Generator
        Source of the draws.

    Raises
    ------
    Refusal
        The rule cannot be met by any scan, or K is below C - 1.
    """
    C = rule.gridsize**2
    centres = torch.from_numpy(within_bounds(positions, rule))
    if rule.repeats < 1:
        refuse("GRP-007", "repeats", f"it is {rule.repeats}", "Draw one group or more for each point.")
    if C == 1:
        kept = centres.repeat_interleave(rule.repeats)
        return Neighbourhood(kept.unsqueeze(1).int(), kept, 0)
    if rule.rule == "4_quadrant":
        return _by_quadrant(positions, centres, rule, generator)
    if rule.K < C:
        refuse("GRP-014", "K", f"K={rule.K} must be >= C = {C}", f"Set K to {C} or more.")
    if len(positions) < C:
        return Neighbourhood(torch.empty((0, C), dtype=torch.int32), centres[:0], len(centres))
    if rule.rule == "Nearest":
        pools = neighbour_pools(positions, centres, rule.K)
        kept = centres.repeat_interleave(rule.repeats)
        drawn = draw_subsets(pools.repeat_interleave(rule.repeats, dim=0), C, generator)
        return Neighbourhood(drawn.int(), kept, 0)
    return _by_distance(positions, centres, rule, generator)


def _by_distance(
    positions: NDArray[np.float64], centres: Tensor, rule: NeighbourRule, generator: torch.Generator
) -> Neighbourhood:
    C = rule.gridsize**2
    near = KDTree(positions).query_ball_point(positions[centres.numpy()], rule.max_distance, return_sorted=True)
    members, kept = [], []
    for centre, hits in zip(centres.tolist(), near, strict=True):
        others = np.array([hit for hit in hits if hit != centre], dtype=np.int64)
        distance = np.linalg.norm(positions[others] - positions[centre], axis=1)
        allowed = np.flatnonzero(distance >= rule.min_distance)
        chosen = others[allowed[np.argsort(distance[allowed], kind="stable")[: rule.K]]]
        if len(chosen) + 1 < C:
            continue
        pool = torch.from_numpy(np.concatenate([[centre], chosen]))
        members.append(draw_subsets(pool.repeat(rule.repeats, 1), C, generator))
        kept += [centre] * rule.repeats
    drawn = torch.cat(members) if members else torch.empty((0, C), dtype=torch.int64)
    dropped = len(centres) - len(kept) // rule.repeats
    return Neighbourhood(drawn.int(), torch.tensor(kept, dtype=torch.int64), dropped)


def _by_quadrant(
    positions: NDArray[np.float64], centres: Tensor, rule: NeighbourRule, generator: torch.Generator
) -> Neighbourhood:
    """One member a quadrant, in rows: smaller y first, smaller x first; the centre may stand in for one quadrant."""
    if rule.gridsize != 2:
        refuse("GRP-007", "gridsize", f"four quadrants at gridsize {rule.gridsize}", "Use gridsize 2.")
    pools = neighbour_pools(positions, centres, rule.K_quadrant).numpy()
    candidates = _quadrants(positions, pools, rule)
    filled = np.stack([row.any(axis=1) for row in candidates], axis=1)
    complete = (~filled).sum(axis=1) <= 1
    rows = np.repeat(np.flatnonzero(complete), rule.repeats)
    columns = []
    for quadrant, allowed in enumerate(candidates):
        keys = torch.rand((len(rows), pools.shape[1]), generator=generator, dtype=torch.float64).numpy()
        best = np.where(allowed[rows], keys, -1.0).argmax(axis=1)
        # Column 0 of a pool is the centre itself.
        columns.append(pools[rows, np.where(filled[rows, quadrant], best, 0)])
    members = torch.from_numpy(np.stack(columns, axis=1)) if len(rows) else torch.empty((0, 4), dtype=torch.int64)
    return Neighbourhood(members.int(), centres[torch.from_numpy(rows)], int((~complete).sum()))


def _quadrants(
    positions: NDArray[np.float64], pools: NDArray[np.int64], rule: NeighbourRule
) -> list[NDArray[np.bool_]]:
    """Which members of each pool lie in each quadrant; points on an axis lie in none."""
    dx, dy = np.moveaxis(positions[pools] - positions[pools[:, :1]], -1, 0)
    distance = np.hypot(dx, dy)
    near = (distance >= rule.min_distance) & (distance <= rule.max_distance)
    return [near & vertical & horizontal for vertical in (dy < 0, dy > 0) for horizontal in (dx < 0, dx > 0)]
