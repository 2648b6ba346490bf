"""What a store is made for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import torch

from ptycho_torch.errors import refuse
from ptycho_torch.grouping import Grouping
from ptycho_torch.neighbours import NeighbourRule
from ptycho_torch.settings import DataSettings

Scope = Literal["Batch", "Group", "None"]


@dataclass(frozen=True)
class StoreRequest:
    """What a store is made for.

    Attributes
    ----------
    grouping : Grouping or NeighbourRule
        Applied to every file.
    N : int or None
        Side of the frames; None takes that of the first file.
    seed : int, torch.Generator or None
        Source of a neighbour rule's draws; a ``Grouping`` has its own. Without a seed, or with a generator, groups are
        drawn once, when the store is built: opening it again gives the same.
    probe_scale : float
    probe_normalize : bool
        The probe gauge (DAT-010).
    normalize : {"Batch", "Group", "None"}
        Scope of the data scales: the groups of the file, the group, or none.
    """

    grouping: Grouping | NeighbourRule
    N: int | None = None
    seed: int | torch.Generator | None = None
    probe_scale: float = 4.0
    probe_normalize: bool = True
    normalize: Scope = "Batch"

    @classmethod
    def from_settings(cls, data: DataSettings) -> StoreRequest:
        """Make the request that the torch side's settings stand for: a neighbour rule, drawn ``n_subsample`` times.

        Raises
        ------
        Refusal
            The grid is not square (CFG-020).
        """
        height, width = data.grid_size
        if height != width:
            refuse("CFG-020", "grid_size", f"({height}, {width}) is not square", "Use a square grid.")
        rule = NeighbourRule(
            rule=data.neighbor_function,  # type: ignore[arg-type]
            gridsize=height,
            K=data.K,
            min_distance=data.min_neighbor_distance,
            max_distance=data.max_neighbor_distance,
            K_quadrant=data.K_quadrant,
            x_bounds=data.x_bounds,
            y_bounds=data.y_bounds,
            repeats=data.n_subsample,
        )
        return cls(rule, data.N, data.subsample_seed, data.probe_scale, data.probe_normalize, data.normalize)  # type: ignore[arg-type]

    def require_sense(self) -> None:
        """Refuse a request that no scan can fulfil.

        Raises
        ------
        Refusal
        """
        if self.normalize not in get_args(Scope):
            remedy = f"Use one of {', '.join(get_args(Scope))}."
            refuse("DAT-021", "normalize", f"{self.normalize!r} is no scope of data scales", remedy)
        if not self.probe_scale > 0:
            refuse("DAT-010", "probe_scale", f"it is {self.probe_scale}", "Use a number above 0.")

    def as_json(self) -> dict[str, Any]:
        """Plain types, to be compared with those of a manifest."""
        grouping = self.grouping
        if isinstance(grouping, Grouping):
            grouping = replace(grouping, seed=_plain_seed(grouping.seed))
        plain = {"rule": type(grouping).__name__} | asdict(
            replace(self, grouping=grouping, seed=_plain_seed(self.seed))
        )
        return dict(json.loads(json.dumps(plain, default=lambda number: number.item())))


def _plain_seed(seed: int | torch.Generator | None) -> int | None:
    return None if isinstance(seed, torch.Generator) else seed
