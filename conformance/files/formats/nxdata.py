"""Axes of a grid in an NXdata group of NeXus: which axis of the frames each of them goes with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.unfit import UnfitFile

Along = Mapping[str, NDArray[np.float64]]
_PARTED = re.compile(r"[\s,:\[\]]+")


def on_grid(group: str, said: Mapping[str, Any], along: Along, grid: tuple[int, ...]) -> Along:
    """Values of each point of a grid, row by row; as they are given where each has a value a point already.

    Parameters
    ----------
    group : str
        Where they stand.
    said : Mapping[str, Any]
        Attributes of the group: ``axes`` names the axes of the frames, ``NAME_indices`` tells those of one array.
    along : Mapping[str, numpy.ndarray]
        By name, x first: a value a point, or one a row or a column of the grid.
    grid : tuple of int
        The axes of the frames that count them: one, or two.

    Raises
    ------
    UnfitFile
        Lengths fit neither the points nor the axes of the grid that the group says (FIL-002).
    """
    lengths = {name: len(values) for name, values in along.items()}
    if set(lengths.values()) == {int(np.prod(grid))}:
        return along
    if len(grid) != 2:
        if len(set(lengths.values())) == 1:
            return along
        raise UnfitFile("FIL-002", group, f"{_told(lengths)}, and no raster of frames that has rows and columns")
    at = _stated(said, list(along)) or _fitting(lengths, grid)
    if {lengths[name] == grid[axis] for name, axis in at.items()} == {True}:
        points = np.indices(grid).reshape(2, -1)
        return {name: values[points[at[name]]] for name, values in along.items()}
    problem = f"{_told(lengths)}, where frames lie on {grid[0]} x {grid[1]} points"
    if sorted(lengths.values()) == sorted(grid):
        turned = " x ".join(str(lengths[name]) for name in sorted(at, key=at.__getitem__))
        problem += (
            f": the lengths are exchanged; by its axes the scan has {turned} points: were the frames reshaped with "
            f"the sides of the scan exchanged? Shape them {turned}, in the order in which they lie"
        )
    raise UnfitFile("FIL-002", group, problem)


def _told(lengths: Mapping[str, int]) -> str:
    return " and ".join(f"{name} has {length} values" for name, length in lengths.items())


def _stated(said: Mapping[str, Any], names: list[str]) -> dict[str, int]:
    """Axis of the frames that each name goes with, as the group says it; empty where it does not."""
    axes = said.get("axes")
    words = [one for one in _PARTED.split(axes) if one] if isinstance(axes, str) else axes
    words = words if isinstance(words, list) else []
    at: dict[str, int] = {}
    for name in names:
        index = said.get(f"{name}_indices", words.index(name) if name in words else None)
        index = index[0] if isinstance(index, list) and len(index) == 1 else index
        if isinstance(index, int):
            at[name] = index
    return at if sorted(at.values()) == [0, 1] else {}


def _fitting(lengths: Mapping[str, int], grid: tuple[int, ...]) -> dict[str, int]:
    """Rows have one y and columns one x, unless the lengths fit only the other way."""
    x, y = lengths
    other = (lengths[x], lengths[y]) == grid and grid[0] != grid[1]
    return {x: 0, y: 1} if other else {x: 1, y: 0}
